import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Answers by text message.
@Suite(.inTurn) struct TextAnswerTests {
    private static func message(_ body: String, _ id: String = "SM1", from: String = AnswerWorld.phone) -> [String:
        String]
    {
        ["MessageSid": id, "From": from, "To": "+16045550100", "Body": body]
    }

    private static func reply(_ text: String) -> String {
        let escaped = text.replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        return #"<?xml version="1.0" encoding="UTF-8"?><Response><Message>\#(escaped)</Message></Response>"#
    }

    private static let nothing = #"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#

    @Test(arguments: Backend.available)
    func takesADigitForTheNewestThatIsNotAnswered(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            try await world.tellAnna(4711, on: "sms")
            world.clock.advance(by: .seconds(60))
            try await world.tellAnna(4712, on: "sms")
            let first = try await world.provider("sms", Self.message("1 on it"))
            #expect(first.status == 200 && first.body == Self.reply("Recorded: Acknowledge, for alert 4712."))
            let second = try await world.provider("sms", Self.message("1", "SM2"))
            #expect(second.body == Self.reply("Recorded: Acknowledge, for alert 4711."))
            #expect(try await world.answers(to: 4712) == ["Acknowledge SMS on it"])
            #expect(try await world.answers(to: 4711) == ["Acknowledge SMS"])
            // With all of them answered, a digit is another answer to the newest.
            let third = try await world.provider("sms", Self.message("2", "SM3"))
            #expect(third.body == Self.reply("Recorded: Resolve, for alert 4712."))
        }
    }

    @Test(arguments: Backend.available)
    func takesAnAnswerOnce(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            try await world.tellAnna(4711, on: "sms")
            for _ in 1...3 {  // handed over again by the provider
                let answer = try await world.provider("sms", Self.message("1"))
                #expect(answer.body == Self.reply("Recorded: Acknowledge, for alert 4711."))
            }
            let again = try await world.provider("sms", Self.message("Acknowledge 4711", "SM2"))
            #expect(again.body == Self.reply("Already recorded: Acknowledge, for alert 4711."))
            #expect(try await world.answers(to: 4711) == ["Acknowledge SMS"])
            // What a repeated answer says besides is not lost.
            _ = try await world.provider("sms", Self.message("1 4711 nearly done", "SM3"))
            let comments = try await world.events(of: 4711).compactMap { event in
                if case .commented(_, _, let text, _) = event { text } else { nil }
            }
            #expect(comments == ["nearly done"])
        }
    }

    @Test(arguments: Backend.available)
    func choosesTheAlertThatIsNamed(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            try await world.tellAnna(4711, on: "sms", language: "de")
            world.clock.advance(by: .seconds(60))
            try await world.tellAnna(4712, on: "sms")
            let answer = try await world.provider("sms", Self.message("annehmen 4711"))
            #expect(answer.body == Self.reply("Gespeichert: Annehmen, für Alarm 4711."))
            func shown() async throws -> [String] {
                try await world.database.reading { try InboundMessages($0).unanswering(offset: 0, limit: 9) }
                    .messages.map { "\($0.message.outcome) \($0.message.text)" }
            }
            #expect(try await shown().isEmpty)
            let wrong = try await world.provider("sms", Self.message("1 9999", "SM2"))
            #expect(wrong.body == Self.reply("Alert 9999 does not wait for your answer."))
            #expect(try await shown() == ["unmatched 1 9999"])
            #expect(try await world.answers(to: 4712).isEmpty)
        }
    }

    @Test(arguments: Backend.available)
    func saysPolitelyThatItIsTooLate(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            try await world.tellAnna(4711, on: "sms")
            try await world.end(4711)
            world.clock.advance(by: .seconds(600))
            for id in ["SM1", "SM2"] {
                let answer = try await world.provider("sms", Self.message("1", id))
                let words = "Alert 4711 ended 10 minutes ago by Ben Stone. Your answer is not needed any more."
                #expect(answer.body == Self.reply(words))
            }
            #expect(try await world.answers(to: 4711).isEmpty)
            let rejected = try await world.events(of: 4711).count { event in
                if case .responseRejected(let response, _, _) = event { response.source == "SMS" } else { false }
            }
            #expect(rejected == 1)
            world.clock.advance(by: .seconds(86_400))
            let forgotten = try await world.provider("sms", Self.message("1", "SM3"))
            #expect(forgotten.body == Self.reply("There is no alert that waits for your answer."))
        }
    }

    @Test(arguments: Backend.available)
    func saysWhatCanBeAnsweredButNotForEver(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            try await world.tellAnna(4711, on: "sms")
            let words = "That was not understood. For alert 4711, reply: 1 Acknowledge, 2 Resolve"
            for number in 1...5 {
                let answer = try await world.provider("sms", Self.message("what?", "SM\(number)"))
                #expect(answer.body == (number <= 3 ? Self.reply(words) : Self.nothing), "\(number)")
            }
            #expect(try await world.remarks(on: 4711) == Array(repeating: "answer.unclear", count: 5))
            world.clock.advance(by: .seconds(3601))
            #expect(try await world.provider("sms", Self.message("what?", "SM9")).body == Self.reply(words))
            #expect(try await world.provider("sms", Self.message("1", "SM10")).body.contains("Recorded"))
        }
    }

    @Test(arguments: Backend.available)
    func leavesStrangersAndProvidersWordsAlone(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            try await world.tellAnna(4711, on: "sms")
            let stop = try await world.provider("sms", Self.message("STOP"))
            #expect(stop.status == 200 && stop.body == Self.nothing)
            let stranger = try await world.provider("sms", Self.message("1", "SM2", from: "+16045559999"))
            #expect(stranger.body.contains("This number is not known here."))
            #expect(try await world.answers(to: 4711).isEmpty)
            let kept = try await world.database.reading { connection in
                try ["SM1", "SM2"].map {
                    try InboundMessages(connection).get(channel: "SMS", id: "\(AnswerWorld.provider)/\($0)")?.outcome
                }
            }
            #expect(kept == [.providerWord, .unknownSender])
            let shown = try await world.database.reading { try InboundMessages($0).unanswering(offset: 0, limit: 9) }
            #expect(Set(shown.messages.map(\.message.text)) == ["STOP", "1"])
        }
    }

    @Test(arguments: ["sms", "voice", "voice/gather", "status"])
    func refusesWhatTheProviderHasNotSigned(_ path: String) async throws {
        try await AnswerWorld.run(on: .sqlite) { world in
            let id = try await world.tellAnna(4711, on: "sms")
            let form = Self.message("1")
            let wrong = [
                "", "AAAA", TwilioSignature.make(url: AnswerWorld.publicURL, form: [], token: AnswerWorld.token),
                TwilioSignature.make(
                    url: "https://spoofed.example/provider/twilio/\(AnswerWorld.provider)/\(path)",
                    form: form.map { ($0.key, $0.value) }, token: AnswerWorld.token),
            ]
            for signature in wrong {
                #expect(try await world.provider(path, form, signature: signature).status == 403)
                #expect(try await world.provider("\(path)?n=\(id)", form, signature: signature).status == 403)
            }
            #expect(try await world.provider(path, form, provider: "unknown").status == 403)
            #expect(try await world.answers(to: 4711).isEmpty)
        }
    }
}
