/// Where the reader of a broker's partition is, and by what it sees that the log is still the one that it has read.
/// Pure: the adapter fetches, and asks what to make of each message.
public struct LogPlace: Sendable {
    /// What a message is for the reader.
    public enum Verdict: Equatable, Sendable {
        case wanted
        /// Known, or fetched a second time.
        case passedOver
        /// The log is another one: it is to be read again from the end that is given.
        case otherLog(LogCut)
    }

    /// How far back to read a log that has other messages than it had: more than a broker loses of one partition.
    public static let rewind: Int64 = 10_000

    /// Where to fetch from next.
    public private(set) var nextOffset: Int64 = 0
    /// Between the wish to begin anew and its fulfilment: what was fetched before is not to be taken.
    public private(set) var isHeld = false
    /// Messages before it are not wanted.
    private var checkpoint: Int64 = 0
    /// What was handed out since the last commit, and the last one before it.
    private var marks = MarkTrail()
    /// A message that has to be there.
    private var expected: MessageMark?

    public init() {}

    /// The reader wants what is from `offset` on, when the message before it is the one of the mark.
    /// - Returns: Where to fetch from.
    public mutating func start(at offset: Int64, after mark: String?) -> Int64 {
        expected = mark.flatMap(MessageMark.init)
        (checkpoint, isHeld, marks) = (offset, true, MarkTrail())
        if let expected { marks.add(expected) }
        return expected?.offset ?? offset
    }

    /// The broker may not be what it was: what was handed out last has to come again before anything else.
    /// - Returns: Its offset, or where to go on when nothing was handed out yet.
    public mutating func doubt() -> Int64 {
        checkpoint = max(checkpoint, nextOffset)
        expected = expected ?? marks.last
        isHeld = true
        return expected?.offset ?? checkpoint
    }

    /// The broker does not have what was to be fetched.
    /// - Returns: Where the reader was, to ask how far the log goes.
    public mutating func missed() -> Int64 {
        isHeld = true
        return expected?.offset ?? max(nextOffset, checkpoint)
    }

    /// Called before the first fetch, and when the log has turned out not to have what was to be fetched.
    /// - Parameter isCut: The log ends before where the reader is: what comes has the offsets from its end on.
    public mutating func begin(at offset: Int64, isCut: Bool) {
        nextOffset = offset
        if isCut { forget(for: offset) }
    }

    /// From here on, what was asked for last is what comes.
    public mutating func goOn() { isHeld = false }

    /// - Parameter mark: `nil` when it has none.
    public mutating func take(_ offset: Int64, _ mark: MessageMark?) -> Verdict {
        guard offset >= nextOffset else { return .passedOver }
        nextOffset = offset + 1
        if let expected, offset >= expected.offset {
            // An older one than the oldest that is kept cannot be compared.
            if offset == expected.offset, mark != expected {
                // How far before it the log was cut, nobody knows.
                let cut = LogCut(end: max(0, offset - Self.rewind), position: checkpoint)
                forget(for: cut.end)
                nextOffset = cut.end
                isHeld = true
                return .otherLog(cut)
            }
            self.expected = nil
        }
        guard offset >= checkpoint else { return .passedOver }
        if let mark { marks.add(mark) }
        return .wanted
    }

    public func mark(before offset: Int64) -> String? { marks.last(before: offset)?.text }

    public mutating func commit(next offset: Int64) { marks.forget(before: offset) }

    private mutating func forget(for offset: Int64) { (checkpoint, expected, marks) = (offset, nil, MarkTrail()) }
}

/// By what a message is known again: its offset and its time, which is the producer's or the broker's. A message that
/// got the offset of a lost one is younger.
public struct MessageMark: Equatable, Sendable {
    public let offset: Int64
    /// In milliseconds since 1970.
    public let time: Int64

    public init(offset: Int64, time: Int64) {
        self.offset = offset
        self.time = time
    }

    public var text: String { "\(offset)@\(time)" }

    public init?(_ text: String) {
        let parts = text.split(separator: "@")
        guard parts.count == 2, let offset = Int64(parts[0]), offset >= 0, let time = Int64(parts[1]) else {
            return nil
        }
        (self.offset, self.time) = (offset, time)
    }
}

/// The marks of the messages that were handed out and may have to be looked for, in the order of their offsets.
struct MarkTrail {
    private var marks: [MessageMark] = []
    /// Those before it are forgotten.
    private var first = 0

    var last: MessageMark? { marks.last }

    mutating func add(_ mark: MessageMark) { marks.append(mark) }

    func last(before offset: Int64) -> MessageMark? {
        let end = marks[first...].partitioningIndex { $0.offset >= offset }
        return end > first ? marks[end - 1] : nil
    }

    /// The last one before `offset` stays.
    mutating func forget(before offset: Int64) {
        let end = marks[first...].partitioningIndex { $0.offset >= offset }
        first = max(first, end - 1)
        guard first > 1000 || first > marks.count / 2 else { return }
        marks.removeFirst(first)
        first = 0
    }
}

extension ArraySlice {
    /// The first index whose element belongs to the second part, of elements in two parts.
    fileprivate func partitioningIndex(where belongsToSecond: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if belongsToSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
