import CLibRDKafka
import Foundation
import Logging
import Messaging

/// A consumer in its group: one librdkafka client and one thread, which alone calls that client (feeds take
/// the messages of their own queues).
///
/// The client is assigned nothing when the group gives it partitions, and each of them is added once its
/// feed is started: so nothing is fetched from anywhere but a checkpoint. When the group wants partitions
/// back, their feeds end, and the client gives up the partitions once the owners have released them. Until
/// then it goes on heartbeating but does not rejoin, so that nobody else gets them.
final class GroupMembership: @unchecked Sendable {  // What is not a constant belongs to the thread.
    static let releaseTimeout: Duration = .seconds(10)
    static let startPatience: Duration = .milliseconds(50)
    static let leaveTimeout: Duration = .seconds(5)
    static let commitInterval: Duration = .seconds(1)

    let assignments: AsyncStream<any PartitionFeed>
    let inbox = MembershipInbox()
    let ended = Completion()

    private let handle: KafkaHandle
    private let events: GroupEvents
    private let topics: [String: Topic]
    private let logger: Logger
    private let assign: AsyncStream<any PartitionFeed>.Continuation

    private var feeds: [PartitionID: KafkaPartitionFeed] = [:]
    private var fetching: Set<PartitionID> = []
    private var revocation: Revocation?
    /// Feeds that nothing is fetched for yet, with their checkpoints, and until when others may join them.
    private var starts: [Start] = []
    private var starting: ContinuousClock.Instant?
    /// Whether the client does nothing until it is told to give partitions up.
    private var isAskedToUnassign = false
    private var isClosing = false
    private var nextCommit = ContinuousClock.now

    private struct Start {
        let feed: KafkaPartitionFeed
        let offset: Int64
        /// Whether the broker is asked how far the log goes; if not, its answer to the first fetch says so.
        var asksFirst = true
    }

    private struct Revocation {
        let partitions: [PartitionID]
        let deadline: ContinuousClock.Instant
    }

    /// - Parameter topics: By the names that the broker knows.
    init(settings: KafkaSettings, group: ConsumerGroup, topics: [String: Topic], logger: Logger) throws {
        (assignments, assign) = AsyncStream.makeStream()
        events = GroupEvents(logger: logger)
        handle = try KafkaHandle(
            RD_KAFKA_CONSUMER, properties: settings.consumerProperties(group: group.name), observer: events)
        self.topics = topics
        self.logger = logger
        rd_kafka_poll_set_consumer(handle.client)
        let names = topics.keys.sorted().map {
            (PartitionID(topic: $0, partition: RD_KAFKA_PARTITION_UA), offset: Int64(0))
        }
        let code = withPartitionList(names) { rd_kafka_subscribe(handle.client, $0) }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            handle.destroy()
            throw KafkaError(code)
        }
        let thread = Thread { [self] in run() }
        thread.name = "kafka-consumer"
        thread.start()
    }

    private func run() {
        let news = EventQueue(rd_kafka_queue_get_consumer(handle.client)!) { [inbox] in inbox.post(.look) }
        while !isClosing || revocation != nil {
            let deadlines = [nextCommit, revocation?.deadline, starting].compactMap(\.self)
            obey(inbox.take(waitingUntil: deadlines.min()!))
            poll()
            for event in events.take() { handleEvent(event) }
            beginFetching()
            commitIfDue()
            unassignIfReleased()
        }
        let isDone = leave()
        for feed in feeds.values { feed.detach() }
        news.close()
        handle.destroy(isDone ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        ended.complete()
    }

    /// Begins to leave before an unassignment that the group may be waiting for: the other way round, the
    /// client would join again, only to leave at once.
    /// - Returns: `false` when the group could not be told; it finds out after the session timeout.
    private func leave() -> Bool {
        commit()
        events.leave()
        let queue = rd_kafka_queue_get_consumer(handle.client)
        defer { rd_kafka_queue_destroy(queue) }
        if let error = rd_kafka_consumer_close_queue(handle.client, queue) {
            // After a fatal error the group is none of ours any more: the end of the client does the rest.
            logger.info("the group was not left", metadata: ["reason": "\(consume(error).detail)"])
            return true
        }
        if isAskedToUnassign { unassign(Array(feeds.keys)) }
        let deadline = ContinuousClock.now + Self.leaveTimeout
        while rd_kafka_consumer_closed(handle.client) == 0 {
            if let message = rd_kafka_consumer_poll(handle.client, 20) { rd_kafka_message_destroy(message) }
            guard ContinuousClock.now < deadline else {
                logger.warning("the group was not left properly: no broker has answered")
                return false
            }
        }
        return true
    }

    private func poll() {
        // Messages go to the queues of their feeds: what arrives here is an error of the whole consumer.
        while let message = rd_kafka_consumer_poll(handle.client, 0) {
            defer { rd_kafka_message_destroy(message) }
            let code = message.pointee.err
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { continue }
            if code == RD_KAFKA_RESP_ERR__FATAL { events.failed(fatally: .fatal(handle.client)) }
            logger.warning("consumer error", metadata: ["reason": "\(text(code))"])
        }
    }

    private func handleEvent(_ event: GroupEvents.Event) {
        switch event {
        case .assigned(let partitions): adopt(partitions)
        case .revoked(let partitions):
            isAskedToUnassign = true
            revoke(partitions)
        case .lostAllBrokers:
            for id in fetching {
                guard let feed = feeds[id], !feed.isOver else { continue }
                starts.append(Start(feed: feed, offset: feed.doubtWhatIsNext(), asksFirst: false))
            }
        case .failed(let error):
            logger.error("membership ended by the group", metadata: ["reason": "\(error)"])
            for feed in feeds.values { feed.end(error) }
            assign.finish()
        }
    }
}

// What happens to partitions.
extension GroupMembership {
    private var isCooperative: Bool {
        rd_kafka_rebalance_protocol(handle.client).map { String(cString: $0) } == "COOPERATIVE"
    }

    private func adopt(_ partitions: [PartitionID]) {
        // For now nothing is fetched; with this the client is a member in good standing all the same.
        withPartitionList([]) { list in
            if isCooperative {
                check(rd_kafka_incremental_assign(handle.client, list), "assign")
            } else {
                check(rd_kafka_assign(handle.client, list), "assign")
            }
        }
        logger.info("partitions assigned", metadata: ["partitions": "\(partitions)"])
        guard !isClosing else { return }
        for id in partitions {
            guard let topic = topics[id.topic] else { continue }
            let feed = KafkaPartitionFeed(id, of: topic, client: handle.client, inbox: inbox)
            feeds[id] = feed
            assign.yield(feed)
        }
    }

    private func revoke(_ partitions: [PartitionID]) {
        for id in partitions { feeds[id]?.end() }
        // A close and a rebalance can come together: the earlier one has set the time.
        revocation = Revocation(
            partitions: Array(Set(partitions + (revocation?.partitions ?? []))),
            deadline: revocation?.deadline ?? .now + Self.releaseTimeout)
    }

    /// Gives the partitions up once nobody works on them, and answers the group in any case after 10 s.
    private func unassignIfReleased() {
        guard let revocation else { return }
        let held = revocation.partitions.filter { feeds[$0]?.isReleased == false }
        guard held.isEmpty || ContinuousClock.now >= revocation.deadline else { return }
        if !held.isEmpty {
            logger.warning("partitions given up before their release", metadata: ["partitions": "\(held)"])
        }
        self.revocation = nil
        if isClosing { return }
        commit()
        unassign(revocation.partitions)
        for id in revocation.partitions {
            fetching.remove(id)
            feeds.removeValue(forKey: id)?.detach()
        }
        logger.info("partitions revoked", metadata: ["partitions": "\(revocation.partitions)"])
    }

    private func unassign(_ partitions: [PartitionID]) {
        isAskedToUnassign = false
        guard isCooperative else { return check(rd_kafka_assign(handle.client, nil), "unassign") }
        withPartitionList(partitions.filter(fetching.contains).map { ($0, offset: 0) }) { list in
            check(rd_kafka_incremental_unassign(handle.client, list), "unassign")
        }
    }

    private func check(_ error: OpaquePointer?, _ action: String) {
        guard let error else { return }
        logger.error("\(action) failed", metadata: ["reason": "\(consume(error).detail)"])
    }

    private func check(_ code: rd_kafka_resp_err_t, _ action: String) {
        if code == RD_KAFKA_RESP_ERR_NO_ERROR { return }
        logger.error("\(action) failed", metadata: ["reason": "\(text(code))"])
    }
}

// What the owners of feeds want.
extension GroupMembership {
    private func obey(_ commands: [MembershipInbox.Command]) {
        for command in commands {
            switch command {
            case .look: break
            case .start(let feed, let offset): starts.append(Start(feed: feed, offset: offset))
            case .report(let feed, let error):
                logger.warning(
                    "partition error", metadata: ["partition": "\(feed.id)", "reason": "\(error.detail)"])
            case .close: beginClosing()
            }
        }
    }

    private func beginClosing() {
        guard !isClosing else { return }
        isClosing = true
        assign.finish()
        revoke(Array(feeds.keys))
    }

    /// Begins to fetch for the feeds that were started: for all of them at once if it can be helped, as
    /// under an eager assignor each change is a new assignment, with which the buffers are filled anew.
    private func beginFetching() {
        starts.removeAll { feeds[$0.feed.id] !== $0.feed || $0.feed.isOver }
        guard !starts.isEmpty else {
            starting = nil
            return
        }
        let deadline = starting ?? .now + Self.startPatience
        starting = deadline
        guard ContinuousClock.now >= deadline || feeds.values.allSatisfy(\.isStarted) else { return }
        var canAsk = true
        for start in starts where start.asksFirst {
            // One unanswered question is enough of a wait for all of them.
            let beginning = canAsk ? beginning(of: start.feed.id, from: start.offset) : nil
            canAsk = beginning != nil
            start.feed.begin(at: beginning?.offset ?? start.offset, after: beginning?.cut)
        }
        for start in starts where !start.asksFirst { start.feed.begin(at: start.offset) }
        let added = Array(Set(starts.map(\.feed.id)))
        (starts, starting) = ([], nil)
        let again = added.filter(fetching.contains)
        if isCooperative, !again.isEmpty {
            withPartitionList(again.map { ($0, offset: 0) }) { list in
                check(rd_kafka_incremental_unassign(handle.client, list), "begin anew")
            }
        }
        fetching.formUnion(added)
        let assigned = (isCooperative ? added : Array(fetching)).compactMap { id in
            feeds[id].map { (id, offset: $0.position) }
        }
        withPartitionList(assigned) { list in
            if isCooperative {
                check(rd_kafka_incremental_assign(handle.client, list), "start")
            } else {
                check(rd_kafka_assign(handle.client, list), "start")
            }
        }
        added.forEach { feeds[$0]?.goOn() }
    }

    /// Where to fetch from for messages from `checkpoint` on. Left to itself, librdkafka would begin a log
    /// that does not reach the checkpoint all over again.
    /// - Returns: `nil` when the broker does not say how far the log goes.
    private func beginning(of id: PartitionID, from checkpoint: Int64) -> (offset: Int64, cut: LogCut?)? {
        var first: Int64 = 0
        var end: Int64 = 0
        let code = rd_kafka_query_watermark_offsets(
            handle.client, id.topic, id.partition, &first, &end, 5000)
        var metadata: Logger.Metadata = ["partition": "\(id)", "checkpoint": "\(checkpoint)"]
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            metadata["reason"] = "\(text(code))"
            logger.warning("the log's ends are not known", metadata: metadata)
            return nil
        }
        metadata["first"] = "\(first)"
        metadata["end"] = "\(end)"
        if checkpoint > end {
            logger.error("the log ends before the checkpoint: messages are lost", metadata: metadata)
            return (end, LogCut(end: end, position: checkpoint))
        } else if checkpoint < first {
            logger.warning("the log begins after the checkpoint: messages are lost", metadata: metadata)
        }
        return (min(max(checkpoint, first), end), nil)
    }

    private func commitIfDue() {
        guard ContinuousClock.now >= nextCommit else { return }
        commit()
    }

    /// Nobody waits for the answer and nothing depends on it: the truth is the checkpoint in the database.
    private func commit() {
        nextCommit = .now + Self.commitInterval
        let offsets = feeds.values.compactMap { feed in feed.takeUncommitted().map { (feed.id, offset: $0) } }
        guard !offsets.isEmpty else { return }
        withPartitionList(offsets) { list in _ = rd_kafka_commit(handle.client, list, 1) }
    }
}
