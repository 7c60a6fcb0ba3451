import AlertCore
import Endpoints
import Persistence
import Scripting

/// Runs the scripts of outbound integrations, each as the person who began the alert (spec §1.1). Never throws:
/// whatever happens is the attempt's outcome.
struct OutboundScripts: Sendable {
    /// Bytes of what a script printed and its calls that are kept.
    private static let logLimit = 16 << 10

    let engine: any ScriptEngine
    let client: EndpointClient
    let limits: ScriptLimits
    let now: Clock

    /// How long a run takes at most as a rule; one that makes many slow calls takes longer, and is left alone.
    var longest: Duration { max(limits.time, limits.totalTime) + .seconds(60) }

    func run(
        _ script: Target.Script, with request: WebhookDelivery.Request, number: Int
    ) async -> WebhookDelivery.Attempt {
        var attempt = WebhookDelivery.Attempt(number: number, url: "", startedAt: now(), durationMilliseconds: 0)
        guard let input = request.script, let initiator = script.view.people[input.initiator] else {
            attempt.hasCompleted = false
            attempt.error = "the person who began the alert is not there any more: nobody to run the script as"
            return attempt
        }
        let plan = script.integration.plan
        let calls = ScriptCalls(
            client: client, view: script.view, plan: plan,
            caller: InternalCaller(person: initiator, depth: input.depth + 1))
        let outcome = await engine.run(
            script.run(with: request, globals: input.globals), limits: limits, host: OutboundScriptHost(calls: calls))
        attempt.durationMilliseconds = max(0, now().since(attempt.startedAt).milliseconds)
        let log = ([outcome.log] + (await calls.record)).filter { !$0.isEmpty }.joined(separator: "\n")
        attempt.responseBody = String(decoding: log.utf8.prefix(Self.logLimit), as: UTF8.self).withoutNUL
        attempt.isBodyTruncated = log.utf8.count > Self.logLimit
        if let error = outcome.error {
            attempt.error = error.line.map { "line \($0): \(error.message)" } ?? error.message
            // Where nothing was run, it is tried again; what has begun is not, for it would be done twice.
            if error.kind != .unavailable { attempt.hasCompleted = false }
        } else {
            attempt.hasCompleted = true
        }
        return attempt
    }
}

extension Target.Script {
    fileprivate func run(with request: WebhookDelivery.Request, globals: String) -> ScriptRun {
        ScriptRun(
            name: integration.name, kind: .outbound, source: integration.script ?? "",
            request: ScriptRequest(
                method: "POST", headers: ["Content-Type": "application/json"], body: request.payload,
                requestId: request.id),
            constants: Dictionary(
                view.constants(of: integration.plan).map { ($0.name, $0.value) }
            ) { first, _ in first },
            globals: globals,
            libraries: view.libraries(of: integration.plan).map { ScriptLibrary(name: $0.name, source: $0.script) })
    }
}

/// What the script of an outbound integration may reach: the endpoints of its plan.
private struct OutboundScriptHost: ScriptHost {
    let calls: ScriptCalls

    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer {
        let answer = try await calls.send(
            ScriptCalls.Request(
                endpoint: call.endpoint, path: call.path, method: call.method, headers: call.headers, body: call.body,
                autoEncodeURI: call.autoEncodeURI, host: call.host))
        return ScriptHTTPAnswer(statusCode: answer.status, headers: answer.headers, body: answer.body)
    }

    func authenticate(_ endpoint: String) async throws -> String { try await calls.authenticate(endpoint) }

    func postForm(_ triggerJSON: String) async -> ScriptHTTPAnswer {
        ScriptHTTPAnswer(statusCode: 404, body: "{}")  // `form` is no name of an outbound script
    }
}
