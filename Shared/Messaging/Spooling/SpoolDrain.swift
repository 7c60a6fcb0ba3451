import AlertCore
import Logging
import Metrics
import Persistence

/// Brings what is in the spool to the broker when it is back, each partition by one process at a time, in its order, at
/// least once. What consumers have taken from the spool meanwhile is not published.
struct SpoolDrain: Sendable {
    static let group = "spool-drain"
    /// Longer than a publish can take.
    private static let lease = Duration.seconds(15)
    /// A message has at most 1 MB.
    private static let batchLimit = 100

    let bus: any MessageBus
    let recent: RecentMessages
    let parts: SpoolParts

    /// Until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            if parts.watch.mayPublish {
                for partition in parts.watch.content.messages.keys.sorted() {
                    do {
                        try await drain(partition)
                    } catch {
                        if let outage = error as? any OutageError, outage.isOutage { parts.watch.publishFailed(error) }
                        parts.logger.warning(
                            "the spool is drained later", metadata: ["partition": "\(partition)", "error": "\(error)"])
                        break
                    }
                }
            }
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: parts.settings.pulse / 2)
        }
    }

    private func drain(_ partition: String) async throws {
        guard let topic = Topic(ofPartition: partition) else { return }
        var drained = 0
        while !Task.isCancelled, let batch = try await take(partition), let last = batch.last {
            let messages = batch.map {
                OutgoingMessage(key: $0.entry.key, body: $0.entry.body, headers: $0.entry.headers)
            }
            let interruptions = bus.interruptions
            try await bus.publish(messages, to: topic)
            parts.watch.published()
            guard bus.interruptions == interruptions else { continue }
            recent.add(messages, to: topic) { _ in partition }
            try await parts.database.retrying { try Spool($0).remove(partition, before: last.number + 1) }
            drained += batch.count
        }
        try await parts.database.retrying { [owner = parts.owner] connection in
            try PartitionLeases(connection).giveBack(partition, of: Self.group, by: owner)
        }
        guard drained > 0 else { return }
        Counter(label: "tocsin_spool_drained_total", dimensions: [("topic", topic.name)]).increment(by: drained)
        parts.logger.notice("the spool was drained", metadata: ["partition": "\(partition)", "count": "\(drained)"])
    }

    /// - Returns: `nil` when somebody else drains the partition, or a consumer takes its messages from the spool.
    private func take(_ partition: String) async throws -> [Spool.Numbered]? {
        let now = parts.now()
        return try await parts.database.retrying { [owner = parts.owner] connection in
            let leases = PartitionLeases(connection)
            guard try !leases.isTaken(partition, byOthersThan: Self.group, at: now),
                try leases.take(partition, of: Self.group, by: owner, at: now, lasting: Self.lease)
            else { return nil }
            let spool = Spool(connection)
            let wanted = try spool.firstWanted(of: partition)
            try spool.remove(partition, before: wanted)
            return try spool.read(partition, from: wanted, limit: Self.batchLimit)
        }
    }
}

extension Topic {
    /// - Parameter partition: `<topic>/<number>`.
    fileprivate init?(ofPartition partition: String) {
        guard let slash = partition.lastIndex(of: "/") else { return nil }
        self.init(String(partition[..<slash]))
    }
}
