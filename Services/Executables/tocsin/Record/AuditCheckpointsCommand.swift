import ArgumentParser
import Bootstrap
import Persistence

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
