/// One answer that a recipient can give (spec §5.5).
public struct ResponseOption: Codable, Hashable, Sendable {
    /// What an answer does, by its wire name.
    public enum Action: String, Codable, CaseIterable, Sendable {
        case recordResponse = "RECORD_RESPONSE"
        case stopNotifyingUser = "STOP_NOTIFYING_USER"
        case stopNotifyingTarget = "STOP_NOTIFYING_TARGET"
        case escalate = "ESCALATE"
        case assignToUser = "ASSIGN_TO_USER"
        case end = "END"
        case countResponse = "COUNT_RESPONSE"
        case omitResponseCount = "OMIT_RESPONSE_COUNT"
    }

    /// For reports only.
    public enum Contribution: String, Codable, CaseIterable, Sendable {
        case positive = "POSITIVE"
        case negative = "NEGATIVE"
        case neutral = "NEUTRAL"
        case none = "NONE"
    }

    public var id: String
    /// 1 to 9: the keypad digit.
    public var number: Int
    public var text: String
    public var description: String
    public var prompt: String
    public var action: Action
    public var contribution: Contribution
    public var joinConference: Bool
    public var allowComments: Bool
    public var redirectUrl: String?
    @Later public var translations: [Translation]
    public var archived: JSONValue?

    /// The option's words in another language.
    public struct Translation: Codable, Hashable, Sendable {
        public var language: String
        public var text: String
        public var prompt: String?
        public var description: String?

        public init(language: String, text: String, prompt: String? = nil, description: String? = nil) {
            self.language = language
            self.text = text
            self.prompt = prompt
            self.description = description
        }
    }

    public init(
        id: String, number: Int, text: String, description: String? = nil, prompt: String? = nil,
        action: Action, contribution: Contribution = .none, joinConference: Bool = false,
        allowComments: Bool = true, redirectUrl: String? = nil,
        translations: [Translation] = [], archived: JSONValue? = nil
    ) {
        self.id = id
        self.number = number
        self.text = text
        self.description = description ?? text
        self.prompt = prompt ?? text
        self.action = action
        self.contribution = contribution
        self.joinConference = joinConference
        self.allowComments = allowComments
        self.redirectUrl = redirectUrl
        self.translations = translations
        self.archived = archived
    }
}
