import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

@testable import Bootstrap

/// `tocsin rotate-key` beside a server that runs on the same file of keys.
@Suite(.inTurn)
struct KeyRotationTests {
    private func store(_ box: SecretBox, _ id: String, in database: any SQLDatabase) async throws {
        let origin = Origin(actor: "t", causation: "c", correlation: "r")
        try await database.transaction { connection in
            let endpoint = Endpoint(
                id: id, plan: "p", name: id, url: "https://h", authenticationType: .bearer,
                sealedToken: box.seal("token-\(id)", for: .endpointToken(id)))
            try Directory(connection).put(endpoint, by: origin, at: Timestamp(milliseconds: 0))
        }
    }

    private func token(_ id: String, _ box: SecretBox, in database: any SQLDatabase) async throws -> String {
        let endpoint = try await database.reading { try Directory($0).get(Endpoint.self, id: id) }
        return try box.open(try #require(endpoint?.sealedToken), for: .endpointToken(id))
    }

    @Test(arguments: Backend.available)
    func servesMeanwhile(on backend: Backend) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "keys-\(UInt64.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("\(Data(repeating: 7, count: 32).base64EncodedString())\n".utf8).write(to: file)
        let database = try await backend.makeDatabase()
        let server = SecretBox(keyring: try Keyring(file: file))
        let first = server.keyring.ids
        for id in ["a", "b"] { try await store(server, id, in: database) }

        let command = KeyRotation(database: database, secrets: SecretBox(keyring: try Keyring(file: file)))
        let lines = try await command.rotate()
        #expect(lines.contains("Sealed 2 secrets anew; 0 were so already."))
        #expect(lines.last == "Older keys that can be retired now: \(first[0]).")
        #expect(try FileManager.default.attributesOfItem(atPath: file.path())[.posixPermissions] as? Int == 0o600)
        #expect(try await token("a", server, in: database) == "token-a")
        #expect(server.keyring.ids.count == 2 && server.keyring.ids[1] == first[0])

        // A process that had not seen the new key yet seals once more with the old one: it is not retired then.
        try await store(
            try SecretBox(base64Key: Data(repeating: 7, count: 32).base64EncodedString()), "c", in: database)
        await #expect(throws: KeyRotation.StillInUse.self) { try await command.retire() }
        let again = try await command.rotate()
        #expect(again[0].hasPrefix("Some secrets are sealed with an older key"))
        #expect(again.contains("Sealed 1 secrets anew; 2 were so already."))
        #expect(try await command.retire() == ["Retired: \(first[0])."])
        let after = SecretBox(keyring: try Keyring(file: file))
        #expect(after.keyring.ids.count == 1 && after.keyring.ids != first)
        for id in ["a", "b", "c"] { #expect(try await token(id, after, in: database) == "token-\(id)") }
    }

    @Test func aKeyFromTheSettingsIsPutThereByHand() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        let keys = [8, 7].map { Data(repeating: $0, count: 32).base64EncodedString() }
        try await store(try SecretBox(base64Key: keys[1]), "a", in: database)
        let command = KeyRotation(database: database, secrets: try SecretBox(base64Key: keys.joined(separator: ",")))
        #expect(try await command.rotate().contains("Sealed 1 secrets anew; 0 were so already."))
        #expect(try await command.retire().first?.contains("taken out of the settings") == true)
        #expect(try await token("a", try SecretBox(base64Key: keys[0]), in: database) == "token-a")
    }
}
