import AlertCore
import Foundation

/// The audit events of the directory: who changed what, before and after.
struct DirectoryAudit {
    static let partition = LogPartition("config", 0)
    /// Fields that hold a secret or its hash. Of these, and of every field whose name begins with `sealed`, wherever it
    /// stands, the log says only that there is one.
    static let hashFields: Set<String> = ["passwordHash", "phonePinHash", "pin", "secretHash"]

    /// What stands in the log for a secret.
    static let redactedValue: JSONValue = "***"

    let connection: any SQLConnection

    /// - Parameters:
    ///   - before: The document before the change; `nil` for a new entry.
    ///   - after: The document after it; `nil` for a deletion.
    ///   - version: Of the directory, after it.
    func record<Entry: DirectoryEntry>(
        _ entry: Entry, before: String?, after: String?, version: Int64, by origin: Origin, at now: Timestamp
    ) throws {
        var data: [String: JSONValue] = [
            "kind": .string(Entry.kind), "id": .string(entry.id), "name": .string(entry.entryName),
            "version": .integer(version),
        ]
        if let before { data["before"] = try Self.redacted(before) }
        if let after { data["after"] = try Self.redacted(after) }
        var personal = entry.personal
        // What it was before is said, too.
        if connection.vault != nil {
            if let before { personal += try DirectoryJSON.decode(Entry.self, from: before).personal }
            personal += try PersonNames(connection).named(in: JSONValue.object(data))
        }
        try EventLog(connection).record(
            type: after == nil ? "config.deleted" : "config.changed",
            data: try DirectoryJSON.text(JSONValue.object(data)),
            on: "config-\(Entry.kind)-\(entry.id)", in: Self.partition, origin: origin, at: now,
            personal: personal)
    }

    static func redacted(_ document: String) throws -> JSONValue {
        guard case .object(var fields) = try DirectoryJSON.decode(JSONValue.self, from: document) else {
            return .null
        }
        // What describes a device can be its pin.
        if let pin = fields["pin"]?.string, !pin.isEmpty, fields["description"]?.string == pin {
            fields["description"] = redactedValue
        }
        for (name, value) in fields { fields[name] = redacted(value, named: name) }
        if let content = fields["content"]?.string { fields["content"] = .string("\(content.utf8.count) characters") }
        if fields["propertyType"] == .string(PropertyDefinition.Kind.password.rawValue),
            fields["defaultValue"] != nil
        {
            fields["defaultValue"] = "***"
        }
        return .object(fields)
    }

    static func isSecret(_ field: String) -> Bool { hashFields.contains(field) || field.hasPrefix("sealed") }

    private static func redacted(_ value: JSONValue, named name: String) -> JSONValue {
        if isSecret(name) {
            return value == .null || value == .array([]) ? value : redactedValue
        }
        switch value {
        case .object(let fields):
            return .object(Dictionary(uniqueKeysWithValues: fields.map { ($0, redacted($1, named: $0)) }))
        case .array(let values): return .array(values.map { redacted($0, named: name) })
        default: return value
        }
    }
}

/// Documents as text: keys in order, so that what is equal is equal as text.
enum DirectoryJSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StoreError(.invalid, "a stored \(type) cannot be read: \(error)")
        }
    }
}
