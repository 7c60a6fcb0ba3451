import AlertCore
import Messaging
import Persistence

/// What an author wants to be run.
struct RunWish: Sendable {
    var attempt: RequestedRun.Attempt
    /// `nil` for the present script.
    var scriptVersion: Int?
    /// A text that is not saved; only of a dry run.
    var draft: String?
    /// Of a dry run: whether calls get the answers that the stored request got.
    var answersAsRecorded = false
}

/// A request that an author makes up.
struct TestRequest: Sendable {
    var method = "POST"
    var headers: [String: String] = [:]
    var parameters: [String: String] = [:]
    var body = ""
}

/// Runs requests for authors: stored ones again, and such as they make up. They go the way of all requests, through
/// the bus to whoever has a script engine; what comes of them is their activity.
struct RequestRuns: Sendable {
    /// How long somebody waits at most for what comes of a run.
    static let patience = Duration.seconds(15)
    private static let firstPause = Duration.milliseconds(5)
    private static let longestPause = Duration.milliseconds(100)

    let database: any SQLDatabase
    let bus: any MessageBus
    let cache: DirectoryCache
    let now: Clock

    /// Runs a stored request again, as whoever it acted as.
    /// - Returns: The id of the new request, which is durable then.
    /// - Throws: 404 for a version or an integration that is not there, 409 for one that is out of service.
    func again(_ original: Activity, _ wish: RunWish, by caller: Person) async throws -> String {
        let view = try await cache.refreshed()
        let integration = try Self.integration(original.integration, for: wish, in: view)
        let person = view.person(original.by) ?? Self.person(of: integration, view) ?? caller
        let message = try await message(
            integration, wish, by: caller, as: person, rerunOf: original.requestId, remote: original.remoteAddress,
            TestRequest(
                method: original.method, headers: original.headers, parameters: original.parameters,
                body: original.body))
        return try await publish(message, wish, integration, view)
    }

    /// Runs a made-up request, as the integration's authenticating user or else as the caller.
    /// - Throws: As ``again(_:_:by:)``.
    func send(
        _ request: TestRequest, to integration: String, _ wish: RunWish, by caller: Person
    ) async throws -> String {
        let view = try await cache.refreshed()
        let integration = try Self.integration(integration, for: wish, in: view)
        let person = Self.person(of: integration, view) ?? caller
        let message = try await message(
            integration, wish, by: caller, as: person, rerunOf: nil, remote: "console", request)
        return try await publish(message, wish, integration, view)
    }

    /// Sends a made-up request to a form, as the caller.
    /// - Returns: The id of the request, which is durable then.
    func send(_ request: TestRequest, toForm form: String, by caller: Person) async throws -> String {
        let moment = now()
        let stamp = try await bus.partitions.newRequestId(at: moment, chance: RandomSecret.bytes(8))
        var message = InboundRequestMessage(
            requestId: stamp.id, integration: "",
            receivedAt: moment, method: request.method, headers: request.headers, parameters: request.parameters,
            body: request.body, remoteAddress: "console", person: caller.id, generation: stamp.generation)
        message.form = form
        try await bus.publish([try message.outgoing()], to: .inboundRequests)
        return message.requestId
    }

    /// What came of a request; still running when nobody has finished it within ``patience``, and `nil` when nobody
    /// has begun.
    func outcome(of requestId: String, within patience: Duration = patience) async throws -> Activity? {
        let deadline = ContinuousClock.now + patience
        var pause = Self.firstPause
        while true {
            let activity = try await database.reading { try Activities($0).get(requestId) }
            if let activity, activity.status != .running { return activity }
            guard ContinuousClock.now < deadline else { return activity }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func message(
        _ integration: Integration, _ wish: RunWish, by caller: Person, as person: Person, rerunOf: String?,
        remote: String, _ request: TestRequest
    ) async throws -> InboundRequestMessage {
        let moment = now()
        let stamp = try await bus.partitions.newRequestId(at: moment, chance: RandomSecret.bytes(8))
        return InboundRequestMessage(
            requestId: stamp.id,
            integration: integration.id, receivedAt: moment, method: request.method, headers: request.headers,
            parameters: request.parameters, body: request.body, remoteAddress: remote, person: person.id,
            run: RequestedRun(
                attempt: wish.attempt, by: caller.targetName, rerunOf: rerunOf, scriptVersion: wish.scriptVersion,
                usesDraft: wish.draft != nil, answersAsRecorded: wish.answersAsRecorded),
            generation: stamp.generation)
    }

    private func publish(
        _ message: InboundRequestMessage, _ wish: RunWish, _ integration: Integration, _ view: DirectoryView
    ) async throws -> String {
        if let number = wish.scriptVersion {
            try await database.reading { connection in
                let script = try ScriptHistory(of: integration, in: view, connection).get(number)
                guard script != nil else { throw RestError.notFound("There is no version \(number) of the script.") }
            }
        }
        if let draft = wish.draft {
            let moment = now()
            try await database.retrying { connection in
                try ScriptDrafts(connection).put(draft, for: message.requestId, at: moment)
            }
        }
        try await bus.publish([try message.outgoing()], to: .inboundRequests)
        return message.requestId
    }

    private static func person(of integration: Integration, _ view: DirectoryView) -> Person? {
        integration.authenticatingUser.flatMap { view.people[$0] }
    }

    private static func integration(
        _ id: String, for wish: RunWish, in view: DirectoryView
    ) throws(RestError) -> Integration {
        guard let integration = view.integrations[id], integration.integrationType == .inbound else {
            throw .notFound("There is no inbound integration \(id).")
        }
        let isInService = integration.deployed && view.plans[integration.plan]?.enabled == true
        guard isInService || wish.attempt == .dryRun else {
            throw .conflict("The integration \(integration.name) or its workflow is not in service.")
        }
        return integration
    }
}

/// The versions of the script that an inbound integration runs: its own, or its step's.
struct ScriptHistory {
    private let integration: Integration
    private let step: ScriptStep?
    private let versions: ScriptVersions

    init(of integration: Integration, in view: DirectoryView, _ connection: any SQLConnection) {
        self.integration = integration
        step = integration.scriptStep.flatMap { view.scriptSteps[$0] }
        versions = ScriptVersions(connection)
    }

    /// The number of the present text; `nil` when there is no script.
    var present: Int? {
        if let step { return step.scriptVersion ?? 1 }
        return integration.script == nil ? nil : integration.scriptVersion ?? 1
    }

    func get(_ number: Int) throws -> (version: ScriptVersion, script: String)? {
        if let step { return try versions.get(number, of: step) }
        return try versions.get(number, of: integration)
    }

    func list(offset: Int, limit: Int) throws -> (total: Int, rows: [ScriptVersion]) {
        if let step { return try versions.list(of: step, offset: offset, limit: limit) }
        return try versions.list(of: integration, offset: offset, limit: limit)
    }
}
