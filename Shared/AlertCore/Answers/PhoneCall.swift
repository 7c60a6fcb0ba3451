/// One telephone call about an alert, as it goes on: what is said, what the keys mean. Kept between the requests of
/// the provider.
public struct PhoneCall: Codable, Equatable, Sendable {
    public enum Phase: String, Codable, Sendable {
        /// Waits for the phone password.
        case password
        /// Waits for an answer.
        case answer
        case over
    }

    /// Who took the call.
    public enum AnsweredBy: Equatable, Sendable {
        case person
        case machine

        /// - Parameter text: Twilio's `AnsweredBy`; absent or unknown counts as a person, who can hang up.
        public init(_ text: String?) {
            self = text?.hasPrefix("machine") == true || text == "fax" ? .machine : .person
        }
    }

    public enum Input: Equatable, Sendable {
        case begin(AnsweredBy)
        /// What was entered, compared with the phone password of the person.
        case password(isRight: Bool)
        /// Keys; empty when none was pressed in time.
        case keys(String)
    }

    /// What follows besides what is said.
    public enum Effect: Equatable, Sendable {
        case none
        /// Somebody has heard the message.
        case reached
        /// The option of that number was chosen.
        case answer(Int)
        /// Nobody has heard it: a machine took the call.
        case machine
        /// A machine has recorded something.
        case voicemail
        case refused(reason: String)
    }

    /// What the call is about.
    public struct Content: Equatable, Sendable {
        public struct Option: Equatable, Sendable {
            public var number: Int
            public var prompt: String

            public init(number: Int, prompt: String) {
                self.number = number
                self.prompt = prompt
            }
        }

        public var language: String
        public var message: String
        public var options: [Option]
        public var bypassesIntro = false
        public var requiresPassword = false
        public var hasPassword = false
        public var leave = VoicemailOptions.Leave.callbackOnly
        /// Further calls that are made when nobody answers this one.
        public var callsLeft = 0
        /// Why there is nothing to answer any more, if so.
        public var ending: String?

        public init(language: String, message: String, options: [Option]) {
            self.language = language
            self.message = message
            self.options = options
        }
    }

    public static let passwordTries = 3
    public static let rounds = 4

    public var phase = Phase.answer
    /// Wrong passwords so far.
    public var failures = 0
    /// How often the message was told.
    public var told = 0
    public var isOver: Bool { phase == .over }

    public init() {}

    /// - Parameter action: Where keys go to.
    public mutating func hear(_ input: Input, _ content: Content, action: String) -> ([TwiML], Effect) {
        let phrases = AnswerPhrases(language: content.language)
        switch input {
        case .begin(.machine): return machine(content, phrases)
        case .begin(.person):
            let greeting = content.bypassesIntro ? [] : [TwiML.say(phrases[.greeting])]
            if let ending = content.ending { return end(greeting + [.say(ending)], phrases, .reached) }
            guard content.requiresPassword else { return tell(content, phrases, action, before: greeting, .reached) }
            guard content.hasPassword else {
                return end(greeting + [.say(phrases[.noPassword])], phrases, .refused(reason: "has no phone password"))
            }
            phase = .password
            return (greeting + [ask(phrases, action)], .none)
        case .password(true):
            phase = .answer
            return tell(content, phrases, action, before: [], .reached)
        case .password(false):
            failures += 1
            guard failures < Self.passwordTries else {
                let reason = "\(failures) wrong phone passwords"
                return end([.say(phrases[.wrongPassword])], phrases, .refused(reason: reason))
            }
            return ([.say(phrases[.wrongPassword]), ask(phrases, action)], .none)
        case .keys(let keys): return press(keys, content, phrases, action)
        }
    }

    private mutating func press(
        _ keys: String, _ content: Content, _ phrases: AnswerPhrases, _ action: String
    ) -> ([TwiML], Effect) {
        guard phase == .answer else { return end([], phrases, .none) }
        if let ending = content.ending { return end([.say(ending)], phrases, .none) }
        if let number = Int(keys), content.options.contains(where: { $0.number == number }) {
            phase = .over
            return ([], .answer(number))
        }
        guard told < Self.rounds else { return end([], phrases, .none) }
        let isRepeat = ["", "0", "*"].contains(keys)
        return tell(content, phrases, action, before: isRepeat ? [] : [.say(phrases[.unknownKey])], .none)
    }

    private mutating func tell(
        _ content: Content, _ phrases: AnswerPhrases, _ action: String, before: [TwiML], _ effect: Effect
    ) -> ([TwiML], Effect) {
        told += 1
        phase = .answer
        guard !content.options.isEmpty else { return end(before + [.say(content.message)], phrases, effect) }
        let keys = content.options.map { TwiML.say(phrases[.press, String($0.number), $0.prompt]) }
        let inside = [.say(content.message), .pause(seconds: 1)] + keys + [.say(phrases[.again])]
        return (before + [.gather(digits: 1, action: action, seconds: 8, inside)], effect)
    }

    private mutating func machine(_ content: Content, _ phrases: AnswerPhrases) -> ([TwiML], Effect) {
        phase = .over
        guard content.callsLeft == 0, content.ending == nil else { return ([.hangUp], .machine) }
        // A machine's owner is not known to be the person: with a password, nothing is told to it.
        let tells = content.leave.revealsContent && !content.requiresPassword
        let callback = [TwiML.say(phrases[.greeting]), .say(phrases[.callBack])]
        switch content.leave {
        case .hangUp: return ([.hangUp], .machine)
        case .callbackOnly: return (callback + [.hangUp], .voicemail)
        case .messageOnly: return (tells ? [.say(content.message), .hangUp] : callback + [.hangUp], .voicemail)
        case .callbackAndMessage:
            return ((tells ? [.say(content.message)] : []) + callback + [.hangUp], .voicemail)
        }
    }

    private func ask(_ phrases: AnswerPhrases, _ action: String) -> TwiML {
        .gather(digits: nil, action: action, seconds: 10, [.say(phrases[.enterPassword])])
    }

    private mutating func end(
        _ verbs: [TwiML], _ phrases: AnswerPhrases, _ effect: Effect
    ) -> ([TwiML], Effect) {
        phase = .over
        return (verbs + [.say(phrases[.goodbye]), .hangUp], effect)
    }

    /// What is said after an answer.
    /// - Parameter conference: The alert's, for an answer that joins it.
    public static func confirmation(
        _ text: String, joins: Bool, conference: ConferenceAccess?, language: String
    ) -> [TwiML] {
        let phrases = AnswerPhrases(language: language)
        guard joins else { return [.say(text), .say(phrases[.goodbye]), .hangUp] }
        guard let number = conference?.numbers.first else {
            return [.say(text), .say(phrases[.noBridge]), .hangUp]
        }
        return [.say(text), .say(phrases[.joining]), .dial(number, keys: conference?.keys)]
    }
}
