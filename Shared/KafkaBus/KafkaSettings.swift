import CLibRDKafka

/// How to reach a Kafka cluster and how to behave there.
public struct KafkaSettings: Sendable {
    /// How a group's partitions are dealt out to its members. All members of a group must name the same one.
    public enum Assignor: String, Sendable, CaseIterable {
        /// Neighbouring partitions of every topic to one member. All of them are dealt out anew each time.
        case range
        /// Partitions of all topics in turn. All of them are dealt out anew each time.
        case roundRobin = "roundrobin"
        /// Members keep what they have as far as possible. Wants librdkafka 2.6.1 or later in production.
        case cooperativeSticky = "cooperative-sticky"
    }

    /// Where to find the cluster: `host:port` of one broker or, better, of several.
    public var brokers: [String]
    /// How many partitions every topic has at first.
    public var partitionCount: Int
    /// How many brokers keep each message of a topic that ``KafkaBus/createTopics()`` makes.
    public var replicationFactor: Int
    /// Put before the name of every topic and group, so that several installations can share a cluster.
    public var topicPrefix = ""
    /// What the broker's logs and quotas call us.
    public var clientID = "tocsin"
    /// A name that this process keeps over restarts and shares with no other one. With it, a process that
    /// was killed and comes back within ``sessionTimeout`` gets its partitions back at once, and nobody
    /// else is disturbed. The price: its partitions wait that long for it, after a graceful stop too.
    public var instanceID: String?
    /// After how long without a sign of life the group gives a member's partitions to others: up to 45 s.
    public var sessionTimeout: Duration = .seconds(10)
    /// How the partitions of a group are dealt out.
    public var assignor = Assignor.range
    /// After how long without the broker's confirmation a publish gives up.
    public var publishTimeout: Duration = .seconds(30)
    /// The largest body, with key and headers, that is sent. The broker has a limit of its own: 1 MB.
    public var messageBytesMax = 1_000_000
    /// Further librdkafka properties, such as `security.protocol` and `sasl.*`. They win over our own.
    public var extraProperties: [String: String] = [:]

    public init(brokers: [String], partitionCount: Int, replicationFactor: Int = 1) {
        self.brokers = brokers
        self.partitionCount = partitionCount
        self.replicationFactor = replicationFactor
    }

    /// What is wrong with the settings, each problem a sentence; empty when they can be used.
    public var problems: [String] {
        var problems: [String] = []
        if brokers.isEmpty || brokers.contains(where: \.isEmpty) { problems.append("brokers are missing") }
        if !(1...10_000).contains(partitionCount) {
            problems.append("the partition count is \(partitionCount); it must be from 1 to 10000")
        }
        if !(1...100).contains(replicationFactor) {
            problems.append("the replication factor is \(replicationFactor); it must be from 1 to 100")
        }
        if sessionTimeout < .seconds(1) || sessionTimeout > .seconds(45) {
            problems.append("the session timeout is \(sessionTimeout); it must be from 1 s to 45 s")
        }
        if publishTimeout < .milliseconds(100) || publishTimeout > .seconds(300) {
            problems.append("the publish timeout is \(publishTimeout); it must be from 100 ms to 300 s")
        }
        if !(1000...1_000_000_000).contains(messageBytesMax) {
            problems.append("the largest message is \(messageBytesMax) bytes; it must be from 1000 to 1000000000")
        }
        return problems
    }

    func name(of topic: String) -> String { topicPrefix + topic }
}

// The properties that librdkafka gets. Names and units are its own.
extension KafkaSettings {
    private var common: [String: String] {
        [
            "bootstrap.servers": brokers.joined(separator: ","),
            "client.id": clientID,
            // The default of 10 s is what a client of 2.0.2 stays away for after an outage.
            "reconnect.backoff.max.ms": "500",
            // On by default in older versions: up to 40 ms for a small request.
            "socket.nagle.disable": "true",
            // Also the bound of a watermark query, which ignores its own timeout before 2.3.0.
            "socket.timeout.ms": "10000",
            "log_level": "6",
        ]
    }

    var producerProperties: [String: String] {
        common.merging([
            "enable.idempotence": "true",
            "acks": "all",
            "linger.ms": "1",
            "compression.type": "lz4",
            "message.timeout.ms": "\(publishTimeout.wholeMilliseconds)",
            "request.timeout.ms": "10000",
            "message.max.bytes": "\(messageBytesMax)",
            // Never reached: PublishWindow has smaller bounds and makes publishers wait.
            "queue.buffering.max.messages": "\(PublishWindow.messagesMax * 2)",
            "queue.buffering.max.kbytes": "\(PublishWindow.bytesMax / 1024 * 4)",
        ]) { $1 }.merging(extraProperties) { $1 }
    }

    /// - Parameter group: The consumer group's name, without the prefix.
    func consumerProperties(group: String) -> [String: String] {
        let session = sessionTimeout.wholeMilliseconds
        var properties = common.merging([
            "group.id": name(of: group),
            "partition.assignment.strategy": assignor.rawValue,
            "session.timeout.ms": "\(session)",
            "heartbeat.interval.ms": "\(max(200, min(1000, session / 10)))",
            // Our thread asks for news at least each second, whatever the handlers do.
            "max.poll.interval.ms": "60000",
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            // A log that has been cut, at its front or its end: the feed is told, and begins anew where it goes on.
            "auto.offset.reset": "error",
            "fetch.wait.max.ms": "50",
            "fetch.min.bytes": "1",
            "max.partition.fetch.bytes": "1048576",
            "fetch.max.bytes": "16777216",
            // The bounds of the buffer of one partition, as each has a queue of its own here. Whoever empties
            // a full one in less than 1 s waits for the rest of it: librdkafka looks again only then.
            "queued.min.messages": "50000",
            "queued.max.messages.kbytes": "8192",
            // A limit, not an allocation. noida-db answers with whole partitions, whatever was asked for.
            "receive.message.max.bytes": "1000000000",
            // How soon a topic is noticed that was made after we subscribed to it, and new partitions of one.
            "topic.metadata.refresh.interval.ms": "10000",
        ]) { $1 }
        // A first version that surely has it: with this, it looks again sooner.
        if rd_kafka_version() >= 0x0203_0000 { properties["fetch.queue.backoff.ms"] = "20" }
        if let instanceID { properties["group.instance.id"] = "\(name(of: group))-\(instanceID)" }
        return properties.merging(extraProperties) { $1 }
    }
}

extension Duration {
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
