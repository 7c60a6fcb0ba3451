import AlertCore
import Foundation
import Messaging
import Persistence

/// Takes answers to notifications, whichever way they come: one rule for links, text messages, calls and mails.
///
/// An answer is recorded once, however often it is given. One that comes after the alert's end is kept with the alert
/// and changes nothing.
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
    let partitions: Partitions

    public init(database: any SQLDatabase, bus: any MessageBus, directory: DirectoryCache, now: @escaping Clock) {
        self.database = database
        self.directory = directory
        self.now = now
        gateway = CommandGateway(database: database, bus: bus)
        partitions = bus.partitions
    }

    public func question(_ notification: String) async throws -> Question? {
        try await database.reading { try Question(notification, in: $0) }
    }

    /// - Parameters:
    ///   - source: `EMAIL`, `SMS`, `VOICE`, `WEB`.
    ///   - comment: Kept where the option allows one.
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
        let response = AlertResponse(
            id: id, by: question.plan.recipient, device: question.plan.device.name, option: option.id,
            comment: comment, source: source)
        do {
            try await send(.respond(response), question)
        } catch let error as RestError where error.code == 409 {
            // It was too late before: the alert has that already.
        }
        let after = try await self.question(question.plan.id)
        if after?.given.contains(where: { $0.response.id == id }) == true { return .recorded }
        guard let end = after?.end else {
            throw Self.pending
        }
        return .late(end)
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

    /// Keeps a fact beside an alert, shown on its timeline; the same id once.
    public func remark(_ type: String, reason: String, id: String, on question: Question) async throws {
        let (alert, at) = (question.alert.id, now())
        let partition = LogPartition("answer", try await partitions.partition(ofStamped: alert))
        let stream = "answer-\(alert)"
        let data = try JSON.encode(["recipient": question.plan.recipient.targetName, "reason": reason])
        let origin = Origin(
            actor: question.plan.recipient.targetName, causation: id, correlation: question.plan.correlation,
            person: question.plan.recipient.id)
        let personal = question.plan.personal + [PersonalText(reason, of: question.plan.recipient.id)]
        try await database.retrying { connection in
            let known = try EventLog(connection).read(streams: [stream])
            guard known.count < Self.remarkLimit,
                !known.contains(where: { $0.type == type && $0.origin.causation == id })
            else { return }
            try EventLog(connection).record(
                type: type, data: data, on: stream, in: partition, origin: origin, at: at, personal: personal)
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

    /// How the conference is joined that an answer leads to; `nil` where there is none that can be joined.
    public func joining(_ option: ResponseOption, _ question: Question) async throws -> ConferenceAccess? {
        guard option.joinConference else { return nil }
        let access = try await directory.current().conference(of: question.alert.details)
        return access?.canBeJoined == true ? access : nil
    }

    /// "Alert 4711 ended 10 minutes ago by Ben Stone. …"
    public func ended(_ end: Question.End, _ question: Question) -> String {
        AnswerPhrases(language: question.language).ended(
            alert: question.alert.details.number, ago: now().since(end.at), by: end.by?.readableName)
    }
}
