import AlertCore
import Persistence
import TestSupport
import Testing

/// What people sent, as it is kept.
struct InboundMessageTests {
    static let noon = Timestamp(milliseconds: 1_790_000_000_000)

    static func message(
        _ id: String, _ outcome: InboundMessage.Outcome, _ text: String, about notification: String? = nil
    ) -> InboundMessage {
        InboundMessage(
            channel: "SMS", id: id, sender: "+1604", notification: notification, outcome: outcome, reply: "r",
            text: text)
    }

    @Test(arguments: Backend.available) func whatIsNoAnswerIsListed(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await database.transaction { connection in
                try ChannelStoreTests.execute([("n1", .plan(ChannelStoreTests.plan("n1")))], in: connection)
                let messages = InboundMessages(connection)
                for (index, outcome) in InboundMessage.Outcome.allCases.enumerated() {
                    let isAbout = outcome == .notUnderstood || outcome == .recorded
                    try messages.put(
                        Self.message("m\(index)", outcome, "text of \(index)", about: isAbout ? "n1" : nil),
                        at: Self.noon.advanced(by: .seconds(index)))
                }
                try messages.put(Self.message("long", .unmatched, String(repeating: "é", count: 300)), at: Self.noon)
                try messages.put(Self.message("empty", .unmatched, ""), at: Self.noon)
            }
            try await database.reading { connection in
                let messages = InboundMessages(connection)
                let (total, found) = try messages.unanswering(offset: 0, limit: 10)
                #expect(total == 7 && found.map(\.message.id) == ["m7", "m6", "m5", "m4", "m3", "empty", "long"])
                #expect(found.map(\.message.outcome).prefix(5).allSatisfy { !$0.isAnswer })
                #expect(found.map(\.alertNumber) == [nil, nil, nil, nil, 1, nil, nil])
                #expect(found[0].message.text == "text of 7" && found[5].message.text.isEmpty)
                #expect(found[6].message.text == String(repeating: "é", count: InboundMessages.textLimit))
                #expect(found[0].receivedAt == Self.noon.advanced(by: .seconds(7)))
                #expect(try messages.unanswering(offset: 5, limit: 1).messages.map(\.message.id) == ["empty"])
                // Of an answer, nothing is kept that stands on the alert's timeline anyway.
                #expect(try messages.get(channel: "SMS", id: "m0")?.text == "")
            }
        }
    }

    @Test(arguments: Backend.available) func textsAreErasedByNumberAndMessagesByAge(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let count = InboundMessages.textsKept + 5
            for chunk in stride(from: 0, to: count, by: 100) {
                try await database.transaction { connection in
                    for number in chunk..<min(chunk + 100, count) {
                        try InboundMessages(connection).put(
                            Self.message("m\(number)", .unknownSender, "x"),
                            at: Self.noon.advanced(by: .seconds(number)))
                    }
                }
            }
            let (total, found) = try await database.reading {
                try InboundMessages($0).unanswering(offset: InboundMessages.textsKept - 1, limit: 10)
            }
            #expect(total == InboundMessages.textsKept && found.map(\.message.id) == ["m5"])
            // Handed over again, it is still known.
            let known = try await database.reading { try InboundMessages($0).get(channel: "SMS", id: "m1") }
            #expect(known?.reply == "r" && known?.text == "")
            try await database.transaction { connection in
                for index in 0...11 {  // a hundred go each time
                    try InboundMessages(connection).put(
                        Self.message("late\(index)", .recorded, ""), at: Self.noon.advanced(by: .seconds(31 * 86_400)))
                }
            }
            #expect(try await database.reading { try InboundMessages($0).unanswering(offset: 0, limit: 1).total } == 0)
        }
    }
}
