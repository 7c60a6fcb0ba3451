extension Form {
    /// The words of an email. Subject and body may hold placeholders, as in `${Service} is down`.
    public struct EmailTemplate: Codable, Hashable, Sendable {
        public var language: String
        public var subject: String
        /// HTML.
        public var body: String

        public init(language: String = "en", subject: String, body: String) {
            self.language = language
            self.subject = subject
            self.body = body
        }
    }

    /// The words of a text message; may hold placeholders.
    public struct SMSTemplate: Codable, Hashable, Sendable {
        public var language: String
        public var text: String

        public init(language: String = "en", text: String) {
            self.language = language
            self.text = text
        }
    }

    /// What is said on a phone call, step by step.
    public struct VoiceTemplate: Codable, Hashable, Sendable {
        /// One thing that is said: a phrase, or the value of a property.
        public struct Step: Codable, Hashable, Sendable {
            public var id: String?
            /// `PHRASE`, `PROPERTY` or another of the platform's kinds.
            public var stepType: String
            /// `TTS`, `CHARACTERS`, `PHRASE`: how it is said.
            public var playback: String
            public var phrase: String?
            /// The name of a property.
            public var property: String?
            /// What is said of every alert, such as its priority, by the platform's name for it.
            public var commonProperty: String?

            public init(
                id: String? = nil, stepType: String, playback: String = "TTS", phrase: String? = nil,
                property: String? = nil, commonProperty: String? = nil
            ) {
                self.id = id
                self.stepType = stepType
                self.playback = playback
                self.phrase = phrase
                self.property = property
                self.commonProperty = commonProperty
            }
        }

        public var language: String
        public var steps: [Step]

        public init(language: String = "en", steps: [Step]) {
            self.language = language
            self.steps = steps
        }
    }
}
