/// A workflow: forms, properties, integrations, endpoints and constants that belong together. `plan` on the
/// wire (spec §4.7).
public struct Plan: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var name: String
    public var description: String
    public var enabled: Bool
    public var loggingLevel: String
    public var accessibleByAll: Bool
    /// Whether the limits on notifications of one person hold for its alerts too (spec §2.7).
    public var floodControl: Bool
    public var created: Timestamp
    /// The id of a person.
    public var creator: String?
    /// Its place among all plans, from 0.
    @Later public var position: Int
    /// The `engine.json` of the file that it was imported from: see ``Archived``.
    public var archived: JSONValue?
    /// Of a plan that was imported.
    public var layout: PlanLayout?
    /// For how many months its alerts are kept, 0 for ever; `nil` for as long as those of other plans.
    public var retentionMonths: Int?

    public init(
        id: String, name: String, description: String = "", enabled: Bool = true, loggingLevel: String = "INFO",
        accessibleByAll: Bool = true, floodControl: Bool = false, created: Timestamp, creator: String? = nil,
        position: Int = 0, archived: JSONValue? = nil, layout: PlanLayout? = nil
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.enabled = enabled
        self.loggingLevel = loggingLevel
        self.accessibleByAll = accessibleByAll
        self.floodControl = floodControl
        self.created = created
        self.creator = creator
        self.position = position
        self.archived = archived
        self.layout = layout
    }
}
