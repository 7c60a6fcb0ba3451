import ArgumentParser
import Bootstrap
import Persistence

struct AuditImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Fill an empty system with a whole export: the same state as where it is from.",
        discussion: """
            Everything or nothing. Secrets stay sealed: the new system needs the secret key of the old one. Exit \
            codes: 0 done, 1 the export is not as it was written, 2 failed.
            """)

    @Argument(help: "The export.")
    var file: String

    @OptionGroup var ledger: LedgerOptions

    @Option(help: "A public key in base64 that signs checkpoints; may be repeated.")
    var publicKey: [String] = []

    func run() async throws {
        let progress = Throughput("events imported")
        try await ledger.run(isNew: true) { access in
            try access.requireSecrets()
            do {
                let keys = try publicKey.map { try CheckpointKey(base64: $0).base64 }
                let outcome = try await LogImport(access.database) { progress.add($0) }.run(file, trusted: keys)
                progress.end()
                print(
                    """
                    \(outcome.events) events and \(outcome.rows) other rows imported; \(outcome.streams) alerts, \
                    notifications and deliveries made from them.
                    """)
            } catch let refusal as LogImport.Refusal where !refusal.faults.isEmpty {
                for fault in refusal.faults { Output.error("BROKEN \(fault)") }
                Output.error(refusal.description)
                throw Ending.negative
            }
        }
    }
}
