/// Why the directory did not take a change.
public enum DirectoryError: Error, Equatable, CustomStringConvertible {
    /// Another entry of the same kind and parent has the name, ignoring case; of a person or group, any of both.
    case nameTaken(field: String, name: String)
    /// Something else still needs the entry.
    case inUse(by: String)

    public var description: String {
        switch self {
        case .nameTaken(let field, let name): "the \(field) '\(name)' is taken"
        case .inUse(let user): "still used by \(user)"
        }
    }
}
