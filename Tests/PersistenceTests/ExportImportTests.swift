import AlertCore
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// An export holds everything, can be verified by itself and gives the same state elsewhere.
struct ExportImportTests {
    static let now: @Sendable () -> Timestamp = { LedgerContent.noon }

    static func temporaryFile() -> String {
        FileManager.default.temporaryDirectory.appending(path: "tocsin-\(UInt64.random(in: 0 ... .max)).jsonl").path()
    }

    static func export(
        _ database: any SQLDatabase, _ change: (inout LogExport.Wish) -> Void = { _ in }
    ) async throws -> String {
        let path = temporaryFile()
        var wish = LogExport.Wish()
        change(&wish)
        let output = try ExportOutput(creating: path)
        try await LogExport(database, now: now).write(wish, to: output)
        try output.close()
        return path
    }

    static func fill(_ database: any SQLDatabase) async throws {
        try await LedgerContent.fill(database)
        try await TableDump.fillKept(database)
        try await database.transaction { connection in
            try connection.execute("DELETE FROM audit_checkpoints")
            for _ in 1...2 {
                _ = try AuditCheckpoints(connection).makeIfDue(
                    every: .zero, by: LogTamperTests.secrets, at: LedgerContent.noon)
            }
        }
    }

    /// From each database to each.
    static let ways = Backend.available.flatMap { from in Backend.available.map { (from, $0) } }

    @Test(arguments: ways)
    func anImportGivesTheSameState(from: Backend, to: Backend) async throws {
        try await from.withDatabase { old in
            try await Self.fill(old)
            let path = try await Self.export(old)
            defer { try? FileManager.default.removeItem(atPath: path) }  // in a temporary directory
            let (report, header, end) = try ExportVerification.verify(
                path, trusted: try LogTamperTests.secrets.checkpointKeys().map(\.base64))
            #expect(report.isIntact && report.notes.isEmpty, "\(report)")
            #expect(header.isWhole && end?.events == report.events && report.checkpoints == 2)
            try await to.withDatabase { new in
                let outcome = try await LogImport(new).run(path)
                #expect(outcome.events == report.events && outcome.streams == 36)
                // On a database without partitions of its own, generation 0 comes with the first start.
                let (left, right) = (try await TableDump.all(old), try await TableDump.all(new))
                let differences = TableDump.differences(left, right)
                #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
                #expect(left["alert_texts"]?.count == 12 && left["dead_letters"]?.count == 2)
                #expect(try await LogVerification.verify(new).isIntact)
                // And a second time it is refused.
                let refusal = await #expect(throws: LogImport.Refusal.self) { try await LogImport(new).run(path) }
                #expect(refusal?.description.contains("not empty") == true)
            }
        }
    }

    @Test(arguments: Backend.available)
    func whatIsBrokenOffGoesOnToTheSameWhole(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await Self.fill(database)
            let path = try await Self.export(database)
            let whole = try #require(FileManager.default.contents(atPath: path))
            let lines = whole.split(separator: UInt8(ascii: "\n")).map { $0.count + 1 }
            // At the ends of lines, within events, rows and the end.
            let headerEnd = lines[0]
            for cut in [headerEnd, headerEnd + 10, headerEnd + lines[1] + 1, whole.count / 2, whole.count - 3] {
                let part = Self.temporaryFile()
                try whole.prefix(cut).write(to: URL(filePath: part))
                let broken = try ExportVerification.verify(part).report
                #expect(!broken.isIntact, "cut at \(cut)")
                let point = try ExportPoint(of: part)
                let output = try ExportOutput(resuming: part, at: point)
                try await LogExport(database, now: Self.now).resume(point, to: output)
                try output.close()
                let resumed = FileManager.default.contents(atPath: part)
                #expect(resumed == whole, "cut at \(cut)")
                try FileManager.default.removeItem(atPath: part)
            }
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test(arguments: Backend.available)
    func aPartBeginsBehindAPlace(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await LedgerContent.fill(database)
            let path = try await Self.export(database) { $0.after = ["alert/0": 2, "notification/1": 3] }
            let (report, header, end) = try ExportVerification.verify(path)
            #expect(report.isIntact && !header.isWhole && end?.rows == 0, "\(report)")
            let reader = try ExportReader(path: path)
            var first: [String: Position] = [:]
            while let line = try reader.next() {
                if let event = line.line.event, first[event.partition] == nil {
                    first[event.partition] = event.position
                }
            }
            #expect(first["alert/0"] == 3 && first["notification/1"] == 4 && first["alert/1"] == 1)
            await #expect(throws: LogImport.Refusal.self) { try await LogImport(database).run(path) }
            await #expect(throws: LogExport.Refusal.self) {
                _ = try await Self.export(database) { $0.after = ["alert/0": 999] }
            }
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// Any byte of an export, changed to any other.
    @Test func everyByteOfAnExportCounts() async throws {
        try await Backend.sqlite.withDatabase { database in
            try await LedgerContent.fill(database, alerts: 3)
            let path = try await Self.export(database)
            let whole = try #require(FileManager.default.contents(atPath: path))
            var chance = SeededGenerator(seed: 4)
            for _ in 0..<300 {
                var changed = whole
                let place = Int.random(in: 0..<whole.count, using: &chance)
                changed[place] ^= UInt8.random(in: 1...255, using: &chance)
                try changed.write(to: URL(filePath: path))
                let isIntact: Bool
                do {
                    isIntact = try ExportVerification.verify(path).report.isIntact
                } catch is ExportReader.Malformed {
                    isIntact = false  // not even an export
                }
                #expect(!isIntact, "byte \(place)")
            }
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// What happens while an export is written is in it.
    @Test(arguments: Backend.available)
    func anExportOfALogThatGrowsIsOfOneMoment(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await LedgerContent.fill(database)
            let growing = Task {
                for number in 13...60 {
                    try await database.transaction { try LedgerContent.addAlert(number, in: $0) }
                }
            }
            let path = try await Self.export(database)
            try await growing.value
            let (report, _, end) = try ExportVerification.verify(path)
            #expect(report.isIntact && end?.events == report.events, "\(report)")
            try await backend.withDatabase { new in
                _ = try await LogImport(new).run(path)
                let alerts = try await new.reading { connection in
                    try connection.execute("SELECT count(*) FROM alerts")[0].integer(0)
                }
                let events = try await new.reading { connection in
                    try connection.execute(
                        "SELECT count(*) FROM events WHERE version = 1 AND partition_name LIKE 'alert/%'")[0].integer(0)
                }
                #expect(alerts == events && alerts >= 12)
            }
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// Every table is said something of: a new one is a decision.
    @Test func everyTableIsInTheDocumentation() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/OPERATIONS.md"), encoding: .utf8)
        let tables = try await Backend.sqlite.makeDatabase().reading { try TableCatalogue.tables(in: $0) }
        #expect(tables.count > 40)
        for table in tables {
            #expect(text.contains("`\(table.name)`"), "docs/OPERATIONS.md does not say what \(table.name) is")
        }
    }
}
