import AlertCore
import Foundation
import OutboundHTTP

/// One call to an endpoint with what came of it: never an error, for that is an outcome as well.
public struct EndpointExchange: Sendable {
    /// The last request, where there were several; `nil` when none went out.
    var request: OutboundRequest?
    var userAgent = ""
    /// The HTTP status, if there was an answer.
    public var status: Int?
    public var headers: [(name: String, value: String)] = []
    public var body = ""
    /// Whether the body went on.
    public var isBodyTruncated = false
    /// In words, when there was no answer.
    public var error: String?
    /// Whether the target may have received it although it did not say so.
    public var isInDoubt = false

    /// A request line, headers and body; nothing of it is hidden.
    public struct SentRequest: Sendable {
        public let method: String
        public let url: String
        public let headers: [(name: String, value: String)]

        /// For people: what proves who sends it is hidden.
        public var shown: SentRequest {
            SentRequest(
                method: method, url: SecretMask.url(url),
                // A signature is no secret: whoever checks it wants to see it.
                headers: headers.map { name, value in
                    (name, name.lowercased().hasPrefix("webhook-") ? value : SecretMask.header(name, value))
                })
        }
    }

    /// The request as it went over the wire; `nil` when none did.
    public var sent: SentRequest? {
        request.map { request in
            SentRequest(
                method: request.method, url: request.url,
                headers: request.sentHeaders(userAgent: userAgent).map { (name: $0.0, value: $0.1) })
        }
    }

    /// The headers of the answer for people: cookies and the like are hidden.
    public var shownHeaders: [(name: String, value: String)] {
        headers.map { ($0.name, SecretMask.header($0.name, $0.value)) }
    }

    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

extension EndpointClient {
    /// Makes a call as ``send(_:to:as:)`` does, to an endpoint outside.
    public func exchange(_ call: EndpointCall, with endpoint: Endpoint) async -> EndpointExchange {
        let sent = SentRequests()
        var call = call
        call.onSend = sent.note
        var exchange = EndpointExchange()
        do {
            let response = try await send(call, to: endpoint, as: nil)
            exchange.status = response.status
            exchange.headers = response.headers
            exchange.body = String(decoding: response.body, as: UTF8.self).replacing("\0", with: "\u{FFFD}")
            exchange.isBodyTruncated = response.isBodyTruncated
        } catch let error as OutboundError {
            exchange.error = error.detail
            exchange.isInDoubt = error.isInDoubt
        } catch let error as TokenProblem {
            exchange.error = error.description
        } catch let error as EndpointProblem {
            exchange.error = error.description
        } catch {
            exchange.error = "\(error)"
            exchange.isInDoubt = true
        }
        exchange.request = sent.last
        exchange.userAgent = userAgent
        return exchange
    }
}

/// Remembers the last request.
private final class SentRequests: @unchecked Sendable {  // `request` under `lock` only
    private let lock = NSLock()
    private var request: OutboundRequest?

    @Sendable func note(_ request: OutboundRequest) { lock.withLock { self.request = request } }

    var last: OutboundRequest? { lock.withLock { request } }
}
