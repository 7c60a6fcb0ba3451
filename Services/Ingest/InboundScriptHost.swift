import AlertCore
import Foundation
import OutboundHTTP
import Persistence
import Scripting

/// What the script of an inbound integration may reach: the endpoints of its plan, and its form.
actor InboundScriptHost: ScriptHost {
    private static let answerLimit = 1 << 20
    private static let timeout = Duration.seconds(30)

    private let maker: AlertMaker?
    private let plan: String
    private let view: DirectoryView
    private let client: OutboundHTTPClient
    private let secrets: SecretBox
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
            return ScriptHTTPAnswer(
                statusCode: response.status,
                headers: Dictionary(response.headers.map { ($0.name, $0.value) }) { "\($0), \($1)" },
                body: String(decoding: response.body, as: UTF8.self))
        } catch let error as OutboundError {
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
