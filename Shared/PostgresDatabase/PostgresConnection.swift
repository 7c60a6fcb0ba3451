@preconcurrency import CLibPQ
import Glibc
import Persistence

/// One libpq connection, in pipeline mode. Its calls block, but not for ever: see ``PostgresPatience``. Of statements,
/// one whose answer nobody needs goes out with the next that is waited for. Its error then comes with that one, or with
/// ``commit()``; what follows an error is not done.
final class PostgresConnection: SQLConnection {
    static let dialect = SQLDialect.postgres

    /// How many prepared statements are kept; further ones are sent unprepared.
    private static let preparedLimit = 300
    /// Statements that have been sent and not waited for, at most.
    private static let unreadLimit = 200

    private enum Step {
        case statement
        /// Of the text.
        case preparation(String)
    }

    /// How much longer than the server may work on a statement its answer may take.
    private static let answerTime = Duration.seconds(2)

    private let handle: OpaquePointer
    private let patience: PostgresPatience
    /// Set when an answer did not come: whatever comes later belongs to nobody.
    private var isGivenUp = false
    private var prepared: [String: String] = [:]
    private var seen: Set<String> = []
    /// Grows only: a name whose preparation failed may be taken at the server.
    private var nameCount = 0
    /// What has been sent since the last answers were read.
    private var unread: [Step] = []
    /// Whether those answers were asked for and only have to be read.
    private var isSynced = false

    /// - Parameters:
    ///   - url: As libpq takes it: `postgresql://user@host:5432/name?sslmode=verify-full`. What it says of connecting
    ///     and of keeping alive goes before ours.
    ///   - timeout: Whole seconds that the server may work on one statement.
    init(url: String, timeout: Int) throws(StoreError) {
        let parameters = [
            ("connect_timeout", "5"), ("keepalives_idle", "30"), ("keepalives_interval", "10"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "\(timeout * 1000)"), ("dbname", url),
        ]
        let opened = parameters.map { SQLValue.text($0.0) }.withCStrings { names in
            parameters.map { SQLValue.text($0.1) }.withCStrings { values in
                PQconnectdbParams(names + [nil], values + [nil], 1)
            }
        }
        guard let handle = opened else { throw StoreError(.unavailable, "out of memory") }
        guard PQstatus(handle) == CONNECTION_OK, PQenterPipelineMode(handle) == 1 else {
            let detail = String(cString: PQerrorMessage(handle))
            PQfinish(handle)
            throw StoreError(.unavailable, detail.trimmed)
        }
        self.handle = handle
        patience = PostgresPatience(handle: handle, limit: .seconds(timeout) + Self.answerTime)
        PQsetnonblocking(handle, 1)
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        try send(SQL(stringLiteral: "SET lock_timeout = \(min(timeout, 10) * 1000)"))
        try send(SQL(stringLiteral: "SET statement_timeout = \(timeout * 1000)"))
        try send("SET idle_in_transaction_session_timeout = 60000")
        try settle()
    }

    deinit { PQfinish(handle) }

    /// Whether the server is still there, as far as is known without asking it.
    var isUsable: Bool { !isGivenUp && PQstatus(handle) == CONNECTION_OK }

    /// Reads what an earlier transaction has left.
    /// - Returns: Whether the connection can be used.
    func becomesReady() -> Bool {
        // What it met was not waited for: of interest is only whether the server is still there.
        if !unread.isEmpty { _ = try? settle() }
        return isUsable
    }

    /// Begins a transaction, with the first statement that is waited for.
    func begin(_ statement: SQL) throws(StoreError) { try send(statement) }

    /// - Throws: Also what statements before it have met.
    func commit() throws(StoreError) { try wait("COMMIT") }

    /// Commits what has only read: its answer is read later.
    /// - Throws: What statements before it have met, as when they tried to write.
    func commitLater() throws(StoreError) {
        try settle()
        try send("COMMIT")
        try sync()
    }

    func rollBack() throws(StoreError) {
        // The error is known: it is why this is called.
        if !unread.isEmpty { _ = try? settle() }
        try wait("ROLLBACK")
    }

    @discardableResult
    func execute(_ statement: SQL) throws(StoreError) -> [SQLRow] {
        guard statement.isAnswered || unread.count >= Self.unreadLimit else {
            try send(statement)
            return []
        }
        return try wait(statement)
    }

    /// One statement for any number of rows: each column goes as one binary array.
    func insert(_ rows: [[SQLValue]], into table: String, columns: [String]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        let arrays = columns.indices.compactMap { index in
            BinaryArray(rows.map { $0[index] }).map { (column: columns[index], array: $0) }
        }
        let names = arrays.map(\.column).joined(separator: ", ")
        let places = arrays.enumerated().map { "$\($0 + 1)::\($1.array.type)[]" }.joined(separator: ", ")
        let text = "INSERT INTO \(table) (\(names)) SELECT * FROM unnest(\(places))"
        let name = try prepare(text)
        let isSent = arrays.map(\.array.bytes).withPointers { values, lengths in
            let formats = [Int32](repeating: 1, count: values.count)
            let count = Int32(values.count)
            return if let name {
                PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0)
            } else {
                PQsendQueryParams(handle, text, count, nil, values, lengths, formats, 0)
            }
        }
        try note(.statement, isSent)
        if unread.count >= Self.unreadLimit { try settle() }
    }

    @discardableResult
    private func wait(_ statement: SQL) throws(StoreError) -> [SQLRow] {
        try send(statement)
        return try settle()
    }

    private func send(_ statement: SQL) throws(StoreError) {
        let name = try prepare(statement.text)
        let isSent = statement.values.withCStrings { parameters in
            let count = Int32(parameters.count)
            return if let name {
                PQsendQueryPrepared(handle, name, count, parameters, nil, nil, 0)
            } else {
                PQsendQueryParams(handle, statement.text, count, nil, parameters, nil, nil, 0)
            }
        }
        try note(.statement, isSent)
    }

    /// Prepares a statement when it comes for the second time: lists of values make many that never come again.
    private func prepare(_ text: String) throws(StoreError) -> String? {
        if let name = prepared[text] { return name }
        guard prepared.count < Self.preparedLimit else { return nil }
        guard seen.contains(text) else {
            if seen.count > 10 * Self.preparedLimit { seen = [] }
            seen.insert(text)
            return nil
        }
        nameCount += 1
        let name = "s\(nameCount)"
        try note(.preparation(text), PQsendPrepare(handle, name, text, 0, nil))
        prepared[text] = name
        return name
    }

    private func note(_ step: Step, _ isSent: Int32) throws(StoreError) {
        guard isSent == 1 else {
            let detail = String(cString: PQerrorMessage(handle)).trimmed
            throw StoreError(isUsable ? .invalid : .unavailable, detail)
        }
        unread.append(step)
    }

    private func sync() throws(StoreError) {
        guard PQpipelineSync(handle) == 1 else {
            throw StoreError(.unavailable, String(cString: PQerrorMessage(handle)).trimmed)
        }
        isSynced = true
        do throws(StoreError) {
            try patience.flush()
        } catch {
            isGivenUp = true
            throw error
        }
    }

    /// Waits for all that has been sent.
    /// - Throws: The first error among it.
    /// - Returns: The rows of the last statement.
    @discardableResult
    private func settle() throws(StoreError) -> [SQLRow] {
        guard !unread.isEmpty else { return [] }
        if !isSynced { try sync() }
        let steps = unread
        (unread, isSynced) = ([], false)
        do throws(StoreError) {
            return try answers(to: steps)
        } catch {
            if error.code == .unavailable { isGivenUp = true }
            throw error
        }
    }

    private func answers(to steps: [Step]) throws(StoreError) -> [SQLRow] {
        var rows: [SQLRow] = []
        var failure: StoreError?
        for step in steps {
            let result = try patience.result()
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK: rows = []
            case PGRES_TUPLES_OK: rows = self.rows(of: result)
            default:
                failure = failure ?? error(of: result)
                if case .preparation(let text) = step { prepared[text] = nil }
            }
            guard isUsable else { break }
            // Each answer ends with a nil.
            while let more = try patience.result() { PQclear(more) }
        }
        if isUsable { PQclear(try patience.result()) }  // of the synchronisation
        if let failure { throw failure }
        guard isUsable else { throw StoreError(.unavailable, String(cString: PQerrorMessage(handle)).trimmed) }
        return rows
    }

    private func error(of result: OpaquePointer?) -> StoreError {
        guard isUsable else { return StoreError(.unavailable, String(cString: PQerrorMessage(handle)).trimmed) }
        let detail = String(cString: PQresultErrorMessage(result)).trimmed
        let state = PQresultErrorField(result, 67 /* SQLSTATE */).map { String(cString: $0) } ?? ""
        return switch state {
        case "23505": StoreError(.versionConflict, detail)
        case "40001", "40P01", "55P03", "53300", "57014": StoreError(.busy, detail)
        case "57P01", "57P02", "57P03": StoreError(.unavailable, detail)
        default: StoreError(.invalid, detail)
        }
    }

    private func rows(of result: OpaquePointer?) -> [SQLRow] {
        let isInteger = (0..<PQnfields(result)).map { [20, 21, 23].contains(PQftype(result, $0)) }
        return (0..<PQntuples(result)).map { row in
            SQLRow(
                isInteger.indices.map { column in
                    guard PQgetisnull(result, row, Int32(column)) == 0 else { return .null }
                    let bytes = UnsafeRawBufferPointer(
                        start: PQgetvalue(result, row, Int32(column)),
                        count: Int(PQgetlength(result, row, Int32(column))))
                    let text = String(decoding: bytes, as: UTF8.self)
                    return isInteger[column] ? .integer(Int64(text)!) : .text(text)
                })
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let last = text.last, last.isNewline { text.removeLast() }
        return String(text)
    }
}

extension String {
    /// PostgreSQL's texts cannot hold the character NUL; the replacement character stands for it.
    var withoutNUL: String {
        utf8.contains(0) ? String(map { $0 == "\0" ? "\u{FFFD}" : $0 }) : self
    }
}

extension SQL {
    /// Whether there is more to learn from its answer than that it worked.
    fileprivate var isAnswered: Bool {
        let isWrite = ["INSERT", "UPDATE", "DELETE"].contains { text.hasPrefix($0) }
        return !isWrite || text.contains("RETURNING")
    }
}

extension [SQLValue] {
    fileprivate func withCStrings<R>(_ body: ([UnsafePointer<CChar>?]) -> R) -> R {
        let owned: [UnsafeMutablePointer<CChar>?] = map { value in
            switch value {
            case .null: nil
            case .integer(let number): strdup(String(number))
            case .text(let text): strdup(text.withoutNUL)
            }
        }
        defer { owned.forEach { free($0) } }
        return body(owned.map { $0.map { UnsafePointer($0) } })
    }
}
