import Bootstrap
import Persistence
import ServiceSettings

/// Brings schema and topics up to date, and makes the first administrator, whose password is printed once.

func prepare(_ settings: SettingsReader, _ platform: Platform) async throws {
    try await Migrator.bundled().run(on: platform.database)
    try await platform.prepareBus()
    let made = try await Administrator.makeIfNeeded(settings, database: platform.database, now: Platform.now)
    guard let made else { return }
    if let password = made.generatedPassword {
        print("Made the first administrator. User: \(made.user)  Password: \(password)  (not shown again)")
    } else {
        print("Made the first administrator \(made.user).")
    }
}
