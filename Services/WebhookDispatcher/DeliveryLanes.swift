import AlertCore
import Logging
import Messaging
import Metrics
import Persistence

/// The lanes of one partition of `webhook-deliveries`: every integration has its own, and none waits for another.
actor DeliveryLanes {
    private let recorder: PartitionRecorder<DeliveryRecord>
    let database: any SQLDatabase
    private let directory: DirectoryCache
    private let runner: AttemptRunner
    private let settings: WebhookDispatcherSettings
    let now: Clock
    let logger: Logger
    private var lanes: [String: Lane] = [:]
    let inHand: DeliveriesInHand
    private var attempts: [String: Task<Void, Never>] = [:]
    /// What waits until the rate of a lane lets its next attempt begin.
    private var pauses: [String: Task<Void, Never>] = [:]
    private var isStopped = false
    private var targets: TargetCache

    init(
        recorder: PartitionRecorder<DeliveryRecord>, inHand: DeliveriesInHand, database: any SQLDatabase,
        directory: DirectoryCache, secrets: SecretBox, runner: AttemptRunner, settings: WebhookDispatcherSettings,
        now: @escaping Clock,
        logger: Logger
    ) {
        self.recorder = recorder
        self.inHand = inHand
        self.database = database
        self.directory = directory
        targets = TargetCache(secrets: secrets)
        self.runner = runner
        self.settings = settings
        self.now = now
        self.logger = logger
    }

    /// Takes messages from the topic. Those that are recorded already are passed over.
    func admit(_ messages: [Received<WebhookDelivery.Request>]) async throws {
        let ids = messages.map(\.payload.id)
        // Looked at before the database: what leaves the memory in between is in the database by then.
        let repeated = Set(ids.filter(inHand.contains))
        let unknown = Set(messages.map(\.payload.integration.id)).subtracting(lanes.keys)
        let (recorded, stored) = try await database.reading { connection in
            (try WebhookDeliveries(connection).get(ids).map(\.id), try StoredLanes(unknown, connection))
        }
        for integration in unknown where lanes[integration] == nil { lanes[integration] = stored.lane(integration) }
        let done = repeated.union(recorded)
        let admittedAt = now()
        for message in messages {
            let request = message.payload
            if done.contains(request.id) || !inHand.take(request.id) {
                recorder.finish(message.message.offset, with: [])
            } else {
                lanes[request.integration.id]?.add(
                    LaneWork(
                        request: request, offset: message.message.offset, state: WebhookDelivery.initial, version: 0,
                        admittedAt: admittedAt, isRetry: false, isWaiting: false))
            }
        }
        for integration in Set(messages.map(\.payload.integration.id)) { await pump(integration) }
    }

    /// Takes up deliveries that are due again. One that has an earlier one of its alert before it by now, since that
    /// was redriven or came by a replay, goes behind it.
    func retry(_ ids: [String]) async throws {
        // Taken before they are read: what somebody else does with one of them is written by then.
        let taken = await takeInHand(ids)
        let (found, overtaking): ([LaneWork], Set<String>)
        do {
            found = try await works(of: taken)
            let waiting = found.filter { $0.state.phase == .parked }.map(\.request.id)
            let others = Set(taken).subtracting(waiting)
            try await database.retrying { try DueWork($0).finish(Array(others), kind: DeliveryWriter.dueKind) }
            overtaking = try await database.reading { try WebhookDeliveries($0).waitingBehind(waiting) }
            try await makeLanes(for: found)
        } catch {
            taken.forEach(inHand.release)
            throw error
        }
        var kept: Set<String> = []
        for work in found.sorted(by: { $0.request.sequence < $1.request.sequence })
        where work.state.phase == .parked {
            if overtaking.contains(work.request.id) {
                record(work, [.park(.behind)], due: nil, disables: nil, releasesFirst: true)
            } else {
                kept.insert(work.request.id)
                lanes[work.request.integration.id]?.add(work)
            }
        }
        for id in taken where !kept.contains(id) { inHand.release(id) }
        for integration in Set(found.map(\.request.integration.id)) { await pump(integration) }
    }

    /// Those that nobody has in hand. What was scheduled can be seen before its writer has heard that it is written: it
    /// is let go of in a moment, and would otherwise be offered again only when its lease ends.
    private func takeInHand(_ ids: [String]) async -> [String] {
        var taken = ids.filter(inHand.take)
        for _ in 0..<20 where taken.count < ids.count && !Task.isCancelled {
            // Cancelled: the condition sees it.
            try? await Task.sleep(for: .milliseconds(10))
            let known = Set(taken)
            taken += ids.filter { !known.contains($0) && inHand.take($0) }
        }
        return taken
    }

    /// Deliveries as the log has them.
    func works(of ids: [String]) async throws -> [LaneWork] {
        let streams = ids.map { "\(WebhookDelivery.category)-\($0)" }
        let history = try await database.reading { try EventLog($0).read(streams: streams) }
        var found: [LaneWork] = []
        for (_, events) in Dictionary(grouping: history, by: \.stream) {
            let decoded = try events.map { try EventCodec<WebhookDelivery.Event>.decode($0.data) }
            let state = WebhookDelivery.replay(decoded)
            guard case .requested(let request, _) = decoded.first else { continue }
            found.append(
                LaneWork(
                    request: request, offset: nil, state: state, version: events.last?.version ?? 0,
                    admittedAt: now(), isRetry: true, isWaiting: state.phase == .parked,
                    parkedFor: decoded.lastParking?.reason))
        }
        return found
    }

    func makeLanes(for works: [LaneWork]) async throws {
        let unknown = Set(works.map(\.request.integration.id)).subtracting(lanes.keys)
        guard !unknown.isEmpty else { return }
        let stored = try await database.reading { try StoredLanes(unknown, $0) }
        for integration in unknown where lanes[integration] == nil { lanes[integration] = stored.lane(integration) }
    }

    /// Parks what has been in memory for too long, and starts what can be started, until cancelled.
    func watch() async {
        while !Task.isCancelled {
            // Cancelled: the condition sees it.
            try? await Task.sleep(for: min(settings.parkAfter / 4, .milliseconds(500)))
            let moment = now()
            guard moment.milliseconds > settings.parkAfter.milliseconds else { continue }
            let limit = moment.advanced(by: .zero - settings.parkAfter)
            for integration in lanes.keys {
                let steps =
                    lanes[integration]?.overdue(admittedBefore: limit, at: moment, timeout: runner.longest) ?? []
                await carryOut(steps, target: nil)
                if lanes[integration]?.queue.isEmpty == false { await pump(integration) }
            }
        }
    }

    /// Ends all attempts under way, and begins no more: their deliveries come again, here or elsewhere. What would be
    /// sent from here now could not be written down any more.
    func stop() {
        isStopped = true
        attempts.values.forEach { $0.cancel() }
        pauses.values.forEach { $0.cancel() }
    }

    private func pump(_ integration: String) async {
        guard !isStopped else { return }
        do {
            var view = try await directory.current()
            // Requested by a newer configuration than this process has looked at: its integration may be new.
            if let newest = lanes[integration]?.newestConfiguration {
                if newest > view.version { view = try await directory.refreshed() }
                lanes[integration]?.hasSeen(configuration: newest)
            }
            let moment = now()
            let target = try targets.target(of: integration, in: view, at: moment)
            lanes[integration]?.adopt(target.lane, at: moment)
            await carryOut(lanes[integration]?.next(obstacle: nil, at: moment) ?? [], target: target)
            comeBack(to: integration, after: lanes[integration]?.pause(at: moment))
        } catch let unavailable as Target.Unavailable {
            // Looked at again by and by: somebody may put the integration back into service.
            let parking = WebhookDelivery.Parking(
                reason: unavailable.reason, detail: unavailable.detail, until: now().advanced(by: .seconds(30)))
            await carryOut(lanes[integration]?.next(obstacle: parking, at: now()) ?? [], target: nil)
        } catch {
            // The queue stays: the watch tries again.
            logger.warning("the directory cannot be read", metadata: ["error": "\(error)"])
        }
    }

    /// Starts what waits for its turn by a rate, when it is its turn. One timer for each lane.
    private func comeBack(to integration: String, after pause: Duration?) {
        guard let pause, pauses[integration] == nil else { return }
        pauses[integration] = Task {
            // Cancelled: the condition sees it.
            try? await Task.sleep(for: pause)
            pauses[integration] = nil
            if !Task.isCancelled { await pump(integration) }
        }
    }

    private func carryOut(_ steps: [Lane.Step], target: Target?) async {
        guard !isStopped else { return }
        var postponed: [(work: LaneWork, until: Timestamp)] = []
        for step in steps {
            switch step {
            case .attempt(let work):
                guard let target else { continue }
                attempts[work.request.id] = Task { [runner] in
                    let attempt = await runner.run(work.request, number: work.state.attempts + 1, to: target)
                    if Task.isCancelled { return }
                    await self.complete(work.request, attempt, target)
                }
            case .park(let work, let parking): park(work, parking)
            case .postpone(let work, let until): postponed.append((work, until))
            }
        }
        if !postponed.isEmpty { await postpone(postponed) }
    }

    /// Gives deliveries another time, all in one transaction: nothing else about them changes.
    private func postpone(_ postponed: [(work: LaneWork, until: Timestamp)]) async {
        let times = postponed.map { (id: $0.work.request.id, due: $0.until) }
        do {
            try await database.retrying { connection in
                for (due, group) in Dictionary(grouping: times, by: \.due) {
                    try DueWork(connection).postpone(group.map(\.id), kind: DeliveryWriter.dueKind, until: due)
                }
            }
        } catch {
            // They come again when their lease ends.
            logger.warning("webhooks cannot be postponed", metadata: ["error": "\(error)"])
        }
        for id in times.map(\.id) { inHand.release(id) }
    }

    private func park(_ work: LaneWork, _ parking: WebhookDelivery.Parking) {
        let id = work.request.id
        let isRunning = lanes[work.request.integration.id]?.running[id] != nil
        record(work, [.park(parking)], due: parking.until, disables: nil)
        if !isRunning { inHand.release(id) }
        Counter(label: "tocsin_webhooks_parked_total", dimensions: [("reason", parking.reason.rawValue)]).increment()
        let isNews = !(work.isRetry && parking.reason == .circuitOpen)
        logger.log(
            level: isNews ? .info : .debug, "webhook parked",
            metadata: [
                "webhook-id": "\(id)", "integration": "\(work.request.integration.name)",
                "reason": "\(parking.reason.rawValue)", "detail": "\(parking.detail)",
            ])
    }

    private func complete(
        _ request: WebhookDelivery.Request, _ attempt: WebhookDelivery.Attempt, _ target: Target
    ) async {
        attempts[request.id] = nil
        let integration = request.integration.id
        let moment = now()
        guard
            let work = lanes[integration]?.end(
                request.id, succeeded: attempt.isSuccess || attempt.hasCompleted != nil, at: moment)
        else { return }
        let command = WebhookDelivery.Command.recordAttempt(
            attempt, schedule: target.schedule, chance: Double.random(in: 0..<1))
        let change =
            attempt.showsTarget(of: request)
            ? lanes[integration]?.failures.record(
                success: attempt.isSuccess, inServiceSince: target.lane.inServiceSince, at: moment) : nil
        let disables = reasonToDisable(integration, after: attempt, at: moment)
        if disables != nil { lanes[integration]?.failures.forget() }
        record(work, [command], due: nil, disables: disables, failures: disables == nil ? change : .ended)
        inHand.release(request.id)
        attempt.log(request, logger)
        await pump(integration)
    }

    /// `nil` while the integration stays in service.
    private func reasonToDisable(
        _ integration: String, after attempt: WebhookDelivery.Attempt, at now: Timestamp
    ) -> Disabling? {
        if attempt.isGone {
            return Disabling(reason: "the target answered 410 Gone at \(now.iso)", failingSince: nil)
        }
        guard let failures = lanes[integration]?.failures, failures.isOver(settings.disableAfter, at: now),
            let since = failures.since
        else { return nil }
        return Disabling(
            reason: "every attempt has failed since \(since.iso), the last at \(now.iso): \(attempt.outcome)",
            failingSince: since)
    }

    /// Decides what the commands mean, keeps the lane's count right, and hands the events to be written.
    /// - Parameters:
    ///   - failures: What has changed about how long the integration has been failing.
    ///   - releasesFirst: Whether the first of those that wait for the alert gets its turn, whichever it is.
    ///   - order: The payload of the due work that is done with this.
    func record(
        _ work: LaneWork, _ commands: [WebhookDelivery.Command], due: Timestamp?, disables: Disabling?,
        failures: FailureSpan.Change? = nil, releasesFirst: Bool = false, order: String? = nil
    ) {
        let moment = now()
        var (state, events) = (work.state, [WebhookDelivery.Event]())
        let all = (state.phase == .unknown ? [.request(work.request)] : []) + commands
        for command in all {
            // A delivery in memory is requested: nothing is refused.
            let decided = (try? WebhookDelivery.decide(Timed(command, at: moment), state)) ?? []
            state = decided.reduce(state, WebhookDelivery.evolve)
            events += decided
        }
        let integration = work.request.integration.id
        var (releases, dueAt) = (false, due)
        if case .parked(let parking, _) = events.last {
            lanes[integration]?.holdUnlessParkedNow(work, commands)
            dueAt = parking.until ?? (parking.reason == .disabled ? moment.advanced(by: .seconds(30)) : nil)
        } else {
            releases = lanes[integration]?.release(work) ?? false
        }
        var after = work
        after.offset = nil
        after.state = state
        after.version += Version(events.count)
        after.isWaiting = true
        lanes[integration]?.update(after)
        inHand.recording(work.request.id)
        recorder.finish(
            work.offset,
            with: [
                DeliveryRecord(
                    request: work.request, events: events, state: state, version: after.version, at: moment,
                    due: dueAt, releasesNext: releases || releasesFirst, disables: disables, failures: failures,
                    order: order)
            ])
    }
}

extension Lane {
    /// A failed attempt makes its delivery wait; what was parked by the lane itself is counted already.
    fileprivate mutating func holdUnlessParkedNow(_ work: LaneWork, _ commands: [WebhookDelivery.Command]) {
        if case .park = commands.last { return }
        hold(work)
    }
}

/// What the database knows of lanes that are not in memory.
private struct StoredLanes {
    private let waiting: [String: [String: Int]]
    private let failing: [String: Timestamp]

    init(_ integrations: Set<String>, _ connection: any SQLConnection) throws {
        waiting = try WebhookDeliveries(connection).waiting(for: Array(integrations))
        failing = try WebhookFailures(connection).since(of: Array(integrations))
    }

    func lane(_ integration: String) -> Lane {
        Lane(waiting: waiting[integration] ?? [:], failingSince: failing[integration])
    }
}

extension [WebhookDelivery.Event] {
    fileprivate var lastParking: WebhookDelivery.Parking? {
        for event in reversed() { if case .parked(let parking, _) = event { return parking } }
        return nil
    }
}

extension WebhookDelivery.Attempt {
    /// Whether it says anything of the integration: a callback has none, a script that no sandbox took says nothing.
    fileprivate func showsTarget(of request: WebhookDelivery.Request) -> Bool {
        request.callback == nil && (request.script == nil || hasCompleted != nil)
    }

    fileprivate func log(_ request: WebhookDelivery.Request, _ logger: Logger) {
        Counter(
            label: "tocsin_webhook_attempts_total", dimensions: [("outcome", isSuccess ? "success" : "failure")]
        ).increment()
        Timer(label: "tocsin_webhook_attempt_seconds").recordMilliseconds(durationMilliseconds)
        logger.info(
            "webhook attempt",
            metadata: [
                "webhook-id": "\(request.id)", "integration": "\(request.integration.name)", "attempt": "\(number)",
                "outcome": "\(outcome)", "milliseconds": "\(durationMilliseconds)", "alert": "\(request.alertNumber)",
            ])
    }
}
