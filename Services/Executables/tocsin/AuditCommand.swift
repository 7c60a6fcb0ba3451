import ArgumentParser
import Bootstrap
import Foundation
import Logging
import Persistence

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verify the record, take it out, bring it in.",
        discussion: "Exit codes: 0 done or intact, 1 broken, 2 failed.",
        subcommands: [
            AuditVerifyCommand.self, AuditExportCommand.self, AuditImportCommand.self, AuditCheckpointsCommand.self,
        ])

    static let broken = ExitCode(1)
    static let failed = ExitCode(2)
}

/// Which system, beside its services.
struct LedgerOptions: ParsableArguments {
    @Option(help: "Directory of an all-in-one server; or TOCSIN_DATA.")
    var data: String?

    @Option(help: "PostgreSQL, as in postgresql://user@host/tocsin; or TOCSIN_DATABASE_URL.")
    var database: String?

    func validate() throws {
        if data != nil, database != nil { throw ValidationError("Say --data or --database, not both.") }
    }

    /// Runs with the system, and says on the error stream what failed.
    func run(isNew: Bool = false, _ body: (LedgerAccess) async throws -> Void) async throws {
        try await WorkflowCommand.reporting {
            let access = try await LedgerAccess.open(data: data, databaseURL: database, isNew: isNew)
            do {
                try await body(access)
            } catch {
                await access.close()
                throw error
            }
            await access.close()
        }
    }
}

/// How far something is, for a person at a terminal: nothing is said to a file or a pipe.
final class Progress: @unchecked Sendable {  // everything mutable under `lock` only
    private static let interval = Duration.milliseconds(200)

    private let lock = NSLock()
    private let what: String
    private let isShown = isatty(FileHandle.standardError.fileDescriptor) == 1
    private let start = ContinuousClock.now
    private var count: Int64 = 0
    private var shownAt: ContinuousClock.Instant?

    /// - Parameter what: As in "events verified".
    init(_ what: String) { self.what = what }

    func add(_ more: Int) {
        let line: String? = lock.withLock {
            count += Int64(more)
            let now = ContinuousClock.now
            guard isShown, now - (shownAt ?? start) >= Self.interval else { return nil }
            shownAt = now
            return "\r\(count) \(what), \(Int64(Double(count) / max(0.001, (now - start) / .seconds(1)))) a second"
        }
        if let line { FileHandle.standardError.write(Data(line.utf8)) }
    }

    /// Leaves the line to what comes.
    func end() {
        guard lock.withLock({ shownAt }) != nil else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }
}

struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute every chain of the log, and name the first row that is not what it was.",
        discussion: "Exit codes: 0 intact, 1 broken, 2 could not look.")

    @OptionGroup var ledger: LedgerOptions

    @Option(help: "A file of signed checkpoints that was kept elsewhere; may be repeated.")
    var checkpoint: [String] = []

    @Option(help: "An export to verify instead of a database.")
    var export: String?

    @Option(
        help: "A public key in base64 that signs checkpoints; may be repeated. By default, those of the secret key.")
    var publicKey: [String] = []

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if export != nil, ledger.data != nil || ledger.database != nil {
            throw ValidationError("Say --export, or --data or --database.")
        }
    }

    func run() async throws {
        let progress = Progress("events verified")
        if let export {
            return try await WorkflowCommand.reporting {
                let (report, _, _) = try ExportVerification.verify(
                    export, kept: try kept(), trusted: try keys([])
                ) { progress.add($0) }
                progress.end()
                try show(report)
            }
        }
        try await ledger.run { access in
            let report = try await LogVerification.verify(
                access.database, kept: try kept(), trusted: try keys(access.checkpointKeys())
            ) { progress.add($0) }
            progress.end()
            try show(report)
        }
    }

    private func kept() throws -> [SignedCheckpoint] { try checkpoint.flatMap { try CheckpointFile(path: $0).read() } }

    private func keys(_ own: [String]) throws -> [String] {
        publicKey.isEmpty ? own : try publicKey.map { try CheckpointKey(base64: $0).base64 }
    }

    private func show(_ report: VerificationReport) throws {
        if output.json {
            print(try JSON.encode(VerificationAnswer(report)))
        } else {
            for fault in report.faults { print("BROKEN \(fault)") }
            for note in report.notes { Output.error(note) }
            let counts =
                "\(report.events) events in \(report.partitions) partitions, \(report.checkpoints) signed checkpoints"
            print(report.isIntact ? "Intact: \(counts)." : "Not intact. As they were: \(counts).")
        }
        if !report.isIntact { throw AuditCommand.broken }
    }
}

/// A report for programs.
private struct VerificationAnswer: Encodable {
    let isIntact: Bool
    let partitions: Int
    let events: Int64
    let checkpoints: Int
    let faults: [LogFault]
    let notes: [String]

    init(_ report: VerificationReport) {
        isIntact = report.isIntact
        partitions = report.partitions
        events = report.events
        checkpoints = report.checkpoints
        faults = report.faults
        notes = report.notes
    }
}

struct AuditCheckpointsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoints",
        abstract: "Print signed checkpoints, one a line, as verify --checkpoint takes them; or the keys that sign.")

    @OptionGroup var ledger: LedgerOptions

    @Option(help: "Only those after this number.")
    var after: Int64 = 0

    @Flag(help: "Make one now.")
    var make = false

    @Flag(help: "The public keys that follow from the secret key, the current one first.")
    var keys = false

    func run() async throws {
        try await ledger.run { access in
            if keys {
                let keys = try access.checkpointKeys()
                if keys.isEmpty { throw CommandError("There is no secret key. Set TOCSIN_SECRET_KEY or its file.") }
                return print(keys.joined(separator: "\n"))
            }
            if make {
                guard let secrets = access.secrets else {
                    throw CommandError("There is no secret key. Set TOCSIN_SECRET_KEY or its file.")
                }
                try await access.database.retrying { connection in
                    _ = try AuditCheckpoints(connection).makeIfDue(every: .zero, by: secrets, at: Platform.now())
                }
            }
            var last = after
            while true {
                let rows = try await access.database.reading { [last] in
                    try AuditCheckpoints($0).after(last, limit: 500)
                }
                for row in rows { print(try JSON.encode(row)) }
                guard let end = rows.last else { return }
                last = try end.checkpoint().number
            }
        }
    }
}
