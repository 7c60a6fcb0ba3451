import ArgumentParser
import Bootstrap
import Foundation
import Persistence

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the database of an all-in-one server into a file, while it runs.",
        discussion: """
            The copy is looked at: SQLite's own check, and the chains of the log. The secret key is put beside it, as \
            FILE.key: keep the two apart.
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
        try await Ending.reporting {
            do {
                try await body()
            } catch let refusal as Refusal where !refusal.faults.isEmpty {
                for fault in refusal.faults { Output.error("BROKEN \(fault)") }
                Output.error(refusal.description)
                throw Ending.negative
            }
        }
    }
}
