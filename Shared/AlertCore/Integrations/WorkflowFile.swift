/// A file beside the documents of a workflow, as an image that its forms show; kept whole, so that an export has it
/// again.
public struct WorkflowFile: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var plan: String
    /// Below the archive's root, with slashes.
    public var path: String
    /// The bytes in base64.
    public var content: String

    public init(id: String, plan: String, path: String, content: String) {
        self.id = id
        self.plan = plan
        self.path = path
        self.content = content
    }
}

/// How the file was laid out that a plan was imported from. An export follows it: the same paths, the same order,
/// and in it what could not be used.
///
/// In a list, a text stands for the part of the plan with that id, and an object holds under `raw` what was no part.
/// Where a part keeps a list of its own parts in ``Archived``, as a form its sections, the list looks the same.
public struct PlanLayout: Codable, Hashable, Sendable {
    /// By the path of the document, with the field after a `#` where the list is one of several.
    public var lists: [String: [JSONValue]]
    /// Of forms and canvases: the path of the document, by id.
    public var paths: [String: String]
    /// The other fields of documents that hold lists, by path.
    public var fields: [String: JSONValue]

    public init(
        lists: [String: [JSONValue]] = [:], paths: [String: String] = [:], fields: [String: JSONValue] = [:]
    ) {
        self.lists = lists
        self.paths = paths
        self.fields = fields
    }
}
