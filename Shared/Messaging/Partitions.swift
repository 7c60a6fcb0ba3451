import AlertCore
import Foundation
import Logging
import Persistence

/// What this process knows of how many partitions there are: read again and again, and whenever a key says that there
/// is more to know.
public final class Partitions: @unchecked Sendable {  // `state` under `lock` only
    /// How often it is read. Nothing depends on it but how soon new ids are made in a new generation.
    public static let refreshInterval = Duration.seconds(5)

    private struct State {
        var rows: [PartitionSchedules.Row] = []
        var schedule: PartitionSchedule?
    }

    private let database: (any SQLDatabase)?
    private let now: Clock
    private let logger: Logger
    private let lock = NSLock()
    private var state = State()
    private var refreshing: Task<Void, Never>?

    /// So many, for ever.
    public init(_ count: Int) {
        database = nil
        now = { Timestamp(milliseconds: 0) }
        logger = Logger(label: "partitions")
        state.schedule = PartitionSchedule([count])
    }

    /// As the database says.
    public init(in database: any SQLDatabase, now: @escaping Clock, logger: Logger) {
        self.database = database
        self.now = now
        self.logger = logger
        refreshing = Task { [weak self] in
            while !Task.isCancelled {
                // The next round reads again; who needs it now reads for himself and hears what is wrong.
                _ = try? await self?.refresh()
                // Cancelled: the condition sees it.
                try? await Task.sleep(for: Self.refreshInterval)
            }
        }
    }

    deinit { refreshing?.cancel() }

    /// As last read; `nil` before that.
    public var known: PartitionSchedule? { lock.withLock { state.schedule } }

    /// A schedule that has the generations of some keys.
    /// - Throws: What the database says, where it has to be asked.
    public func schedule(knowing generations: some Sequence<Int?> = [Int?]()) async throws -> PartitionSchedule {
        guard let known, generations.allSatisfy(known.knows) else { return try await refresh() }
        return known
    }

    /// The newest, within a transaction.
    public func schedule(in connection: any SQLConnection) throws(StoreError) -> PartitionSchedule {
        if database == nil, let known { return known }
        return try PartitionSchedules(connection).schedule()
    }

    /// Of an id that says its generation.
    public func partition(ofStamped id: String) async throws -> Int {
        try await schedule(knowing: [DerivedID.generation(of: id)]).partition(ofStamped: id)
    }

    /// Which generation new ids are of. One that has been raised so recently that its partitions may have no readers
    /// yet is left out.
    public func generationOfNewIDs() async throws -> Int {
        let schedule = try await schedule()
        guard schedule.newestGeneration > 0 else { return 0 }
        let (rows, now) = (lock.withLock { state.rows }, now())
        return rows.last { $0.since <= now }?.generation ?? 0
    }

    /// A new id for a request, which says the generation that its alerts belong to as well.
    /// - Parameter chance: At least 8 random bytes.
    public func newRequestId(at moment: Timestamp, chance: [UInt8]) async throws -> (id: String, generation: Int) {
        let generation = try await generationOfNewIDs()
        return (DerivedID.stamped(at: moment, generation: generation, chance: chance), generation)
    }

    /// Reads it anew.
    @discardableResult
    public func refresh() async throws -> PartitionSchedule {
        guard let database else { return lock.withLock { state.schedule ?? PartitionSchedule([1]) } }
        let rows = try await database.reading { try PartitionSchedules($0).rows() }
        guard !rows.isEmpty else {
            throw StoreError(.unavailable, "it is not known how many partitions there are: run tocsin migrate")
        }
        let schedule = PartitionSchedule(rows.map(\.count))
        let before = lock.withLock {
            // A reading that took longer than a later one knows less.
            guard rows.count >= state.rows.count else { return state.schedule }
            defer { (state.rows, state.schedule) = (rows, schedule) }
            return state.schedule
        }
        if let before, before.count < schedule.count {
            logger.notice(
                "the partitions were raised", metadata: ["from": "\(before.count)", "to": "\(schedule.count)"])
        }
        return schedule
    }
}

extension OutgoingMessage {
    /// Names the generation that a key without one belongs to.
    public static let generationHeader = "generation"

    /// Where the key does not say itself how old it is: what has the generation of another id.
    /// - Parameter owner: The id of an alert, for what is sent about it.
    public func placed(like owner: String) -> OutgoingMessage {
        guard let generation = DerivedID.generation(of: owner), generation > 0 else { return self }
        return with(Self.generationHeader, String(generation))
    }

    /// The generation of partitions that the message belongs to; `nil` for the first.
    public func generation(on topic: Topic) -> Int? {
        if let header = headers[Self.generationHeader] { return Int(header) }
        return topic.hasStampedKeys ? DerivedID.generation(of: key) : nil
    }
}

extension Topic {
    /// Whether its keys are ids of requests or alerts, which say their generation.
    public var hasStampedKeys: Bool { self != .webhookDeliveries }
}

extension PartitionSchedule {
    public func partition(of message: OutgoingMessage, on topic: Topic) -> Int {
        partition(of: message.key, generation: message.generation(on: topic))
    }
}

extension Partitions {
    /// A schedule that has the generations of the messages.
    public func schedule(for messages: [OutgoingMessage], on topic: Topic) async throws -> PartitionSchedule {
        try await schedule(knowing: messages.lazy.map { $0.generation(on: topic) })
    }
}
