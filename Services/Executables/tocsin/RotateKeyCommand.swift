import ArgumentParser
import Bootstrap
import Foundation
import ServiceSettings

struct RotateKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key",
        abstract: "Make a new secret key and seal everything with it; --retire forgets the older keys afterwards.")

    private static let retire = "--retire"

    @OptionGroup var settings: PassedSettings

    func run() async {
        settings.answerHelp("tocsin rotate-key [--retire] [settings]")
        await exitingOnError("tocsin") {
            let arguments = settings.arguments.filter { $0 != Self.retire }
            let reader = try await SettingsReader(
                arguments: arguments, environment: ProcessInfo.processInfo.environment)
            let settings = try ProcessSettings(reader, isEmbedded: reader.text(.data) != nil)
            let platform = try Platform.open(settings, logger: makeLogger("tocsin", settings))
            let rotation = KeyRotation(platform)
            let isRetiring = self.settings.arguments.contains(Self.retire)
            for line in try await isRetiring ? rotation.retire() : rotation.rotate() { print(line) }
            await platform.close()
        }
    }
}
