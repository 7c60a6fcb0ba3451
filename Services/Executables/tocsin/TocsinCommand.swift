import ArgumentParser
import Bootstrap
import Foundation
import ServiceSettings

@main
struct TocsinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tocsin", abstract: "Alerting and integration: one process, or the tools around many.",
        version: Version.current,
        subcommands: [
            ServeCommand.self, MigrateCommand.self, RotateKeyCommand.self, WorkflowCommand.self, DeliveriesCommand.self,
            PartitionsCommand.self, AuditCommand.self, AdminCommand.self, BackupCommand.self, RestoreCommand.self,
            DemoCommand.self,
        ])
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
