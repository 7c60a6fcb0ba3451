import ArgumentParser

/// What went wrong, for a person, with what to type instead: exit code 2.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What a command ends with. Wrong usage is 64, as the parser of the command line says it.
enum Ending {
    /// The answer is no: nothing of the kind, different, nobody answered.
    static let negative = ExitCode(1)
    static let failed = ExitCode(2)

    static let help = """
        Exit codes: 0 done; 1 the answer is no: nothing of the kind, different, not answered, not gone ahead; \
        2 failed; 64 the command line is wrong.
        """

    /// Runs, and says on the error stream what failed.
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ExitCode {
            throw error
        } catch let error as CleanExit {
            throw error
        } catch let error as ValidationError {
            throw error
        } catch {
            Output.error("\(error)")
            throw failed
        }
    }
}

/// A command that talks to a server.
protocol ServerCommand: AsyncParsableCommand {
    var server: ServerOptions { get }
    /// An address that needs no login, where there is none: what a command asks then.
    var openAddress: String? { get }

    func run(_ server: ServerClient) async throws
}

extension ServerCommand {
    var openAddress: String? { nil }

    mutating func run() async throws {
        let command = self
        try await Ending.reporting {
            let client: ServerClient
            do {
                client = try command.server.client()
            } catch  where command.openAddress != nil {
                client = ServerClient(base: command.openAddress ?? "", login: ("", ""))
            }
            do {
                try await command.run(client)
            } catch {
                await client.close()
                throw error
            }
            await client.close()
        }
    }
}

/// How a command's answer looks.
struct OutputOptions: ParsableArguments {
    @Flag(help: "JSON instead of text, for programs.")
    var json = false
}

/// How much of a list.
struct ListOptions: ParsableArguments {
    @Option(help: "How many at most.")
    var limit = 100

    @Flag(help: "JSON instead of a table, for programs.")
    var json = false

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is \(limit); it must be at least 1.") }
    }
}

/// Beginning and end of what is looked at.
struct SpanOptions: ParsableArguments {
    @Option(help: Moment.fromHelp, transform: Moment.init(parsing:))
    var from: Moment?

    @Option(help: "Before this time.", transform: Moment.init(parsing:))
    var to: Moment?

    var query: [(String, String?)] { [("from", from?.iso), ("to", to?.iso)] }
}

/// Whether to go ahead without being asked.
struct ConfirmOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Go ahead without asking.")
    var yes = false

    /// - Parameter question: As in "End 3 alerts".
    /// - Throws: Exit code 1 after a no; when there is nobody to ask, what to add.
    func require(_ question: String) throws {
        guard !yes else { return }
        guard Terminal.canAsk else {
            throw CommandError("\(question)? There is nobody to ask. Add --yes to go ahead.")
        }
        let answer = Terminal.ask("\(question)? [y/N] ")?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else {
            Output.error("Nothing was changed.")
            throw Ending.negative
        }
    }
}
