/// How many partitions every topic has, and has had. Pure.
///
/// A raise begins a **generation**: the keys that are made from then on are spread over the new count, and say so in
/// themselves. A key keeps its generation, and with it its partition, for as long as it lives, whatever is raised
/// later.
public struct PartitionSchedule: Equatable, Sendable {
    public static let countRange = 1...256

    /// By generation, each larger than the one before.
    public let counts: [Int]

    /// - Parameter counts: At least one, each larger than the one before, within ``countRange``.
    public init(_ counts: [Int]) {
        precondition(!counts.isEmpty && zip(counts, counts.dropFirst()).allSatisfy { $0 < $1 })
        precondition(counts.allSatisfy(Self.countRange.contains))
        self.counts = counts
    }

    /// How many there are now.
    public var count: Int { counts[counts.count - 1] }

    public var newestGeneration: Int { counts.count - 1 }

    public func knows(_ generation: Int?) -> Bool { generation.map(counts.indices.contains) ?? true }

    /// - Parameter generation: `nil` for a key that has none, which is as old as the first count. A generation that is
    ///   not known counts as none: ask for the newest schedule before.
    public func partition(of key: String, generation: Int?) -> Int {
        Partitioning.partition(of: key, count: knows(generation) ? counts[generation ?? 0] : counts[0])
    }

    /// Of a key that says its own generation, as the ids of requests and alerts do.
    public func partition(ofStamped id: String) -> Int {
        partition(of: id, generation: DerivedID.generation(of: id))
    }

    /// Why the count cannot be raised to `count`, in words; `nil` when it can.
    public func refusal(ofRaiseTo count: Int) -> String? {
        let highest = Self.countRange.upperBound
        if count > highest { return "is \(count); \(highest) is the most." }
        if count == self.count { return "is \(count), as many as there are." }
        return count < self.count ? "is \(count); there are \(self.count), which cannot be lowered." : nil
    }
}
