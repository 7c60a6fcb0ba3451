import Foundation
import HTTPTypes
import OutboundHTTP

/// Where a request comes from: the peer, or whom a proxy that is trusted names in `X-Forwarded-For`.
public struct ClientAddress: Sendable {
    /// The most hops that are read.
    private static let hopLimit = 20

    let trustedProxies: [CIDR]

    public init(trustedProxies: [CIDR]) { self.trustedProxies = trustedProxies }

    /// The last address in the header that is no trusted proxy itself: what stands before it anybody can write.
    public func of(peer: String, headers: HTTPFields) -> String {
        guard isTrusted(peer), let header = HTTPField.Name("X-Forwarded-For").flatMap({ headers[$0] }) else {
            return peer
        }
        var address = peer
        for hop in header.split(separator: ",").reversed().prefix(Self.hopLimit) {
            let text = hop.trimmingCharacters(in: .whitespaces)
            guard IPAddress(text) != nil else { return address }
            address = text
            if !isTrusted(text) { return address }
        }
        return address
    }

    private func isTrusted(_ text: String) -> Bool {
        guard let address = IPAddress(text) else { return false }
        return trustedProxies.contains { $0.contains(address) }
    }
}
