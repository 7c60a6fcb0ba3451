import AlertCore
import Crypto
import Foundation
import Persistence

/// Web Push to the console as an installed app. The device's pin is the browser's subscription as JSON.
///
/// What the service worker gets is JSON: `{id, title, body, url, priority, actions: [{action, title, url}]}`, where
/// `action` is the answer's number.
struct WebPushChannel: NotificationChannel {
    /// For how long a push service keeps a message for a browser that is away.
    private static let lifetime = 3 * 3600
    private static let tokenLifetime: Int64 = 12 * 3600

    let call: ProviderCall
    let database: any SQLDatabase
    let secrets: SecretBox
    let contact: String
    let now: Clock

    func send(_ message: ChannelMessage) async throws -> String {
        guard
            // Written by a browser: of anything else, this is what is wrong with it.
            let subscription = try? JSONDecoder().decode(WebPushSubscription.self, from: Data(message.address.utf8)),
            let origin = WebOrigin(of: subscription.endpoint)
        else { throw ChannelError(reason: "the device's pin is no subscription of a browser", isPermanent: true) }
        let key = try await WebPushKey.current(in: database, secrets: secrets, at: now())
        let body: [UInt8]
        do {
            body = try WebPushEncryption.encrypt(try Self.payload(message), for: subscription.keys)
        } catch {
            throw ChannelError(reason: "the browser's keys cannot be used: \(error)", isPermanent: true)
        }
        let authorization = try VAPID.authorization(
            audience: Self.audience(origin), contact: contact, expiry: now().milliseconds / 1000 + Self.tokenLifetime,
            key: try key.privateKey(secrets))
        let answer = try await call.post(
            subscription.endpoint, body, type: "application/octet-stream",
            headers: [
                ("Content-Encoding", "aes128gcm"), ("TTL", String(Self.lifetime)),
                ("Urgency", message.priority == .low ? "normal" : "high"),
                // A repetition replaces the first one that has not arrived yet.
                ("Topic", String(message.id.filter { $0 != "-" }.prefix(32))), ("Authorization", authorization),
            ])
        return answer.header("Location") ?? "\(answer.status)"
    }

    private static func audience(_ origin: WebOrigin) -> String {
        let isUsual = origin.port == (origin.scheme == "https" ? 443 : 80)
        return "\(origin.scheme)://\(origin.host)" + (isUsual ? "" : ":\(origin.port)")
    }

    /// As much of the text as there is room for.
    static func payload(_ message: ChannelMessage) throws -> [UInt8] {
        func bytes(_ text: String, _ answers: ArraySlice<ChannelMessage.Answer>) throws -> [UInt8] {
            let actions = answers.map { answer -> JSONValue in
                [
                    "action": .string(String(answer.number)), "title": .string(answer.text.cut(to: 40)),
                    "url": .string(answer.url),
                ]
            }
            let payload: JSONValue = [
                "id": .string(message.id), "title": .string(message.subject.cut(toBytes: 400)),
                "body": .string(text), "url": .string(message.link), "priority": .string(message.priority.rawValue),
                "actions": .array(Array(actions)),
            ]
            return Array(try JSONText.encode(payload).utf8)
        }
        for (textLimit, answerLimit) in [(1500, 9), (800, 6), (300, 4), (100, 2)] {
            let made = try bytes(message.text.cut(toBytes: textLimit), message.answers.prefix(answerLimit))
            if made.count <= WebPushEncryption.plaintextLimit { return made }
        }
        return try bytes("", [])
    }
}
