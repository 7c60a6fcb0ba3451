import ArgumentParser
import Bootstrap
import Foundation
import Persistence

struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Look after a system.", subcommands: [AdminRebuildCommand.self])
}

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
        let progress = Progress("alerts, notifications and deliveries compared")
        try await ledger.run { access in
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
                throw AuditCommand.broken
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

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the database of an all-in-one server into a file, while it runs.",
        discussion: """
            The copy is looked at: SQLite's own check, and the chains of the log. The secret key is put beside it, as \
            FILE.key: keep the two apart. Exit codes: 0 done, 1 the log is broken, 2 failed.
            """)

    @Option(help: "Directory of the server; or TOCSIN_DATA.")
    var data: String?

    @Option(help: "The file; it must not be there yet.")
    var to: String

    @Flag(help: "Leave the secret key out: without it, nothing that is sealed can be opened again.")
    var withoutKey = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await DatabaseBackup.reporting {
            let outcome = try await DatabaseBackup(data: directory(data)).take(to: to, hasKey: !withoutKey)
            if output.json { return print(try JSON.encode(outcome)) }
            print("\(outcome.file): \(outcome.bytes) bytes, \(outcome.events) events, intact.")
            if let key = outcome.key {
                print("\(key): the secret key. Keep it elsewhere than the backup: the two together open everything.")
            } else {
                Output.error("The secret key is not among it: without it, nothing that is sealed can be opened.")
            }
        }
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup into the directory of an all-in-one server that does not run.",
        discussion: """
            The chains of its log are verified first. What was there stays beside it, as tocsin.db.replaced. Exit \
            codes: 0 done, 1 the log is broken, 2 failed.
            """)

    @Argument(help: "The backup.")
    var file: String

    @Option(help: "Directory of the server; or TOCSIN_DATA.")
    var data: String?

    @Option(help: "The file with the secret key; FILE.key by default, if it is there.")
    var key: String?

    @Flag(help: "A database that is there gives way.")
    var replace = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await DatabaseBackup.reporting {
            let outcome = try await DatabaseBackup(data: directory(data))
                .restore(from: file, key: key, isReplacing: replace)
            if output.json { return print(try JSON.encode(outcome)) }
            print("\(outcome.file): \(outcome.bytes) bytes, \(outcome.events) events, intact.")
            if outcome.key == nil { Output.error("Without a secret key: put it into secret.key before the start.") }
        }
    }
}

private func directory(_ data: String?) throws -> String {
    guard let data = data ?? ProcessInfo.processInfo.environment["TOCSIN_DATA"] else {
        throw CommandError("Which server? Add --data DIR.")
    }
    return data
}

extension DatabaseBackup {
    fileprivate static func reporting(_ body: () async throws -> Void) async throws {
        try await WorkflowCommand.reporting {
            do {
                try await body()
            } catch let refusal as Refusal where !refusal.faults.isEmpty {
                for fault in refusal.faults { Output.error("BROKEN \(fault)") }
                Output.error(refusal.description)
                throw AuditCommand.broken
            }
        }
    }
}
