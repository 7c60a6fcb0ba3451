import ArgumentParser
import Bootstrap
import Persistence

struct AdminRebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make alerts, notifications and deliveries anew from the log, while the system runs.",
        discussion: """
            What is there is compared with what the log says, and replaced where it differs. Exit codes: 0 all equal, \
            or replaced; 1 different, with --check, or rows that no event explains are left; 2 failed.
            """)

    @OptionGroup var ledger: LedgerOptions

    @Flag(help: "Replace nothing; only say what differs.")
    var check = false

    @Flag(help: "Take away rows that no event explains.")
    var removeUnexplained = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if check, removeUnexplained { throw ValidationError("--check takes nothing away.") }
    }

    func run() async throws {
        let progress = Throughput("alerts, notifications and deliveries compared")
        try await ledger.run { access in
            try access.requireSecrets()
            let rebuild = ReadModelRebuild(
                access.database, report: { say($0) }, progress: { progress.add($0) })
            let outcome = try await rebuild.run(check ? .check : removeUnexplained ? .replaceAndRemove : .replace)
            progress.end()
            if output.json {
                print(try JSON.encode(outcome))
            } else {
                print(
                    """
                    \(outcome.streams) alerts, notifications and deliveries compared with the log: \
                    \(outcome.differences) differences\(outcome.differences > 0 && !check ? ", replaced" : ""); \
                    \(outcome.unexplained) rows that no event explains\
                    \(outcome.unexplained > 0 ? removeUnexplained ? ", taken away" : ", left" : "").
                    """)
            }
            if check ? outcome.differences > 0 : outcome.unexplained > 0 && !removeUnexplained {
                throw Ending.negative
            }
        }
    }

    /// One a line.
    private func say(_ difference: RowDifference) {
        guard output.json else { return print(difference) }
        // Texts and numbers can always be written.
        if let line = try? JSON.encode(difference) { print(line) }
    }
}
