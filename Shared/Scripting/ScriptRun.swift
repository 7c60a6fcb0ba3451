/// Everything that one run of a script needs, but for what it may reach: see ``ScriptHost``.
public struct ScriptRun: Sendable {
    /// What the script is for, which decides the names that it sees besides `http`, `console`, `constants`,
    /// `require`, `XMLUtils` and `JXON`.
    public enum Kind: String, Codable, Sendable {
        /// `request`, `form` and `trigger`; an alert comes from `form.post(trigger)`.
        case createEvent
        /// `request`.
        case runScript
        /// `request`, whose body is the webhook's JSON; `callback`, which is that body parsed; and the
        /// ``ScriptRun/globals``.
        case outbound
        /// `request` and `output`.
        case httpTriggerStep
        /// `message`, parsed from ``ScriptRun/trigger``, and `output`: sends a message to a device.
        case provider
        /// `input` and `output`, and no `request`: authors declare one of their own.
        case step
    }

    /// Where the platform that scripts were written for would run this one.
    public enum Location: String, Codable, Sendable {
        case hosted
        /// `Java`, `java` and `Packages` are there, with the few classes that can be offered.
        case agent
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
    /// The JSON of an object, each key of which becomes a variable of the script. Keys that are no names, or
    /// that are names of the script's own objects (`http`, …), are passed over.
    public var globals: String
    /// What `require('Name')` finds.
    public var libraries: [ScriptLibrary]
    /// What the script reads as `input['Label']`. A label that is not here is the empty text.
    public var inputs: [String: String]
    /// The labels of which ``ScriptOutcome/outputs`` tells; `nil` for all that the script sets.
    public var outputNames: [String]?
    public var location: Location

    public init(
        name: String, kind: Kind, source: String, request: ScriptRequest = ScriptRequest(),
        constants: [String: String] = [:], trigger: String = #"{"properties":{}}"#, globals: String = "{}",
        libraries: [ScriptLibrary] = [], inputs: [String: String] = [:], outputNames: [String]? = nil,
        location: Location = .hosted
    ) {
        self.name = name
        self.kind = kind
        self.source = source
        self.request = request
        self.constants = constants
        self.trigger = trigger
        self.globals = globals
        self.libraries = libraries
        self.inputs = inputs
        self.outputNames = outputNames
        self.location = location
    }
}

/// A script that others share: a module in the way of CommonJS, run once in a run when it is first required.
public struct ScriptLibrary: Sendable, Equatable {
    /// What `require` finds it by; case matters.
    public var name: String
    /// The body of a function that sees `exports` and `module`, and what is there for every script.
    public var source: String

    public init(name: String, source: String) {
        self.name = name
        self.source = source
    }
}

/// The HTTP request that led to the run. Its members are those of the script's `request`.
public struct ScriptRequest: Sendable {
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
