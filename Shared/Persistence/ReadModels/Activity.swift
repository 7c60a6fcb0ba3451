import AlertCore

/// One inbound request with what came of it (spec §2.8).
public struct Activity: Codable, Equatable, Sendable {
    public enum Status: String, Codable, CaseIterable, Sendable {
        case running = "RUNNING"
        case completed = "COMPLETED"
        case failed = "FAILED"
        /// Too many like it have come: nothing was run.
        case suppressed = "SUPPRESSED"
    }

    /// An error, for the author of the integration.
    public struct Problem: Codable, Equatable, Sendable {
        public var kind: String
        public var message: String
        /// In the script, from 1.
        public var line: Int?
        public var column: Int?

        public init(kind: String, message: String, line: Int? = nil, column: Int? = nil) {
            self.kind = kind
            self.message = message
            self.line = line
            self.column = column
        }
    }

    public struct MadeAlert: Codable, Hashable, Sendable {
        public var id: String
        public var number: Int64

        public init(id: String, number: Int64) {
            self.id = id
            self.number = number
        }
    }

    /// A script that took part in the run.
    public struct UsedScript: Codable, Hashable, Sendable {
        /// ``DirectoryEntry/kind`` and id of what it belongs to.
        public var owner: String
        public var ownerId: String
        public var name: String
        /// `nil` for a text that was not saved.
        public var version: Int?

        public init(owner: String, ownerId: String, name: String, version: Int?) {
            self.owner = owner
            self.ownerId = ownerId
            self.name = name
            self.version = version
        }
    }

    public var requestId: String
    /// Empty for a request to a form.
    public var integration: String
    /// The id of the form that the request was sent to, without an integration.
    public var form: String?
    public var receivedAt: Timestamp
    public var status: Status
    public var method: String
    /// Without credentials.
    public var headers: [String: String]
    /// Without the key.
    public var parameters: [String: String]
    public var body: String
    public var remoteAddress: String
    /// The target name of whoever it acts as.
    public var by: String
    /// What the script printed. Of runs before there were ``calls``: these too, as text.
    public var log: String
    /// In the order in which they were made.
    @Later public var calls: [ActivityCall]
    /// What the server has to say to the author: what was left out, what was not done.
    @Later public var notes: [String]
    public var problem: Problem?
    /// Why nothing was run.
    public var suppression: Suppression?
    public var alerts: [MadeAlert]
    /// Of a dry run: the alerts that would have been made.
    @Later public var drafts: [AlertDetails]
    /// What a flow's trigger has read from the request.
    @Later public var outputs: [String: String]
    public var durationMilliseconds: Int
    /// `nil` for a request that came from outside.
    public var run: RequestedRun?
    /// The script that ran; `nil` when there was none.
    public var script: UsedScript?
    /// The libraries that it could reach.
    @Later public var libraries: [UsedScript]

    public init(
        requestId: String, integration: String, receivedAt: Timestamp, status: Status, method: String,
        headers: [String: String], parameters: [String: String], body: String, remoteAddress: String, by: String,
        log: String = "", calls: [ActivityCall] = [], notes: [String] = [], problem: Problem? = nil,
        alerts: [MadeAlert] = [], drafts: [AlertDetails] = [], outputs: [String: String] = [:],
        durationMilliseconds: Int = 0, form: String? = nil, run: RequestedRun? = nil, script: UsedScript? = nil,
        libraries: [UsedScript] = []
    ) {
        self.requestId = requestId
        self.integration = integration
        self.receivedAt = receivedAt
        self.status = status
        self.method = method
        self.headers = headers
        self.parameters = parameters
        self.body = body
        self.remoteAddress = remoteAddress
        self.by = by
        self.log = log
        self.calls = calls
        self.notes = notes
        self.problem = problem
        self.alerts = alerts
        self.drafts = drafts
        self.outputs = outputs
        self.durationMilliseconds = durationMilliseconds
        self.form = form
        self.run = run
        self.script = script
        self.libraries = libraries
    }
}

/// How a request comes to be run when it does not come from outside.
public struct RequestedRun: Codable, Hashable, Sendable {
    public enum Attempt: String, Codable, CaseIterable, Sendable {
        /// Sent by an author to try an integration.
        case test = "TEST"
        /// A stored request, run again.
        case rerun = "RERUN"
        /// Shows what would be done, and does nothing.
        case dryRun = "DRY_RUN"
    }

    public var attempt: Attempt
    /// The target name of whoever asked for it.
    public var by: String
    /// The request whose content it has.
    public var rerunOf: String?
    /// The version of the script to run; `nil` for the present one.
    public var scriptVersion: Int?
    /// Whether a text that is not saved runs: ``ScriptDrafts`` has it.
    public var usesDraft: Bool
    /// Of a dry run: whether outgoing calls get the answers that ``rerunOf`` got.
    public var answersAsRecorded: Bool

    public init(
        attempt: Attempt, by: String, rerunOf: String? = nil, scriptVersion: Int? = nil, usesDraft: Bool = false,
        answersAsRecorded: Bool = false
    ) {
        self.attempt = attempt
        self.by = by
        self.rerunOf = rerunOf
        self.scriptVersion = scriptVersion
        self.usesDraft = usesDraft
        self.answersAsRecorded = answersAsRecorded
    }
}
