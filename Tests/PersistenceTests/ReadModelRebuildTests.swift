import AlertCore
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// What follows from the log is made from it again, while it grows.
struct ReadModelRebuildTests {
    /// What somebody has done to the read models, one statement each.
    static let damages: [SQL] = [
        "UPDATE alerts SET status = 'TERMINATED', terminated_at = 5 WHERE id = 'a2'",
        "UPDATE alerts SET document = '{}' WHERE id = 'a3'", "DELETE FROM alerts WHERE id = 'a5'",
        "UPDATE alert_properties SET value = 'x', folded = 'x' WHERE alert_id = 'a1' AND name = 'Host'",
        "DELETE FROM alert_properties WHERE alert_id = 'a6'", "DELETE FROM alert_texts WHERE number = 100007",
        "UPDATE alert_texts SET text = 'x' WHERE number = 100008",
        "DELETE FROM alert_suppressions WHERE alert_id = 'a4'",
        "UPDATE notifications SET status = 'failed', in_doubt = 1 WHERE id = 'n2'",
        "DELETE FROM notifications WHERE id = 'n9'",
        "UPDATE webhook_deliveries SET until_at = NULL, attempts = 99 WHERE id = 'd4'",
        "DELETE FROM webhook_deliveries WHERE id = 'd5'",
    ]

    final class Found: @unchecked Sendable {  // `all` under `lock` only
        private let lock = NSLock()
        private var all: [RowDifference] = []

        func add(_ difference: RowDifference) { lock.withLock { all.append(difference) } }

        var differences: [RowDifference] { lock.withLock { all } }
        var rows: Set<String> { Set(differences.map { "\($0.table) \($0.id)" }) }
    }

    @Test(arguments: Backend.available)
    func whatFollowsEventByEventIsWhatTheLogSays(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await LedgerContent.fill(database, alerts: 20)
            let found = Found()
            let outcome = try await ReadModelRebuild(database, report: found.add).run(.check)
            #expect(outcome.differences == 0 && outcome.streams == 60, "\(found.differences)")
        }
    }

    @Test(arguments: Backend.available)
    func damagesAreFoundAndMendedUnderLoad(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await LedgerContent.fill(database)
            let before = try await TableDump.all(database)
            try await database.transaction { connection in
                for damage in Self.damages { try connection.execute(damage) }
            }
            let damaged = try await TableDump.all(database)
            let checked = Found()
            let looked = try await ReadModelRebuild(database, report: checked.add).run(.check)
            #expect(looked.differences > 0 && !looked.isReplaced)
            #expect(try await TableDump.all(database) == damaged)
            #expect(
                checked.rows.isSuperset(of: ["alerts a2", "alerts a5", "notifications n9", "webhook_deliveries d4"]))
            #expect(
                checked.differences.contains(
                    RowDifference(
                        table: "alerts", id: "a2", column: "status", old: "TERMINATED", new: "SUSPENDED")))
            // Others go on with the very alerts meanwhile.
            let load = Task {
                for number in 13...40 {
                    try await database.retrying { try LedgerContent.addAlert(number, in: $0) }
                }
            }
            _ = try await ReadModelRebuild(database).run(.replace)
            try await load.value
            let again = Found()
            _ = try await ReadModelRebuild(database, report: again.add).run(.check)
            #expect(again.differences.isEmpty, "\(again.differences)")
            try await database.transaction { connection in
                for number in 13...40 {
                    try connection.execute("DELETE FROM alerts WHERE id = \("a\(number)")")
                    try connection.execute("DELETE FROM alert_properties WHERE alert_id = \("a\(number)")")
                    try connection.execute("DELETE FROM alert_suppressions WHERE alert_id = \("a\(number)")")
                    try connection.execute("DELETE FROM alert_texts WHERE number = \(100_000 + number)")
                }
            }
            let left: Set = ["events", "log_partitions"]
            let mended = try await TableDump.all(database, without: left)
            let differences = TableDump.differences(before.filter { !left.contains($0.key) }, mended)
            #expect(differences.isEmpty, "\(differences)")
        }
    }

    @Test(arguments: Backend.available)
    func rowsThatNoEventExplainsAreTold(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await LedgerContent.fill(database, alerts: 3)
            try await database.transaction { connection in
                try connection.execute(
                    """
                    INSERT INTO webhook_deliveries (id, integration_id, alert_id, sequence, status, reason, attempts,
                    version, updated_at) VALUES ('foreign', 'i', 'a1', 9, 'parked', '', 0, 1, 1)
                    """)
                try connection.execute("INSERT INTO alert_texts (number, text) VALUES (999, 'x')")
            }
            let found = Found()
            let kept = try await ReadModelRebuild(database, report: found.add).run(.replace)
            #expect(kept.unexplained == 2)
            #expect(found.rows == ["webhook_deliveries foreign", "alert_texts 999"])
            #expect(try await ReadModelRebuild(database).run(.replaceAndRemove).unexplained == 2)
            #expect(try await ReadModelRebuild(database).run(.check).differences == 0)
        }
    }

    @Test(arguments: Backend.available)
    func someStreamsAreMadeAnewWithinATransaction(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await LedgerContent.fill(database)
            let before = try await TableDump.all(database)
            let differences = try await database.transaction { connection in
                for damage in Self.damages.prefix(2) { try connection.execute(damage) }
                return try ReadModelRebuild.rebuild(
                    streams: ["alert-a2", "alert-a3", "notification-n2", "config-x-1"], in: connection)
            }
            #expect(Set(differences.map(\.id)) == ["a2", "a3"])
            #expect(try await TableDump.all(database) == before)
        }
    }
}
