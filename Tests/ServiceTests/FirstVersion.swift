import AlertCore
import Crypto
import Foundation
import Persistence
import TestSupport

/// The database that a server of the first version left when it was killed at work (`Fixtures/first-version.sql`).
///
/// In it: the alert 100000, answered and ended by a link; 100001, active, with a comment, its links in two people's
/// mailboxes; 100002, suspended; 100003, whose mail the server refused for now; 100004, whose two mails were under
/// way. Six outbound integrations, of which `failing` always answered 503 and is to be tried again after an hour, and
/// `hanging` never answered.
struct FirstVersion {
    static let schema = ["0001-event-log", "0002-directory", "0003-read-models"]
    static let admin = ("admin", "correct horse battery staple")
    static let key = (
        "x-api-key-b637b89e-a0ac-4836-bce1-dc1ba093c9eb", "rpr9LgGz8XlOo4BfR9865Qv-vTEESsd6HLRFi38y6_U"
    )
    static let trigger = """
        /api/integration/1/functions/01a1fdca-a1de-771f-ace3-356df57c7383/triggers\
        ?apiKey=1c38a135-3f88-46f4-b908-88d6aabefca7
        """
    /// By which `oncall` acknowledges 100001.
    static let link = """
        /respond/eyJub3RpZmljYXRpb24iOiJkZWQxMDNmZi03NTIxLThhMTctYjViNS0yYjczMDYwODljMjEiLCJvcHRpb24iOiIwMWExZmRjYS05\
        NGRkLTc0ZjUtYThmYy1kM2M0OWQzYWMzY2UiLCJ2YWxpZFVudGlsIjoxNzk1ODc0ODg4OTE2fQ\
        .Gz57VhENZnNHGTARExBNO1R7gEFA7HTtn0YhDVcLXhc
        """

    let database: any SQLDatabase
    let secrets = SecretBox(
        key: SymmetricKey(data: Data(base64Encoded: "GbN1PV+o6HJEYD4tNmUXWuFv7O/b7xXwJrKGnd2bGGY=")!))
    /// Some seconds after the server was killed.
    let clock: TestClock

    /// In the schema of the first version, with its data.
    static func load(on backend: Backend) async throws -> FirstVersion {
        let database = try await backend.makeEmptyDatabase()
        let root = URL(filePath: #filePath).deletingLastPathComponent()
        let migrations = root.appending(path: "../../Shared/Persistence/Migrations")
        let tables = try schema.flatMap { name in
            statements(try String(contentsOf: migrations.appending(path: "\(name).sql"), encoding: .utf8))
        }
        let rows = try String(contentsOf: root.appending(path: "Fixtures/first-version.sql"), encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("--") }.map { String($0.dropLast()) }
        let end = try await database.transaction { connection -> Int64 in
            for table in tables { try connection.execute(SQL(stringLiteral: table)) }
            try connection.execute("CREATE TABLE schema_migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL)")
            for table in ["alert_number_head", "directory_version"] {
                try connection.execute(SQL(stringLiteral: "DELETE FROM \(table)"))
            }
            for row in rows { try connection.execute(SQL(stringLiteral: row)) }
            return try connection.execute("SELECT max(recorded_at) FROM events")[0].integer(0)
        }
        return FirstVersion(database: database, clock: TestClock(Timestamp(milliseconds: end + 5000)))
    }

    private static func statements(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in line[..<(line.range(of: "--")?.lowerBound ?? line.endIndex)] }
            .joined(separator: "\n").split(separator: ";").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            .filter { !$0.isEmpty }
    }
}
