import AlertCore
import Logging
import Persistence

/// Puts into the spool what this process has published last: when the broker has lost the end of a partition, and when
/// consumers are served from the database, since what they have not read of the broker is out of their reach. Consumers
/// recognise what they have taken before.
struct SpoolAgain: Sendable {
    let recent: RecentMessages
    let writer: SpoolWriter
    let parts: SpoolParts

    /// Until the task is cancelled.
    func run() async {
        var wasServing = false
        while !Task.isCancelled {
            let isServing = parts.watch.isServing
            let cut = parts.watch.takeCuts()
            var sent = isServing && !wasServing ? recent.take() : []
            if !cut.isEmpty { sent += recent.take(of: cut) }
            wasServing = isServing
            if !sent.isEmpty { await spool(sent) }
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: parts.settings.pulse / 2)
        }
    }

    private func spool(_ sent: [RecentMessages.Sent]) async {
        parts.logger.notice("what was published last is sent again", metadata: ["count": "\(sent.count)"])
        for (partition, messages) in Dictionary(grouping: sent, by: \.partition) {
            await retryingForever(logger: parts.logger, what: "sending \(partition) again") {
                _ = try await writer.append(
                    messages.map(\.message.entry), to: partition, limits: parts.settings.limits(for: messages[0].topic),
                    onlyBehindOthers: false)
            }
            parts.watch.spooled(partition, count: messages.count)
        }
    }
}
