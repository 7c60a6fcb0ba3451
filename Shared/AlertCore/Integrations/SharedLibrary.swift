/// A script that the scripts of a plan reach by `require('Name')`, case-sensitive (spec §3.5).
public struct SharedLibrary: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var plan: String
    public var name: String
    /// The author's text, not encoded.
    public var script: String
    /// Set by the directory, one more with each change of the text; `nil` in older documents: 1.
    public var scriptVersion: Int?
    public var archived: JSONValue?

    public init(id: String, plan: String, name: String, script: String, archived: JSONValue? = nil) {
        self.id = id
        self.plan = plan
        self.name = name
        self.script = script
        self.archived = archived
    }
}
