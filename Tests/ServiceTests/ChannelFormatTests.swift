import AlertCore
import Crypto
import Foundation
import Logging
import OutboundHTTP
import Persistence
import Scripting
import TestSupport
import Testing

@testable import Notifier

/// What goes over the wire to each kind of provider, and what its answers mean.
@Suite(.inTurn)
struct ChannelFormatTests {
    static func message(
        answers: Int = 2, text: String = "Host: db1 & <b>\nsee @here", subject: String = "db1 is *down*"
    )
        -> ChannelMessage
    {
        var message = ChannelMessage(
            id: "0198c2f0-0000-7000-8000-000000000001", deviceType: .slack, address: "", subject: subject, text: text,
            html: "<p>db1</p>")
        message.alertNumber = 4711
        message.priority = .high
        message.link = "https://t.example/alerts/4711"
        message.answers = (0..<answers).map { index in
            .init(number: index + 1, text: "Answer \(index + 1)", prompt: "", url: "https://t.example/r/\(index + 1)")
        }
        return message
    }

    @Test func slack() {
        let body = SlackChannel.body(Self.message())
        let blocks = body["blocks"]?.array ?? []
        #expect(blocks.map { $0["type"]?.string } == ["header", "section", "actions", "context"])
        #expect(blocks[0]["text"]?["text"] == "db1 is *down*")
        #expect(blocks[1]["text"]?["text"] == "Host: db1 &amp; &lt;b&gt;\nsee @here")
        let button = blocks[2]["elements"]?.array?.last
        #expect(button?["url"] == "https://t.example/r/2" && button?["text"]?["text"] == "Answer 2")
        let long = SlackChannel.body(
            Self.message(text: String(repeating: "<&>", count: 5000), subject: String(repeating: "x", count: 500)))
        #expect(long["blocks"]?.array?[0]["text"]?["text"]?.string?.count == 150)
        #expect((long["blocks"]?.array?[1]["text"]?["text"]?.string?.count ?? 9999) <= 3000)
    }

    @Test func teams() throws {
        let body = TeamsChannel.body(Self.message(answers: 8))
        let card = body["attachments"]?.array?.first?["content"]
        #expect(body["type"] == "message" && card?["type"] == "AdaptiveCard")
        #expect(card?["actions"]?.array?.count == 6)
        #expect(
            card?["actions"]?.array?.first == [
                "type": "Action.OpenUrl", "title": "Answer 1", "url": "https://t.example/r/1",
            ])
        let runs = card?["body"]?.array?.compactMap { $0["inlines"]?.array?.first } ?? []
        #expect(runs.first?["text"] == "db1 is *down*")
        #expect(runs.last?["selectAction"]?["url"] == "https://t.example/r/8")
        let long = try JSONText.encode(
            TeamsChannel.body(Self.message(answers: 9, text: String(repeating: "ä", count: 50_000))))
        #expect(long.utf8.count < 28_000)
    }

    @Test func mattermost() {
        let attachment = MattermostChannel.body(Self.message())["attachments"]?.array?.first
        #expect(attachment?["title_link"] == "https://t.example/alerts/4711" && attachment?["color"] == "#d1242f")
        let text = attachment?["text"]?.string ?? ""
        #expect(text.hasPrefix("Host: db1 & <b\\>\nsee @\u{200B}here"))
        #expect(text.hasSuffix("[Answer 1](https://t.example/r/1) · [Answer 2](https://t.example/r/2)"))
    }

    @Test func discord() {
        var message = Self.message(answers: 7)
        message.answers[6].url = "https://t.example/" + String(repeating: "x", count: 600)
        let body = DiscordChannel.body(message)
        #expect(body["allowed_mentions"] == ["parse": []])
        #expect(body["components"]?.array?.map { $0["components"]?.array?.count } == [5, 1])
        let button = body["components"]?.array?.first?["components"]?.array?.first
        #expect(button == ["type": 2, "style": 5, "label": "Answer 1", "url": "https://t.example/r/1"])
        let embed = body["embeds"]?.array?.first
        #expect(embed?["color"] == 0xd1242f && embed?["description"]?.string?.contains("[Answer 7](") == true)
    }

    @Test func ntfy() {
        let body = NtfyChannel.body(Self.message(answers: 5), topic: "ops")
        #expect(body["topic"] == "ops" && body["priority"] == 5 && body["click"] == "https://t.example/alerts/4711")
        #expect(body["actions"]?.array?.count == 3)
        #expect(
            body["actions"]?.array?.first == [
                "action": "view", "label": "Answer 1", "url": "https://t.example/r/1", "clear": true,
            ])
        #expect(
            body["message"]?.string?.hasSuffix("Answer 4: https://t.example/r/4\nAnswer 5: https://t.example/r/5")
                == true)
        let long = NtfyChannel.body(Self.message(answers: 9, text: String(repeating: "ü", count: 9000)), topic: "ops")
        #expect((long["message"]?.string?.utf8.count ?? 9999) <= 4096)
    }

    @Test(arguments: [
        (
            #"{"to":"${address}","text":"${subject}","n":${alert}}"#, MessageTemplate.Place.json,
            #"{"to":"a\"b","text":"line\nbreak","n":4711}"#
        ),
        ("to=${address}&x=${nothing}", .url, "to=a%22b&x="),
        ("${answer2.url} ${priority}", .plain, "https://t.example/r/2 HIGH"),
        ("${", .plain, "${"),
    ])
    func placeholders(_ template: String, _ place: MessageTemplate.Place, _ expected: String) {
        var message = Self.message(subject: "line\nbreak")
        message.address = #"a"b"#
        #expect(MessageTemplate(message).filled(template, place) == expected)
    }

    /// RFC 8291, section 5 and appendix A.
    @Test func webPushEncryptsAsTheRFCDoes() throws {
        let sender = try P256.KeyAgreement.PrivateKey(
            rawRepresentation: #require(Data(base64URL: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")))
        let keys = WebPushSubscription.Keys(
            p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            auth: "BTBZMqHH6r4Tts7J_aSIgg")
        let body = try WebPushEncryption.encrypt(
            Array("When I grow up, I want to be a watermelon".utf8), for: keys, sender: sender,
            salt: Array(#require(Data(base64URL: "DGv6ra1nlYgDCS1FRnbzlw"))))
        #expect(
            Data(body).base64URL
                == "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
                + "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
        #expect(throws: WebPushEncryption.Failure.self) {
            try WebPushEncryption.encrypt([], for: .init(p256dh: "AAAA", auth: keys.auth))
        }
    }

    @Test func webPushShowsWhoItIs() throws {
        let key = P256.Signing.PrivateKey()
        let header = try VAPID.authorization(
            audience: "https://push.example", contact: "mailto:a@b", expiry: 1_790_000_000, key: key)
        let parts = header.dropFirst("vapid t=".count).components(separatedBy: ", k=")
        #expect(header.hasPrefix("vapid t=") && parts[1] == key.publicKey.x963Representation.base64URL)
        let token = parts[0].split(separator: ".")
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: #require(Data(base64URL: token[2])))
        #expect(key.publicKey.isValidSignature(signature, for: Data("\(token[0]).\(token[1])".utf8)))
        let claims: JSONValue = try JSON.decode(String(decoding: #require(Data(base64URL: token[1])), as: UTF8.self))
        #expect(claims == ["aud": "https://push.example", "exp": 1_790_000_000, "sub": "mailto:a@b"])
    }

    @Test func aPushFitsIntoOneRecord() throws {
        let payload = try WebPushChannel.payload(Self.message(answers: 9, text: String(repeating: "\"", count: 9000)))
        #expect(payload.count <= WebPushEncryption.plaintextLimit)
        let parsed: JSONValue = try JSON.decode(String(decoding: payload, as: UTF8.self))
        #expect(parsed["title"] == "db1 is *down*" && parsed["url"] == "https://t.example/alerts/4711")
        #expect(
            parsed["actions"]?.array?.first == ["action": "1", "title": "Answer 1", "url": "https://t.example/r/1"])
    }
}
