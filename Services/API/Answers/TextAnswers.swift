import AlertCore
import Answers
import Hummingbird
import Persistence

// Text messages that people send.
extension ProviderRoutes {
    static var channel: String { "SMS" }
    /// Messages of one sender that are no answer and are replied to within an hour; further ones are only kept.
    private static var correctionLimit: Int { 3 }
    private static var bodyLimit: Int { 1600 }
    /// Characters that tell how a conference is joined.
    private static var conferenceLimit: Int { 300 }

    @Sendable
    func text(_ call: Call) async throws -> Response {
        let sid = call.form["MessageSid"] ?? call.form["SmsSid"] ?? ""
        let id = "\(call.provider.id)/\(sid)"
        let known = try await desk.database.reading { try InboundMessages($0).get(channel: Self.channel, id: id) }
        if let known { return reply(known.reply) }
        let phone = try await PhoneQuestions.of(
            call.text("From"), kinds: [.textPhone, .textPager], at: desk)
        do {
            var message = try await answer(call, phone)
            message.id = id
            message.reply = try await bounded(message)
            let (kept, at) = (message, desk.now())
            try await desk.database.retrying { try InboundMessages($0).put(kept, at: at) }
            logger.info(
                "text message",
                metadata: ["outcome": "\(kept.outcome.rawValue)", "provider": "\(call.provider.name)", "id": "\(sid)"])
            return reply(kept.reply)
        } catch let error as RestError {
            // Not kept: whoever hands it over again has another try.
            logger.warning("an answer by text message was not recorded", metadata: ["error": "\(error.message)"])
            return reply(AnswerPhrases(language: phone.owners.first?.language ?? "en").failure)
        }
    }

    private func reply(_ text: String) -> Response {
        Self.twiml(text.isEmpty ? [] : [.message(text)], language: "en")
    }

    /// - Returns: With the words that it deserves, before any limit.
    private func answer(_ call: Call, _ phone: PhoneQuestions) async throws -> InboundMessage {
        let text = AnswerText(String(call.text("Body").prefix(Self.bodyLimit)))
        let sender = call.text("From")
        func message(
            _ outcome: InboundMessage.Outcome, _ reply: String, _ question: Question? = nil
        ) -> InboundMessage {
            InboundMessage(
                channel: Self.channel, id: "", sender: sender, notification: question?.plan.id, outcome: outcome,
                reply: reply, text: call.text("Body"))
        }
        guard call.text("OptOutType").isEmpty, !text.isProviderWord else { return message(.providerWord, "") }
        guard let owner = phone.owners.first else {
            return message(.unknownSender, AnswerPhrases(language: "en").unknownPhone)
        }
        let phrases = AnswerPhrases(language: owner.language)
        guard let question = phone.meant(alert: text.alertNumber, now: desk.now()) else {
            return message(
                .unmatched, text.alertNumber.map { phrases.noSuchAlert($0) } ?? phrases.nothingOpen)
        }
        guard let match = text.match(question.alert.details.responseOptions, language: question.language) else {
            return try await notUnderstood(call, question).map { message(.notUnderstood, $0, question) }
                ?? message(.late, question.end.map { desk.ended($0, question) } ?? phrases.nothingOpen, question)
        }
        let outcome = try await desk.give(match.option, comment: match.comment, to: question, source: Self.channel)
        var words = desk.words(for: outcome, match.option, question)
        if outcome.kept != .late, let conference = try await desk.joining(match.option, question) {
            words += "\n" + conference.text(language: question.language, limit: Self.conferenceLimit)
        }
        return message(outcome.kept, words, question)
    }

    /// - Returns: What can be answered; `nil` when nothing can, because the alert has ended.
    private func notUnderstood(_ call: Call, _ question: Question) async throws -> String? {
        let text = String(call.text("Body").prefix(200))
        try await desk.remark(
            "answer.unclear", reason: "\(Self.channel): “\(text)” is none of the answers",
            id: call.form["MessageSid"] ?? "", on: question)
        guard question.isOpen else { return nil }
        return AnswerPhrases(language: question.language).notUnderstood(
            question.optionList, alert: question.alert.details.number)
    }

    /// Two machines must not talk to each other without end.
    private func bounded(_ message: InboundMessage) async throws -> String {
        guard !message.outcome.isAnswer else { return message.reply }
        let since = desk.now().advanced(by: .seconds(-3600))
        let count = try await desk.database.reading {
            try InboundMessages($0).corrections(to: message.sender, since: since)
        }
        return count < Self.correctionLimit ? message.reply : ""
    }
}

extension AnswerDesk.Outcome {
    var kept: InboundMessage.Outcome {
        switch self {
        case .recorded: .recorded
        case .repeated: .repeated
        case .late: .late
        }
    }
}
