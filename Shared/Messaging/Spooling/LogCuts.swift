import AlertCore
import Foundation
import Logging
import Metrics
import Persistence

extension PartitionFeed {
    /// Moves a group's checkpoint back to where the broker's log ends, and notes that it was cut: those who have sent
    /// what is lost, and still have it, send it again.
    /// - Returns: The checkpoint.
    func goBack(
        to cut: LogCut, as group: ConsumerGroup, database: any SQLDatabase,
        now: @escaping Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }, logger: Logger
    ) async throws -> Int64 {
        logger.error(
            "the broker has lost messages",
            metadata: ["partition": "\(checkpointName)", "group": "\(group.name)", "reason": "\(cut)"])
        Counter(label: "tocsin_broker_cuts_total", dimensions: [("topic", topic.name)]).increment()
        return try await database.retrying(attempts: 100) { [checkpointName] connection in
            let checkpoint = Checkpoint(group: group.name, partition: checkpointName, in: connection)
            let next = try checkpoint.next()
            try BrokerCuts(connection).note(
                checkpointName, group: group.name, end: cut.end, position: cut.position, at: now())
            guard next > cut.end else { return next }
            try checkpoint.save(next: cut.end, expecting: next)
            return cut.end
        }
    }
}
