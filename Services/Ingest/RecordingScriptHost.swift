import AlertCore
import Endpoints
import Foundation
import Persistence
import Scripting

/// Notes what a script asks for and what it is answered, for the activity. In a dry run it answers the outgoing
/// calls itself, so that none is made.
actor RecordingScriptHost: ScriptHost {
    /// Where the answers to outgoing calls come from.
    enum Answers: Sendable {
        case real
        /// A dry run: each call is answered as this earlier run's first call of the same method and address was, in
        /// order; what was not recorded, with 503.
        case recorded([ActivityCall])
    }

    private let host: any ScriptHost
    private let isDry: Bool
    private var recorded: [ActivityCall] = []
    private let integration: Integration
    private let view: DirectoryView
    private(set) var calls: [ActivityCall] = []
    private var bounds = ActivityBounds()

    /// - Parameter host: Does what is really to be done.
    init(_ host: any ScriptHost, answers: Answers, integration: Integration, view: DirectoryView) {
        self.host = host
        self.integration = integration
        self.view = view
        switch answers {
        case .real: isDry = false
        case .recorded(let calls):
            isDry = true
            recorded = calls.filter { $0.kind == .http }
        }
    }

    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer {
        let endpoint = call.endpoint.flatMap { view.endpoint($0, in: integration.plan) }
        let url = endpoint?.address(of: call.path) ?? "\(call.endpoint ?? "?") \(call.path)"
        var noted = ActivityCall(
            kind: .http, method: call.method, url: SecretMask.url(url), requestHeaders: Self.masked(call.headers),
            requestBody: call.body.map { SecretMask.body($0, type: Self.type(of: call.headers)) })
        let began = ContinuousClock.now
        do {
            let answer = isDry ? try recordedAnswer(to: &noted) : try await host.http(call)
            note(noted, answer, since: began)
            return answer
        } catch {
            noted.problem = "\(error)"
            note(noted, nil, since: began)
            throw error
        }
    }

    func postForm(_ triggerJSON: String) async -> ScriptHTTPAnswer {
        let form = integration.form.flatMap { view.forms[$0]?.name } ?? ""
        let began = ContinuousClock.now
        let answer = await host.postForm(triggerJSON)
        note(ActivityCall(kind: .form, method: "POST", url: form, requestBody: triggerJSON), answer, since: began)
        return answer
    }

    func authenticate(_ endpoint: String) async throws -> String {
        var noted = ActivityCall(kind: .token, method: "TOKEN", url: endpoint)
        let began = ContinuousClock.now
        do {
            let token = isDry ? "dry-run" : try await host.authenticate(endpoint)
            noted.problem = isDry ? "a dry run asks for no token: the script got a made-up one" : nil
            note(noted, ScriptHTTPAnswer(statusCode: 200, body: "***"), since: began)
            return token
        } catch {
            noted.problem = "\(error)"
            note(noted, nil, since: began)
            throw error
        }
    }

    private static func masked(_ headers: [String: String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: headers.map { ($0.key, SecretMask.header($0.key, $0.value)) })
    }

    private static func type(of headers: [String: String]) -> String? {
        headers.first { $0.key.lowercased() == "content-type" }?.value
    }

    private func note(_ call: ActivityCall, _ answer: ScriptHTTPAnswer?, since began: ContinuousClock.Instant) {
        var call = call
        if let answer {
            call.status = answer.statusCode
            call.answerHeaders = Self.masked(answer.headers)
            call.answerBody = SecretMask.body(answer.body, type: Self.type(of: answer.headers))
        }
        call.durationMilliseconds = Int((ContinuousClock.now - began).milliseconds)
        calls.append(bounds.cut(call))
    }

    private func recordedAnswer(to call: inout ActivityCall) throws -> ScriptHTTPAnswer {
        let same = recorded.firstIndex { [call] in $0.method == call.method && $0.url == call.url }
        guard let same else {
            return Self.notMade(&call, "a dry run makes no calls, and no answer to this one is recorded")
        }
        let known = recorded.remove(at: same)
        if let cut = known.cut, known.status != nil {
            return Self.notMade(&call, "a dry run makes no calls, and the recorded answer is not whole: \(cut)")
        }
        guard let status = known.status else { throw NoAnswer(description: known.problem ?? "no answer") }
        return ScriptHTTPAnswer(statusCode: status, headers: known.answerHeaders, body: known.answerBody)
    }

    private static func notMade(_ call: inout ActivityCall, _ why: String) -> ScriptHTTPAnswer {
        call.problem = why
        let body = try? JSON.encode(RestError(503, "\(why)."))  // plain texts: cannot fail
        return ScriptHTTPAnswer(
            statusCode: 503, headers: ["Content-Type": "application/json;charset=utf-8"], body: body ?? "{}")
    }
}

/// What the script sees where the recorded call had no answer either.
private struct NoAnswer: Error, CustomStringConvertible {
    let description: String
}
