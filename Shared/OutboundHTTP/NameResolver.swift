import Foundation

/// The addresses of hosts: asked of DNS once, and then kept for as long as the records say (``NameCache``).
///
/// `/etc/hosts`, `/etc/resolv.conf` with its search list and the order of both are heeded; names that only another
/// source of the system knows (NSS: mDNS, LDAP) have no address here.
final class NameResolver: @unchecked Sendable {  // `cache` and `waiting` under `lock` only
    typealias Answer = NameCache.Answer

    /// Who may wait for answers; one more fails with ``OutboundError/Code-swift.enum/overloaded``.
    private static let waitingLimit = 16_384

    private let now: @Sendable () -> ContinuousClock.Instant
    private let questions: NameQuestions
    private let lock = NSLock()
    private var cache = NameCache()
    /// Who waits for the answer about a name that is being asked for.
    private var waiting: [String: [NameWait]] = [:]
    private var waitingCount = 0

    /// - Parameters:
    ///   - servers: `127.0.0.1:5353` in place of those of the system, for tests.
    init(
        servers: String? = nil, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.now = now
        questions = NameQuestions(servers: servers)
    }

    deinit { questions.close() }

    /// All addresses of a host, which may be an address itself, in brackets or not; those that are to be tried first
    /// come first. Those who ask for one name at the same time share the question.
    ///
    /// - Throws: ``OutboundError`` with `.unresolved`, also when no answer has come in time, or `.cancelled`.
    func addresses(of host: String, within timeout: Duration) async throws(OutboundError) -> [IPAddress] {
        if let literal = Self.literal(host) { return [literal] }
        let name = host.lowercased()
        if let known = lock.withLock({ cache.answer(for: name, at: now()) }) { return try known.get() }
        let wait = NameWait()
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                wait.begin(continuation)
                ask(name, wait)
                let seconds = Double(timeout.components.seconds) + Double(timeout.components.attoseconds) * 1e-18
                DispatchQueue.global().asyncAfter(deadline: .now() + max(seconds, 0.001)) {
                    wait.give(.failure(OutboundError(.unresolved, "no answer in time to where \(host) is")))
                }
            }
        } onCancel: {
            wait.give(.failure(OutboundError(.cancelled, "cancelled while \(host) was looked for")))
        }
        return try answer.get()
    }

    /// Whether a host is an address, so that nothing is to be asked.
    static func literal(_ host: String) -> IPAddress? {
        IPAddress(host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" && $0 != "%" }) : host)
    }

    private func ask(_ name: String, _ wait: NameWait) {
        let place: Int? = lock.withLock {
            guard waitingCount < Self.waitingLimit else { return nil }
            waitingCount += 1
            waiting[name, default: []].append(wait)
            return waiting[name]?.count
        }
        guard let place else {
            return wait.give(.failure(OutboundError(.overloaded, "\(Self.waitingLimit) requests wait for DNS")))
        }
        guard place == 1 else { return }
        questions.ask(name) { [weak self] answer, lifetime in self?.keep(answer, lifetime, for: name) }
    }

    private func keep(_ answer: Answer, _ lifetime: Duration, for name: String) {
        let waits = lock.withLock {
            cache.keep(answer, for: name, lifetime: lifetime, at: now())
            let waits = waiting.removeValue(forKey: name) ?? []
            waitingCount -= waits.count
            return waits
        }
        for wait in waits { wait.give(answer) }
    }
}

/// Somebody who waits for an answer: the first that comes counts.
private final class NameWait: @unchecked Sendable {  // everything mutable under `lock` only
    private let lock = NSLock()
    private var continuation: CheckedContinuation<NameResolver.Answer, Never>?
    private var early: NameResolver.Answer?
    private var isOver = false

    func begin(_ continuation: CheckedContinuation<NameResolver.Answer, Never>) {
        let early = lock.withLock {
            if !isOver { self.continuation = continuation }
            return self.early
        }
        if let early { continuation.resume(returning: early) }
    }

    func give(_ answer: NameResolver.Answer) {
        let waiting = lock.withLock {
            defer { continuation = nil }
            if !isOver, continuation == nil { early = answer }
            isOver = true
            return continuation
        }
        waiting?.resume(returning: answer)
    }
}
