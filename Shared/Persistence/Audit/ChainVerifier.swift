/// Goes along the rows of one log partition and finds the first that is not what it was. Rows come in the order in
/// which they stand, from a database or a file; what is behind a first fault is kept for a while, as it tells what has
/// happened, and then passed over.
public struct ChainVerifier: Sendable {
    /// How many rows behind a fault are looked at.
    static let lookahead = 2_000

    let partition: String
    /// The last row that is as it was.
    public private(set) var place: LogHead
    /// How many rows are as they were.
    public private(set) var count: Int64 = 0
    public private(set) var fault: LogFault?
    private var chain: HashChain
    private var marks: ArraySlice<LogMark>
    private var dropped: ArraySlice<DroppedRange>
    /// The first row that does not fit, and those behind it.
    private var pending: [StoredEvent] = []
    /// The last place that a checkpoint has confirmed.
    private var confirmed: Position

    /// - Parameters:
    ///   - start: The row before the first one.
    ///   - marks: What checkpoints say of the partition, in any order.
    ///   - dropped: What retention has taken out of the partition, in any order.
    public init(
        _ partition: String, after start: LogHead = .beginning, marks: [LogMark] = [], dropped: [DroppedRange] = []
    ) {
        self.partition = partition
        place = start
        confirmed = start.position
        chain = HashChain(head: start.hash)
        self.marks = marks.sorted { $0.head.position < $1.head.position }[...]
        self.dropped = dropped.sorted { $0.first < $1.first }[...]
        check(marksAt: nil)
    }

    /// Whether more rows say nothing more.
    public var isSettled: Bool { fault != nil }

    public mutating func add(_ event: StoredEvent) {
        guard fault == nil else { return }
        guard pending.isEmpty else {
            pending.append(event)
            if pending.count >= Self.lookahead { settle() }
            return
        }
        passDropped(before: event.position)
        let before = chain.head
        guard event.position == place.position + 1, event.partition == partition, chain.add(event) == event.hash else {
            chain = HashChain(head: before)
            pending = [event]
            return
        }
        place = event.head
        count += 1
        check(marksAt: event)
    }

    /// A row behind the end that `log_partitions` knows.
    mutating func add(unknownTo head: LogHead, _ event: StoredEvent) {
        if !pending.isEmpty { settle() }
        guard fault == nil else { return }
        fault = LogFault(
            .added, in: partition, at: event.position, row: event,
            "the log ends at \(head.position), by its head; this row is behind it")
    }

    /// All rows have been there.
    /// - Parameter head: What is known of the end; `nil` when nothing is.
    public mutating func finish(head: LogHead?) {
        if !pending.isEmpty { settle() }
        guard fault == nil else { return }
        if let head { passDropped(before: head.position + 1) }
        guard let head else {
            if place.position > 0 {
                fault = LogFault(.head, in: partition, at: place.position, "there are rows, but no head of them")
            }
            return checkRemainingMarks()
        }
        if head.position > place.position {
            fault = LogFault(
                .removed, in: partition, at: place.position + 1,
                "the end is missing: the head says \(head.position), the last row is \(place.position)")
        } else if head.position < place.position {
            fault = LogFault(
                .added, in: partition, at: head.position + 1, "the head says \(head.position), but rows follow")
        } else if head.hash != place.hash {
            fault = LogFault(
                .head, in: partition, at: place.position,
                "the head has another hash than the last row: one of them was written by somebody else")
        }
        if fault == nil { checkRemainingMarks() }
    }

    /// What follows is behind rows that were dropped, as the record of that says.
    private mutating func passDropped(before position: Position) {
        while let range = dropped.first, range.first <= place.position + 1 {
            dropped = dropped.dropFirst()
            guard range.first == place.position + 1, range.last < position, range.hashBefore == place.hash else {
                continue
            }
            place = LogHead(position: range.last, hash: range.hashAfter)
            chain = HashChain(head: range.hashAfter)
            check(marksAt: nil)
        }
    }

    // MARK: - Checkpoints

    private mutating func check(marksAt event: StoredEvent?) {
        while let mark = marks.first, mark.head.position <= place.position {
            marks = marks.dropFirst()
            // What is before the beginning, or was dropped, cannot be looked at.
            guard mark.head.position == place.position else { continue }
            if mark.head.position == 0 || mark.head.hash == place.hash {
                confirmed = place.position
                continue
            }
            fault = LogFault(
                .changed, in: partition, at: place.position, row: event,
                """
                checkpoint \(mark.checkpoint) has another hash for this row: it, or a row after \(confirmed), was \
                changed and all hashes were made anew
                """)
            return
        }
    }

    private mutating func checkRemainingMarks() {
        guard let mark = marks.last, mark.head.position > place.position else { return }
        fault = LogFault(
            .removed, in: partition, at: place.position + 1,
            "the end is missing: checkpoint \(mark.checkpoint) says \(mark.head.position)")
    }

    // MARK: - What has happened

    private mutating func settle() {
        fault = ChainDiagnosis(partition: partition, place: place, rows: pending).fault
        pending = []
    }
}

/// Tells from the rows behind a place what has happened to the first of them.
struct ChainDiagnosis {
    /// How many removed rows are recognised when those behind them have moved up.
    private static let gapLimit: Position = 1_000

    let partition: String
    let place: LogHead
    /// At least one.
    let rows: [StoredEvent]

    private var expected: Position { place.position + 1 }

    var fault: LogFault {
        let first = rows[0]
        guard first.position == expected else { return gap }
        guard let owner = rows.dropFirst().firstIndex(where: { $0.fits(at: expected, after: place.hash) }) else {
            return removedWithMove ?? changed
        }
        let (found, from) = (rows[owner].position, rows[owner])
        let before = owner == 1 ? from.hash : rows[owner - 1].hash
        if owner == 1, !first.fits(at: found, after: before),
            rows.count == 2 || rows[2].fits(at: found, after: from.hash)
        {
            return fault(.added, first, "the row that belongs here stands behind it, and all others have moved down")
        }
        return fault(
            .reordered, first,
            "the row that belongs here, \(from.stream) version \(from.version), stands at position \(found)")
    }

    private var gap: LogFault {
        let first = rows[0]
        if first.position < expected {
            return LogFault(.added, in: partition, at: first.position, row: first, "the row is there a second time")
        }
        if rows.contains(where: { $0.position == expected && $0.fits(at: expected, after: place.hash) }) {
            return LogFault(
                .reordered, in: partition, at: expected, row: first, "the row \(first.position) stands in this place")
        }
        let last = first.position - 1
        return LogFault(
            .removed, in: partition, at: expected,
            """
            \(last == expected ? "the row is" : "the rows up to \(last) are") missing; the next one is \
            \(first.position), \(first.stream) version \(first.version)
            """)
    }

    /// Rows were taken out, and the numbers of those behind them made smaller.
    private var removedWithMove: LogFault? {
        guard rows.count > 1, !rows[1].fits(at: expected + 1, after: rows[0].hash) else { return nil }
        for missing in 1...Self.gapLimit where rows[1].fits(at: expected + 1 + missing, after: rows[0].hash) {
            return fault(
                .removed, rows[0], "\(missing) rows that stood here are missing, and all others have moved up")
        }
        return nil
    }

    private var changed: LogFault {
        let first = rows[0]
        var chain = HashChain(head: place.hash)
        let right = chain.add(first)
        if rows.count > 1, rows[1].fits(at: expected + 1, after: right) {
            return fault(.changed, first, "its hash was changed; its other columns are as they were")
        }
        return fault(.changed, first, "its columns are not those that its hash was made over")
    }

    private func fault(_ kind: LogFault.Kind, _ event: StoredEvent, _ detail: String) -> LogFault {
        LogFault(kind, in: partition, at: expected, row: event, detail)
    }
}
