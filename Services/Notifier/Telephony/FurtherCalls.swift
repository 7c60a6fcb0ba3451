import AlertCore
import Answers
import Foundation
import Logging
import Messaging
import OutboundHTTP
import Persistence

/// Makes the further calls that an alert's voicemail options want when nobody takes the first one, as long as an
/// answer is wanted.
public struct FurtherCalls: Sendable {
    /// How long a call of a suspended alert is put off.
    private static let pause = Duration.seconds(60)

    let desk: AnswerDesk
    let secrets: SecretBox
    let client: OutboundHTTPClient
    /// Without a slash at the end.
    let publicURL: String
    let logger: Logger

    public init(
        desk: AnswerDesk, secrets: SecretBox, client: OutboundHTTPClient, publicURL: String, logger: Logger
    ) {
        self.desk = desk
        self.secrets = secrets
        self.client = client
        self.publicURL = publicURL
        self.logger = logger
    }

    func make(
        _ items: [DueWork.Item], partition: Int,
        compose: @escaping @Sendable (AlertCore.Notification.Plan, AlertRow?) async throws -> ChannelMessage
    ) async throws {
        await withTaskGroup(of: Void.self) { tasks in
            for item in items {
                tasks.addTask {
                    do {
                        try await make(item, partition, compose)
                    } catch {
                        // The lease ends, and the item comes again.
                        logger.warning(
                            "a further call goes on later", metadata: ["id": "\(item.id)", "error": "\(error)"])
                    }
                }
            }
        }
    }

    private func make(
        _ item: DueWork.Item, _ partition: Int,
        _ compose: @Sendable (AlertCore.Notification.Plan, AlertRow?) async throws -> ChannelMessage
    ) async throws {
        let again: CallAgain = try JSON.decode(item.payload)
        guard let question = try await desk.question(again.notification), question.isOpen, !question.isSettled else {
            return try await finish(item)
        }
        guard question.alert.status != "SUSPENDED" else {
            return try await schedule(again, partition, after: Self.pause)
        }
        do {
            let channel = try await channel(again.provider)
            _ = try await channel.call(try await compose(question.plan, question.alert), attempt: again.attempt)
            try await finish(item)
        } catch let error as ChannelError {
            try await failed(error, again, question, partition, item)
        }
    }

    private func channel(_ id: String) async throws -> TwilioChannel {
        let provider = try await desk.directory.current().providers[id]
        guard let provider, provider.enabled, provider.kind == .twilio, let sealed = provider.sealedSecret else {
            throw ChannelError(reason: "the provider of the first call is not there any more", isPermanent: true)
        }
        do {
            return TwilioChannel(
                provider: provider, token: try secrets.open(sealed, for: .provider(id)), client: client,
                publicURL: publicURL)
        } catch {
            throw ChannelError(reason: "the secret of \(provider.name) cannot be opened: \(error)", isPermanent: true)
        }
    }

    /// A call that could not be made counts as one that nobody took; one in doubt, as made.
    private func failed(
        _ error: ChannelError, _ again: CallAgain, _ question: Question, _ partition: Int, _ item: DueWork.Item
    ) async throws {
        let options = question.alert.details.voicemailOptions
        let goesOn = !error.isPermanent && !error.isInDoubt && again.attempt < options.retry
        try await desk.remark(
            "call.failed", reason: "Call \(again.attempt + 1) of \(options.retry + 1): \(error.reason)",
            id: "\(again.notification)/\(again.attempt)", on: question)
        if goesOn {
            var next = again
            next.attempt += 1
            return try await schedule(next, partition, after: .seconds(options.every))
        }
        if !error.isInDoubt { try await Receipts(desk: desk).refuse(question.plan.id, reason: error.reason) }
        try await finish(item)
    }

    private func schedule(_ again: CallAgain, _ partition: Int, after pause: Duration) async throws {
        let due = desk.now().advanced(by: pause)
        let payload = try JSON.encode(again)
        try await desk.database.retrying { connection in
            try DueWork(connection).schedule(
                again.notification, kind: CallAgain.dueKind, partition: partition, payload: payload, at: due)
        }
    }

    private func finish(_ item: DueWork.Item) async throws {
        // The provider may have had a word about this call already, and the next one may be scheduled by it.
        try await desk.database.retrying {
            try DueWork($0).finish(item.id, kind: CallAgain.dueKind, payload: item.payload)
        }
    }
}
