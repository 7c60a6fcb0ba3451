import AlertCore
import Foundation

/// Looks at the next rows of a table and replaces what names a person, within one transaction.
struct ErasureSweep {
    /// How many rows are looked at in one transaction.
    static let window = 300

    let connection: any SQLConnection
    let person: String
    let texts: [PersonalText]

    struct Outcome {
        var seen = 0
        var changed = 0
        /// The key of the last row; `nil` when there are no more.
        var last: [String]?
    }

    /// What stands for a text of the person's.
    private var replacement: [UInt8] { Array(SealedText.erased(person).utf8) }

    func step(
        _ table: String, keys: [ErasedTable.Key], columns: [ErasedTable.Column], after last: [String]
    ) throws -> Outcome {
        let rows = try rows(table, keys: keys, columns: columns, after: last)
        var outcome = Outcome(seen: rows.count)
        for row in rows {
            let values = columns.indices.map { row.optionalText(keys.count + $0) }
            let new = zip(columns, values).map { column, value in value.map { erased($0, column.content) } }
            if new != values {
                try replace(table, Self.condition(keys, row), columns, values, with: new)
                outcome.changed += 1
                if table == "alerts", let old = values[0], let new = new[0] {
                    try followAlert(row.text(0), from: old, to: new)
                }
            }
        }
        if table == "notifications" { outcome.changed += try forgetNotifications(rows.map { $0.text(0) }) }
        if rows.count == Self.window, let row = rows.last {
            outcome.last = keys.enumerated().map { $1.isInteger ? String(row.integer($0)) : row.text($0) }
        }
        return outcome
    }

    private func rows(
        _ table: String, keys: [ErasedTable.Key], columns: [ErasedTable.Column], after last: [String]
    ) throws(StoreError) -> [SQLRow] {
        let names = SQL(stringLiteral: keys.map(\.name).joined(separator: ", "))
        let wanted = SQL(stringLiteral: (keys.map(\.name) + columns.map(\.name)).joined(separator: ", "))
        let source = SQL(stringLiteral: table)
        var after: SQL = ""
        if !last.isEmpty {
            let places = zip(keys, last).map { key, text in
                key.isInteger ? SQLValue.integer(Int64(text) ?? 0) : .text(text)
            }
            after = "WHERE (\(names)) > \(list: places)"
        }
        return try connection.execute(
            "SELECT \(wanted) FROM \(source) \(after) ORDER BY \(names) LIMIT \(Self.window)")
    }

    private static func condition(_ keys: [ErasedTable.Key], _ row: SQLRow) -> SQL {
        keys.enumerated().map { index, key -> SQL in
            let value: SQLValue = key.isInteger ? .integer(row.integer(index)) : .text(row.text(index))
            return "\(SQL(stringLiteral: key.name)) = \(value)"
        }.joinedByAnd()
    }

    /// Unless somebody else has changed it meanwhile: it is found the next time through.
    private func replace(
        _ table: String, _ key: SQL, _ columns: [ErasedTable.Column], _ old: [String?], with new: [String?]
    ) throws(StoreError) {
        for (index, column) in columns.enumerated() {
            guard let before = old[index], let after = new[index], before != after else { continue }
            let name = SQL(stringLiteral: column.name)
            try connection.execute(
                "UPDATE \(SQL(stringLiteral: table)) SET \(name) = \(after) WHERE \(key) AND \(name) = \(before)")
        }
    }

    // MARK: - Texts

    /// The text without the person.
    func erased(_ text: String, _ content: ErasedTable.Column.Content) -> String {
        var texts = texts
        if content == .message { texts += written(in: text) }
        var text = text
        let erased: [UInt8]? = text.withUTF8 { bytes in
            let found =
                content == .plain ? PersonalScan.findPlain(texts, in: bytes) : PersonalScan.find(texts, in: bytes)
            guard !found.isEmpty else { return nil }
            var erased: [UInt8] = []
            var end = 0
            for part in found {
                erased += bytes[end..<part.range.lowerBound]
                erased += replacement
                end = part.range.upperBound
            }
            return erased + bytes[end...]
        }
        return erased.map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    /// What the person wrote, by the message that has it.
    private func written(in message: String) -> [PersonalText] {
        guard message.contains(person), let value = try? JSON.decode(message, as: JSONValue.self) else {
            return []  // a message that is no JSON is looked through for names only
        }
        return written(in: value).map { PersonalText($0, of: person) }
    }

    private func written(in value: JSONValue) -> [String] {
        switch value {
        case .array(let values): return values.flatMap(written)
        case .object(let fields):
            var texts = fields.values.flatMap(written)
            let author = fields["by"]?["id"] ?? fields["recipient"]?["id"] ?? fields["person"]
            if author?.string == person {
                texts += ["text", "comment", "device", "message"].compactMap { fields[$0]?.string }
            }
            return texts
        case .string, .integer, .number, .bool, .null: return []
        }
    }

    // MARK: - What follows from other rows

    private func followAlert(_ id: String, from old: String, to new: String) throws {
        let (old, new) = (try JSON.decode(old, as: AlertDetails.self), try JSON.decode(new, as: AlertDetails.self))
        for (name, value) in new.properties where old.properties[name] != value {
            try connection.execute(
                """
                UPDATE alert_properties SET value = \(value.readable), folded = \(value.readable.folded)
                WHERE alert_id = \(id) AND name = \(name)
                """)
        }
        let found = texts.first { $0.text.unicodeScalars.count > 2 && old.searchable.contains($0.text.folded) }
        guard let found, old.searchable != new.searchable else { return }
        try connection.execute(
            """
            UPDATE alert_texts SET text = \(new.searchable) WHERE number = \(new.number)
            AND \(connection.dialect.texts(contain: found.text.folded))
            """)
    }

    /// The person's own: as the log has them now, and without what providers know them by.
    /// - Returns: How many rows were changed besides.
    private func forgetNotifications(_ ids: [String]) throws -> Int {
        let own = try connection.execute(
            "SELECT id FROM notifications WHERE person_id = \(person) AND id IN \(list: ids)"
        ).map { $0.text(0) }
        guard !own.isEmpty else { return 0 }
        var changed = 0
        for event in try EventLog(connection).read(streams: own.map { "\(AlertCore.Notification.category)-\($0)" }) {
            guard event.version == 1,
                case .planned(let plan, _) = try EventCodec<AlertCore.Notification.Event>.decode(event.data)
            else { continue }
            let document = erased(try JSON.encode(plan), .document)
            changed += try connection.execute(
                """
                UPDATE notifications SET document = \(document) WHERE id = \(plan.id) AND document <> \(document)
                RETURNING id
                """
            ).count
        }
        for table in ["notification_receipts", "phone_calls"] {
            changed += try connection.execute(
                """
                DELETE FROM \(SQL(stringLiteral: table)) WHERE notification_id IN \(list: own)
                RETURNING notification_id
                """
            ).count
        }
        changed += try connection.execute(
            """
            UPDATE inbound_messages SET sender = \(SealedText.erased(person)), reply = '', text = NULL
            WHERE notification_id IN \(list: own) AND sender <> \(SealedText.erased(person)) RETURNING id
            """
        ).count
        return changed
    }
}
