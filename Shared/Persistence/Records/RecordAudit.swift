import AlertCore
import Foundation

/// The audit events of what people keep outside the directory: incidents, changes, imports. They have the shape of the
/// directory's own, so that one question finds both.
struct RecordAudit {
    let connection: any SQLConnection

    /// - Parameters:
    ///   - before: `nil` for something new.
    ///   - kind: The singular noun, in lower case. Part of stored keys: never renamed.
    func record(
        kind: String, id: String, name: String, before: (some Encodable)?, after: some Encodable, by origin: Origin,
        at now: Timestamp
    ) throws {
        var data: [String: JSONValue] = [
            "kind": .string(kind), "id": .string(id), "name": .string(name),
            "after": try DirectoryAudit.redacted(try DirectoryJSON.text(after)),
        ]
        if let before { data["before"] = try DirectoryAudit.redacted(try DirectoryJSON.text(before)) }
        try EventLog(connection).record(
            type: "config.changed", data: try DirectoryJSON.text(JSONValue.object(data)),
            on: "config-\(kind)-\(id)", in: DirectoryAudit.partition, origin: origin, at: now)
    }

    /// Of something new.
    func record(
        kind: String, id: String, name: String, after: some Encodable, by origin: Origin, at now: Timestamp
    ) throws {
        try record(kind: kind, id: id, name: name, before: nil as JSONValue?, after: after, by: origin, at: now)
    }
}

/// Words that searches look for by their beginnings.
enum SearchWords {
    /// How much of a text is looked into, in characters.
    private static let textLimit = 16_384

    /// ` disk full on db 7 `: words in lower case, each with a space before it.
    static func of(_ text: String) -> String {
        let words = text.prefix(textLimit).lowercased().split { !$0.isLetter && !$0.isNumber }
        return words.isEmpty ? "" : " \(words.joined(separator: " ")) "
    }

    /// What is true of columns any of which holds the beginning of a word of `term`; a term without letters or digits
    /// is in none.
    static func condition(_ term: String, in columns: [SQL]) -> SQL {
        let words = of(term).dropLast()
        guard !words.isEmpty, !columns.isEmpty else { return "1 = 0" }
        let pattern: String = "%" + words + "%"
        return columns.map { column -> SQL in "\(column) LIKE \(pattern)" }.joined(allOfThem: false)
    }
}

extension [SQL] {
    /// At least one condition, in parentheses, joined by `AND` or by `OR`.
    func joined(allOfThem: Bool) -> SQL {
        let word: SQL = allOfThem ? "AND" : "OR"
        let conditions: SQL = dropFirst().reduce(self[0]) { all, next -> SQL in "\(all) \(word) \(next)" }
        return "(\(conditions))"
    }
}
