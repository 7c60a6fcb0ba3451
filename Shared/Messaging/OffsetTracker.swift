/// How far a partition is done when its messages are finished out of order. Pure.
public struct OffsetTracker: Equatable, Sendable {
    /// Everything below it is done: the value for the checkpoint.
    public private(set) var lowWaterMark: Int64
    private var open: Set<Int64> = []
    /// Those that were begun and are not below the mark, in ascending order, from ``first`` on.
    private var begun: [Int64] = []
    private var first = 0

    public init(next offset: Int64) { lowWaterMark = offset }

    public var openCount: Int { open.count }

    /// Notes a message that is about to be worked on. Offsets come in ascending order.
    public mutating func begin(_ offset: Int64) {
        if open.isEmpty { lowWaterMark = max(lowWaterMark, offset) }
        open.insert(offset)
        begun.append(offset)
        highest = max(highest, offset)
    }

    /// Notes that the message needs no further work. Noting it again changes nothing.
    ///
    /// Each message is passed once, by whichever call lets the mark pass it.
    public mutating func finish(_ offset: Int64) {
        guard open.remove(offset) != nil else { return }
        while first < begun.count, !open.contains(begun[first]) { first += 1 }
        lowWaterMark = max(lowWaterMark, first < begun.count ? begun[first] : highest + 1)
        if first * 2 >= begun.count {  // amortised: each move is paid for by one that was passed
            begun.removeFirst(first)
            first = 0
        }
    }

    private var highest: Int64 = -1
}
