/// Everything that one run of a script needs, but for what it may reach: see ``ScriptHost``.
public struct ScriptRun: Sendable, Codable {
    /// What the script is for, which decides the built-ins that it sees.
    public enum Kind: String, Codable, Sendable {
        /// Sees `request`, `form` and `trigger`; an alert comes from `form.post(trigger)`.
        case createEvent
        /// Sees `request` alone.
        case runScript
    }

    /// Stands for the file name in the positions of errors: the name of the integration, say.
    public var name: String
    public var kind: Kind
    /// The body of a function in sloppy mode, so that a top-level `return` is legal.
    public var source: String
    public var request: ScriptRequest
    /// What the script reads as `constants['Name']`.
    public var constants: [String: String]
    /// The JSON of the object that the script finds as `trigger`.
    public var trigger: String

    public init(
        name: String, kind: Kind, source: String, request: ScriptRequest, constants: [String: String] = [:],
        trigger: String = #"{"properties":{}}"#
    ) {
        self.name = name
        self.kind = kind
        self.source = source
        self.request = request
        self.constants = constants
        self.trigger = trigger
    }
}

/// The HTTP request that led to the run. Its members are those of the script's `request`.
public struct ScriptRequest: Sendable, Codable {
    public var method: String
    /// Scripts look a header up by its exact name, so the names are in their usual case: `Content-Type`.
    public var headers: [String: String]
    /// The query's parameters and, of a form-encoded request, those of the body.
    public var parameters: [String: String]
    /// The raw text; scripts parse it themselves.
    public var body: String
    public var remoteAddress: String
    public var requestId: String

    public init(
        method: String = "POST", headers: [String: String] = [:], parameters: [String: String] = [:],
        body: String = "", remoteAddress: String = "", requestId: String = ""
    ) {
        self.method = method
        self.headers = headers
        self.parameters = parameters
        self.body = body
        self.remoteAddress = remoteAddress
        self.requestId = requestId
    }
}
