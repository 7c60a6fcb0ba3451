/// A step of one's own for the canvases of a plan (spec §3.8, §7.1 `scriptSteps`).
public struct ScriptStep: Codable, Hashable, Sendable, Identifiable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case user = "USER"
        case customHTTP = "CUSTOM_HTTP"
        case plan = "PLAN"
    }

    /// What a script reads as `input['Name']`.
    public struct Input: Codable, Hashable, Sendable, Identifiable {
        public var id: String
        public var name: String
        public var helpText: String
        public var defaultValue: String
        public var required: Bool
        public var multiline: Bool
        public var minLength: Int?
        /// Characters; at most 20,000.
        public var maxLength: Int?
        /// A regular expression.
        public var validation: String?

        public init(
            id: String, name: String, helpText: String = "", defaultValue: String = "", required: Bool = false,
            multiline: Bool = false, minLength: Int? = nil, maxLength: Int? = nil, validation: String? = nil
        ) {
            self.id = id
            self.name = name
            self.helpText = helpText
            self.defaultValue = defaultValue
            self.required = required
            self.multiline = multiline
            self.minLength = minLength
            self.maxLength = maxLength
            self.validation = validation
        }
    }

    /// What a script sets as `output['Name']`.
    public struct Output: Codable, Hashable, Sendable, Identifiable {
        public var id: String
        public var name: String
        public var description: String

        public init(id: String, name: String, description: String = "") {
            self.id = id
            self.name = name
            self.description = description
        }
    }

    /// A library that belongs to the step, and the name under which `require` finds it.
    public struct Library: Codable, Hashable, Sendable {
        public var referenceName: String
        public var name: String
        public var script: String

        public init(referenceName: String, name: String, script: String) {
            self.referenceName = referenceName
            self.name = name
            self.script = script
        }
    }

    public var id: String
    public var plan: String
    public var name: String
    public var description: String
    public var kind: Kind
    public var script: String
    /// Set by the directory, one more with each change of the text; `nil` in older documents: 1.
    public var scriptVersion: Int?
    public var inputs: [Input]
    public var outputs: [Output]
    public var libraries: [Library]
    public var archived: JSONValue?

    public init(
        id: String, plan: String, name: String, description: String = "", kind: Kind, script: String,
        inputs: [Input] = [], outputs: [Output] = [], libraries: [Library] = [], archived: JSONValue? = nil
    ) {
        self.id = id
        self.plan = plan
        self.name = name
        self.description = description
        self.kind = kind
        self.script = script
        self.inputs = inputs
        self.outputs = outputs
        self.libraries = libraries
        self.archived = archived
    }
}
