import AlertCore
import Foundation
import Messaging
import Persistence

/// Takes answers to notifications, whichever way they come: one rule for links, text messages, calls and mails.
///
/// An answer is recorded once, however often it is given. One that comes after the alert's end is not recorded as a
/// response, but kept beside the alert with the way that it came.
public struct AnswerDesk: Sendable {
    /// What became of an answer.
    public enum Outcome: Sendable {
        case recorded
        case repeated(at: Timestamp)
        case late(Question.End)
    }

    /// How many remarks are kept beside one alert: whoever sends more is told the same, and it is not kept.
    private static let remarkLimit = 200
    private static let commentLimit = 2000

    public let database: any SQLDatabase
    public let directory: DirectoryCache
    public let now: Clock
    let gateway: CommandGateway
    let partitions: Int

    public init(database: any SQLDatabase, bus: any MessageBus, directory: DirectoryCache, now: @escaping Clock) {
        self.database = database
        self.directory = directory
        self.now = now
        gateway = CommandGateway(database: database, bus: bus)
        partitions = bus.partitionCount
    }

    public func question(_ notification: String) async throws -> Question? {
        try await database.reading { try Question(notification, in: $0) }
    }

    /// - Parameters:
    ///   - source: `EMAIL`, `SMS`, `VOICE`, `WEB`.
    ///   - actor: What the log calls the one who answers; the recipient's target name by default.
    /// - Throws: `RestError`, with 503 when the alert has not taken it in time: it may all the same, later.
    public func give(
        _ option: ResponseOption, comment: String?, to question: Question, source: String
    ) async throws -> Outcome {
        let id = question.responseId(of: option.id)
        let comment = option.allowComments ? comment.map { String($0.prefix(Self.commentLimit)) } : nil
        if let earlier = question.given.first(where: { $0.response.id == id }) {
            try await add(comment, unlike: earlier.response.comment, id, question)
            return .repeated(at: earlier.at)
        }
        if let end = question.end { return try await late(option, comment, end, question, source) }
        let response = AlertResponse(
            id: id, by: question.plan.recipient, device: question.plan.device.name, option: option.id,
            comment: comment, source: source)
        do {
            try await send(.respond(response), question)
            return .recorded
        } catch let error as RestError where error.code == 409 {
            guard let end = try await self.question(question.plan.id)?.end else { throw error }
            return try await late(option, comment, end, question, source)
        }
    }

    /// What a repeated answer says besides is a comment: it must not be lost.
    private func add(_ comment: String?, unlike earlier: String?, _ id: String, _ question: Question) async throws {
        guard let comment, comment != earlier else { return }
        let command = Alert.Command.comment(
            id: DerivedID.uuid("answer-comment", id, comment), by: question.plan.recipient, text: comment)
        try await send(command, question)
    }

    private func send(_ command: Alert.Command, _ question: Question) async throws {
        try await gateway.send(
            command, to: question.alert.id, by: question.plan.recipient.targetName,
            correlation: question.plan.correlation)
    }

    private func late(
        _ option: ResponseOption, _ comment: String?, _ end: Question.End, _ question: Question, _ source: String
    ) async throws -> Outcome {
        let words = comment.map { ": \($0)" } ?? ""
        try await remark(
            "answer.late", reason: "\(option.text), by \(source), after the end of the alert\(words)",
            id: question.responseId(of: option.id), on: question)
        return .late(end)
    }

    /// Keeps a fact beside an alert, shown on its timeline; the same id once.
    public func remark(_ type: String, reason: String, id: String, on question: Question) async throws {
        let (alert, at) = (question.alert.id, now())
        let partition = LogPartition("answer", Partitioning.partition(of: alert, count: partitions))
        let stream = "answer-\(alert)"
        let data = try JSON.encode(["recipient": question.plan.recipient.targetName, "reason": reason])
        let origin = Origin(
            actor: question.plan.recipient.targetName, causation: id, correlation: question.plan.correlation)
        try await database.retrying { connection in
            let known = try EventLog(connection).read(streams: [stream])
            guard known.count < Self.remarkLimit,
                !known.contains(where: { $0.type == type && $0.origin.causation == id })
            else { return }
            try EventLog(connection).record(
                type: type, data: data, on: stream, in: partition, origin: origin, at: at)
        }
    }

    /// What somebody is told after an answer, in the recipient's language.
    public func words(for outcome: Outcome, _ option: ResponseOption, _ question: Question) -> String {
        let phrases = AnswerPhrases(language: question.language)
        let (text, number) = (option.text(in: question.language), question.alert.details.number)
        switch outcome {
        case .recorded: return phrases.recorded(text, alert: number)
        case .repeated: return phrases.repeated(text, alert: number)
        case .late(let end): return ended(end, question)
        }
    }

    /// "Alert 4711 ended 10 minutes ago by Ben Stone. …"
    public func ended(_ end: Question.End, _ question: Question) -> String {
        AnswerPhrases(language: question.language).ended(
            alert: question.alert.details.number, ago: now().since(end.at), by: end.by?.readableName)
    }
}
