import AlertCore
import Messaging
import Metrics
import Persistence

/// Decides which of the due notifications are sent now: finds each its provider, then asks the limits, and records the
/// beginning of those attempts, all in one transaction.
struct NotificationAdmission: Sendable {
    let parts: SenderParts
    let partition: Int
    let partitions: Partitions
    let flood: NotificationFloodControl
    let storm: StormRule?
    /// Given when a digest has been scheduled.
    let digestScheduled: Signal

    /// What became of a batch.
    struct Outcome: Sendable {
        var jobs: [NotificationJob] = []
        /// What has come to its end without being sent, or had before.
        var records: [NotificationRecord] = []
        /// A provider all places of which are taken, if there is one.
        var crowded: String?
    }

    /// A notification that could go now.
    struct Candidate: Sendable {
        let row: NotificationRow
        let alert: AlertRow?
        let known: (state: Notification.State, version: Version)
        let provider: NotificationProvider
        let next: NamedReference?
    }

    /// What is known of a batch before anything is decided.
    private struct Batch: Sendable {
        var candidates: [Candidate] = []
        var records: [NotificationRecord] = []
        /// Of a provider without a free place.
        var postponed: [String] = []
        var crowded: String?
        /// Nothing is known of them.
        var gone: [String] = []
    }

    func admit(_ ids: [String], lanes: ProviderLanes) async throws -> Outcome {
        let batch = try await sort(ids, lanes: lanes)
        do {
            let jobs = try await parts.database.transaction { connection in
                try begin(batch.candidates, in: connection)
                    + letGo(of: batch, in: connection)
            }
            let begun = Set(jobs.map(\.row.plan.id))
            for candidate in batch.candidates where !begun.contains(candidate.row.plan.id) {
                lanes.giveBack(candidate.provider.id)
            }
            // Suppressed ones have ended: their reports go out with those of the others.
            let quiet = batch.candidates.filter { !begun.contains($0.row.plan.id) }
            let ended = quiet.map { NotificationRecord(command: nil, row: $0.row, provider: nil, known: nil) }
            return Outcome(jobs: jobs, records: batch.records + ended, crowded: batch.crowded)
        } catch {
            for candidate in batch.candidates { lanes.giveBack(candidate.provider.id) }
            throw error
        }
    }

    // MARK: - Who could go by whom

    private func sort(_ ids: [String], lanes: ProviderLanes) async throws -> Batch {
        let view = try await parts.directory.current()
        let configured = Array(view.providers.values)
        let (rows, states, alerts) = try await parts.database.reading { connection in
            let rows = try Notifications(connection).get(ids)
            let states = try EventLog(connection).states(of: Set(rows.map(\.plan.id)), Notification.self)
            let alerts = try Alerts(connection).rows(of: Array(Set(rows.map(\.plan.alert).filter { !$0.isEmpty })))
            return (rows, states, alerts)
        }
        var batch = Batch()
        batch.gone = Array(Set(ids).subtracting(rows.map(\.plan.id)))
        // In the order of their times, so that the same ones pass however the batch was put together.
        for row in rows.sorted(by: { ($0.plan.dueAt, $0.plan.id) < ($1.plan.dueAt, $1.plan.id) }) {
            guard let known = states[row.plan.id], known.state.isSendable else {
                batch.records.append(NotificationRecord(command: nil, row: row, provider: nil, known: nil))
                continue
            }
            let route = parts.registry.route(for: row.plan, among: configured)
            let left = route.filter { !known.state.exhausted.contains($0.id) }
            guard let provider = known.state.choice(among: left) else {
                let reason = known.state.reasonToGiveUp(row.plan, hadRoute: !route.isEmpty)
                batch.records.append(
                    NotificationRecord(command: .giveUp(reason: reason), row: row, provider: nil, known: known))
                continue
            }
            guard lanes.take(provider.id) else {
                batch.postponed.append(row.plan.id)
                batch.crowded = provider.id
                continue
            }
            let next = left.first { $0.id != provider.id }?.reference
            batch.candidates.append(
                Candidate(
                    row: row, alert: alerts[row.plan.alert], known: known, provider: provider, next: next))
        }
        return batch
    }

    private func letGo(of batch: Batch, in connection: any SQLConnection) throws -> [NotificationJob] {
        try DueWork(connection).finish(batch.gone, kind: NotificationPlanner.dueKind)
        try DueWork(connection).postpone(batch.postponed, kind: NotificationPlanner.dueKind, until: parts.now())
        return []
    }

    // MARK: - Who goes

    private func begin(_ candidates: [Candidate], in connection: any SQLConnection) throws -> [NotificationJob] {
        guard !candidates.isEmpty else { return [] }
        let now = parts.now()
        var limits = try MessageLimits(
            candidates, flood: flood, storm: storm, in: connection, at: now)
        let commands = try candidates.map { candidate in
            let origin = Origin(
                actor: "<notifier>", causation: candidate.row.plan.id, correlation: candidate.row.plan.correlation)
            return AddressedCommand<Notification>(
                try limits.decide(candidate), on: candidate.row.plan.id, by: origin)
        }
        try limits.save()
        let outcomes = try EventLog(connection).execute(
            commands, in: LogPartition(Notification.category, partition), at: now,
            knowing: Dictionary(uniqueKeysWithValues: candidates.map { ($0.row.plan.id, $0.known) }))
        try Notifications(connection).apply(outcomes, at: now)
        try wait(for: outcomes, candidates, newDigests: limits.newDigests, in: connection)
        return zip(candidates, outcomes).compactMap { candidate, outcome in
            guard outcome.state.phase == .sending else { return nil }
            return NotificationJob(
                row: candidate.row, alert: candidate.alert, provider: candidate.provider, next: candidate.next,
                known: (outcome.state, outcome.version))
        }
    }

    /// What is held by itself comes back at its time; what is held for a digest goes with that.
    private func wait(
        for outcomes: [CommandOutcome<Notification>], _ candidates: [Candidate], newDigests: [String: String],
        in connection: any SQLConnection
    ) throws {
        let work = DueWork(connection)
        for outcome in outcomes {
            guard outcome.state.phase == .held, let hold = outcome.state.hold else { continue }
            Counter(label: "tocsin_notifications_total", dimensions: [("outcome", "held")]).increment()
            guard let digest = hold.digest else {
                try work.postpone([outcome.id], kind: NotificationPlanner.dueKind, until: hold.until)
                continue
            }
            try work.finish([outcome.id], kind: NotificationPlanner.dueKind)
            if let device = newDigests[digest] {
                let schedule = try partitions.schedule(in: connection)
                try work.schedule(
                    digest, kind: DigestLoop.dueKind, partition: schedule.partition(of: device, generation: nil),
                    payload: try JSON.encode(["device": device]), at: hold.until)
                digestScheduled.notify()
            }
        }
    }
}

extension Notification.State {
    /// Whether an attempt may begin.
    fileprivate var isSendable: Bool {
        switch phase {
        case .pending, .sending, .inDoubt: true
        case .held: hold?.digest == nil
        case .unknown, .delivered, .failed, .cancelled, .suppressed, .collapsed: false
        }
    }

    /// Goes on with the provider that has the message; after a lost answer, with another one if there is one.
    fileprivate func choice(among route: [NotificationProvider]) -> NotificationProvider? {
        let same = route.first { $0.id == provider?.id }
        return phase == .inDoubt ? route.first { $0.id != provider?.id } ?? same : same ?? route.first
    }

    fileprivate func reasonToGiveUp(_ plan: Notification.Plan, hadRoute: Bool) -> String {
        if hadRoute { return lastReason.isEmpty ? "no provider is left" : lastReason }
        let wanted = plan.provider.isEmpty ? "" : " named \(plan.provider)"
        return "there is no provider\(wanted) for \(plan.kindOfDevice.rawValue)"
    }
}
