import AlertCore
import Crypto
import Persistence
import TestSupport
import Testing

@testable import WebhookDispatcher

/// Targets are made anew when they can be others, and not before.
@Suite(.inTurn)
struct TargetCacheTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)
    private let secrets = SecretBox(key: SymmetricKey(size: .bits256))

    private func keyCount(_ target: Target) -> Int {
        if case .webhook(let webhook) = target.action { webhook.keys.count } else { 0 }
    }

    @Test func followsTheDirectoryAndTheKeys() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        let directory = DirectoryCache(database: database)
        let origin = Origin(actor: "ada", causation: "c", correlation: "c")
        func put(_ entries: any DirectoryEntry...) async throws -> DirectoryView {
            try await database.transaction { [now] connection in
                for entry in entries { try Directory(connection).put(entry, by: origin, at: now) }
            }
            return try await directory.refreshed()
        }
        var integration = Integration(
            id: "i", plan: "p", form: "f", name: "I", integrationType: .outbound, operation: .sendWebhook,
            triggeredBy: .status, endpoint: "e", path: "/one",
            sealedSigningSecrets: [secrets.seal(RandomSecret.signingSecret(), for: .signingSecret("i"))])
        let end = now.advanced(by: .seconds(60))
        let isRotated = integration.rotateSigningSecret(
            to: secrets.seal(RandomSecret.signingSecret(), for: .signingSecret("i")), until: end, at: now)
        #expect(isRotated)
        var view = try await put(
            Plan(id: "p", name: "P", created: now), Form(id: "f", number: 1, plan: "p", name: "F"),
            Endpoint(id: "e", plan: "p", name: "E", url: "http://127.0.0.1:9"), integration)
        var cache = TargetCache(secrets: secrets)
        func target(_ view: DirectoryView, at moment: Timestamp) throws -> Target {
            try cache.target(of: "i", in: view, at: moment)
        }
        #expect(keyCount(try target(view, at: now)) == 2)
        #expect(keyCount(try target(view, at: end.advanced(by: .milliseconds(-1)))) == 2)
        // No change of the directory, but the older key's time is over.
        #expect(keyCount(try target(view, at: end)) == 1)

        integration.path = "/two"
        view = try await put(integration)
        if case .webhook(let webhook) = try target(view, at: end).action {
            #expect(webhook.url == "http://127.0.0.1:9/two")
        }
        integration.disabledReason = "410"
        let out = try await put(integration)
        #expect(throws: Target.Unavailable.self) { _ = try target(out, at: end) }
        integration.disabledReason = nil
        view = try await put(integration)
        #expect(keyCount(try target(view, at: end)) == 1)
    }
}
