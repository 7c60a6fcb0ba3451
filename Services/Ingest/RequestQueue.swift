import AlertCore
import Messaging

/// The requests of one partition that wait until they can be run: first come, first served within an integration, the
/// integrations in turn. Pure.
///
/// More runs at once than there are engines only wait for each other, and one integration whose runs take long shall
/// not hold up those of the others: each has some places, which a run gives back when it ends or takes too long.
struct RequestQueue {
    /// How many runs of one integration hold a place: until their scripts have ended.
    static let places = 8
    /// How many may wait for one integration, however slow it is, before the last of them are put aside.
    static let limit = 400
    /// As many as it gets through in this time may wait, if that is more.
    static let patience = Duration.seconds(10)
    /// For how long at most something is put aside.
    static let longest = Duration.seconds(30)

    struct Entry: Sendable {
        let message: InboundRequestMessage
        /// Of its message; `nil` for what came from due work.
        let offset: Int64?
        /// Whether nobody can have run it before.
        var isFirstRun = false
    }

    private struct Line {
        var entries: [Entry] = []
        var first = 0
        var running = 0
        /// How many have ended since it was last looked for what is over the limit.
        var ended = 0
        var perSecond = 0.0

        /// How many may wait.
        var limit: Int { max(RequestQueue.limit, Int(perSecond * Double(RequestQueue.patience.milliseconds) / 1000)) }

        /// When those that may wait are through.
        var throughAfter: Duration {
            min(RequestQueue.longest, max(.seconds(1), .seconds(Double(limit) / max(perSecond, 0.1))))
        }

        var count: Int { entries.count - first }

        mutating func pop() -> Entry? {
            guard first < entries.count else { return nil }
            defer {
                first += 1
                if first > 256 {
                    entries.removeFirst(first)
                    first = 0
                }
            }
            return entries[first]
        }
    }

    private var lines: [String: Line] = [:]
    /// Whose turn it is, from the front.
    private var turns: [String] = []
    private var ids: Set<String> = []

    func contains(_ request: String) -> Bool { ids.contains(request) }

    mutating func add(_ entry: Entry) {
        guard ids.insert(entry.message.requestId).inserted else { return }
        let line = entry.message.line
        if lines[line] == nil {
            lines[line] = Line()
            turns.append(line)
        }
        lines[line]?.entries.append(entry)
    }

    /// The next request whose integration has a place free, which it takes; `nil` when there is none.
    mutating func startNext() -> Entry? {
        for index in turns.indices {
            let line = turns[index]
            guard lines[line, default: Line()].running < Self.places, let entry = lines[line]?.pop() else { continue }
            lines[line]?.running += 1
            ids.remove(entry.message.requestId)
            turns.append(turns.remove(at: index))
            return entry
        }
        return nil
    }

    /// Gives the place of a run back.
    mutating func release(_ message: InboundRequestMessage) {
        lines[message.line]?.running -= 1
        lines[message.line]?.ended += 1
        if let line = lines[message.line], line.running == 0, line.count == 0 {
            lines[message.line] = nil
            turns.removeAll { $0 == message.line }
        }
    }

    /// Takes out what is over the limit of its integration, of those that came last.
    /// - Parameter time: Since it was last called.
    /// - Returns: And after how long there is room again.
    mutating func takeExcess(after time: Duration) -> [(entry: Entry, returnsAfter: Duration)] {
        let seconds = Double(max(1, time.milliseconds)) / 1000
        var excess: [(entry: Entry, returnsAfter: Duration)] = []
        for name in turns {
            guard var line = lines[name] else { continue }
            line.perSecond = max(Double(line.ended) / seconds, line.perSecond * 0.9)
            line.ended = 0
            let over = line.count - line.limit
            if over > 0 {
                excess += line.entries.suffix(over).map { ($0, line.throughAfter) }
                line.entries.removeLast(over)
            }
            lines[name] = line
        }
        excess.forEach { ids.remove($0.entry.message.requestId) }
        return excess
    }
}

extension InboundRequestMessage {
    /// What it shares places with: the requests of its integration, or of its form.
    fileprivate var line: String { form ?? integration }
}
