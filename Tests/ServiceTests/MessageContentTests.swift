import AlertCore
import Foundation
import OutboundHTTP
import Persistence
import TestSupport
import Testing

@testable import Notifier

/// What messages say of conferences, files and replies.
@Suite(.inTurn) struct MessageContentTests {
    private static func content(
        takesReplies: Bool = false, _ change: (inout AlertDetails) -> Void = { _ in }
    ) -> MessageContent {
        var details = AlertDetails(
            number: 4711, plan: ConsoleWorld.plan, form: ConsoleWorld.form, requestId: "r",
            submitter: ConsoleWorld.anna, priority: .high, properties: ["Host": "db1"], subject: "db1 is <down>",
            body: "<b>db1</b>")
        change(&details)
        var bridge = ConferenceBridge(id: "b", name: "War & Room")
        (bridge.tollNumber, bridge.meetingLink) = ("+16045551212", "https://meet.example/1?a=1&b=2")
        return MessageContent(
            words: AlertText(details, form: nil, definitions: [:], language: "en"), details: details,
            answers: [.init(number: 1, text: "Yes & no", prompt: "yes", url: "https://t.example/respond/x")],
            files: [
                .init(name: "plan.pdf", upload: "u", url: "https://t.example/console/alerts/a/files/u"),
                .init(name: "<x>", url: ""),
            ],
            conference: details.conference.map { ConferenceAccess($0, bridge: bridge) },
            phrases: AnswerPhrases(language: "en"), language: "en", takesReplies: takesReplies)
    }

    private static let joined = ConferenceReference(type: .external, bridgeId: "War & Room")

    @Test func aMailSaysEverything() {
        let content = Self.content(takesReplies: true) { $0.conference = Self.joined }
        #expect(
            content.text(for: .email) == """
                db1 is <down>

                Host: db1

                Conference War & Room: +16045551212, https://meet.example/1?a=1&b=2
                Files:
                  plan.pdf: https://t.example/console/alerts/a/files/u
                  <x>

                Answer:
                  Yes & no: https://t.example/respond/x

                Or reply to this mail; the first line begins with the number or the text of an answer: 1 Yes & no

                Alert 4711, priority HIGH

                """)
        let html = content.html
        #expect(html.contains("<b>db1</b>") && html.contains("an answer: 1 Yes &amp; no</p>"))
        #expect(
            html.contains("War &amp; Room: +16045551212, <a href=\"https://meet.example/1?a=1&amp;b=2\">https://meet"))
        #expect(html.contains("<a href=\"https://t.example/console/alerts/a/files/u\">plan.pdf</a>, &lt;x&gt;</p>"))
    }

    @Test func repliesAreSpokenOfWhereTheyAreTaken() {
        #expect(!Self.content().text(for: .email).contains("reply"))
        #expect(!Self.content().html.contains("reply"))
    }

    @Test func otherDevicesAreToldToo() {
        let content = Self.content { $0.conference = Self.joined }
        #expect(content.text(for: .textPhone) == "db1 is <down>\nFiles: plan.pdf, <x>")
        #expect(content.text(for: .voice) == "db1 is <down>")
        let chat = content.text(for: .slack)
        #expect(chat.contains("Conference War & Room: +16045551212") && chat.contains("plan.pdf: https://t.example"))
    }

    /// The files go with the mail, and where they are refused, the mail goes without them.
    @Test(arguments: [
        (nil as SMTPError?, [2]), (SMTPError(.rejected, "552 too large", smtpStatus: 552), [2, 0]),
        (SMTPError(.rejected, "452 later", smtpStatus: 452), [2]), (SMTPError(.unreachable, "gone"), [2]),
        (SMTPError(.timeout, "slow", isInDoubt: true), [2]),
    ])
    func aMailGoesWithItsFiles(_ refusal: SMTPError?, _ attempts: [Int]) async throws {
        let mails = Mails()
        let channel = EmailChannel(
            deliver: { mail in
                await mails.add(mail)
                if let refusal, !mail.attachments.isEmpty { throw refusal }
                return "250 ok"
            }, from: try Mail.Address("tocsin@example.org"),
            files: { id in
                guard id != "gone" else { return nil }
                return StoredAttachment(
                    id: id, name: "\(id).txt", mediaType: "text/plain", content: Data(id.utf8), uploadedBy: "a",
                    uploadedAt: DeliveryWorld.start)
            }, now: { DeliveryWorld.start })
        var message = ChannelMessage(
            id: "n", deviceType: .email, address: "anna@example.org", subject: "s", text: "t", html: "h")
        message.files = ["a", "gone", "b"].map { .init(name: $0, upload: $0, size: 1, url: "") }
        message.senderOverrides = SenderOverrides(displayName: "Ops\r\nBcc: x@y.z", callerId: nil)
        do {
            let answer = try await channel.send(message)
            #expect(answer.hasPrefix("250 ok") && answer.contains("without the files") == (attempts.count == 2))
        } catch let error as ChannelError {
            #expect(error.reason == refusal?.detail && error.isInDoubt == refusal?.isInDoubt && attempts.count == 1)
        }
        let sent = await mails.all
        #expect(sent.map(\.attachments.count) == attempts)
        #expect(sent.first?.attachments.map(\.name) == ["a.txt", "b.txt"])
        #expect(Set(sent.map(\.messageID)).count == 1)
        #expect(sent[0].from.name == "Ops\r\nBcc: x@y.z")  // a mail makes one line of it
    }

    @Test func aMailCarriesWhatThereIsRoomFor() {
        func file(_ id: String?, _ size: Int?) -> ChannelMessage.File {
            .init(name: "f", upload: id, size: size, url: "")
        }
        let limit = EmailChannel.filesLimit
        #expect(EmailChannel.carried([file("a", limit), file("b", 1)]) == ["a"])
        #expect(EmailChannel.carried([file("a", limit + 1), file("b", 1), file(nil, 1), file("c", nil)]) == ["b"])
    }
}

private actor Mails {
    private(set) var all: [Mail] = []

    func add(_ mail: Mail) { all.append(mail) }
}
