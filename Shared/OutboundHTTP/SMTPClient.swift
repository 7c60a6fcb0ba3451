import Foundation
import Logging

/// Hands mail to the operator's mail server, over a few kept connections with a thread each.
///
/// A server that the operator's settings name is not something that users choose: ``OutboundPolicy`` does not apply to
/// it. To one that people configure, it does.
public final class SMTPClient: Sendable {
    private let queue: MailQueue
    private let logger: Logger

    /// - Parameters:
    ///   - connections: Mails that are sent at once.
    ///   - waitingLimit: Mails that wait for a connection; one more fails with `.overloaded`.
    ///   - timeout: For one mail from its turn to the server's answer.
    ///   - greetingName: What EHLO says; the host's name when it is `nil`.
    ///   - policy: Which addresses the server may have; any when it is `nil`.
    public init(
        _ settings: SMTPSettings, connections: Int = 2, waitingLimit: Int = 1000, timeout: Duration = .seconds(30),
        greetingName: String? = nil, policy: OutboundPolicy? = nil, logger: Logger
    ) {
        precondition(connections > 0 && waitingLimit >= 0, "limits of the mail client")
        self.logger = logger
        let queue = MailQueue(waitingLimit: waitingLimit, workers: connections)
        self.queue = queue
        let name = greetingName ?? SMTPSettings.greetingName()
        for number in 1...connections {
            let thread = Thread {
                blockBrokenPipeSignal()
                let session = SMTPSession(settings, greetingName: name, timeout: timeout, policy: policy)
                while let job = queue.next() {
                    let outcome = Result { () throws(SMTPError) in try session.send(job.envelope) }
                    job.continuation.resume(with: outcome.mapError { $0 })
                }
                queue.workerEnded()
            }
            thread.name = "smtp-\(number)"
            thread.start()
        }
    }

    deinit { queue.close() }

    /// Returns when the server has taken the mail for all its recipients.
    ///
    /// A mail that fails has reached nobody, unless ``SMTPError/isInDoubt`` says that this is not known.
    ///
    /// - Throws: ``SMTPError``. Cancelling the task takes a waiting mail out of the queue; a mail that is
    ///   being sent is sent to the end, which the timeout bounds.
    public func send(_ mail: Mail) async throws -> SMTPReceipt {
        let envelope = MailEnvelope(
            sender: mail.from.address, recipients: mail.to.map(\.address), message: try mail.rendered())
        let ticket = MailQueue.Ticket()
        let receipt = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.add(MailQueue.Job(ticket: ticket, envelope: envelope, continuation: continuation))
            }
        } onCancel: {
            queue.cancel(ticket)
        }
        logger.debug("mail sent", metadata: ["message-id": "\(mail.messageID)", "answer": "\(receipt.answer)"])
        return receipt
    }

    /// Fails what waits with `.closed` and returns when mails that are being sent have ended.
    public func shutdown() async {
        queue.close()
        await queue.ended()
    }
}
