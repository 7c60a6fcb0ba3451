import AlertCore
import Foundation
import Messaging
import OutboundHTTP
import Persistence
import Scripting

/// Does what an inbound integration says with one request. May be done again after a crash: ids follow from the
/// request, so no second alert is made.
struct RequestRunner: Sendable {
    let bus: any MessageBus
    let directory: DirectoryCache
    let numbers: AlertNumbers
    let engine: any ScriptEngine
    let client: OutboundHTTPClient
    let secrets: SecretBox
    let limits: ScriptLimits
    let flood: TriggerFlood
    let now: Clock

    /// What came of it. Throws only for what passes by itself (database, bus): the request is then run again.
    func run(_ message: InboundRequestMessage) async throws -> Activity {
        var view = try await directory.current()
        // The integration may be younger than what is in memory.
        if view.integrations[message.integration] == nil, message.form == nil { view = try await directory.refreshed() }
        var activity = message.activity(by: view.people[message.person]?.targetName ?? "")
        if let suppression = try await flood.suppression(of: message, in: view) {
            activity.status = .suppressed
            activity.suppression = suppression
            activity.log = "Suppressed. \(suppression.rule), until \(suppression.until.iso)"
            return activity
        }
        let started = ContinuousClock.now
        do {
            try await perform(message, view, &activity)
        } catch let problem as Activity.Problem {
            activity.problem = problem
        }
        activity.status = activity.problem == nil ? .completed : .failed
        activity.durationMilliseconds = Int((ContinuousClock.now - started).milliseconds)
        return activity
    }

    private func perform(
        _ message: InboundRequestMessage, _ view: DirectoryView, _ activity: inout Activity
    ) async throws {
        let integration = view.integrations[message.integration]
        guard integration != nil || message.form != nil else {
            throw Activity.Problem(kind: "configuration", message: "the integration has been deleted")
        }
        guard let submitter = view.people[message.person] else {
            throw Activity.Problem(kind: "configuration", message: "the person it acts as has been deleted")
        }
        let maker = AlertMaker(
            message: message, integration: integration, submitter: submitter, view: view, bus: bus, numbers: numbers,
            secrets: secrets)
        guard let integration, integration.operation != .createAlert else {
            activity.alerts = [try await makeAlert(maker, message)]
            activity.log = await maker.notes.joined(separator: "\n")
            return
        }
        try await runScript(integration, message, view, maker, &activity)
    }

    private func makeAlert(_ maker: AlertMaker, _ message: InboundRequestMessage) async throws -> Activity.MadeAlert {
        do {
            let text = message.body.allSatisfy(\.isWhitespace) ? "{}" : message.body
            return try await maker.make(
                JSON.decode(text, as: JSONValue.self), recipients: message.parameters["recipients"])
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
        let constants = Dictionary(
            view.constants(of: integration.plan).map { ($0.name, $0.value) }
        ) { first, _ in first }
        let host = InboundScriptHost(
            maker: integration.operation == .transformAndCreateAlert ? maker : nil, plan: integration.plan, view: view,
            client: client, secrets: secrets)
        let run = ScriptRun(
            name: integration.name, kind: integration.operation == .runScript ? .runScript : .createEvent,
            source: integration.script ?? "",
            request: ScriptRequest(
                method: message.method, headers: message.headers, parameters: message.parameters, body: message.body,
                remoteAddress: message.remoteAddress, requestId: message.requestId), constants: constants)
        let outcome = await engine.run(run, limits: limits, host: host)
        if let lost = await host.lost { throw lost }
        if outcome.error?.kind == .unavailable {
            try Task.checkCancellation()
            throw StoreError(.busy, outcome.error?.message ?? "no script worker is free")
        }
        activity.alerts = await maker.made
        let parts = [outcome.log] + (await host.calls) + (await maker.notes)
        activity.log = parts.filter { !$0.isEmpty }.joined(separator: "\n")
        if let error = outcome.error {
            activity.problem = Activity.Problem(
                kind: error.kind.rawValue, message: error.message, line: error.line, column: error.column)
        }
    }
}

extension Activity.Problem: Error {}

extension InboundRequestMessage {
    /// The record of the request before anything has come of it.
    func activity(by person: String) -> Activity {
        Activity(
            requestId: requestId, integration: integration, receivedAt: receivedAt, status: .running, method: method,
            headers: headers, parameters: parameters, body: body, remoteAddress: remoteAddress, by: person, form: form)
    }
}
