import Foundation

/// Resolves names by the system's resolver, for requests whose connection somebody else makes. The resolver blocks, so
/// it runs on a few threads of its own; answers are kept for a short while.
final class HostLookup: @unchecked Sendable {  // `known` under `lock` only
    private static let threads = 16
    /// Names that are kept; past that, all are let go of.
    private static let limit = 1000
    private static let lifetime = Duration.seconds(30)

    private let queue = OperationQueue()
    private let lock = NSLock()
    private var known: [String: (addresses: [IPAddress], until: ContinuousClock.Instant)] = [:]

    init() { queue.maxConcurrentOperationCount = Self.threads }

    /// All addresses of a host, which may be an address itself.
    ///
    /// - Throws: ``OutboundError`` with `.unresolved`, also when the resolver has not answered in time.
    func addresses(of host: String, within timeout: Duration) async throws(OutboundError) -> [IPAddress] {
        let name = host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" && $0 != "%" }) : host
        if let literal = IPAddress(name) { return [literal] }
        let now = ContinuousClock.now
        if let entry = lock.withLock({ known[name] }), now < entry.until { return entry.addresses }
        guard let found = await resolve(name, within: timeout) else {
            throw OutboundError(.unresolved, "the resolver did not answer for \(host) in time")
        }
        guard !found.isEmpty else { throw OutboundError(.unresolved, "\(host) has no address") }
        lock.withLock {
            if known.count >= Self.limit { known = [:] }
            known[name] = (found, now + Self.lifetime)
        }
        return found
    }

    /// `nil` when time is up; the thread goes on until the resolver gives up.
    private func resolve(_ name: String, within timeout: Duration) async -> [IPAddress]? {
        await withCheckedContinuation { continuation in
            let answer = OneAnswer(continuation)
            queue.addOperation { answer.give(Self.system(name)) }
            let seconds = Double(timeout.components.seconds) + Double(timeout.components.attoseconds) * 1e-18
            DispatchQueue.global().asyncAfter(deadline: .now() + max(seconds, 0.001)) { answer.give(nil) }
        }
    }

    private static func system(_ name: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr.flatMap({ IPAddress($0) }), !addresses.contains(address) {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}

/// The first answer counts.
private final class OneAnswer: @unchecked Sendable {  // `continuation` under `lock` only
    private let lock = NSLock()
    private var continuation: CheckedContinuation<[IPAddress]?, Never>?

    init(_ continuation: CheckedContinuation<[IPAddress]?, Never>) { self.continuation = continuation }

    func give(_ addresses: [IPAddress]?) {
        let waiting = lock.withLock {
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: addresses)
    }
}
