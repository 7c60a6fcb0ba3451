/// The deliveries of a lane that wait in memory for their turn, in the order of their arrival: those that go one after
/// the other stand in a line, and the first of each line may be ready. Pure.
///
/// What an attempt needs costs no more than the logarithm of what waits; what goes through all of it says so.
struct LaneQueue: Sendable {
    struct Entry: Sendable {
        let work: LaneWork
        /// From 0, in the order of arrival.
        let place: Int
    }

    /// What has not been looked at since it came.
    private var arrived: [Entry] = []
    private var lines: [String: Line] = [:]
    private var heads = HeadHeap()
    private var places = 0
    /// How many stand in lines.
    private(set) var count = 0
    /// How often a delivery has been looked at: what the tests bound.
    private(set) var looks = 0

    var isEmpty: Bool { count == 0 && arrived.isEmpty }

    mutating func append(_ work: LaneWork) {
        arrived.append(Entry(work: work, place: places))
        places += 1
    }

    /// Those that nobody has looked at, in the order of arrival: the caller puts them into lines, or does not.
    mutating func takeArrived() -> [Entry] {
        defer { arrived = [] }
        looks += arrived.count
        return arrived
    }

    /// Puts an entry at the end of its line.
    /// - Parameter isFree: Whether nothing of the line is under way.
    mutating func stand(_ entry: Entry, in line: String, isFree: Bool) {
        if isFree, lines[line] == nil { looks += heads.add(entry.place, line) }
        lines[line, default: Line()].append(entry)
        count += 1
    }

    func hasLine(_ line: String) -> Bool { lines[line] != nil }

    /// Nothing of the line is under way any more: its first is ready.
    mutating func free(_ line: String) {
        if let first = lines[line]?.first { looks += heads.add(first.place, line) }
    }

    /// The entry that came first of those that are ready.
    mutating func firstReady() -> Entry? {
        while let head = heads.first {
            looks += 1
            if let entry = lines[head.line]?.first, entry.place == head.place { return entry }
            looks += heads.removeFirst()  // taken out of its line by other means
        }
        return nil
    }

    /// Takes that entry out. The next of its line is not ready before ``free(_:)``.
    mutating func takeFirstReady() -> Entry? {
        guard let entry = firstReady(), let line = heads.first?.line else { return nil }
        looks += heads.removeFirst()
        lines[line]?.removeFirst()
        if lines[line]?.first == nil { lines[line] = nil }
        count -= 1
        return entry
    }

    /// Takes out all that matches, in the order of arrival. Goes through everything.
    /// - Parameter place: Only what came after that one.
    mutating func takeAll(after place: Int = -1, where matches: (LaneWork) -> Bool = { _ in true }) -> [Entry] {
        looks += arrived.count
        var taken = arrived.filter { $0.place > place && matches($0.work) }
        if !taken.isEmpty { arrived.removeAll { $0.place > place && matches($0.work) } }
        for line in Array(lines.keys) { taken += take(from: line, after: place, where: matches) }
        if count == 0 { heads = HeadHeap() }
        return taken.sorted { $0.place < $1.place }
    }

    /// Takes out of a line what matches. Goes through the line.
    mutating func take(
        from line: String, after place: Int = -1, where matches: (LaneWork) -> Bool
    ) -> [Entry] {
        looks += 1
        guard let last = lines[line]?.last, last.place > place, let all = lines[line]?.all else { return [] }
        looks += all.count
        var (taken, left): ([Entry], [Entry]) = ([], [])
        for entry in all {
            if entry.place > place, matches(entry.work) { taken.append(entry) } else { left.append(entry) }
        }
        guard !taken.isEmpty else { return [] }
        lines[line] = left.isEmpty ? nil : Line(left)
        count -= taken.count
        return taken
    }

    /// Makes everything new, as by other settings. Goes through everything.
    mutating func arriveAnew() {
        arrived = takeAll()
        heads = HeadHeap()
    }

    /// In the order of arrival. Goes through everything.
    var works: [LaneWork] {
        (arrived + lines.values.flatMap(\.all)).sorted { $0.place < $1.place }.map(\.work)
    }
}

extension LaneQueue {
    /// First in, first out.
    private struct Line: Sendable {
        private var entries: [Entry]
        private var taken = 0

        init(_ entries: [Entry] = []) { self.entries = entries }

        var first: Entry? { taken < entries.count ? entries[taken] : nil }
        var last: Entry? { taken < entries.count ? entries.last : nil }
        var all: ArraySlice<Entry> { entries[taken...] }

        mutating func append(_ entry: Entry) { entries.append(entry) }

        mutating func removeFirst() {
            taken += 1
            guard taken * 2 >= entries.count else { return }
            entries.removeFirst(taken)  // amortised: each move is paid for by one removal
            taken = 0
        }
    }

    /// The first of the lines that may go, the one that came first on top: a binary heap. Each change says how many
    /// entries it has looked at.
    private struct HeadHeap: Sendable {
        private var heads: [(place: Int, line: String)] = []

        var first: (place: Int, line: String)? { heads.first }

        mutating func add(_ place: Int, _ line: String) -> Int {
            heads.append((place, line))
            var index = heads.count - 1
            var looks = 1
            while index > 0, heads[index].place < heads[(index - 1) / 2].place {
                heads.swapAt(index, (index - 1) / 2)
                index = (index - 1) / 2
                looks += 1
            }
            return looks
        }

        mutating func removeFirst() -> Int {
            guard let last = heads.popLast(), !heads.isEmpty else { return 1 }
            heads[0] = last
            var index = 0
            var looks = 1
            while true {
                let children = (2 * index + 1)...(2 * index + 2)
                guard
                    let least = children.filter(heads.indices.contains).min(by: { heads[$0].place < heads[$1].place }),
                    heads[least].place < heads[index].place
                else { return looks }
                heads.swapAt(index, least)
                index = least
                looks += 1
            }
        }
    }
}
