import ArgumentParser
import Bootstrap
import Foundation
import ServiceSettings

@main
struct TocsinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tocsin", abstract: "Alerting and integration: one process, or the tools around many.",
        discussion: Ending.help, version: Version.current,
        subcommands: [RotateKeyCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Alerts",
                subcommands: [AlertsCommand.self, OnCallCommand.self, PeopleCommand.self, GroupsCommand.self]),
            CommandGroup(
                name: "Integrations",
                subcommands: [WorkflowCommand.self, IntegrationsCommand.self, DeliveriesCommand.self]),
            CommandGroup(name: "Record", subcommands: [AuditCommand.self, BackupCommand.self, RestoreCommand.self]),
            CommandGroup(
                name: "Server",
                subcommands: [
                    ServeCommand.self, MigrateCommand.self, AdminCommand.self, PartitionsCommand.self,
                    DemoCommand.self,
                ]),
            CommandGroup(
                name: "This machine",
                subcommands: [
                    LoginCommand.self, LogoutCommand.self, ProfilesCommand.self, WhoAmICommand.self,
                    CompletionCommand.self,
                ]),
        ])

    static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            if exitCode(for: error) == .validationFailure,
                let problem = unknownCommand(in: CommandLine.arguments.dropFirst())
            {
                Output.error(problem)
                exit(withError: ExitCode.validationFailure)
            }
            exit(withError: error)
        }
    }

    /// Says that there is no command of a name, and which may have been meant; `nil` when all of them are there.
    private static func unknownCommand(in arguments: some Sequence<String>) -> String? {
        var path: [any ParsableCommand.Type] = [Self.self]
        func names(_ type: any ParsableCommand.Type) -> [String] {
            [type.configuration.commandName].compactMap { $0 } + type.configuration.aliases
        }
        for argument in arguments {
            guard let last = path.last, !argument.hasPrefix("-"), !last.configuration.subcommands.isEmpty else {
                return nil
            }
            if let next = last.configuration.subcommands.first(where: { names($0).contains(argument) }) {
                path.append(next)
                continue
            }
            guard last.configuration.defaultSubcommand == nil, argument != "help" else { return nil }
            let here = path.compactMap { names($0).first }.joined(separator: " ")
            let known = last.configuration.subcommands.compactMap { names($0).first }
            let hint = Nearness.hint(
                for: argument, among: known, otherwise: "Type \(here) --help to see what there is.")
            return "There is no command \(here) \(argument).\(hint)"
        }
        return nil
    }
}

/// Flags of the settings, which `SettingsReader` reads.
struct PassedSettings: ParsableArguments {
    @Argument(parsing: .captureForPassthrough, help: "Settings, as in --port 8080; --help lists them all.")
    var arguments: [String] = []

    /// Prints the settings and ends when that is what was asked for.
    func answerHelp(_ usage: String) {
        guard arguments.contains("--help") || arguments.contains("-h") else { return }
        printSettings(usage)
        Foundation.exit(0)
    }
}

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run everything in this process, on SQLite: tocsin serve --data DIR.")

    @OptionGroup var settings: PassedSettings

    func run() async {
        settings.answerHelp("tocsin serve --data DIR [settings]")
        await exitingOnError("tocsin") {
            let reader = try await SettingsReader(
                arguments: self.settings.arguments, environment: ProcessInfo.processInfo.environment)
            let settings = try ProcessSettings(reader, isEmbedded: true)
            let logger = makeLogger("tocsin", settings)
            let platform = try Platform.open(settings, logger: logger)
            try await serve(ServiceKind.allCases, settings, platform, logger: logger) { platform, _ in
                try await prepare(settings, platform)
                try await platform.checkPartitions()
            }
        }
    }
}

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Prepare PostgreSQL and Kafka for the separate executables: schema, topics, first administrator.")

    @OptionGroup var settings: PassedSettings

    func run() async {
        settings.answerHelp("tocsin migrate [settings]")
        await exitingOnError("tocsin") {
            let reader = try await SettingsReader(
                arguments: self.settings.arguments, environment: ProcessInfo.processInfo.environment)
            let settings = try ProcessSettings(reader, isEmbedded: false)
            let platform = try Platform.open(settings, logger: makeLogger("tocsin", settings))
            try await prepare(settings, platform)
            print("The database and the topics are prepared.")
            await platform.close()
        }
    }
}
