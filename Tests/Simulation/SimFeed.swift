import Messaging

/// A partition of a membership, as the adapter of a real broker has it.
final class SimFeed: PartitionFeed, @unchecked Sendable {  // one thread
    let place: SimBroker.Place
    let number: Int
    let topic: Topic
    var partition: Int { place.partition }
    var process: SimProcess { member.process }
    private(set) var isReleased = false
    private let member: SimMember
    private unowned let broker: SimBroker
    private let signal = Signal()
    private var log = LogPlace()
    /// Where to begin, and whether the broker is asked first how far its log goes.
    private var beginning: (offset: Int64, asksFirst: Bool)?
    private var isStarted = false
    private var isOver = false
    private let executor = VirtualExecutor.shared

    init(_ place: SimBroker.Place, number: Int, of member: SimMember, broker: SimBroker) {
        self.place = place
        self.number = number
        topic = Topic(place.topic)
        self.member = member
        self.broker = broker
    }

    func start(at offset: Int64) async throws { try await start(at: offset, after: nil) }

    func start(at offset: Int64, after mark: String?) async throws {
        try await process.gate()
        beginning = (log.start(at: offset, after: mark), true)
        isStarted = true
    }

    func mark(before offset: Int64) -> String? { log.mark(before: offset) }

    /// What was fetched and not handed out is in doubt.
    func doubt() {
        guard isStarted, !isOver else { return }
        beginning = (log.doubt(), false)
    }

    func next(max: Int) async throws -> [Message]? {
        while true {
            try await process.gate()
            try Task.checkCancellation()
            if isOver { return nil }
            if !broker.isOutOfReach(of: process), !member.faults.isFetchStalled {
                try begin()
                let before = log.nextOffset
                let batch = try fetch(min(max, member.chance.int(1...20)))
                if !batch.isEmpty { return batch }
                if beginning != nil || log.nextOffset > before { continue }
            }
            await signal.wait(upTo: .seconds(5))
        }
    }

    private func begin() throws {
        guard let (offset, asksFirst) = beginning else { return }
        beginning = nil
        let end = broker.end(of: place)
        let cut = asksFirst && offset > end ? LogCut(end: end, position: offset) : nil
        log.begin(at: cut?.end ?? offset, isCut: cut != nil)
        log.goOn()
        if let cut { throw cut }
    }

    private func fetch(_ max: Int) throws -> [Message] {
        guard log.nextOffset <= broker.end(of: place) else {
            beginning = (log.missed(), true)
            return []
        }
        var batch: [Message] = []
        for stored in broker.messages(at: place, from: log.nextOffset, max: max) {
            switch log.take(stored.message.offset, stored.mark) {
            case .passedOver: continue
            case .wanted: batch.append(stored.message)
            case .otherLog(let cut):
                beginning = (cut.end, true)
                throw cut
            }
        }
        return batch
    }

    func commit(next offset: Int64) { log.commit(next: offset) }

    func release() {
        guard !isReleased, !process.isDead else { return }
        isReleased = true
        broker.released(self, by: member)
    }

    func end() {
        isOver = true
        signal.notify()
    }

    func wake(after delay: Duration) {
        executor.after(delay) { [signal] in signal.notify() }
    }
}
