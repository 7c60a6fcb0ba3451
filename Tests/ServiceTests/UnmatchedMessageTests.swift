import AlertCore
import Persistence
import TestSupport
import Testing

/// What was no answer, as administrators see it.
@Suite(.inTurn) struct UnmatchedMessageTests {
    @Test func theApiAndTheConsoleShowThem() async throws {
        try await ConsoleWorld.run { world in
            let at = world.clock.now
            try await world.database.transaction { connection in
                let messages = InboundMessages(connection)
                try messages.put(
                    InboundMessage(
                        channel: "SMS", id: "1", sender: "+16045559999", outcome: .unknownSender, reply: "who?",
                        text: "I am <late>"), at: at)
                try messages.put(
                    InboundMessage(
                        channel: "EMAIL", id: "2", sender: "a@b.c", outcome: .recorded, reply: "", text: "yes"), at: at)
            }
            let list = try await world.call("GET", "/unmatched-messages")
            let json = try list.json
            #expect(list.status == 200 && json["total"] == 1, "\(list.body)")
            let row = json["data"]?.array?.first
            #expect(row?["sender"] == "+16045559999" && row?["text"] == "I am <late>" && row?["channel"] == "SMS")
            #expect(row?["outcome"] == "UNKNOWN_SENDER" && row?["receivedAt"] == .string(at.iso))
            #expect(row?["reason"] == "nobody has a device with this number" && row?["reply"] == "who?")
            #expect(try await world.call("GET", "/unmatched-messages?limit=0").status == 400)
            let cookie = try await world.signIn()
            let page = try await world.page("/console/unmatched-messages", cookie).body
            #expect(page.contains("I am &lt;late&gt;") && page.contains("nobody has a device with this number"))
            #expect(try await world.page("/console/providers", cookie).body.contains("/console/unmatched-messages"))
        }
    }

    @Test func onlyAdministratorsSeeThem() async throws {
        try await RESTTestServer.run { server in
            let refused = try await server.call("GET", "unmatched-messages", as: "reader")
            let list = try await server.call("GET", "unmatched-messages")
            #expect(refused.status == 403 && list.status == 200)
        }
    }
}
