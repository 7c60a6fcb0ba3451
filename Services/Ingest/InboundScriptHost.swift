import AlertCore
import Endpoints
import Persistence
import Scripting

/// What the script of an inbound integration may reach: the endpoints of its plan, and its form.
actor InboundScriptHost: ScriptHost {
    private let maker: AlertMaker?
    private let calls: ScriptCalls
    /// What went wrong on our side in the middle of the run: the run does not count then.
    private(set) var lost: (any Error)?

    /// - Parameter maker: For integrations that create alerts.
    init(maker: AlertMaker?, calls: ScriptCalls) {
        self.maker = maker
        self.calls = calls
    }

    /// Waits until what the script has made is durable: it may tell of it.
    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer {
        do {
            try await maker?.settle()
        } catch {
            lost = error
            throw error
        }
        let answer = try await calls.send(
            ScriptCalls.Request(
                endpoint: call.endpoint, path: call.path, method: call.method, headers: call.headers, body: call.body,
                autoEncodeURI: call.autoEncodeURI, host: call.host))
        return ScriptHTTPAnswer(statusCode: answer.status, headers: answer.headers, body: answer.body)
    }

    /// The bearer token of an endpoint.
    func authenticate(_ endpoint: String) async throws -> String { try await calls.authenticate(endpoint) }

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

    private static func refused(_ field: String, _ problem: String) -> ScriptHTTPAnswer {
        let error = RestError(
            400, "The field \(field) \(problem).", subcode: "validation.common.field.invalid", arguments: [field])
        let body = (try? JSON.encode(error)) ?? "{}"  // plain fields: cannot fail
        return ScriptHTTPAnswer(statusCode: 400, headers: [:], body: body)
    }
}
