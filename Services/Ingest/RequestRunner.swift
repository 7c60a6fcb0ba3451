import AlertCore
import Endpoints
import Foundation
import Messaging
import Persistence
import Scripting

/// Does what an inbound integration says with one request. May be done again after a crash: ids follow from the
/// request, so no second alert is made.
struct RequestRunner: Sendable {
    let database: any SQLDatabase
    let directory: DirectoryCache
    let engine: any ScriptEngine
    let client: EndpointClient
    let secrets: SecretBox
    let limits: ScriptLimits
    let flood: TriggerFlood
    let numbers: AlertNumbers
    let sender: AlertSender
    let now: Clock

    /// What came of it; its alerts are durable.
    /// - Parameters:
    ///   - isFirstRun: Whether the request has certainly not been run before, by anybody.
    ///   - madeAll: Called when nothing is left to do but to wait until what was made is durable.
    /// - Throws: Only what passes by itself (database, bus): the request is then run again.
    func run(
        _ message: InboundRequestMessage, isFirstRun: Bool = false, madeAll: @Sendable () async -> Void = {}
    ) async throws -> Activity {
        var view = try await directory.current()
        // The integration may be younger than what is in memory, and a text that was just saved even more so.
        if message.form == nil, view.integrations[message.integration] == nil || message.run != nil {
            view = try await directory.refreshed()
        }
        // So may the scenario that it names.
        if message.form != nil, message.body.contains("\"scenario\"") { view = try await directory.refreshed() }
        var activity = message.activity(by: view.people[message.person]?.targetName ?? "")
        if message.run == nil, let suppression = try await flood.suppression(of: message, in: view) {
            activity.status = .suppressed
            activity.suppression = suppression
            activity.log = "Suppressed. \(suppression.rule), until \(suppression.until.iso)"
            return activity
        }
        let started = ContinuousClock.now
        do {
            let maker = try maker(of: message, view, isFirstRun: isFirstRun)
            try await perform(message, view, maker, &activity)
            await madeAll()
            try await maker.settle()
        } catch let problem as Activity.Problem {
            activity.problem = problem
        }
        activity.status = activity.problem == nil ? .completed : .failed
        activity.durationMilliseconds = Int((ContinuousClock.now - started).milliseconds)
        activity.heed(level: view.integrations[message.integration].flatMap { view.plans[$0.plan]?.loggingLevel })
        return activity
    }

    private func maker(
        of message: InboundRequestMessage, _ view: DirectoryView, isFirstRun: Bool
    ) throws(Activity.Problem) -> AlertMaker {
        let integration = view.integrations[message.integration]
        guard integration != nil || message.form != nil else {
            throw Activity.Problem(kind: "configuration", message: "the integration has been deleted")
        }
        guard let submitter = view.people[message.person] else {
            throw Activity.Problem(kind: "configuration", message: "the person it acts as has been deleted")
        }
        return AlertMaker(
            message: message, integration: integration, submitter: submitter, view: view, numbers: numbers,
            sender: sender, secrets: secrets, isDry: message.run?.attempt == .dryRun, isFirstRun: isFirstRun)
    }

    private func perform(
        _ message: InboundRequestMessage, _ view: DirectoryView, _ maker: AlertMaker, _ activity: inout Activity
    ) async throws {
        if let integration = view.integrations[message.integration],
            integration.operation != .createAlert || integration.scriptStep != nil
        {
            try await runScript(integration, message, view, maker, &activity)
        } else {
            try await makeAlert(maker, message)
        }
        activity.alerts = await maker.made
        activity.drafts = await maker.drafts
        activity.notes += await maker.notes
    }

    private func makeAlert(_ maker: AlertMaker, _ message: InboundRequestMessage) async throws {
        do {
            let text = message.body.allSatisfy(\.isWhitespace) ? "{}" : message.body
            _ = try await maker.make(JSON.decode(text, as: JSONValue.self))
        } catch let problem as FieldProblem {
            throw Activity.Problem(kind: "request", message: problem.description)
        } catch let error as DecodingError {
            throw Activity.Problem(kind: "request", message: "the body is not valid JSON: \(jsonProblem(error))")
        }
    }

    private func runScript(
        _ integration: Integration, _ message: InboundRequestMessage, _ view: DirectoryView, _ maker: AlertMaker,
        _ activity: inout Activity
    ) async throws {
        let script = try await ChosenScript(message, integration, view, database)
        activity.script = script.used
        activity.libraries = script.usedLibraries
        let constants = Dictionary(
            view.constants(of: integration.plan).map { ($0.name, $0.value) }
        ) { first, _ in first }
        let caller = InternalCaller(person: maker.submitter, depth: (message.depth ?? 0) + 1)
        let inner = InboundScriptHost(
            maker: script.kind == .createEvent ? maker : nil,
            calls: ScriptCalls(client: client, view: view, plan: integration.plan, caller: caller))
        let host = RecordingScriptHost(
            inner, answers: try await answers(for: message), integration: integration, view: view)
        let run = ScriptRun(
            name: script.name, kind: script.kind, source: script.source,
            request: ScriptRequest(
                method: message.method, headers: message.headers, parameters: message.parameters, body: message.body,
                remoteAddress: message.remoteAddress, requestId: message.requestId), constants: constants,
            libraries: script.libraries, outputNames: script.outputNames,
            location: integration.environment == .onPremise ? .agent : .hosted)
        let outcome = await engine.run(run, limits: limits, host: host)
        if let lost = await inner.lost { throw lost }
        if outcome.error?.kind == .unavailable {
            try Task.checkCancellation()
            throw StoreError(.busy, outcome.error?.message ?? "no script worker is free")
        }
        activity.log = outcome.log
        activity.calls = await host.calls
        for (index, offset) in zip(activity.calls.indices, outcome.callOffsets) {
            activity.calls[index].logOffset = offset
        }
        activity.outputs = outcome.outputs
        if integration.scriptStep != nil {
            activity.notes.append("The flow that begins with this trigger is not executed yet: its step alone ran.")
        }
        if let error = outcome.error {
            activity.problem = Activity.Problem(
                kind: error.kind.rawValue, message: error.message, line: error.line, column: error.column)
        }
    }

    private func answers(for message: InboundRequestMessage) async throws -> RecordingScriptHost.Answers {
        guard let run = message.run, run.attempt == .dryRun else { return .real }
        guard run.answersAsRecorded, let original = run.rerunOf else { return .recorded([]) }
        return .recorded(try await database.reading { try Activities($0).get(original) }?.calls ?? [])
    }
}

extension Activity.Problem: Error {}

extension Activity {
    /// The levels at which the console and the calls are kept of failures only.
    private static let levelsOfFailures: Set<String> = ["ERROR", "WARN"]

    /// Leaves out what the workflow's log level says, and notes it. What an author has asked for stays whole.
    fileprivate mutating func heed(level: String?) {
        guard let level, Self.levelsOfFailures.contains(level), status == .completed, run == nil,
            !log.isEmpty || !calls.isEmpty
        else { return }
        log = ""
        calls = []
        notes.append("The workflow's log level is \(level): console and calls are kept of failed requests only.")
    }
}

extension InboundRequestMessage {
    /// The record of the request before anything has come of it.
    func activity(by person: String) -> Activity {
        Activity(
            requestId: requestId, integration: integration, receivedAt: receivedAt, status: .running, method: method,
            headers: headers, parameters: parameters, body: body, remoteAddress: remoteAddress, by: person, form: form,
            run: run)
    }
}
