import AlertCore
import Foundation
import OutboundHTTP
import Persistence
import Scripting

/// What the script of an inbound integration may reach: the endpoints of its plan, and its form.
actor InboundScriptHost: ScriptHost {
    /// How much of a body the activity shows.
    private static let shownBody = 4096
    private static let answerLimit = 1 << 20
    private static let timeout = Duration.seconds(30)

    private let maker: AlertMaker?
    private let plan: String
    private let view: DirectoryView
    private let client: OutboundHTTPClient
    private let secrets: SecretBox
    /// Each outgoing call with its answer, as text (spec §2.8).
    private(set) var calls: [String] = []
    /// What went wrong on our side in the middle of the run: the run does not count then.
    private(set) var lost: (any Error)?

    init(maker: AlertMaker?, plan: String, view: DirectoryView, client: OutboundHTTPClient, secrets: SecretBox) {
        self.maker = maker
        self.plan = plan
        self.view = view
        self.client = client
        self.secrets = secrets
    }

    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer {
        guard let name = call.endpoint else {
            throw HostError("http.request needs the name of an endpoint")
        }
        guard let endpoint = view.endpoint(name, in: plan) else {
            throw HostError("the workflow has no endpoint named \(name)")
        }
        let path = call.autoEncodeURI ? Self.encoded(call.path) : call.path
        let request = OutboundRequest(
            method: call.method, url: endpoint.address(of: path), headers: call.headers.map { ($0.key, $0.value) },
            body: call.body.map { Array($0.utf8) }, basicAuth: try basicAuth(of: endpoint), timeout: Self.timeout,
            responseBodyLimit: Self.answerLimit, trustSelfSigned: endpoint.trustSelfSigned)
        do {
            let response = try await client.send(request)
            let answer = ScriptHTTPAnswer(
                statusCode: response.status,
                headers: Dictionary(response.headers.map { ($0.name, $0.value) }) { "\($0), \($1)" },
                body: String(decoding: response.body, as: UTF8.self))
            note(call, request.url, answer.shown(limit: Self.shownBody))
            return answer
        } catch let error as OutboundError {
            note(call, request.url, "< \(error.detail)")
            throw HostError(error.detail)
        }
    }

    func postForm(_ triggerJSON: String) async -> ScriptHTTPAnswer {
        guard let maker else {
            return Self.refused("form", "is there for integrations that create alerts only")
        }
        do {
            let alert = try await maker.make(JSON.decode(triggerJSON, as: JSONValue.self))
            return ScriptHTTPAnswer(
                statusCode: 200, headers: ["Content-Type": "application/json;charset=utf-8"],
                body: #"{"id":"\#(alert.number)"}"#)
        } catch let problem as FieldProblem {
            return Self.refused(problem.field, problem.problem)
        } catch {
            lost = error
            return ScriptHTTPAnswer(statusCode: 503, body: "{}")
        }
    }

    private func basicAuth(of endpoint: Endpoint) throws -> (user: String, password: String)? {
        guard endpoint.authenticationType == .basic, let sealed = endpoint.sealedPassword else { return nil }
        return (endpoint.username ?? "", try secrets.open(sealed, for: .endpointPassword(endpoint.id)))
    }

    private func note(_ call: ScriptHTTPCall, _ url: String, _ answer: String) {
        var lines = ["> \(call.method) \(url) HTTP/1.1"]
        for (name, value) in call.headers.sorted(by: { $0.key < $1.key }) {
            lines.append("> \(name): \(name.lowercased() == "authorization" ? "***" : value)")
        }
        if let body = call.body { lines += ["", String(body.prefix(Self.shownBody))] }
        calls.append((lines + ["", answer, ""]).joined(separator: "\n"))
    }

    private static func refused(_ field: String, _ problem: String) -> ScriptHTTPAnswer {
        let error = RestError(
            400, "The field \(field) \(problem).", subcode: "validation.common.field.invalid", arguments: [field])
        let body = (try? JSON.encode(error)) ?? "{}"  // plain fields: cannot fail
        return ScriptHTTPAnswer(statusCode: 400, headers: [:], body: body)
    }

    /// Encodes what cannot stand in a URL, and leaves what is encoded already.
    private static func encoded(_ path: String) -> String {
        var allowed = CharacterSet.urlQueryAllowed
        allowed.insert(charactersIn: "%")
        return path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path
    }
}

/// Becomes an exception in the script.
struct HostError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension ScriptHTTPAnswer {
    fileprivate func shown(limit: Int) -> String {
        let lines =
            ["< HTTP/1.1 \(statusCode) \(statusCode)"]
            + headers.sorted { $0.key < $1.key }.map { "< \($0.key): \($0.value)" }
        return (lines + ["", String(body.prefix(limit))]).joined(separator: "\n")
    }
}
