import AlertCore
import Foundation

/// Rows that retention has taken out of a log partition: the chain goes on behind them where it stopped before them.
public struct DroppedRange: Codable, Equatable, Sendable {
    public let partition: String
    public let first: Position
    public let last: Position
    /// Of the row before the first one; empty when there is none.
    public let hashBefore: String
    /// Of the last one.
    public let hashAfter: String

    public init(partition: String, first: Position, last: Position, hashBefore: String, hashAfter: String) {
        self.partition = partition
        self.first = first
        self.last = last
        self.hashBefore = hashBefore
        self.hashAfter = hashAfter
    }
}

/// The records of what retention has taken out of the log: events themselves, in a partition of their own, so that
/// nobody can add to them unseen. Within one transaction.
public struct DroppedRanges {
    static let partition = LogPartition("retention", 0)
    static let type = "retention.dropped"
    /// Ranges of one event.
    private static let limit = 2000

    /// What an event says.
    struct Record: Codable {
        /// How many events they are.
        var events: Int64
        var ranges: [DroppedRange]
    }

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// All of them, joined where one follows another, in the order of partitions and positions.
    public func all() throws -> [DroppedRange] {
        var ranges: [DroppedRange] = []
        var place: Position = 0
        while true {
            let events = try EventLog(connection).read(Self.partition, after: place, limit: 100)
            guard let last = events.last else { return Self.joined(ranges) }
            place = last.position
            for event in events where event.type == Self.type {
                ranges += try JSON.decode(event.data, as: Record.self).ranges
            }
        }
    }

    static func joined(_ ranges: [DroppedRange]) -> [DroppedRange] {
        var joined: [DroppedRange] = []
        for range in ranges.sorted(by: { ($0.partition, $0.first) < ($1.partition, $1.first) }) {
            guard let last = joined.last, last.partition == range.partition, last.last + 1 == range.first,
                last.hashAfter == range.hashBefore
            else {
                joined.append(range)
                continue
            }
            joined[joined.count - 1] = DroppedRange(
                partition: last.partition, first: last.first, last: range.last, hashBefore: last.hashBefore,
                hashAfter: range.hashAfter)
        }
        return joined
    }

    /// Writes down that these rows, which are there still, are dropped.
    /// - Parameters:
    ///   - places: Positions, by partition, each with the hash of its row.
    ///   - known: What was dropped before.
    func record(
        _ places: [String: [(position: Position, hash: String)]], known: [DroppedRange], by origin: Origin,
        at now: Timestamp
    ) throws {
        var ranges: [DroppedRange] = []
        for (partition, rows) in places.sorted(by: { $0.key < $1.key }) {
            for run in Self.runs(rows.sorted { $0.position < $1.position }) {
                let before = try hash(at: run.first.position - 1, in: partition, known)
                ranges.append(
                    DroppedRange(
                        partition: partition, first: run.first.position, last: run.last.position, hashBefore: before,
                        hashAfter: run.last.hash))
            }
        }
        try record(ranges, by: origin, at: now)
    }

    func record(_ ranges: [DroppedRange], by origin: Origin, at now: Timestamp) throws {
        for start in stride(from: 0, to: ranges.count, by: Self.limit) {
            let some = Array(ranges[start...].prefix(Self.limit))
            let record = Record(events: some.reduce(0) { $0 + $1.last - $1.first + 1 }, ranges: some)
            try EventLog(connection).record(
                type: Self.type, data: try JSON.encode(record), on: "retention-log", in: Self.partition,
                origin: origin, at: now)
        }
    }

    private typealias Row = (position: Position, hash: String)

    /// The first and the last of rows that lie one behind the other.
    private static func runs(_ rows: [Row]) -> [(first: Row, last: Row)] {
        var runs: [(first: Row, last: Row)] = []
        for row in rows {
            if let last = runs.last?.last, last.position + 1 == row.position {
                runs[runs.count - 1].last = row
            } else {
                runs.append((row, row))
            }
        }
        return runs
    }

    /// The hash of a row that is there or was dropped, as the last one of a range; empty for the place before the
    /// first.
    func hash(at position: Position, in partition: String, _ known: [DroppedRange]) throws -> String {
        guard position > 0 else { return "" }
        let rows = try connection.execute(
            "SELECT hash FROM events WHERE partition_name = \(partition) AND position = \(position)")
        if let row = rows.first { return row.text(0) }
        if let range = known.first(where: { $0.partition == partition && $0.last == position }) {
            return range.hashAfter
        }
        throw StoreError(.invalid, "the log \(partition) has no event \(position), and none was dropped there")
    }
}
