import AlertCore
import Foundation
import OutboundHTTP

/// A request of the operator's own making: a body with placeholders, as in
/// `{"to": "${address}", "text": "${subject}"}`.
struct HTTPChannel: NotificationChannel {
    let provider: NotificationProvider
    let secret: String?
    let call: ProviderCall

    func send(_ message: ChannelMessage) async throws -> String {
        let template = MessageTemplate(message)
        let url = template.filled(provider.url, .url)
        guard WebOrigin(of: url) != nil else {
            throw ChannelError(reason: "\(provider.name) has no url", isPermanent: true)
        }
        let isJSON = MessageTemplate.isJSON(provider.template)
        var headers = provider.headers.filter { $0.key.lowercased() != "content-type" }.map { ($0.key, $0.value) }
        let type = provider.headers.first { $0.key.lowercased() == "content-type" }?.value
        var basicAuth: (user: String, password: String)?
        if let secret {
            if provider.account.isEmpty {
                headers.append(("Authorization", "Bearer \(secret)"))
            } else {
                basicAuth = (provider.account, secret)
            }
        }
        // The same for each try: a target can tell repetitions apart by it.
        headers.append(("Idempotency-Key", message.id))
        let answer = try await call.post(
            url,
            Array(template.filled(provider.template, isJSON ? .json : .plain).utf8),
            type: type ?? (isJSON ? "application/json" : "text/plain; charset=utf-8"), headers: headers,
            basicAuth: basicAuth)
        return String("\(answer.status) \(String(decoding: answer.body, as: UTF8.self))".prefix(200))
    }
}

/// Fills `${name}` with what a message says.
struct MessageTemplate {
    /// What a value stands in.
    enum Place { case json, url, plain }

    /// The names of placeholders, besides `answer1.text` and `answer1.url` to `answer9.…`.
    static let names = [
        "address", "alert", "answers", "html", "id", "language", "link", "priority", "subject", "text",
    ]

    private let values: [String: String]

    init(_ message: ChannelMessage) {
        var values = [
            "address": message.address, "alert": message.alertNumber > 0 ? String(message.alertNumber) : "",
            "answers": message.answers.map { "\($0.text): \($0.url)" }.joined(separator: "\n"), "html": message.html,
            "id": message.id, "language": message.language, "link": message.link,
            "priority": message.priority.rawValue, "subject": message.subject, "text": message.textWithNote,
        ]
        for answer in message.answers {
            values["answer\(answer.number).text"] = answer.text
            values["answer\(answer.number).url"] = answer.url
        }
        self.values = values
    }

    static func isJSON(_ template: String) -> Bool {
        ["{", "["].contains(template.first { !$0.isWhitespace }.map(String.init) ?? "")
    }

    /// What is not there is empty.
    func filled(_ template: String, _ place: Place) -> String {
        var text = ""
        var rest = template[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            text += rest[..<start.lowerBound]
            text += Self.escaped(values[String(rest[start.upperBound..<end])] ?? "", place)
            rest = rest[rest.index(after: end)...]
        }
        return text + rest
    }

    private static func escaped(_ value: String, _ place: Place) -> String {
        switch place {
        case .plain: value
        case .url: value.addingPercentEncoding(withAllowedCharacters: .unreserved) ?? ""
        case .json:
            // A string of JSON without its quotes; a plain text is always one.
            (try? JSONText.encode(.string(value))).map { String($0.dropFirst().dropLast()) } ?? ""
        }
    }
}

extension CharacterSet {
    /// RFC 3986.
    fileprivate static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
