import AlertCore
import Foundation
import TestSupport
import Testing

@testable import Notifier

/// What a provider of text messages and calls is asked for, and what its answers mean.
@Suite(.inTurn) struct TwilioChannelTests {
    private static let provider = NotificationProvider(
        id: "p1", name: "Phones", kind: .twilio, deviceTypes: [.textPhone, .voice], account: "AC1",
        from: "+16045550100")

    private static func message(_ kind: Device.Kind, to address: String = "+16045550101") -> ChannelMessage {
        var message = ChannelMessage(
            id: "n1", deviceType: kind, address: address, subject: "db1 is down", text: "db1: disk full & hot",
            html: "")
        message.alertNumber = 4711
        message.answers = [.init(number: 1, text: "Acknowledge", prompt: "acknowledge", url: "https://x/respond/t")]
        return message
    }

    private static func form(_ pairs: [(String, String)]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func asksForATextMessage() {
        let form = Self.form(
            TwilioForms.text(Self.message(.textPhone), Self.provider, publicURL: "https://tocsin.example"))
        #expect(
            form == [
                "To": "+16045550101", "From": "+16045550100",
                "Body": "db1: disk full & hot\nReply 1 Acknowledge (or 1 4711, if several alerts are open)",
                "StatusCallback": "https://tocsin.example/provider/twilio/p1/status?n=n1",
            ])
        var overridden = Self.message(.textPhone)
        overridden.senderOverrides = SenderOverrides(displayName: nil, callerId: "+16045550109")
        #expect(Self.form(TwilioForms.text(overridden, Self.provider, publicURL: ""))["From"] == "+16045550109")
        var service = Self.provider
        service.from = "MG0123"
        let byService = Self.form(TwilioForms.text(Self.message(.textPhone), service, publicURL: ""))
        #expect(byService["MessagingServiceSid"] == "MG0123" && byService["From"] == nil)
    }

    @Test func asksForACall() {
        let message = Self.message(.voice, to: "+16045550101;ext=12")
        let form = Self.form(
            TwilioForms.call(message, Self.provider, publicURL: "https://tocsin.example", attempt: 2))
        #expect(form["To"] == "+16045550101" && form["SendDigits"] == "ww12" && form["Timeout"] == "30")
        #expect(form["Url"] == "https://tocsin.example/provider/twilio/p1/voice?n=n1&a=2")
        #expect(form["StatusCallback"] == "https://tocsin.example/provider/twilio/p1/status?n=n1&a=2")
    }

    @Test(arguments: [
        (VoicemailOptions(retry: 0, every: 60, leave: .hangUp), 0, nil as String?),
        (VoicemailOptions(retry: 0, every: 60, leave: .callbackOnly), 0, "DetectMessageEnd"),
        (VoicemailOptions(retry: 2, every: 60, leave: .messageOnly), 1, "Enable"),
        (VoicemailOptions(retry: 2, every: 60, leave: .messageOnly), 2, "DetectMessageEnd"),
        (VoicemailOptions(retry: 2, every: 60, leave: .hangUp), 2, "Enable"),
    ])
    func looksForMachinesWhereThatMatters(_ options: VoicemailOptions, _ attempt: Int, _ mode: String?) {
        var message = Self.message(.voice)
        message.voicemail = options
        let form = Self.form(TwilioForms.call(message, Self.provider, publicURL: "", attempt: attempt))
        #expect(form["MachineDetection"] == mode)
    }

    @Test func encodesForms() {
        let text = TwilioForms.encoded([("To", "+1 6"), ("Body", "ä&=1\n%")])
        #expect(text == "To=%2B1%206&Body=%C3%A4%26%3D1%0A%25")
    }

    @Test(arguments: [
        (400, 21211, true), (401, 20003, true), (404, 20404, true), (400, 21610, true), (429, 20429, false),
        (500, 20500, false), (503, 0, false), (400, 21611, false), (408, 0, false),
    ])
    func knowsWhatPasses(_ status: Int, _ code: Int, _ isPermanent: Bool) throws {
        let answer = TwilioAnswer(Array(#"{"code": \#(code), "message": "The 'To' number is not valid"}"#.utf8))
        let error = TwilioAnswer.error("Phones", status: status, answer, retryAfter: "7")
        #expect(error.isPermanent == isPermanent && !error.isInDoubt && error.retryAfter == .seconds(7))
        #expect(error.reason == "Phones answered \(status) (error \(code)): The 'To' number is not valid")
        #expect(TwilioAnswer.error("Phones", status: 500, TwilioAnswer([])).reason.hasSuffix("no explanation"))
    }
}
