/// A flow as it was drawn: triggers and steps, and how they are connected (spec §7.2). Kept whole; nothing runs it
/// yet.
public struct Canvas: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var plan: String
    public var name: String
    public var description: String
    /// The canvas with its blocks and edges.
    public var archived: JSONValue?

    public init(id: String, plan: String, name: String, description: String = "", archived: JSONValue?) {
        self.id = id
        self.plan = plan
        self.name = name
        self.description = description
        self.archived = archived
    }
}

/// How many requests a trigger takes in a period before it suppresses further ones like them (spec §2.7).
public struct TriggerFilter: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var plan: String
    /// The id of the canvas in the file; kept, as it may be one that is nowhere else.
    public var flow: String
    /// The id of the trigger: of an inbound integration.
    public var trigger: String?
    public var enabled: Bool
    /// Names of outputs: requests that agree in all of them are alike. Empty: all are alike.
    public var outputs: [String]
    /// Seconds.
    public var periodSeconds: Int
    /// How many pass in a period.
    public var threshold: Int
    public var archived: JSONValue?

    public init(
        id: String, plan: String, flow: String = "", trigger: String? = nil, enabled: Bool = true,
        outputs: [String] = [], periodSeconds: Int = 60, threshold: Int = 4, archived: JSONValue? = nil
    ) {
        self.id = id
        self.plan = plan
        self.flow = flow
        self.trigger = trigger
        self.enabled = enabled
        self.outputs = outputs
        self.periodSeconds = periodSeconds
        self.threshold = threshold
        self.archived = archived
    }
}
