import AlertCore
import ArgumentParser
import Bootstrap
import Persistence

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
        let progress = Throughput("events verified")
        if let export {
            return try await Ending.reporting {
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
        if !report.isIntact { throw Ending.negative }
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
