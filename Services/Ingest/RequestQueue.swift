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
    /// How many may wait for one integration before the last of them are put aside: fewer than may be in memory of all.
    static let limit = 400
    /// For how long at most something is put aside.
    static let longest = Duration.seconds(60)

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
        var pace = AttemptPace()
        var returnTimes = ReturnTimes(longest: RequestQueue.longest / 2)

        /// When something that is put aside now comes back: once those that wait are through, and half as fast again as
        /// it goes at present, so that what could be quicker becomes so.
        mutating func returnTime(at now: Timestamp) -> Timestamp {
            let perSecond = max(1, pace.perSecond(at: now))
            let through = min(RequestQueue.longest / 2, .seconds(Double(RequestQueue.limit) / perSecond))
            return returnTimes.next(notBefore: now.advanced(by: through), perSecond: perSecond * 1.5)
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
    mutating func release(_ message: InboundRequestMessage, at now: Timestamp) {
        lines[message.line]?.running -= 1
        lines[message.line]?.pace.ended(at: now)
        if let line = lines[message.line], line.running == 0, line.count == 0 {
            lines[message.line] = nil
            turns.removeAll { $0 == message.line }
        }
    }

    /// Takes out what is over the limit of its integration, the last first come.
    /// - Returns: And when each comes back.
    mutating func takeExcess(at now: Timestamp) -> [(entry: Entry, returnsAt: Timestamp)] {
        var excess: [(entry: Entry, returnsAt: Timestamp)] = []
        for name in turns {
            guard var line = lines[name], line.count > Self.limit else { continue }
            let over = line.count - Self.limit
            excess += line.entries.suffix(over).map { ($0, line.returnTime(at: now)) }
            line.entries.removeLast(over)
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
