/// How far a partition is done when its messages are finished out of order. Pure.
public struct OffsetTracker: Equatable, Sendable {
    /// Everything below it is done: the value for the checkpoint.
    public private(set) var lowWaterMark: Int64
    private var finished: Set<Int64> = []
    private var open: Set<Int64> = []

    public init(next offset: Int64) { lowWaterMark = offset }

    public var openCount: Int { open.count }

    /// Notes a message that is about to be worked on. Offsets come in ascending order.
    public mutating func begin(_ offset: Int64) {
        if open.isEmpty && finished.isEmpty { lowWaterMark = max(lowWaterMark, offset) }
        open.insert(offset)
        highest = max(highest, offset)
    }

    /// Notes that the message needs no further work. Noting it again changes nothing.
    public mutating func finish(_ offset: Int64) {
        guard open.remove(offset) != nil else { return }
        finished.insert(offset)
        let bound = open.min() ?? highest + 1
        if bound > lowWaterMark {
            lowWaterMark = bound
            finished = finished.filter { $0 >= bound }
        }
    }

    private var highest: Int64 = -1
}
