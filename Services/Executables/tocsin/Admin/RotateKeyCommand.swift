import ArgumentParser
import Bootstrap
import Foundation
import ServiceSettings

struct RotateKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key",
        abstract: "Make a new secret key and seal everything with it; --retire forgets the older keys afterwards.",
        shouldDisplay: false)

    @OptionGroup var settings: PassedSettings

    func run() async { await rotate("tocsin rotate-key", settings) }
}

struct AdminRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make a new secret key and seal everything with it; --retire forgets the older keys afterwards.",
        discussion: "Takes the settings of the server, as tocsin serve does; it may run meanwhile.")

    @OptionGroup var settings: PassedSettings

    func run() async { await rotate("tocsin admin rotate", settings) }
}

private func rotate(_ name: String, _ settings: PassedSettings) async {
    let retire = "--retire"
    settings.answerHelp("\(name) [--retire] [settings]")
    await exitingOnError("tocsin") {
        let arguments = settings.arguments.filter { $0 != retire }
        let reader = try await SettingsReader(
            arguments: arguments, environment: ProcessInfo.processInfo.environment)
        let processSettings = try ProcessSettings(reader, isEmbedded: reader.text(.data) != nil)
        let platform = try Platform.open(processSettings, logger: makeLogger("tocsin", processSettings))
        let rotation = KeyRotation(platform)
        let isRetiring = settings.arguments.contains(retire)
        for line in try await isRetiring ? rotation.retire() : rotation.rotate() { print(line) }
        await platform.close()
    }
}
