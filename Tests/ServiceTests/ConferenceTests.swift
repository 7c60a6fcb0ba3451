import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// How people come to an alert's conference, and to its files.
@Suite(.inTurn) struct ConferenceTests {
    private static let pointer = ConferenceReference(type: .external, bridgeId: "war room", bridgeNumber: "4711")

    private static var bridge: ConferenceBridge {
        var bridge = ConferenceBridge(id: DerivedID.uuid("bridge"), name: "War Room", pauseBeforeBridgePrompt: 1)
        bridge.tollNumber = "+16045550199"
        bridge.dialAfterBridge = "#"
        bridge.meetingLink = "https://meet.example/1"
        return bridge
    }

    private static func add(to database: any SQLDatabase, at now: Timestamp) async throws {
        let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
        try await database.transaction { _ = try Directory($0).put(bridge, by: origin, at: now) }
    }

    @Test(arguments: Backend.available)
    func anAnswerLeadsToIt(on backend: Backend) async throws {
        try await AnswerWorld.run(on: backend) { world in
            try await Self.add(to: world.database, at: world.clock.now)
            let id = try await world.tellAnna(4711, on: "voice") { $0.conference = Self.pointer }
            let call = ["CallSid": "CA1", "From": "+16045550100", "To": AnswerWorld.phone, "CallStatus": "in-progress"]
            _ = try await world.provider("voice?n=\(id)&a=0", call)
            let joined = try await world.provider("voice/gather?n=\(id)&a=0", call.merging(["Digits": "2"]) { $1 })
            #expect(joined.body.contains("<Dial><Number sendDigits=\"ww4711#\">+16045550199</Number></Dial>"))

            try await world.tellAnna(4712, on: "sms") { $0.conference = Self.pointer }
            func reply(_ text: String, _ id: String) async throws -> String {
                try await world.provider("sms", ["MessageSid": id, "From": AnswerWorld.phone, "Body": text]).body
            }
            #expect(try await reply("1 4712", "SM1").contains("Recorded: Acknowledge, for alert 4712.</Message>"))
            let text = "\nConference War Room: +16045550199, code 4711, https://meet.example/1</Message>"
            #expect(try await reply("2 4712", "SM2").contains("Recorded: Resolve, for alert 4712.\(text)"))
        }
    }

    @Test func pagesShowIt() async throws {
        try await ConsoleWorld.run { world in
            try await Self.add(to: world.database, at: world.clock.now)
            let upload = DerivedID.uuid("upload")
            let kept = StoredAttachment(
                id: upload, name: "plan.txt", mediaType: "text/html", content: Data("<b>1</b>".utf8),
                uploadedBy: ConsoleWorld.anna.id, uploadedAt: world.clock.now)
            try await world.database.transaction { try Attachments($0).put(kept) }
            var join = ConsoleWorld.acknowledge
            join.joinConference = true
            var details = AlertDetails(
                number: 7, plan: ConsoleWorld.plan, form: ConsoleWorld.form, requestId: DerivedID.uuid("request", "7"),
                submitter: ConsoleWorld.anna, priority: .high, responseOptions: [join])
            details.conference = Self.pointer
            details.voicemailOptions = VoicemailOptions(retry: 2, every: 90, leave: .hangUp)
            details.senderOverrides = SenderOverrides(displayName: "Ops <1>", callerId: "+16045550155")
            details.attachments = [AlertAttachment(name: "Plan", path: "/attachments/\(upload)/plan.txt")]
            let id = DerivedID.uuid("alert", "7")
            try await world.carryOut(.create(details), on: id)
            let cookie = try await world.signIn()
            let page = try await world.page("/console/alerts/7", cookie).body
            let text = "Conference War Room: +16045550199, code 4711, https://meet.example/1"
            for shown in [
                "<a href=\"https://meet.example/1\">\(text)</a>", "Ops &lt;1&gt;", "+16045550155",
                "2 more, 90 s apart, then hangup", "<a href=\"/console/alerts/\(id)/files/\(upload)\">Plan</a>",
            ] { #expect(page.contains(shown), "\(shown) is missing") }
            let file = try await world.page("/console/alerts/7/files/\(upload)", cookie)
            #expect(file.status == 200 && file.body == "<b>1</b>")
            #expect(file.headers["content-disposition"]?.hasPrefix("attachment;") == true)
            #expect(try await world.page("/console/alerts/7/files/other", cookie).status == 404)
            #expect(try await world.send("GET", "/console/alerts/7/files/\(upload)").status == 303)

            let notification = try await world.addNotification(of: id, [])
            let path = "/respond/\(world.link(notification, join))"
            for _ in 1...2 {
                let answer = try await world.send("POST", path, form: [:])
                #expect(answer.body.contains(text) && answer.body.contains("href=\"https://meet.example/1\""))
            }
        }
    }
}
