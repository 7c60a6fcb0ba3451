import CCurl
import Foundation

/// The addresses of a host; `nil` leaves it to DNS.
typealias HostResolver = @Sendable (String) -> [IPAddress]?

/// One request on its way: what the callbacks of libcurl see.
///
/// The lock of ``TransferLoop`` guards `stage`; all other variables belong to whoever holds the transfer:
/// first the caller's task, from the submission on the loop's thread.
final class Transfer: @unchecked Sendable {  // See above: handed over from one thread to another, never shared.
    enum Stage { case prepared, submitted, cancelled }

    /// How much of a body is read beyond the kept part, so that the connection can be used again.
    static let drainLimit = 262_144
    static let responseHeaderCountLimit = 128
    static let responseHeaderLengthLimit = 65_536

    let request: OutboundRequest
    let target: Target
    let policy: OutboundPolicy
    let deadline: ContinuousClock.Instant
    let requestHeaders: UnsafeMutablePointer<curl_slist>?
    /// The addresses of the target's name, as libcurl wants them; `nil` for a target that is an address.
    let resolved: UnsafeMutablePointer<curl_slist>?
    /// The way through a proxy; `nil` without one.
    let route: ProxiedRoute?
    /// Where the proxy connects to, as libcurl wants it.
    let connectTo: UnsafeMutablePointer<curl_slist>?

    var stage = Stage.prepared
    var continuation: CheckedContinuation<RawResponse, any Error>?

    var easy: EasyHandle?
    var activeIndex = 0
    var response = RawResponse()
    var headerCount = 0
    var bodyLength = 0
    /// Why our own callback stopped the transfer.
    var stop: Stop?
    /// The first address that the policy refused, with the reason.
    var refusal: String?
    var hasOpenedSocket = false
    /// When, at the latest look, more of the answer had come than at the look before; and how much of it there was.
    var progress: (at: ContinuousClock.Instant, length: Int)?

    enum Stop { case bodyIsEnough, bodyTooLarge, headersTooLarge }

    init(
        _ request: OutboundRequest, target: Target, policy: OutboundPolicy, userAgent: String, addresses: [IPAddress],
        route: ProxiedRoute? = nil
    ) {
        self.route = route
        connectTo = route.flatMap { curl_slist_append(nil, $0.connectTo(port: target.port)) }
        self.request = request
        self.target = target
        self.policy = policy
        deadline = .now + request.timeout
        requestHeaders = Self.headerList(request, userAgent: userAgent)
        if NameResolver.literal(target.host) == nil, !addresses.isEmpty {
            let list = addresses.map { $0.bitWidth == 32 ? "\($0)" : "[\($0)]" }.joined(separator: ",")
            // With a `+`, libcurl forgets them again by itself.
            resolved = curl_slist_append(nil, "+\(target.host):\(target.port):\(list)")
        } else {
            resolved = nil
        }
    }

    deinit {
        curl_slist_free_all(requestHeaders)
        curl_slist_free_all(resolved)
        curl_slist_free_all(connectTo)
    }

    private static func headerList(
        _ request: OutboundRequest, userAgent: String
    ) -> UnsafeMutablePointer<curl_slist>? {
        // Without a value libcurl leaves out what it would add by itself.
        var list = curl_slist_append(nil, "Expect:")
        var hasUserAgent = false
        var hasContentType = false
        for (name, value) in request.headers {
            hasUserAgent = hasUserAgent || equalsIgnoringCase(name, "user-agent")
            hasContentType = hasContentType || equalsIgnoringCase(name, "content-type")
            list = curl_slist_append(list, value.allSatisfy { $0 == " " } ? "\(name);" : "\(name): \(value)")
        }
        if let host = request.host { list = curl_slist_append(list, "Host: \(host)") }
        if !hasUserAgent { list = curl_slist_append(list, "User-Agent: \(userAgent)") }
        if !hasContentType { list = curl_slist_append(list, "Content-Type:") }
        return list
    }
}

extension Transfer {
    /// Whether nothing more of the answer has come for a while. True once each `patience`.
    func hasGoneSilent(for patience: Duration, at now: ContinuousClock.Instant) -> Bool {
        let length = response.headerBytes.count + bodyLength
        guard let last = progress, last.length == length else {
            progress = (now, length)
            return false
        }
        guard last.at + patience <= now else { return false }
        progress = (now, length)
        return true
    }
}

/// What the callbacks do. Each returns whether the transfer goes on.
extension Transfer {
    func receiveHeaderLine(_ line: UnsafeRawBufferPointer) -> Bool {
        if line.starts(with: "HTTP/".utf8) {  // Also the final head after a 100 or a 103.
            response.headerBytes.removeAll(keepingCapacity: true)
            headerCount = 0
            return true
        }
        headerCount += 1
        guard headerCount <= Self.responseHeaderCountLimit + 1,  // The empty line counts.
            response.headerBytes.count + line.count <= Self.responseHeaderLengthLimit
        else {
            stop = .headersTooLarge
            return false
        }
        response.headerBytes.append(contentsOf: line)
        return true
    }

    func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bodyLength += bytes.count
        if let hardLimit = request.hardLimit, bodyLength > hardLimit {
            stop = .bodyTooLarge
            return false
        }
        let limit = max(request.responseBodyLimit, 0)
        response.body.append(contentsOf: bytes.prefix(limit - response.body.count))
        guard bodyLength > limit else { return true }
        response.isBodyTruncated = true
        guard request.hardLimit == nil, bodyLength > limit + Self.drainLimit else { return true }
        stop = .bodyIsEnough
        return false
    }

    /// Opens a socket for the very address that libcurl is about to connect to, or refuses.
    func openSocket(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        guard let socketAddress = tocsin_address(address), let ip = IPAddress(socketAddress) else {
            refusal = refusal ?? "\(target.host) has an address of an unknown family"
            return -1
        }
        // The proxy is the operator's choice; the address that it is asked for has been judged.
        if route == nil, case .refused(let reason) = policy.verdict(for: ip) {
            refusal = refusal ?? (target.host == "\(ip)" ? reason : "\(target.host) leads to \(ip): \(reason)")
            return -1
        }
        hasOpenedSocket = true
        return socket(address.pointee.family, address.pointee.socktype | closeOnExec, address.pointee.protocol)
    }
}
