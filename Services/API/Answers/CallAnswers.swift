import AlertCore
import Answers
import Hummingbird
import Persistence

// Calls: each step is a request of the provider, and what has gone before is in the database.
extension ProviderRoutes {
    /// Wrong phone passwords in all calls about one notification, after which none is asked for any more.
    private static var failureLimit: Int { 9 }

    /// Somebody, or a machine, has taken a call of ours; or somebody calls back.
    @Sendable
    func beginCall(_ call: Call) async throws -> Response {
        guard let question = try await question(of: call) else { return try await nothingToSay(call) }
        var row = try await row(call, question)
        guard row.outcome == .underWay else { return Self.twiml([.hangUp], language: question.language) }
        var content = try await content(question, attempt: row.attempt)
        if try await failures(row) >= Self.failureLimit { content.hasPassword = false }
        let (verbs, effect) = row.call.hear(
            .begin(PhoneCall.AnsweredBy(call.form["AnsweredBy"])), content, action: action(call, question))
        try await follow(effect, row, question)
        return Self.twiml(verbs, language: question.language)
    }

    /// Keys were pressed, or none in time.
    @Sendable
    func keys(_ call: Call) async throws -> Response {
        guard let question = try await question(of: call) else { return try await nothingToSay(call) }
        var row = try await row(call, question)
        let content = try await content(question, attempt: row.attempt)
        let digits = call.text("Digits")
        let input: PhoneCall.Input =
            row.call.phase == .password
            ? .password(isRight: try await isPassword(digits, question, row)) : .keys(digits)
        let (verbs, effect) = row.call.hear(input, content, action: action(call, question))
        if case .answer(let number) = effect {
            return try await answer(number, row, question, call)
        }
        try await follow(effect, row, question)
        return Self.twiml(verbs, language: question.language)
    }

    private func answer(
        _ number: Int, _ row: PhoneCallRow, _ question: Question, _ call: Call
    ) async throws -> Response {
        let language = question.language
        guard let option = question.alert.details.responseOptions.first(where: { $0.number == number }) else {
            return Self.twiml([.hangUp], language: language)
        }
        let outcome: AnswerDesk.Outcome
        do {
            outcome = try await desk.give(option, comment: nil, to: question, source: "VOICE")
        } catch let error as RestError {
            logger.warning("an answer by telephone was not recorded", metadata: ["error": "\(error.message)"])
            return Self.twiml([.say(AnswerPhrases(language: language).failure), .hangUp], language: language)
        }
        try await put(row)
        var joins = option.joinConference
        if case .late = outcome { joins = false }
        let conference = try await desk.directory.current().conference(of: question.alert.details)
        let verbs = PhoneCall.confirmation(
            desk.words(for: outcome, option, question), joins: joins, conference: conference, language: language)
        return Self.twiml(verbs, language: language)
    }

    /// Keeps the call as it is now, and does what follows from it.
    private func follow(_ effect: PhoneCall.Effect, _ row: PhoneCallRow, _ question: Question) async throws {
        var row = row
        switch effect {
        case .none, .answer: try await put(row)
        case .reached:
            row.outcome = .reached
            try await put(row)
            try await receipts.confirm(question.plan.id, word: "taken by a person")
        case .voicemail:
            row.outcome = .voicemail
            try await put(row)
            try await receipts.confirm(question.plan.id, word: "left on a voicemail")
        case .machine:
            row.call.phase = .over
            if try await desk.unanswered(row, question, reason: "taken by a machine") == true {
                try await receipts.refuse(question.plan.id, reason: "taken by a machine, which was told nothing")
            }
        case .refused(let reason):
            row.outcome = .refused
            try await put(row)
            try await desk.remark(
                "call.refused", reason: "\(question.plan.recipient.readableName) \(reason)",
                id: "\(row.provider)/\(row.id)", on: question)
            try await receipts.refuse(question.plan.id, reason: reason)
        }
    }

    private func put(_ row: PhoneCallRow) async throws {
        let at = desk.now()
        try await desk.database.retrying { try PhoneCalls($0).put(row, at: at) }
    }

    private func isPassword(_ digits: String, _ question: Question, _ row: PhoneCallRow) async throws -> Bool {
        let person = try await desk.directory.current().people[question.plan.recipient.id]
        guard let hash = person?.phonePinHash, !hash.isEmpty, try await failures(row) < Self.failureLimit else {
            return false
        }
        return PasswordHash.verify(digits, against: hash)
    }

    private func failures(_ row: PhoneCallRow) async throws -> Int {
        try await desk.database.reading { try PhoneCalls($0).failures(of: row.notification) }
    }
}

// MARK: - What a call is about

extension ProviderRoutes {
    var receipts: Receipts { Receipts(desk: desk) }

    /// Of a call of ours, what it was made for; of one that somebody makes, what that telephone was asked last.
    func question(of call: Call) async throws -> Question? {
        if let notification = call.query["n"] { return try await desk.question(notification) }
        return try await PhoneQuestions.of(call.text("From"), kinds: [.voice], at: desk)
            .meant(alert: nil, now: desk.now())
    }

    func row(_ call: Call, _ question: Question) async throws -> PhoneCallRow {
        let id = call.text("CallSid")
        let known = try await desk.database.reading {
            try PhoneCalls($0).get(provider: call.provider.id, id: id)
        }
        let attempt = call.query["a"].flatMap { Int($0) } ?? 0
        return known
            ?? PhoneCallRow(provider: call.provider.id, id: id, notification: question.plan.id, attempt: attempt)
    }

    private func nothingToSay(_ call: Call) async throws -> Response {
        if let told = try await withoutAlert(call) { return told }
        let phone = try await PhoneQuestions.of(call.text("From"), kinds: [.voice], at: desk)
        let language = phone.owners.first?.language ?? "en"
        let phrases = AnswerPhrases(language: language)
        let isKnown = call.query["n"] != nil || !phone.owners.isEmpty
        logger.info("a call without an alert", metadata: ["provider": "\(call.provider.name)", "known": "\(isKnown)"])
        return Self.twiml(
            [.say(isKnown ? phrases.nothingOpen : phrases.unknownPhone), .hangUp], language: language)
    }

    /// A call that tells of several alerts, or tests the telephone: nothing can be answered.
    private func withoutAlert(_ call: Call) async throws -> Response? {
        guard let id = call.query["n"] else { return nil }
        let plan = try await desk.database.reading { try Notifications($0).get([id]).first?.plan }
        guard let plan, plan.kindOfPurpose != .alert else { return nil }
        let isMachine = PhoneCall.AnsweredBy(call.form["AnsweredBy"]) == .machine
        try await receipts.confirm(id, word: isMachine ? "left on a voicemail" : "taken by a person")
        let language = plan.language.isEmpty ? "en" : plan.language
        let phrases = AnswerPhrases(language: language)
        return Self.twiml(
            [.say(plan.kindOfPurpose == .test ? phrases.test : phrases.severalAlerts), .hangUp], language: language)
    }

    private func action(_ call: Call, _ question: Question) -> String {
        let attempt = call.query["a"] ?? "0"
        return "\(publicURL)/provider/twilio/\(call.provider.id)/voice/gather?n=\(question.plan.id)&a=\(attempt)"
    }

    private func content(_ question: Question, attempt: Int) async throws -> PhoneCall.Content {
        let details = question.alert.details
        let view = try await desk.directory.current()
        let person = view.people[question.plan.recipient.id]
        let words = AlertText(
            details, form: view.forms[details.form.id], definitions: view.properties, language: question.language,
            conference: view.conference(of: details))
        var content = PhoneCall.Content(
            language: question.language,
            message: words.speech ?? (words.subject.isEmpty ? "Alert \(details.number)" : words.subject),
            options: details.responseOptions.map { .init(number: $0.number, prompt: $0.prompt(in: question.language)) })
        content.bypassesIntro = details.bypassPhoneIntro
        content.requiresPassword = details.requirePhonePassword
        content.hasPassword = person?.phonePinHash.isEmpty == false
        content.leave = details.voicemailOptions.leave
        content.callsLeft = max(0, details.voicemailOptions.retry - attempt)
        content.ending = question.end.map { desk.ended($0, question) }
        return content
    }
}
