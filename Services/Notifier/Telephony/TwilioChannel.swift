import AlertCore
import Foundation
import OutboundHTTP

/// Text messages and calls by a provider that speaks as Twilio does.
///
/// The provider knows no repetitions: a message whose answer was lost may be sent twice, and its error says that it is
/// in doubt. What becomes of a message later, and what people answer, comes to the API service's routes under
/// `/provider/twilio/`.
public struct TwilioChannel: NotificationChannel {
    /// For the whole request.
    private static let timeout = Duration.seconds(20)
    public static let defaultURL = "https://api.twilio.com"

    let provider: NotificationProvider
    let token: String
    let client: OutboundHTTPClient
    /// Without a slash at the end.
    let publicURL: String

    /// - Parameters:
    ///   - provider: Of the kind TWILIO: its account's id, its number or messaging service as `from`, its address.
    ///   - token: The account's secret, opened.
    ///   - publicURL: Where the provider reaches us, without a slash at the end.
    public init(provider: NotificationProvider, token: String, client: OutboundHTTPClient, publicURL: String) {
        self.provider = provider
        self.token = token
        self.client = client
        self.publicURL = publicURL
    }

    /// - Returns: The provider's id of the message or call, as in `SM…`.
    public func send(_ message: ChannelMessage) async throws -> String {
        guard message.deviceType == .voice else {
            return try await post("Messages", TwilioForms.text(message, provider, publicURL: publicURL))
        }
        return try await call(message, attempt: 0)
    }

    /// - Parameter attempt: 0 for the first call about a notification.
    func call(_ message: ChannelMessage, attempt: Int) async throws -> String {
        try await post("Calls", TwilioForms.call(message, provider, publicURL: publicURL, attempt: attempt))
    }

    private func post(_ resource: String, _ form: [(String, String)]) async throws -> String {
        guard !provider.account.isEmpty, !token.isEmpty, !provider.from.isEmpty else {
            throw ChannelError(
                reason: "the provider \(provider.name) has no account, secret or sender", isPermanent: true)
        }
        let base = provider.url.isEmpty ? Self.defaultURL : provider.url.trimmedSlash
        let request = OutboundRequest(
            method: "POST", url: "\(base)/2010-04-01/Accounts/\(provider.account.urlEncoded)/\(resource).json",
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
            body: Array(TwilioForms.encoded(form).utf8), basicAuth: (provider.account, token), timeout: Self.timeout)
        let response: OutboundResponse
        do {
            response = try await client.send(request)
        } catch let error as OutboundError {
            throw ChannelError(
                reason: "\(provider.name): \(error.detail)", isPermanent: !error.isRetryable,
                isInDoubt: error.isInDoubt)
        }
        let answer = TwilioAnswer(response.body)
        guard (200...299).contains(response.status) else {
            throw TwilioAnswer.error(
                provider.name, status: response.status, answer, retryAfter: response.header("Retry-After"))
        }
        // Taken, but without an id: its later words cannot be told apart by it, only by our own id in their address.
        return answer?.sid ?? "taken"
    }
}

/// What the provider answers in JSON.
struct TwilioAnswer: Decodable {
    let sid: String?
    let code: Int?
    let message: String?

    /// `nil` for what is no such answer.
    init?(_ body: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Self.self, from: Data(body)) else { return nil }  // as documented
        self = answer
    }

    /// Codes by which a request that was refused can be taken later: too many at once, a full queue, trouble inside.
    private static let passing: Set<Int> = [14107, 20429, 20500, 20503, 21611, 30001]

    /// - Parameter retryAfter: The header; only a number of seconds is understood, up to an hour.
    static func error(
        _ provider: String, status: Int, _ answer: TwilioAnswer?, retryAfter: String? = nil
    ) -> ChannelError {
        let code = answer?.code.map { " (error \($0))" } ?? ""
        let words = answer?.message.map { String($0.prefix(300)) } ?? "no explanation"
        let isPassing =
            status == 408 || status == 429 || status >= 500 || answer?.code.map(passing.contains) ?? false
        let pause = retryAfter.flatMap { Int($0) }.map { Duration.seconds(min(max($0, 0), 3600)) }
        return ChannelError(
            reason: "\(provider) answered \(status)\(code): \(words)", isPermanent: !isPassing, retryAfter: pause)
    }
}

extension String {
    fileprivate var trimmedSlash: String { hasSuffix("/") ? String(dropLast()) : self }

    var urlEncoded: String {
        // Text of whole characters can always be encoded.
        let safe = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return addingPercentEncoding(withAllowedCharacters: safe) ?? ""
    }
}
