import AlertCore
import Foundation
import Logging
import Metrics
import Persistence
import ServiceLifecycle

/// Looks into the database from outside of the other services, and pages past them when something is overdue.
///
/// Several processes can do so: a check that another one has done meanwhile counts once. What a page says is
/// recorded before it is sent, so a restart neither repeats nor loses it.
public struct SelfAudit: Service {
    private static let lease = Duration.seconds(60)
    private static let sendPause = Duration.seconds(1)

    let database: any SQLDatabase
    let targets: [any AuditTarget]
    let bounds: AuditBounds
    let interval: Duration
    let now: Clock
    let logger: Logger
    private let checkpoints: CheckpointKeeper?
    private let progress: AuditProgress

    /// - Parameters:
    ///   - targets: Whom to tell; with none, findings are shown only.
    ///   - interval: Between two checks.
    ///   - checkpoints: What signs how far the log is; `nil` when nothing does.
    public init(
        database: any SQLDatabase, targets: [any AuditTarget], bounds: AuditBounds, interval: Duration,
        checkpoints: CheckpointKeeper? = nil, now: @escaping Clock, logger: Logger
    ) {
        self.database = database
        self.targets = targets
        self.bounds = bounds
        self.interval = interval
        self.checkpoints = checkpoints
        self.now = now
        self.logger = logger
        progress = AuditProgress(startedAt: now())
    }

    public func run() async throws {
        if targets.isEmpty {
            logger.warning(
                "the self-audit pages nobody: set TOCSIN_AUDIT_EMAIL or TOCSIN_AUDIT_URL; it shows its findings only")
        }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await cancelWhenGracefulShutdown { await checkForever() } }
            tasks.addTask { await cancelWhenGracefulShutdown { await sendForever() } }
            if let checkpoints { tasks.addTask { await cancelWhenGracefulShutdown { await checkpoints.run() } } }
        }
    }

    /// `nil` when checks are done as they should be; otherwise what is wrong.
    public func problem() -> String? {
        let age = now().since(progress.checkedAt)
        return age <= interval * 3 + .seconds(10) ? nil : "the last check was \(age.milliseconds / 1000) s ago"
    }

    // MARK: - Checks

    private func checkForever() async {
        var outage = AuditOutage()
        var unrecorded: [(notice: AuditNotice, answers: [String: String])] = []
        while !Task.isCancelled {
            do {
                try await check()
                progress.checked(at: now())
                if let over = outage.ended(at: now(), bounds) { unrecorded.append((over, [:])) }
                for (notice, answers) in unrecorded { try await record(notice, answers) }
                unrecorded = []
            } catch is CancellationError {
                return
            } catch let error as StoreError where error.code == .versionConflict {
                progress.checked(at: now())  // another process has done it
            } catch {
                logger.warning("the self-audit cannot check", metadata: ["error": "\(error)"])
                let reason = (error as? StoreError)?.detail ?? "\(error)"
                if let notice = outage.failed(reason, at: now(), bounds) {
                    unrecorded.append((notice, await tell(notice)))
                }
            }
            show(outage.findings, clearing: [.databaseUnreachable])
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: interval)
        }
    }

    /// One check: what it means is saved together with the notices that it leads to.
    @discardableResult
    func check() async throws -> AuditState {
        let at = now()
        let (before, version) = try await database.reading { try SelfAuditStore($0).load() }
        let (facts, seenUntil) = try await database.reading { [bounds] connection in
            try AuditChecks(connection, at: at, bounds).run(seenUntil: before.alertsSeenUntil)
        }
        var state = before
        let notice = state.check(facts, at: at, bounds)
        state.alertsSeenUntil = seenUntil
        try await database.transaction { [state, targets] connection in
            let store = SelfAuditStore(connection)
            try store.save(state, expecting: version)
            if let notice { try store.add(notice, targets: targets.map(\.name), at: at) }
        }
        show(state.findings, clearing: AuditKind.allCases.filter { $0 != .databaseUnreachable })
        if let notice { log(notice) }
        return state
    }

    private func record(_ notice: AuditNotice, _ answers: [String: String]) async throws {
        let at = now()
        try await database.retrying { [targets] connection in
            try SelfAuditStore(connection).add(notice, targets: targets.map(\.name), handedOver: answers, at: at)
        }
    }

    private func show(_ findings: [AuditFinding], clearing kinds: [AuditKind]) {
        for kind in kinds {
            let count = findings.first { $0.kind == kind }?.count ?? 0
            Gauge(label: "tocsin_audit_findings", dimensions: [("kind", kind.rawValue)]).record(count)
        }
    }

    private func log(_ notice: AuditNotice) {
        let isOver = notice.raised.isEmpty && notice.lasting.isEmpty
        logger.log(level: isOver ? .notice : .error, "self-audit", metadata: ["notice": "\(notice.subject)"])
    }

    // MARK: - Pages

    /// Straight, without a database. - Returns: What the targets that took it answered, by their names.
    private func tell(_ notice: AuditNotice) async -> [String: String] {
        log(notice)
        return await withTaskGroup(of: (String, String?).self) { tasks in
            for target in targets { tasks.addTask { (target.name, await attempt(notice, target).answer) } }
            return await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func sendForever() async {
        while !Task.isCancelled {
            do {
                try await sendWhatIsDue()
            } catch {
                // The check says so when it lasts; the lease ends, and the notice comes again.
                logger.debug("notices go on later", metadata: ["error": "\(error)"])
            }
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: Self.sendPause)
        }
    }

    /// Hands over the notices whose time it is.
    func sendWhatIsDue() async throws {
        let at = now()
        let next = try await database.reading { try DueWork($0).nextDue(kind: AuditNotice.dueKind, partition: 0) }
        guard let next, next <= at else { return }
        let items = try await database.transaction { connection in
            try DueWork(connection).claim(
                kind: AuditNotice.dueKind, partition: 0, now: at, lease: Self.lease, limit: 10)
        }
        await withTaskGroup(of: Void.self) { tasks in
            for item in items {
                tasks.addTask {
                    do {
                        try await send(item.id)
                    } catch {
                        logger.warning("a notice goes on later", metadata: ["id": "\(item.id)", "error": "\(error)"])
                    }
                }
            }
        }
    }

    private func send(_ workId: String) async throws {
        let id = String(workId.prefix { $0 != "/" })
        let found = try await database.reading { connection in
            let store = SelfAuditStore(connection)
            return (try store.notice(id), try store.deliveries(of: [id]).first { $0.workId == workId })
        }
        guard let notice = found.0, var delivery = found.1 else {
            try await database.retrying { try DueWork($0).finish([workId], kind: AuditNotice.dueKind) }
            return
        }
        delivery.attempts += 1
        if let target = targets.first(where: { $0.name == delivery.target }) {
            let (answer, reason) = await attempt(notice, target)
            delivery.detail = answer ?? reason
            let isLast = delivery.attempts >= AuditNotice.attemptLimit
            delivery.status = answer != nil ? .delivered : isLast ? .failed : .pending
        } else {
            delivery.status = .failed
            delivery.detail = "the target is no longer set"
        }
        delivery.updatedAt = now()
        try await database.retrying { [delivery] in try SelfAuditStore($0).settle(delivery) }
    }

    /// - Returns: The answer, or the reason why there is none.
    private func attempt(_ notice: AuditNotice, _ target: any AuditTarget) async -> (answer: String?, reason: String) {
        do {
            let answer = try await target.send(notice)
            count(target, "delivered")
            return (answer, "")
        } catch {
            let reason = (error as? AuditTargetError)?.reason ?? "\(error)"
            logger.error(
                "a page of the self-audit was not taken", metadata: ["target": "\(target.name)", "reason": "\(reason)"])
            count(target, "failed")
            return (nil, reason)
        }
    }

    private func count(_ target: any AuditTarget, _ outcome: String) {
        Counter(label: "tocsin_audit_pages_total", dimensions: [("outcome", outcome), ("target", target.name)])
            .increment()
    }
}

/// When the last check was done.
private final class AuditProgress: @unchecked Sendable {  // `time` under `lock` only
    private let lock = NSLock()
    private var time: Timestamp

    init(startedAt: Timestamp) { time = startedAt }

    var checkedAt: Timestamp { lock.withLock { time } }

    func checked(at now: Timestamp) { lock.withLock { time = now } }
}
