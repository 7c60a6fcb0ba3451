import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import Notifier

/// Notification providers by REST.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct ProviderRoutesTests {
    @Test func areKeptWithoutTheirSecrets() async throws {
        try await RESTTestServer.run { server in
            let made = try await server.call(
                "POST", "notification-providers",
                [
                    "name": "Texts", "kind": "TWILIO", "account": "AC1", "secret": "token-1", "from": "+1604",
                    "limit": ["messages": 5, "seconds": 2], "url": "https://api.example.com",
                ])
            #expect(made.status == 201, "\(made.text)")
            #expect(made.json?["hasSecret"] == true && made.json?["deviceTypes"] == ["TEXT_PHONE", "VOICE"])
            let changed = try await server.call(
                "POST", "notification-providers/\(made.id)", ["order": 3, "limit": ["messages": 0]])
            #expect(changed.status == 200 && changed.json?["order"] == 3 && changed.json?["limit"] == nil)
            #expect(changed.json?["hasSecret"] == true)
            _ = try await server.call("POST", "notification-providers", ["name": "Chat", "kind": "SLACK"])
            let list = try await server.call("GET", "notification-providers")
            #expect(list.names == Self.builtIn + ["Chat", "Texts"])
            #expect(made.json?["builtIn"] == false && made.json?["configured"] == true)
            #expect(try await server.call("GET", "notification-providers/texts").id == made.id)
            // A secret stays with the server that it was given for.
            let moved = try await server.call(
                "POST", "notification-providers/\(made.id)", ["url": "https://evil.example.com"])
            #expect(moved.status == 400 && moved.text.contains("secret"))
            for text in [made.text, changed.text, list.text, try await server.auditText()] {
                #expect(!text.contains("token-1") && !text.contains("v2:"))
            }
            #expect(try await server.call("DELETE", "notification-providers/\(made.id)").status == 200)
            #expect(try await server.call("DELETE", "notification-providers/\(made.id)").status == 204)
        }
    }

    static let builtIn = ["Discord", "Email", "Mattermost", "Microsoft Teams", "ntfy", "Slack", "Web Push"]

    /// Every way that a message can go is in the list; those that nobody added can only be looked at.
    @Test(arguments: [false, true]) func thoseThatAreBuiltInAreListed(_ hasMail: Bool) async throws {
        try await RESTTestServer.run(hasMail: hasMail) { server in
            let list = try await server.call("GET", "notification-providers", as: "reader")
            #expect(list.names == Self.builtIn && list.json?["total"] == 7)
            let rows = list.json?["data"]?.array ?? []
            #expect(rows.allSatisfy { $0["builtIn"] == true && $0["hasSecret"] == false })
            #expect(rows.filter { $0["configured"] == false }.map { $0["name"] } == (hasMail ? [] : ["Email"]))
            #expect(rows[0]["reaches"] == ["GENERIC"] && rows[0]["onlyIfNamed"] == true)
            #expect(rows[5]["reaches"] == ["SLACK"] && rows[5]["onlyIfNamed"] == false)
            let second = try await server.call("GET", "notification-providers?offset=5&limit=1")
            #expect(second.names == ["Slack"] && second.json?["total"] == 7)
            #expect(try await server.call("GET", "notification-providers/web%20push").id == "web-push")
            for name in ["slack", "Web%20Push"] {
                let changed = try await server.call("POST", "notification-providers/\(name)", ["enabled": false])
                #expect(changed.status == 409 && changed.text.contains("built in"), "\(changed.text)")
                #expect(try await server.call("DELETE", "notification-providers/\(name)").status == 409)
            }
            let same = try await server.call("POST", "notification-providers", ["id": "slack", "order": 3])
            #expect(same.status == 409)
            // One with the name takes the place, and gives it back.
            let own = try await server.call(
                "POST", "notification-providers", ["name": "slack", "kind": "SLACK", "enabled": false])
            #expect(own.status == 201, "\(own.text)")
            let others = Self.builtIn.filter { $0 != "Slack" }
            #expect(try await server.call("GET", "notification-providers").names == others + ["slack"])
            #expect(try await server.call("DELETE", "notification-providers/slack").status == 200)
            #expect(try await server.call("GET", "notification-providers").names == Self.builtIn)
        }
    }

    @Test(
        arguments: [
            (["kind": "SLACK"], "name"), (["name": "x"], "kind"), (["name": "x", "kind": "PIGEON"], "kind"),
            (["name": "x", "kind": "HTTP"], "url"),
            (["name": "x", "kind": "HTTP", "url": "https://${address}/x"], "url"),
            (["name": "x", "kind": "HTTP", "url": "https://u:p@h/x"], "url"),
            (["name": "x", "kind": "SCRIPT"], "script"),
            (["name": "x", "kind": "SMTP", "url": "smtp://u:p@h"], "url"),
            (["name": "x", "kind": "SMTP", "url": "smtp://h"], "from"),
            (["name": "x", "kind": "TWILIO"], "account"),
            (["name": "x", "kind": "NTFY", "deviceTypes": ["CAR"]], "deviceTypes"),
            (["name": "x", "kind": "NTFY", "order": 0], "order"),
            (["name": "x", "kind": "NTFY", "limit": ["seconds": 1]], "limit.messages"),
            (
                ["name": "x", "kind": "HTTP", "url": "https://h", "headers": ["Authorization": "x"]],
                "headers.Authorization"
            ),
            (["name": "x", "kind": "HTTP", "url": "https://h", "headers": ["X-A": "a\nb"]], "headers.X-A"),
        ] as [(JSONValue, String)])
    func namesTheFieldThatIsWrong(_ body: JSONValue, _ field: String) async throws {
        try await RESTTestServer.run { server in
            let reply = try await server.call("POST", "notification-providers", body)
            #expect(reply.status == 400 && reply.json?["message"]?.string?.contains(field) == true, "\(reply.text)")
            #expect(try await server.call("GET", "notification-providers").json?["total"] == 7)
        }
    }

    @Test func onlyThoseWhoConfigureMayChangeThem() async throws {
        try await RESTTestServer.run { server in
            let body: JSONValue = ["name": "Chat", "kind": "SLACK"]
            let refused = try await server.call("POST", "notification-providers", body, as: "reader")
            let list = try await server.call("GET", "notification-providers", as: "reader")
            #expect(refused.status == 403 && list.status == 200)
        }
    }

    @Test func theWebPushKeyIsAlwaysTheSame() async throws {
        try await RESTTestServer.run { server in
            let first = try await server.call("GET", "web-push-key", as: "reader")
            let key = first.json?["publicKey"]?.string ?? ""
            #expect(first.status == 200 && key.count == 87)
            #expect(try await server.call("GET", "web-push-key").json?["publicKey"]?.string == key)
        }
    }

    @Test func aTestShowsTheExchange() async throws {
        try await RESTTestServer.run { server in
            let provider = try await server.call("POST", "notification-providers", ["name": "Mail", "kind": "SMTP"])
            let device = try await server.call(
                "POST", "devices",
                ["owner": "admin", "name": "Work Email", "deviceType": "EMAIL", "emailAddress": "a@example.org"])
            let registry = ScriptedChannels(
                [NotificationProvider(id: provider.id, name: "Mail", kind: .smtp, deviceTypes: [.email])]
            ) { message, _ in
                if message.subject == "Test message" { return "250 taken" }
                throw ChannelError(reason: "not a test", isPermanent: true)
            }
            let world = DeliveryWorld(database: server.database, registry: registry)
            world.clock.advance(by: .seconds(400 * 86_400))  // the server's clock is the real one
            try await world.running {
                let reply = try await server.call(
                    "POST", "notification-providers/\(provider.id)/test", ["device": .string(device.id)])
                #expect(reply.status == 200 && reply.json?["status"] == "DELIVERED", "\(reply.text)")
                let texts = reply.json?["exchange"]?.array?.compactMap { $0["text"]?.string }
                #expect(texts == ["planned", "attempt 1 by Mail", "taken: 250 taken"])
            }
            #expect(registry.all.map(\.message.address) == ["a@example.org"])
            let unknown = try await server.call("POST", "notification-providers/x/test", ["device": .string(device.id)])
            #expect(unknown.status == 404)
        }
    }
}
