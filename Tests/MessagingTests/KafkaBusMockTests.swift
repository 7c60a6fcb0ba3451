import CLibRDKafka
import Foundation
import Logging
import Messaging
import Persistence
import Testing

@testable import KafkaBus

/// What no installable broker does right: members that die, several members of one group under the
/// cooperative assignor, brokers that come and go. All of it on librdkafka's own mock cluster.
@Suite(.timeLimit(.minutes(3)))
struct KafkaBusMockTests {
    let topic = Topic.alertCommands
    let group = ConsumerGroup("group")

    @Test(arguments: [KafkaSettings.Assignor.range, .roundRobin, .cooperativeSticky])
    func sharesAmongThree(with assignor: KafkaSettings.Assignor) async throws {
        let cluster = try MockCluster(brokers: 3, partitions: 6)
        var settings = cluster.settings
        settings.assignor = assignor
        let bus = try KafkaBus(settings: settings, logger: .test)
        var readers: [Reader] = []
        for _ in 0..<3 { readers.append(Reader(of: try await bus.subscribe(to: [topic], as: group))) }
        let all = readers
        try await eventually("two partitions each", within: .seconds(60)) {
            var owned: [Set<Int>] = []
            for reader in all { owned.append(await reader.owned) }
            return owned.allSatisfy { $0.count == 2 } && Set(owned.joined()).count == 6
        }
        try await bus.publish((0..<60).map { OutgoingMessage(key: "\($0)", body: "") }, to: topic)
        try await eventually("60 messages") {
            var keys: Set<String> = []
            for reader in all { keys.formUnion(await reader.messages.map(\.key)) }
            return keys.count == 60
        }
        await all[0].close()
        try await eventually("three partitions each", within: .seconds(60)) {
            let (second, third) = (await all[1].owned, await all[2].owned)
            return second.count == 3 && third.count == 3 && second.isDisjoint(with: third)
        }
        for reader in all { await reader.close() }
        await bus.close()
        cluster.end()
    }

    @Test func takesOverFromTheDead() async throws {
        let cluster = try MockCluster(brokers: 1, partitions: 4)
        let bus = try KafkaBus(settings: cluster.settings, logger: .test)
        let mortal = try MortalMember(settings: cluster.settings, group: group, topic: topic)
        let reader = Reader(of: try await bus.subscribe(to: [topic], as: group))
        try await eventually("two partitions each", within: .seconds(60)) {
            let mine = await reader.owned.count
            return mine == 2 && mortal.ownedCount == 2
        }
        mortal.die()
        try await eventually("all partitions", within: .seconds(60)) { await reader.owned == [0, 1, 2, 3] }
        await reader.close()
        await bus.close()
        cluster.end()
    }

    /// What is on its way when the last broker goes is in doubt: its sender is told, and sends it again.
    @Test func losesNothingWhileBrokersAreAway() async throws {
        let cluster = try MockCluster(brokers: 1, partitions: 2)
        let bus = try KafkaBus(settings: cluster.settings, logger: .test)
        let reader = Reader(of: try await bus.subscribe(to: [topic], as: group))
        try await bus.publish([OutgoingMessage(key: "before", body: "")], to: topic)
        try await eventually("the first") { await reader.count == 1 }
        let topic = topic
        let publishing = Task {
            for index in 0..<200 {
                while true {
                    do {
                        try await bus.publish([OutgoingMessage(key: "k", body: "\(index)")], to: topic)
                        break
                    } catch let error as KafkaError {
                        guard error.isOutage else { throw error }
                    }
                }
            }
        }
        try await eventually("some messages") { await reader.count > 20 }
        #expect(bus.interruptions == 0)
        cluster.setBroker(1, isUp: false)
        await #expect(throws: KafkaError.self) { try await bus.checkReadiness() }
        cluster.setBroker(1, isUp: true)
        try await publishing.value
        try await eventually("all messages") { await Set(reader.messages.map(\.body)).count == 201 }
        var known: Set<String> = []
        let firsts = await reader.messages.filter { $0.key == "k" && known.insert($0.body).inserted }
        #expect(firsts.map(\.body) == (0..<200).map(String.init))
        #expect(bus.interruptions >= 1)
        await reader.close()
        await bus.close()
        cluster.end()
    }

    /// The mock answers fetches in pieces, as Kafka does and noida-db does not.
    @Test func refillsItsBufferWithoutStalling() async throws {
        let cluster = try MockCluster(brokers: 1, partitions: 1)
        let bus = try KafkaBus(settings: cluster.settings, logger: .test)
        let body = String(repeating: "x", count: 150)
        try await bus.publish((0..<20_000).map { OutgoingMessage(key: "k", body: "\($0) \(body)") }, to: topic)
        let reader = Reader(of: try await bus.subscribe(to: [topic], as: group))
        try await eventually("an assignment") { await reader.owned == [0] }
        try await eventually("20,000 messages", within: .seconds(5)) { await reader.count == 20_000 }
        #expect(await reader.messages.map(\.offset) == (0..<20_000).map(Int64.init))
        await reader.close()
        await bus.close()
        cluster.end()
    }

    @Test func closesWhileBrokersAreAway() async throws {
        let cluster = try MockCluster(brokers: 1, partitions: 2)
        var settings = cluster.settings
        settings.publishTimeout = .seconds(3)
        let bus = try KafkaBus(settings: settings, logger: .test)
        let reader = Reader(of: try await bus.subscribe(to: [topic], as: group))
        try await bus.publish([OutgoingMessage(key: "k", body: "")], to: topic)
        try await eventually("the first") { await reader.count == 1 }
        cluster.setBroker(1, isUp: false)
        let start = ContinuousClock.now
        let error = await #expect(throws: KafkaError.self) {
            try await bus.publish([OutgoingMessage(key: "k", body: "")], to: topic)
        }
        #expect(error?.isRetryable == true)
        #expect(ContinuousClock.now - start < .seconds(10))
        let closing = ContinuousClock.now
        await reader.close()
        await bus.close()
        #expect(ContinuousClock.now - closing < .seconds(20))
        cluster.end()
    }

    @Test func replacesABrokenProducer() async throws {
        let cluster = try MockCluster(brokers: 1, partitions: 1)
        let bus = try KafkaBus(settings: cluster.settings, logger: .test)
        let topic = topic
        try await bus.publish([OutgoingMessage(key: "k", body: "1")], to: topic)
        try bus.producer().withHandle { handle in
            _ = rd_kafka_test_fatal_error(handle.client, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test")
        }
        var failures: [KafkaError] = []
        try await eventually("published after all") {
            do {
                try await bus.publish([OutgoingMessage(key: "k", body: "2")], to: topic)
                return true
            } catch let error as KafkaError {
                failures.append(error)
                return false
            }
        }
        #expect(failures.allSatisfy { $0.code == .producerReplaced && $0.isRetryable })
        await bus.close()
        cluster.end()
    }

    @Test func saysWhichMessageIsTooLarge() async throws {
        let cluster = try MockCluster(brokers: 1, partitions: 1)
        let bus = try KafkaBus(settings: cluster.settings, logger: .test)
        let large = OutgoingMessage(key: "k", body: String(repeating: "x", count: 1_100_000), headers: ["a": "b"])
        let error = await #expect(throws: KafkaError.self) { try await bus.publish([large], to: topic) }
        #expect(error?.code == .messageTooLarge)
        #expect(error?.isRetryable == false)
        try await bus.publish([OutgoingMessage(key: "k", body: "small")], to: topic)
        await bus.close()
        cluster.end()
    }

    @Test func manyPublishersAtOnceAreAllAnswered() async throws {
        let cluster = try MockCluster(brokers: 1, partitions: 2)
        let bus = try KafkaBus(settings: cluster.settings, logger: .test)
        let topic = topic
        try await withThrowingTaskGroup { tasks in
            for task in 0..<50 {
                tasks.addTask {
                    let batch = (0..<1000).map { OutgoingMessage(key: "\(task)", body: "\($0)") }
                    try await bus.publish(batch, to: topic)
                }
            }
            try await tasks.waitForAll()
        }
        await bus.close()
        cluster.end()
    }
}

/// Brokers within this process.
final class MockCluster: @unchecked Sendable {  // The C functions lock; the rest is immutable.
    let settings: KafkaSettings
    private let host: OpaquePointer
    private let cluster: OpaquePointer

    init(brokers: Int, partitions: Int) throws {
        var reason = [CChar](repeating: 0, count: 512)
        host = try #require(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), &reason, reason.count))
        cluster = try #require(rd_kafka_mock_cluster_new(host, Int32(brokers)))
        let addresses = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
        var settings = KafkaSettings.test(brokers: addresses, partitionCount: partitions)
        settings.extraProperties = ["heartbeat.interval.ms": "500", "fetch.wait.max.ms": "10"]
        self.settings = settings
        for topic in Topic.all {
            let name = settings.topicPrefix + topic.name
            rd_kafka_mock_topic_create(cluster, name, Int32(partitions), Int32(brokers))
        }
    }

    func setBroker(_ id: Int, isUp: Bool) {
        if isUp {
            rd_kafka_mock_broker_set_up(cluster, Int32(id))
        } else {
            rd_kafka_mock_broker_set_down(cluster, Int32(id))
        }
    }

    func end() {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(host)
    }
}

/// A member that ends without a word, as a killed process does.
final class MortalMember: KafkaObserver, @unchecked Sendable {  // Mutable state is under `lock`.
    let logger = Logger.test
    private let lock = NSLock()
    private var owned: [PartitionID] = []
    private var isAlive = true
    private let gone = DispatchSemaphore(value: 0)

    var ownedCount: Int { partitions.count }
    var partitions: Set<Int> { Set(lock.withLock { owned }.map { Int($0.partition) }) }

    init(settings: KafkaSettings, group: ConsumerGroup, topic: Topic) throws {
        let properties = settings.consumerProperties(group: group.name)
        let handle = try KafkaHandle(RD_KAFKA_CONSUMER, properties: properties, observer: self)
        rd_kafka_poll_set_consumer(handle.client)
        let name = PartitionID(topic: settings.name(of: topic.name), partition: -1)
        withPartitionList([(name, offset: 0)]) { _ = rd_kafka_subscribe(handle.client, $0) }
        Thread { [self] in
            while lock.withLock({ isAlive }) {
                if let message = rd_kafka_consumer_poll(handle.client, 20) { rd_kafka_message_destroy(message) }
            }
            rd_kafka_destroy_flags(handle.client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            gone.signal()
        }.start()
    }

    func die() {
        lock.withLock { isAlive = false }
        gone.wait()
    }

    func failed(fatally error: KafkaError) {}

    func lostAllBrokers() {}
    func rebalanced(_ client: OpaquePointer, _ event: rd_kafka_resp_err_t, _ partitions: [PartitionID]) {
        let isAssignment = event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
        lock.withLock { owned = isAssignment ? partitions : [] }
        if isAssignment {
            withPartitionList(partitions.map { ($0, offset: 0) }) { _ = rd_kafka_assign(client, $0) }
        } else {
            rd_kafka_assign(client, nil)
        }
    }
}
