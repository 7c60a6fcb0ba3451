import AlertCore
import Foundation
import Persistence

extension PartitionRecorder {
    /// Decodes messages. One that cannot be understood goes to the dead letters with the reason, and is done with.
    ///
    /// - Throws: `StoreError` when the dead letters cannot be written; then it is to be called again with all of them.
    public nonisolated func understood<Payload: Decodable & Sendable>(
        _ messages: [Message], at now: Clock
    ) async throws -> [Received<Payload>] {
        var understood: [Received<Payload>] = []
        understood.reserveCapacity(messages.count)
        for message in messages {
            do {
                understood.append(Received(message: message, payload: try message.decode()))
            } catch {
                logger.error("message put aside", metadata: ["topic": "\(feed.checkpointName)", "reason": "\(error)"])
                let letter = message.deadLetter(feed, reason: "\(error)", at: now())
                try await database.retrying { try DeadLetters($0).add(letter) }
                finish(message.offset, with: [])
            }
        }
        return understood
    }
}
