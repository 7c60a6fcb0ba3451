import AlertCore
import Logging
import Messaging
import Metrics
import Persistence

/// The lanes of one partition of `webhook-deliveries`: every integration has its own, and none waits for another.
actor DeliveryLanes {
    private let recorder: PartitionRecorder<DeliveryRecord>
    private let database: any SQLDatabase
    private let directory: DirectoryCache
    private let secrets: SecretBox
    private let runner: AttemptRunner
    private let settings: WebhookDispatcherSettings
    private let now: Clock
    private let logger: Logger
    private var lanes: [String: Lane] = [:]
    private let inHand: DeliveriesInHand
    private var attempts: [String: Task<Void, Never>] = [:]
    private var isStopped = false

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
        self.secrets = secrets
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
        let (recorded, waiting) = try await database.reading { connection in
            let deliveries = WebhookDeliveries(connection)
            return (try deliveries.get(ids).map(\.id), try deliveries.waiting(for: Array(unknown)))
        }
        for integration in unknown where lanes[integration] == nil {
            lanes[integration] = Lane(waiting: waiting[integration] ?? [:])
        }
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

    /// Takes up deliveries that are due again.
    func retry(_ ids: [String]) async throws {
        let fresh = ids.filter { !inHand.contains($0) }
        let streams = fresh.map { "\(WebhookDelivery.category)-\($0)" }
        let history = try await database.reading { try EventLog($0).read(streams: streams) }
        var found: [LaneWork] = []
        for (stream, events) in Dictionary(grouping: history, by: \.stream) {
            let decoded = try events.map { try EventCodec<WebhookDelivery.Event>.decode($0.data) }
            let state = WebhookDelivery.replay(decoded)
            guard case .requested(let request, _) = decoded.first, state.phase == .parked else {
                let id = String(stream.dropFirst(WebhookDelivery.category.count + 1))
                try await database.retrying { try DueWork($0).finish([id], kind: DeliveryWriter.dueKind) }
                continue
            }
            found.append(
                LaneWork(
                    request: request, offset: nil, state: state, version: events.last?.version ?? 0,
                    admittedAt: now(), isRetry: true, isWaiting: true))
        }
        try await makeLanes(for: found)
        for work in found.sorted(by: { $0.request.sequence < $1.request.sequence }) {
            guard inHand.take(work.request.id) else { continue }
            lanes[work.request.integration.id]?.add(work)
        }
        for integration in Set(found.map(\.request.integration.id)) { await pump(integration) }
    }

    private func makeLanes(for works: [LaneWork]) async throws {
        let unknown = Set(works.map(\.request.integration.id)).subtracting(lanes.keys)
        guard !unknown.isEmpty else { return }
        let waiting = try await database.reading { try WebhookDeliveries($0).waiting(for: Array(unknown)) }
        for integration in unknown where lanes[integration] == nil {
            lanes[integration] = Lane(waiting: waiting[integration] ?? [:])
        }
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
                carryOut(steps, target: nil)
                if lanes[integration]?.queue.isEmpty == false { await pump(integration) }
            }
        }
    }

    /// Ends all attempts under way, and begins no more: their deliveries come again, here or elsewhere. What would be
    /// sent from here now could not be written down any more.
    func stop() {
        isStopped = true
        attempts.values.forEach { $0.cancel() }
    }

    private func pump(_ integration: String) async {
        guard !isStopped else { return }
        do {
            let target = try Target(
                integration: integration, in: try await directory.current(), secrets: secrets)
            carryOut(lanes[integration]?.next(obstacle: nil, at: now()) ?? [], target: target)
        } catch let unavailable as Target.Unavailable {
            // Looked at again by and by: somebody may put the integration back into service.
            let parking = WebhookDelivery.Parking(
                reason: unavailable.reason, detail: unavailable.detail, until: now().advanced(by: .seconds(30)))
            carryOut(lanes[integration]?.next(obstacle: parking, at: now()) ?? [], target: nil)
        } catch {
            // The queue stays: the watch tries again.
            logger.warning("the directory cannot be read", metadata: ["error": "\(error)"])
        }
    }

    private func carryOut(_ steps: [Lane.Step], target: Target?) {
        guard !isStopped else { return }
        for step in steps {
            switch step {
            case .attempt(let work):
                guard let target else { continue }
                attempts[work.request.id] = Task { [runner] in
                    let attempt = await runner.run(work.request, number: work.state.attempts + 1, to: target)
                    if Task.isCancelled { return }
                    await self.complete(work.request, attempt, target.schedule)
                }
            case .park(let work, let parking): park(work, parking)
            }
        }
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
        _ request: WebhookDelivery.Request, _ attempt: WebhookDelivery.Attempt, _ schedule: RetrySchedule
    ) async {
        attempts[request.id] = nil
        let integration = request.integration.id
        guard
            let work = lanes[integration]?.end(
                request.id, succeeded: attempt.isSuccess || attempt.hasCompleted != nil, at: now())
        else { return }
        let command = WebhookDelivery.Command.recordAttempt(
            attempt, schedule: schedule, chance: Double.random(in: 0..<1))
        let disables = attempt.isGone ? "the target answered 410 Gone at \(now().iso)" : nil
        record(work, [command], due: nil, disables: disables)
        inHand.release(request.id)
        attempt.log(request, logger)
        await pump(integration)
    }

    /// Decides what the commands mean, keeps the lane's count right, and hands the events to be written.
    private func record(
        _ work: LaneWork, _ commands: [WebhookDelivery.Command], due: Timestamp?, disables: String?
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
                    due: dueAt, releasesNext: releases, disables: disables)
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

extension WebhookDelivery.Attempt {
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
