/// The line in which transfers wait for a free place.
///
/// Each origin has a lane of its own, first in, first out, with a limit on how many run at once. Lanes
/// take turns, so that a target that hangs delays its own requests and nobody else's.
struct TransferLanes<Element> {
    private struct Lane {
        var active = 0
        var waiting = Line<Element>()
        var isInTurn = false
    }

    private let activeLimit: Int
    private let laneActiveLimit: Int
    private var lanes: [String: Lane] = [:]
    private var turns = Line<String>()
    private(set) var active = 0
    private(set) var waiting = 0

    init(activeLimit: Int, laneActiveLimit: Int) {
        self.activeLimit = activeLimit
        self.laneActiveLimit = laneActiveLimit
    }

    mutating func append(_ element: Element, to origin: String) {
        lanes[origin, default: Lane()].waiting.append(element)
        waiting += 1
        takeTurn(origin)
    }

    /// The next element that may run now. It occupies a place until ``finish(_:)``.
    mutating func next() -> Element? {
        guard active < activeLimit, let origin = turns.popFirst() else { return nil }
        lanes[origin]?.isInTurn = false
        guard let element = lanes[origin]?.waiting.popFirst() else { return nil }
        lanes[origin]?.active += 1
        active += 1
        waiting -= 1
        takeTurn(origin)
        return element
    }

    /// Gives back the place of an element that ran.
    mutating func finish(_ origin: String) {
        lanes[origin]?.active -= 1
        active -= 1
        takeTurn(origin)
        if let lane = lanes[origin], lane.active == 0, lane.waiting.isEmpty { lanes[origin] = nil }
    }

    /// Takes out what waits and matches. Linear in the number of waiting elements.
    mutating func removeWaiting(where matches: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        for origin in Array(lanes.keys) {
            let matching = lanes[origin]?.waiting.removeAll(where: matches) ?? []
            removed += matching
            guard !matching.isEmpty, let lane = lanes[origin], lane.waiting.isEmpty else { continue }
            _ = turns.removeAll { $0 == origin }
            lanes[origin]?.isInTurn = false
            if lane.active == 0 { lanes[origin] = nil }
        }
        waiting -= removed.count
        return removed
    }

    /// Puts a lane into the round of turns when it has something to run and is not in it yet.
    private mutating func takeTurn(_ origin: String) {
        guard let lane = lanes[origin], !lane.isInTurn, !lane.waiting.isEmpty, lane.active < laneActiveLimit else {
            return
        }
        lanes[origin]?.isInTurn = true
        turns.append(origin)
    }
}

/// First in, first out. Unlike an array slice it lets go of what was taken at once.
private struct Line<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let first = elements[head]
        elements[head] = nil
        head += 1
        if head * 2 >= elements.count {  // Amortized: each move is paid for by one removal.
            elements.removeFirst(head)
            head = 0
        }
        return first
    }

    /// Takes out all that match; the others keep their order.
    mutating func removeAll(where matches: (Element) -> Bool) -> [Element] {
        let all = elements.compactMap { $0 }
        let removed = all.filter(matches)
        guard !removed.isEmpty else { return [] }
        elements = all.filter { !matches($0) }
        head = 0
        return removed
    }
}
