import AlertCore
import Answers
import Foundation
import Persistence
import TestSupport
import Testing

/// Answers by telephone, and what providers say of messages and calls.
@Suite(.inTurn) struct CallAnswerTests {
    private static func call(_ more: [String: String] = [:], _ id: String = "CA1") -> [String: String] {
        ["CallSid": id, "From": "+16045550100", "To": AnswerWorld.phone, "CallStatus": "in-progress"]
            .merging(more) { $1 }
    }

    @Test(arguments: Backend.available)
    func takesAKey(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            let id = try await world.tellAnna(4711, on: "voice")
            let start = try await world.provider("voice?n=\(id)&a=0", Self.call(["AnsweredBy": "human"]))
            #expect(start.status == 200 && start.body.contains("db4711 is &lt;down&gt;"))
            #expect(start.body.contains("Press 1 for Acknowledge."))
            let action = "\(AnswerWorld.publicURL)/provider/twilio/\(AnswerWorld.provider)/voice/gather?n=\(id)&amp;a=0"
            #expect(start.body.contains("action=\"\(action)\""))
            let again = try await world.provider("voice/gather?n=\(id)&a=0", Self.call(["Digits": "0"]))
            #expect(again.body.contains("db4711 is"))
            let answer = try await world.provider("voice/gather?n=\(id)&a=0", Self.call(["Digits": "1"]))
            #expect(answer.body.contains("Recorded: Acknowledge, for alert 4711."))
            #expect(answer.body.contains("<Hangup/>") && !answer.body.contains("<Dial>"))
            #expect(try await world.answers(to: 4711) == ["Acknowledge VOICE"])
            #expect(try await world.remarks(on: 4711).filter { $0 == "call.unanswered" }.isEmpty)
        }
    }

    @Test(arguments: Backend.available)
    func asksForThePassword(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            let id = try await world.tellAnna(4711, on: "voice") {
                $0.requirePhonePassword = true
                $0.conference = ConferenceReference(type: .external, bridgeId: "War room", bridgeNumber: "+16045550199")
            }
            let start = try await world.provider("voice?n=\(id)&a=0", Self.call())
            #expect(start.body.contains("phone password") && !start.body.contains("db4711"))
            let wrong = try await world.provider("voice/gather?n=\(id)&a=0", Self.call(["Digits": "1"]))
            #expect(wrong.body.contains("That is not right.") && !wrong.body.contains("db4711"))
            let right = try await world.provider("voice/gather?n=\(id)&a=0", Self.call(["Digits": AnswerWorld.pin]))
            #expect(right.body.contains("db4711"))
            let answer = try await world.provider("voice/gather?n=\(id)&a=0", Self.call(["Digits": "2"]))
            #expect(answer.body.contains("<Dial>+16045550199</Dial>"))
            #expect(try await world.answers(to: 4711) == ["Resolve VOICE"])
        }
    }

    @Test(arguments: Backend.available)
    func limitsWrongPasswordsOverAllCalls(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            let id = try await world.tellAnna(4711, on: "voice") { $0.requirePhonePassword = true }
            for number in 1...3 {
                _ = try await world.provider("voice?n=\(id)&a=0", Self.call([:], "CA\(number)"))
                for _ in 1...3 {
                    _ = try await world.provider(
                        "voice/gather?n=\(id)&a=0", Self.call(["Digits": "0000"], "CA\(number)"))
                }
            }
            let tenth = try await world.provider("voice?n=\(id)&a=0", Self.call([:], "CA4"))
            #expect(tenth.body.contains("<Hangup/>") && !tenth.body.contains("<Gather"))
            let sneaked = try await world.provider(
                "voice/gather?n=\(id)&a=0", Self.call(["Digits": AnswerWorld.pin], "CA4"))
            #expect(!sneaked.body.contains("db4711"))
        }
    }

    @Test(arguments: Backend.available)
    func callsAgainWhenNobodyAnswers(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            let id = try await world.tellAnna(4711, on: "voice") {
                $0.voicemailOptions = VoicemailOptions(retry: 2, every: 90, leave: .messageOnly)
            }
            func due() async throws -> CallAgain? {
                let at = world.clock.now.advanced(by: .seconds(90))
                return try await world.database.transaction { connection -> CallAgain? in
                    let items = try DueWork(connection).claim(
                        kind: CallAgain.dueKind, partition: 0, now: at, lease: .seconds(1), limit: 10)
                    try DueWork(connection).finish(items.map(\.id), kind: CallAgain.dueKind)
                    return try items.first.map { try JSON.decode($0.payload) }
                }
            }
            for _ in 1...2 {  // the provider says it twice
                let busy = try await world.provider("status?n=\(id)&a=0", Self.call(["CallStatus": "busy"]))
                #expect(busy.status == 204)
            }
            #expect(try await due() == CallAgain(notification: id, provider: AnswerWorld.provider, attempt: 1))
            let machine = try await world.provider(
                "voice?n=\(id)&a=1", Self.call(["AnsweredBy": "machine_start"], "CA2"))
            #expect(machine.body.contains("<Response><Hangup/></Response>"))
            _ = try await world.provider("status?n=\(id)&a=1", Self.call(["CallStatus": "completed"], "CA2"))
            #expect(try await due()?.attempt == 2)
            let last = try await world.provider(
                "voice?n=\(id)&a=2", Self.call(["AnsweredBy": "machine_end_beep"], "CA3"))
            #expect(last.body.contains("db4711 is"))
            _ = try await world.provider("status?n=\(id)&a=2", Self.call(["CallStatus": "completed"], "CA3"))
            #expect(try await due() == nil)
            #expect(try await world.remarks(on: 4711).filter { $0 == "call.unanswered" }.count == 2)
        }
    }

    @Test(arguments: ["busy", "no-answer", "failed", "canceled", "completed"])
    func callsNobodyAgainWhoHasAnswered(_ status: String) async throws {
        try await AnswerWorld.run(on: .sqlite) { world in
            let retry = VoicemailOptions(retry: 2, every: 60, leave: .callbackOnly)
            let id = try await world.tellAnna(4711, on: "voice") { $0.voicemailOptions = retry }
            try await world.tellAnna(4711, on: "sms")
            _ = try await world.provider(
                "sms", ["MessageSid": "SM1", "From": AnswerWorld.phone, "Body": "1"])
            _ = try await world.provider("status?n=\(id)&a=0", Self.call(["CallStatus": status]))
            let next = try await world.database.reading {
                try DueWork($0).nextDue(kind: CallAgain.dueKind, partition: 0)
            }
            #expect(next == nil)
        }
    }

    @Test(arguments: Backend.available)
    func takesCallsBack(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            try await world.tellAnna(4711, on: "voice", language: "de")
            let back = Self.call(["From": AnswerWorld.phone, "To": "+16045550100", "Direction": "inbound"])
            let start = try await world.provider("voice", back)
            #expect(start.body.contains("db4711 is") && start.body.contains("language=\"de-DE\""))
            #expect(start.body.contains("Drücken Sie 1 für Annehmen."))
            let stranger = try await world.provider("voice", Self.call(["From": "+16045559999"], "CA2"))
            #expect(stranger.body.contains("not known here") && !stranger.body.contains("db4711"))
        }
    }

    @Test(arguments: Backend.available)
    func tellsWhoIsTooLate(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            let id = try await world.tellAnna(4711, on: "voice")
            _ = try await world.provider("voice?n=\(id)&a=0", Self.call())
            try await world.end(4711)
            let answer = try await world.provider("voice/gather?n=\(id)&a=0", Self.call(["Digits": "1"]))
            #expect(answer.body.contains("ended 0 seconds ago by Ben Stone") && answer.body.contains("<Hangup/>"))
            #expect(try await world.answers(to: 4711).isEmpty)
        }
    }
}

/// What providers say of text messages.
@Suite(.inTurn) struct ProviderReceiptTests {
    /// What is recorded with a notification after the provider has taken it.
    private static func events(
        after status: [String: String], _ number: Int64, in world: AnswerWorld
    ) async throws -> [String] {
        let id = try await world.tellAnna(number, on: "sms")
        for _ in 1...2 {  // a word that comes twice is one
            let answer = try await world.provider("status?n=\(id)", status)
            #expect(answer.status == 204)
        }
        return try await world.database.reading { try EventLog($0).read(streams: ["notification-\(id)"]) }
            .dropFirst(3).map(\.type)
    }

    @Test(arguments: Backend.available)
    func recordsWhatTheProviderSays(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            let sent = ["MessageSid": "SM1", "MessageStatus": "sent"]
            let afterSent = try await Self.events(after: sent, 1001, in: world)
            #expect(afterSent.isEmpty)
            let delivered = ["MessageSid": "SM1", "MessageStatus": "delivered"]
            let afterDelivered = try await Self.events(after: delivered, 1002, in: world)
            #expect(afterDelivered == ["notification.confirmed"])
            let failed = ["MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"]
            let afterFailed = try await Self.events(after: failed, 1003, in: world)
            #expect(afterFailed == ["notification.refused"])
        }
    }
}
