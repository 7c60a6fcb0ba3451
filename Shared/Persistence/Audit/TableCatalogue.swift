/// The tables of a database: which of them are the log, which follow from it, which have to be kept beside it.
///
/// A table that nobody has named here is **kept**: an export that carries too much is better than one that loses
/// something. docs/OPERATIONS.md has the list of all of them.
public struct TableCatalogue {
    public enum Content: String, Sendable {
        /// What has happened.
        case log
        /// Follows from the log, and is made from it again.
        case derived
        /// What the log does not say, or not all of.
        case kept
        /// Means nothing elsewhere, or is made by whoever starts.
        case transient
    }

    public struct Table: Equatable, Sendable {
        public let name: String
        /// In the order of their names.
        public let columns: [String]
        /// Of the primary key, in the order of their names; all columns where there is none.
        public let key: [String]

        public var content: Content { TableCatalogue.content(of: name) }
    }

    private static let log: Set = ["events", "log_partitions"]
    private static let derived: Set = [
        "alerts", "alert_properties", "alert_texts", "alert_suppressions", "attachment_uses", "notifications",
        "webhook_deliveries",
    ]
    /// Who has a partition now, what the broker is like now, which migrations this database has had, when somebody
    /// looks for what may go; and the index of the log, which makes itself anew.
    private static let transient: Set = [
        "partition_leases", "broker_contact", "schema_migrations", "retention_next", "retention_kept", "audit_head",
        "audit_cursors", "audit_log", "audit_blocks", "audit_postings", "audit_incoming", "audit_gone",
    ]

    public static func content(of table: String) -> Content {
        if log.contains(table) { return .log }
        if derived.contains(table) { return .derived }
        return transient.contains(table) ? .transient : .kept
    }

    /// Every table, in the order of their names. On SQLite, without what belongs to a full-text index of somebody.
    public static func tables(in connection: any SQLConnection) throws(StoreError) -> [Table] {
        switch connection.dialect {
        case .sqlite: try sqlite(connection)
        case .postgres: try postgres(connection)
        }
    }

    private static func sqlite(_ connection: any SQLConnection) throws(StoreError) -> [Table] {
        let rows = try connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        let virtual = rows.filter { ($0.optionalText(1) ?? "").hasPrefix("CREATE VIRTUAL") }.map { $0.text(0) }
        var tables: [Table] = []
        for row in rows {
            let name = row.text(0)
            if virtual.contains(where: { name.hasPrefix("\($0)_") }) { continue }
            let columns = try connection.execute("SELECT name, pk FROM pragma_table_info(\(name)) ORDER BY name")
            tables.append(
                table(
                    name, columns.map { $0.text(0) }, key: columns.filter { $0.integer(1) > 0 }.map { $0.text(0) }))
        }
        return tables
    }

    private static func postgres(_ connection: any SQLConnection) throws(StoreError) -> [Table] {
        let names = try connection.execute(
            """
            SELECT CAST(c.relname AS text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            ORDER BY CAST(c.relname AS text) COLLATE "C"
            """
        ).map { $0.text(0) }
        var tables: [Table] = []
        for name in names {
            let columns = try connection.execute(
                """
                SELECT CAST(a.attname AS text), CAST(coalesce((SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid
                AND i.indisprimary AND a.attnum = ANY(i.indkey)), 0) AS bigint)
                FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = current_schema() AND c.relname = \(name) AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY CAST(a.attname AS text) COLLATE "C"
                """)
            tables.append(
                table(
                    name, columns.map { $0.text(0) }, key: columns.filter { $0.integer(1) > 0 }.map { $0.text(0) }))
        }
        return tables
    }

    private static func table(_ name: String, _ columns: [String], key: [String]) -> Table {
        Table(name: name, columns: columns, key: key.isEmpty ? columns : key)
    }
}

extension TableCatalogue.Table {
    /// Gives every row to `body`, in the order of the key, a chunk at a time.
    func read(
        in connection: any SQLConnection, chunk: Int = 500, _ body: ([SQLValue]) throws -> Void
    ) throws {
        let names = SQL(stringLiteral: columns.joined(separator: ", "))
        let order = SQL(stringLiteral: key.joined(separator: ", "))
        let places = key.compactMap { columns.firstIndex(of: $0) }
        var last: [SQLValue]?
        while true {
            let condition: SQL = last.map { "WHERE (\(order)) > \(list: $0)" } ?? ""
            let rows = try connection.execute(
                """
                SELECT \(names) FROM \(SQL(stringLiteral: name)) \(condition) ORDER BY \(order) LIMIT \(chunk)
                """
            ).map { row in columns.indices.map { row.value($0) } }
            for row in rows { try body(row) }
            guard rows.count == chunk, let end = rows.last else { return }
            last = places.map { end[$0] }
        }
    }
}

extension SQLRow {
    /// As it is, of whatever kind.
    func value(_ column: Int) -> SQLValue {
        if let integer = optionalInteger(column) { return .integer(integer) }
        return optionalText(column).map(SQLValue.text) ?? .null
    }
}
