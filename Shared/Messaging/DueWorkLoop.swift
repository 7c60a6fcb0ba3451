import AlertCore
import Logging
import Persistence

/// Does what is due in one partition, at its time; at least once, since an item stays until its worker has
/// finished it and comes back when a lease ends. For the owner of the partition: leases of an owner before it end
/// when it begins.
public struct DueWorkLoop: Sendable {
    let kind: String
    let partition: Int
    let lease: Duration
    let database: any SQLDatabase
    let signal: Signal
    let now: Clock
    let logger: Logger
    let perform: @Sendable ([DueWork.Item]) async throws -> Void

    private static let batchLimit = 100
    /// How long it takes at most to see what somebody else has scheduled, or appended. Shorter where a test's clock
    /// jumps.
    @TaskLocal public static var pollInterval = Duration.seconds(1)

    /// - Parameters:
    ///   - lease: Longer than `perform` can take; an item that is not finished by then is offered again.
    ///   - signal: Given by whoever has scheduled something for soon.
    ///   - perform: Finishes or reschedules each item in a transaction of its own.
    public init(
        kind: String, partition: Int, lease: Duration, database: any SQLDatabase, signal: Signal,
        now: @escaping Clock, logger: Logger, perform: @escaping @Sendable ([DueWork.Item]) async throws -> Void
    ) {
        self.kind = kind
        self.partition = partition
        self.lease = lease
        self.database = database
        self.signal = signal
        self.now = now
        self.logger = logger
        self.perform = perform
    }

    /// Runs until the task is cancelled; what is being done then is done to its end.
    public func run() async {
        await retryingForever(logger: logger, what: "leases of \(kind)/\(partition)") {
            try await database.transaction { [kind, partition] connection in
                try DueWork(connection).endLeases(kind: kind, partition: partition)
            }
        }
        while !Task.isCancelled {
            var pause = Self.pollInterval
            do {
                pause = try await doWhatIsDue()
            } catch {
                logger.warning("due work goes on after an error", metadata: ["kind": "\(kind)", "error": "\(error)"])
            }
            if pause > .zero { await signal.wait(upTo: pause) }
        }
    }

    /// How long nothing is due.
    private func doWhatIsDue() async throws -> Duration {
        let next = try await database.reading { [kind, partition] connection in
            try DueWork(connection).nextDue(kind: kind, partition: partition)
        }
        guard let next else { return Self.pollInterval }
        let wait = next.since(now())
        guard wait <= .zero else { return min(wait, Self.pollInterval) }
        let items = try await database.transaction { [kind, partition, lease, now] connection in
            try DueWork(connection).claim(
                kind: kind, partition: partition, now: now(), lease: lease, limit: Self.batchLimit)
        }
        guard !items.isEmpty else { return .zero }
        // What has begun is brought to its end, also when the loop is cancelled meanwhile.
        try await Task { [perform] in try await perform(items) }.value
        return .zero
    }
}

extension Signal {
    /// For a ``DueWorkLoop``: something has been scheduled. What is due later than the loop looks by itself needs no
    /// signal.
    public func notify(due: Timestamp, at now: Timestamp) {
        if due.since(now) < DueWorkLoop.pollInterval { notify() }
    }
}
