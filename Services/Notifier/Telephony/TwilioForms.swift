import AlertCore
import Foundation

/// What a provider that speaks as Twilio does is asked for.
enum TwilioForms {
    /// Seconds that a telephone rings.
    private static let ringing = "30"

    static func text(
        _ message: ChannelMessage, _ provider: NotificationProvider, publicURL: String
    ) -> [(String, String)] {
        let sender = message.senderOverrides?.callerId ?? provider.from
        let content = message.text.isEmpty ? message.subject : message.text
        let body = TextMessage.text(
            content, note: message.note, alertNumber: message.alertNumber,
            answers: message.answers.map { ($0.number, $0.text) },
            phrases: AnswerPhrases(language: message.language))
        return [
            ("To", number(message.address)), (sender.hasPrefix("MG") ? "MessagingServiceSid" : "From", sender),
            ("Body", body), ("StatusCallback", "\(base(publicURL, provider))/status?n=\(message.id.urlEncoded)"),
        ]
    }

    /// - Parameter attempt: 0 for the first call about a notification.
    static func call(
        _ message: ChannelMessage, _ provider: NotificationProvider, publicURL: String, attempt: Int
    ) -> [(String, String)] {
        let query = "?n=\(message.id.urlEncoded)&a=\(attempt)"
        var form = [
            ("To", number(message.address)), ("From", message.senderOverrides?.callerId ?? provider.from),
            ("Url", "\(base(publicURL, provider))/voice\(query)"), ("Method", "POST"),
            ("StatusCallback", "\(base(publicURL, provider))/status\(query)"), ("StatusCallbackEvent", "completed"),
            ("StatusCallbackMethod", "POST"), ("Timeout", ringing),
        ]
        if let mode = detection(message.voicemail, attempt: attempt) { form.append(("MachineDetection", mode)) }
        if let digits = `extension`(message.address) { form.append(("SendDigits", "ww\(digits)")) }
        return form
    }

    /// Waits for the beep only where something is to be left behind it; not at all where a machine is as good as
    /// anybody.
    private static func detection(_ options: VoicemailOptions, attempt: Int) -> String? {
        if options.retry > attempt { return "Enable" }
        return options.leave == .hangUp ? (options.retry > 0 ? "Enable" : nil) : "DetectMessageEnd"
    }

    static func encoded(_ form: [(String, String)]) -> String {
        form.map { "\($0.0)=\($0.1.urlEncoded)" }.joined(separator: "&")
    }

    private static func base(_ publicURL: String, _ provider: NotificationProvider) -> String {
        "\(publicURL)/provider/twilio/\(provider.id.urlEncoded)"
    }

    /// E.164: without the extension.
    private static func number(_ address: String) -> String { String(address.prefix { $0 != ";" }) }

    /// The digits of `;ext=`.
    private static func `extension`(_ address: String) -> String? {
        guard let range = address.range(of: ";ext=") else { return nil }
        let digits = address[range.upperBound...].filter { $0.isASCII && $0.isNumber }
        return digits.isEmpty ? nil : String(digits)
    }
}
