import CSQLite
import Persistence

/// One SQLite connection. The simulation uses one without threads.
package final class SQLiteConnection: SQLConnection {
    package static let dialect = SQLDialect.sqlite

    /// How many compiled statements are kept; past that, all are let go and compiled anew.
    private static let compiledLimit = 500

    private let handle: OpaquePointer
    private var compiled: [String: OpaquePointer] = [:]

    /// - Parameter path: A file, or `:memory:` for a database that lives as long as the connection.
    package init(path: String, isReader: Bool = false) throws(StoreError) {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK, let handle else {
            let detail = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw StoreError(.unavailable, "cannot open \(path): \(detail)")
        }
        self.handle = handle
        sqlite3_busy_timeout(handle, 5000)
        try execute("PRAGMA journal_mode = WAL")
        try execute("PRAGMA synchronous = FULL")
        try execute("PRAGMA cache_size = -8000")
        // What is deleted is overwritten where that costs no further page: a destroyed key, above all.
        try execute("PRAGMA secure_delete = FAST")
        if isReader { try execute("PRAGMA query_only = 1") }
    }

    deinit {
        compiled.values.forEach { _ = sqlite3_finalize($0) }
        sqlite3_close_v2(handle)
    }

    @discardableResult
    package func execute(_ statement: SQL) throws(StoreError) -> [SQLRow] {
        let step = try compile(statement.text)
        defer { sqlite3_reset(step) }
        bind(statement.values, to: step)
        var rows: [SQLRow] = []
        while true {
            switch sqlite3_step(step) {
            case SQLITE_ROW: rows.append(row(of: step))
            case SQLITE_DONE: return rows
            default: throw lastError()
            }
        }
    }

    package func insert(_ rows: [[SQLValue]], into table: String, columns: [String]) throws(StoreError) {
        let places = (1...columns.count).map { "$\($0)" }.joined(separator: ", ")
        let names = columns.joined(separator: ", ")
        let step = try compile("INSERT INTO \(table) (\(names)) VALUES (\(places))")
        for row in rows {
            bind(row, to: step)
            let result = sqlite3_step(step)
            sqlite3_reset(step)
            guard result == SQLITE_DONE else { throw lastError() }
        }
    }

    private func compile(_ text: String) throws(StoreError) -> OpaquePointer {
        if let known = compiled[text] { return known }
        if compiled.count >= Self.compiledLimit {
            compiled.values.forEach { _ = sqlite3_finalize($0) }
            compiled = [:]
        }
        var step: OpaquePointer?
        guard sqlite3_prepare_v2(handle, text, -1, &step, nil) == SQLITE_OK, let step else { throw lastError() }
        compiled[text] = step
        return step
    }

    private func lastError() -> StoreError {
        let code: StoreError.Code =
            switch sqlite3_extended_errcode(handle) {
            case Int32(CSQLITE_UNIQUE_VIOLATION), Int32(CSQLITE_PRIMARY_KEY_VIOLATION):
                .versionConflict
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_IOERR: .unavailable
            default: .invalid
            }
        return StoreError(code, String(cString: sqlite3_errmsg(handle)))
    }

    private func bind(_ values: [SQLValue], to step: OpaquePointer) {
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .null: sqlite3_bind_null(step, place)
            case .integer(let number): sqlite3_bind_int64(step, place, number)
            case .text(var text):
                text.withUTF8 { bytes in
                    _ = bytes.withMemoryRebound(to: CChar.self) {
                        sqlite3_bind_text(step, place, $0.baseAddress ?? emptyText, Int32($0.count), transient)
                    }
                }
            }
        }
    }

    private func row(of step: OpaquePointer) -> SQLRow {
        SQLRow(
            (0..<sqlite3_column_count(step)).map { column in
                switch sqlite3_column_type(step, column) {
                case SQLITE_INTEGER: return .integer(sqlite3_column_int64(step, column))
                case SQLITE_NULL: return .null
                default:
                    let bytes = UnsafeBufferPointer(
                        start: sqlite3_column_text(step, column), count: Int(sqlite3_column_bytes(step, column)))
                    return .text(String(decoding: bytes, as: UTF8.self))
                }
            })
    }
}

/// An empty text needs an address, or SQLite takes it for NULL. Never written to, never freed.
nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    text.pointee = 0
    return UnsafePointer(text)
}()
