import AlertCore
import Crypto
import Foundation
import TestSupport
import Testing

@testable import Persistence

struct KeyringTests {
    private let old = SymmetricKey(size: .bits256)
    private let new = SymmetricKey(size: .bits256)
    private let place = SecretContext("c")

    @Test func theFirstKeySealsAndEveryKeyOpens() throws {
        let before = SecretBox(key: old).seal("x", for: place)
        let both = SecretBox(keyring: Keyring(keys: [new, old]))
        #expect(try both.open(before, for: place) == "x")
        #expect(!both.isCurrent(before))
        let after = both.seal("x", for: place)
        #expect(both.isCurrent(after))
        #expect(try SecretBox(key: new).open(after, for: place) == "x")
        #expect(throws: SecretError.self) { try SecretBox(key: old).open(after, for: place) }
    }

    /// What the first version of this program sealed: no key id.
    @Test func opensWhatHasNoKeyId() throws {
        let sealing = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: old, info: Data("tocsin/secret-box".utf8), outputByteCount: 32)
        let box = try AES.GCM.seal(Data("x".utf8), using: sealing, authenticating: Data("c".utf8))
        let sealed = "v1:" + (try #require(box.combined)).base64EncodedString()
        #expect(try SecretBox(keyring: Keyring(keys: [new, old])).open(sealed, for: place) == "x")
        #expect(throws: SecretError.refused) { try SecretBox(key: new).open(sealed, for: place) }
        #expect(!SecretBox(key: old).isCurrent(sealed))
    }

    @Test func knowsTheSubkeysOfEveryKey() {
        let both = SecretBox(keyring: Keyring(keys: [new, old]))
        #expect(both.subkeys(for: "links") == [new, old].map { SecretBox(key: $0).subkey(for: "links") })
        #expect(both.subkey(for: "links") == SecretBox(key: new).subkey(for: "links"))
    }

    @Test func anIdSaysNothingOfItsKey() {
        let ids = Keyring(keys: [new, old]).ids
        #expect(ids.count == 2 && ids[0] != ids[1])
        #expect(ids.allSatisfy { $0.count == 8 && $0.allSatisfy(\.isHexDigit) })
    }

    @Test(arguments: ["", "\n", "# only a comment\n", "c2hvcnQ=", "no base64!", "c2hvcnQ=,AAAA"])
    func refusesKeysThatAreNone(text: String) {
        #expect(throws: SecretError.badKey) { try Keyring.parse(text) }
    }

    @Test func followsItsFile() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "keys-\(UInt64.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: file) }
        try write([old], to: file)
        let running = SecretBox(keyring: try Keyring(file: file))
        let sealed = running.seal("x", for: place)
        try write([new, old], to: file)
        // Sealed by another process with a key that this one has not seen yet.
        #expect(try running.open(SecretBox(key: new).seal("y", for: place), for: place) == "y")
        #expect(running.isCurrent(running.seal("z", for: place)))
        #expect(try running.open(sealed, for: place) == "x")
        #expect(running.keyring.ids == Keyring(keys: [new, old]).ids)
        // Half a file changes nothing.
        try Data("half".utf8).write(to: file)
        #expect(throws: SecretError.unknownKey(id: "00000000")) { try running.open("v2:00000000:AAAA", for: place) }
        #expect(try running.open(sealed, for: place) == "x")
    }

    private func write(_ keys: [SymmetricKey], to file: URL) throws {
        let lines = keys.map { $0.withUnsafeBytes { Data($0).base64EncodedString() } }
        try Data(("# keys\n" + lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    }
}

struct ResealingTests {
    private let old = SymmetricKey(size: .bits256)
    private let new = SymmetricKey(size: .bits256)

    private func endpoint(_ number: Int, _ box: SecretBox) -> Endpoint {
        let id = "e\(number)"
        return Endpoint(
            id: id, plan: "p", name: "E\(number)", url: "https://example.com", authenticationType: .oauth2,
            username: "u", sealedPassword: box.seal("password", for: .endpointPassword(id)),
            sealedToken: box.seal("token", for: .endpointToken(id)),
            oauth2: Endpoint.OAuth2(
                grant: .password, tokenURL: "https://example.com/t",
                sealedClientSecret: box.seal("client", for: .clientSecret(id)),
                sealedRefreshToken: box.seal("refresh", for: .refreshToken(id))),
            clientCertificate: .init(certificate: "C", sealedPrivateKey: box.seal("key", for: .privateKey(id))))
    }

    private func integration(_ box: SecretBox) -> Integration {
        Integration(
            id: "i", plan: "p", form: nil, name: "I", integrationType: .inbound, operation: .runScript,
            sealedKey: box.seal("k", for: .integrationKey("i")),
            sealedSigningSecrets: ["a", "b"].map { box.seal($0, for: .signingSecret("i")) })
    }

    @Test(arguments: Backend.available)
    func sealsEverythingWithTheNewKey(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let before = SecretBox(key: old)
        let origin = Origin(actor: "t", causation: "c", correlation: "r")
        try await database.transaction { connection in
            let directory = Directory(connection)
            for number in 1...5 {
                try directory.put(endpoint(number, before), by: origin, at: directoryNoon)
            }
            try directory.put(integration(before), by: origin, at: directoryNoon)
        }
        let box = SecretBox(keyring: Keyring(keys: [new, old]))
        let resealing = Resealing(database: database, secrets: box, batch: 2, now: { directoryNoon })
        var expected = Resealing.Outcome()
        expected.resealed = 5 * 5 + 3
        #expect(try await resealing.survey() == expected)
        #expect(try await resealing.run() == expected)
        expected.current = expected.resealed
        expected.resealed = 0
        #expect(try await resealing.run() == expected)
        // The old key can go.
        let after = SecretBox(key: new)
        let (endpoints, integrations, audit) = try await database.reading { connection in
            let directory = Directory(connection)
            return (
                try directory.all(Endpoint.self), try directory.all(Integration.self),
                try EventLog(connection).read(LogPartition("config", 0), after: 0, limit: 1000).map(\.data)
            )
        }
        var opened: [String] = []
        for endpoint in endpoints {
            _ = try endpoint.mapSecrets { sealed, context in
                opened.append(try after.open(sealed, for: context))
                return sealed
            }
        }
        _ = try integrations[0].mapSecrets { sealed, context in
            opened.append(try after.open(sealed, for: context))
            return sealed
        }
        #expect(opened.count == 28)
        #expect(Set(opened) == ["password", "token", "client", "refresh", "key", "k", "a", "b"])
        #expect(!audit.contains { $0.contains("v1:") || $0.contains("v2:") }, "the audit holds sealed texts")
    }

    @Test func saysWhatNoKeyOpensAndGoesOn() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        let origin = Origin(actor: "t", causation: "c", correlation: "r")
        try await database.transaction { connection in
            let directory = Directory(connection)
            let lost = SecretBox(key: SymmetricKey(size: .bits256))
            try directory.put(endpoint(1, lost), by: origin, at: directoryNoon)
            try directory.put(endpoint(2, SecretBox(key: old)), by: origin, at: directoryNoon)
        }
        let box = SecretBox(keyring: Keyring(keys: [new, old]))
        let outcome = try await Resealing(database: database, secrets: box, now: { directoryNoon }).run()
        #expect(outcome.unreadable == ["endpoint E1"])
        #expect(outcome.resealed == 5)
    }

    /// A sealed field that `mapSecrets` forgets would be lost with its key.
    @Test func everySealedFieldIsReached() throws {
        let box = SecretBox(key: old)
        let provider = NotificationProvider(
            id: "x", name: "X", kind: .twilio, deviceTypes: [], sealedSecret: box.seal("s", for: .provider("x")))
        for holder in [endpoint(1, box) as any SecretHolder, integration(box), provider] {
            let replaced = try DirectoryJSON.text(holder.mapSecrets { _, _ in "replaced" })
            #expect(!replaced.contains("v2:"), "\(replaced)")
        }
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Shared/AlertCore")
        var fields = Set<String>()
        for case let file as String in try #require(FileManager.default.enumerator(atPath: sources.path()))
        where file.hasSuffix(".swift") {
            let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
            fields.formUnion(text.matches(of: #/public var (sealed\w+)/#).map { String($0.1) })
        }
        // A new one belongs into `mapSecrets` of its entry, into `Resealing.holders`, and into this list.
        #expect(
            fields == [
                "sealedPassword", "sealedToken", "sealedClientSecret", "sealedRefreshToken", "sealedPrivateKey",
                "sealedKey", "sealedSigningSecrets", "sealedSecret",
            ])
    }
}
