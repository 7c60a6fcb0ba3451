import Bootstrap
import Foundation
import Persistence

/// Brings schema and topics up to date, and makes the first administrator, whose password is printed once.

func prepare(_ settings: ProcessSettings, _ platform: Platform) async throws {
    try await Migrator.bundled().run(on: platform.database)
    try await platform.prepareBus()
    let made = try await Administrator.makeIfNeeded(settings, database: platform.database, now: Platform.now)
    guard let made else { return }
    if let password = made.generatedPassword {
        say("Made the first administrator. User: \(made.user)  Password: \(password)  (not shown again)")
    } else {
        say("Made the first administrator \(made.user).")
    }
}

/// Prints at once, also into a file or a pipe.
private func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
