import Foundation
import Logging

/// Sends requests to targets: the guarded client, or what stands for it where there is no network.
public protocol OutboundSender: Sendable {
    /// What a request names as its sender when it does not say so itself.
    var userAgent: String { get }
    /// - Returns: Any answer, whatever its status.
    /// - Throws: ``OutboundError``.
    func send(_ request: OutboundRequest) async throws -> OutboundResponse
}

/// The one HTTP client for requests to targets that other people choose: webhooks, integrations, agents.
///
/// Every address is judged by the ``OutboundPolicy`` at the moment when the socket for it is opened, so a
/// name cannot resolve to one address for the check and to another for the connection. Redirects are not
/// followed, `.netrc` is not used, cookies are not kept; http and https only. A proxy is used only when it
/// is given; nothing is taken from the environment.
///
/// One thread drives all transfers. Over TLS, HTTP/2 is spoken with targets that offer it, many requests at a time on
/// one connection; otherwise HTTP/1.1. Idle connections are kept and used again, for ten minutes at most. A name is
/// looked up when DNS says so (``NameResolver``). When the target closes one
/// at the very moment of a request, libcurl sends that request **again** on a new connection, whatever its
/// method; a target tells repetitions apart by an id in the request.
public final class OutboundHTTPClient: OutboundSender {
    public struct Limits: Sendable {
        /// Transfers that run at once. Each has a connection, which is a file descriptor, or shares one by HTTP/2.
        public var transfers: Int
        /// Transfers, and connections, to one scheme, host and port at once.
        public var transfersPerHost: Int
        /// Requests that wait for a place. One more fails with ``OutboundError/Code-swift.enum/overloaded``.
        public var waiting: Int

        public init(transfers: Int = 512, transfersPerHost: Int = 32, waiting: Int = 16_384) {
            precondition(transfers > 0 && transfersPerHost > 0 && waiting >= 0, "limits of the outbound client")
            self.transfers = transfers
            self.transfersPerHost = transfersPerHost
            self.waiting = waiting
        }
    }

    private let policy: OutboundPolicy
    /// `Tocsin/<version>`.
    public let userAgent: String
    private let logger: Logger
    private let resolver: HostResolver?
    private let proxy: OutboundProxy?
    private let names: NameResolver
    private let loop: TransferLoop

    /// Starts the client's thread. Connections are shared by all requests of this client, and by no other
    /// client: they are only as good as the policy that they were opened under.
    ///
    /// - Parameter userAgent: `Tocsin/<version>`; a request's own `User-Agent` header wins.
    public convenience init(
        policy: OutboundPolicy, userAgent: String, limits: Limits = Limits(), proxy: OutboundProxy? = nil,
        logger: Logger
    ) {
        self.init(policy: policy, userAgent: userAgent, limits: limits, proxy: proxy, logger: logger, resolver: nil)
    }

    /// - Parameters:
    ///   - resolver: Asked for each request before DNS, so that tests can move hosts.
    ///   - names: What asks DNS.
    init(
        policy: OutboundPolicy, userAgent: String, limits: Limits = Limits(), proxy: OutboundProxy? = nil,
        logger: Logger, resolver: HostResolver?, names: NameResolver = NameResolver()
    ) {
        precondition(userAgent.utf8.allSatisfy { (32..<127).contains($0) }, "the user agent must be printable ASCII")
        self.policy = policy
        self.userAgent = userAgent
        self.logger = logger
        self.resolver = resolver
        self.proxy = proxy
        self.names = names
        loop = TransferLoop(limits: limits)
        loop.start()
    }

    deinit { loop.close() }

    /// How many requests are under way, those that wait for a place included.
    var underWay: Int { loop.underWay }

    /// Sends a request and waits for the whole answer, or as much of it as the request wants.
    ///
    /// Any status is an answer; also a redirect, which is not followed. When more requests are under way
    /// than the limits allow, this one waits: first in, first out for each host, hosts taking turns.
    ///
    /// - Throws: ``OutboundError``. Cancelling the task ends the transfer and throws `.cancelled`.
    public func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let target = try request.checkedTarget()
        do {
            var request = request
            let addresses = try await addresses(of: target, for: &request)
            let route = try route(to: target, at: addresses)
            let transfer = Transfer(
                request, target: target, policy: policy, userAgent: userAgent, addresses: addresses, route: route)
            let raw = try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { loop.submit(transfer, resuming: $0) }
            } onCancel: {
                loop.cancel(transfer)
            }
            return OutboundResponse(raw)
        } catch let error as OutboundError where error.code == .refused {
            logger.notice(
                "outbound request refused", metadata: ["origin": "\(target.origin)", "reason": "\(error.detail)"])
            throw error
        }
    }

    /// Where a target is. What that took is taken from the request's times.
    private func addresses(
        of target: Target, for request: inout OutboundRequest
    ) async throws(OutboundError) -> [IPAddress] {
        if let given = resolver?(target.host) {
            guard !given.isEmpty else { throw OutboundError(.unresolved, "\(target.host) has no address") }
            return given
        }
        if let literal = NameResolver.literal(target.host) { return [literal] }
        let started = ContinuousClock.now
        let limit = min(request.connectTimeout, request.timeout)
        let addresses = try await names.addresses(of: target.host, within: limit)
        let taken = ContinuousClock.now - started
        request.timeout = max(request.timeout - taken, .milliseconds(1))
        request.connectTimeout = max(request.connectTimeout - taken, .milliseconds(1))
        return addresses
    }

    /// `nil` for a target that is reached directly.
    private func route(to target: Target, at addresses: [IPAddress]) throws(OutboundError) -> ProxiedRoute? {
        guard let proxy, proxy.serves(target.host) else { return nil }
        return ProxiedRoute(proxy: proxy, address: try policy.chosen(of: addresses, host: target.host))
    }

    /// Ends what is under way with ``OutboundError/Code-swift.enum/closed``, closes all connections and
    /// returns when the thread has ended. Later requests fail the same way. May be called repeatedly.
    public func shutdown() async {
        loop.close()
        await loop.ended()
    }
}
