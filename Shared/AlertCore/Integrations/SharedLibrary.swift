/// A script that the scripts of a plan reach by `require('Name')`, case-sensitive (spec §3.5).
public struct SharedLibrary: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var plan: String
    public var name: String
    /// The author's text, not encoded.
    public var script: String
    public var archived: JSONValue?

    public init(id: String, plan: String, name: String, script: String, archived: JSONValue? = nil) {
        self.id = id
        self.plan = plan
        self.name = name
        self.script = script
        self.archived = archived
    }
}
