/// A named value that the scripts of a plan can read.
public struct Constant: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var plan: String
    public var name: String
    public var value: String
    public var description: String
    public var archived: JSONValue?

    public init(
        id: String, plan: String, name: String, value: String, description: String = "", archived: JSONValue? = nil
    ) {
        self.id = id
        self.plan = plan
        self.name = name
        self.value = value
        self.description = description
        self.archived = archived
    }
}
