import AlertCore
import Logging
import Persistence

/// Does what is due in one partition, at its time; at least once, since an item stays until its worker has
/// finished it and comes back when a lease ends. For the owner of the partition: leases of an owner before it end
/// when it begins. What could not be begun, as when the database went away meanwhile, is let go of and taken again
/// after a pause of 1 s that doubles up to 4 s: nobody waits for the end of a lease that nobody works under.
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
    /// How often a pause doubles.
    private static let doublings = 2
    /// How long it takes at most to see what somebody else has scheduled, or appended. Shorter where a test's clock
    /// jumps.
    @TaskLocal public static var pollInterval = Duration.seconds(1)

    /// - Parameters:
    ///   - lease: Longer than `perform` can take; an item that is not finished by then is offered again.
    ///   - signal: Given by whoever has scheduled something for soon.
    ///   - perform: Finishes or reschedules each item in a transaction of its own. What it throws says that those it
    ///     has not finished, rescheduled or in hand are not being worked on.
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
        var claimed: Timestamp?
        var failures = 0
        while !Task.isCancelled {
            var pause = Self.pollInterval
            do {
                try await letGo(&claimed)
                pause = try await doWhatIsDue(&claimed)
                failures = 0
            } catch {
                logger.warning("due work goes on after an error", metadata: ["kind": "\(kind)", "error": "\(error)"])
                pause *= 1 << failures
                failures = min(failures + 1, Self.doublings)
            }
            if pause > .zero { await signal.wait(upTo: pause) }
        }
    }

    /// Ends the leases of a claim that came to nothing, also of one whose commit was in doubt.
    private func letGo(_ claimed: inout Timestamp?) async throws {
        guard let until = claimed else { return }
        try await database.transaction { [kind, partition] connection in
            try DueWork(connection).endLeases(kind: kind, partition: partition, until: until)
        }
        claimed = nil
    }

    /// How long nothing is due.
    /// - Parameter claimed: Set for as long as items are leased that nobody works on.
    private func doWhatIsDue(_ claimed: inout Timestamp?) async throws -> Duration {
        let next = try await database.reading { [kind, partition] connection in
            try DueWork(connection).nextDue(kind: kind, partition: partition)
        }
        guard let next else { return Self.pollInterval }
        let moment = now()
        let wait = next.since(moment)
        guard wait <= .zero else { return min(wait, Self.pollInterval) }
        claimed = moment.advanced(by: lease)
        let items = try await database.transaction { [kind, partition, lease] connection in
            try DueWork(connection).claim(
                kind: kind, partition: partition, now: moment, lease: lease, limit: Self.batchLimit)
        }
        // What has begun is brought to its end, also when the loop is cancelled meanwhile.
        if !items.isEmpty { try await Task { [perform] in try await perform(items) }.value }
        claimed = nil
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
