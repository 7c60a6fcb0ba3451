import CAres
import Foundation

/// Asks for the addresses of names by c-ares, many at a time, on a thread of its own that is started by the first
/// question.
///
/// c-ares reads the system's configuration when a channel is opened. One is opened when there is something to ask, and
/// closed when nothing is: a changed `/etc/resolv.conf` counts from the next question on.
final class NameQuestions: @unchecked Sendable {  // `lock` guards the first group, one thread has the second
    /// - Parameter lifetime: How long the answer is to be believed.
    typealias Completion = @Sendable (_ answer: NameCache.Answer, _ lifetime: Duration) -> Void

    /// How long a server gets for its first try; each further one gets longer.
    private static let tryMilliseconds: Int32 = 2000
    private static let tries: Int32 = 3

    private let lock = NSLock()
    private var inbox: [Question] = []
    private var isClosing = false
    private var hasThread = false
    private let wakeUp = WakeUp()

    private let servers: String?
    private var channel: ares_channel?
    private var openCount = 0
    /// What c-ares waits for on its sockets.
    fileprivate var interest: [ares_socket_t: Int16] = [:]

    init(servers: String?) {
        _ = libraryInitialization
        self.servers = servers
    }

    func ask(_ name: String, _ completion: @escaping Completion) {
        let isLate = lock.withLock {
            guard !isClosing else { return true }
            inbox.append(Question(name: name, completion: completion, owner: self))
            if !hasThread { start() }
            hasThread = true
            return false
        }
        if isLate { return completion(.failure(OutboundError(.closed, "the client is shut down")), .zero) }
        wakeUp.notify()
    }

    /// Ends the thread; what is open is answered with an error.
    func close() {
        lock.withLock { isClosing = true }
        wakeUp.notify()
    }

    private func start() {
        let thread = Thread { self.run() }
        thread.name = "dns"
        thread.start()
    }
}

// MARK: - On the thread

extension NameQuestions {
    private func run() {
        while true {
            let (new, isClosing) = lock.withLock {
                defer { inbox = [] }
                return (inbox, self.isClosing)
            }
            new.forEach(put)
            if isClosing { break }
            if openCount == 0 { closeChannel() }
            wait()
        }
        closeChannel()
    }

    private func put(_ question: Question) {
        guard let channel = openChannel() else {
            return question.end(.failure(OutboundError(.unresolved, "the resolver cannot be started")), .zero)
        }
        openCount += 1
        var hints = ares_addrinfo_hints()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        ares_getaddrinfo(channel, question.name, nil, &hints, onAddresses, Unmanaged.passRetained(question).toOpaque())
    }

    fileprivate func hasEnded() { openCount -= 1 }

    private func openChannel() -> ares_channel? {
        if let channel { return channel }
        var options = ares_options()
        options.timeout = Self.tryMilliseconds
        options.tries = Self.tries
        options.sock_state_cb = onSocketState
        options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
        let mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB
        guard ares_init_options(&channel, &options, Int32(mask)) == ARES_SUCCESS else { return nil }
        if let servers { ares_set_servers_ports_csv(channel, servers) }
        return channel
    }

    /// What is open ends with an error.
    private func closeChannel() {
        guard let open = channel else { return }
        ares_destroy(open)
        channel = nil
        interest = [:]
    }

    /// Until there is something to read, a try is over, or somebody asks.
    private func wait() {
        var watched = [pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)]
        watched += interest.map { pollfd(fd: $0.key, events: $0.value, revents: 0) }
        poll(&watched, nfds_t(watched.count), timeoutMilliseconds())
        if watched[0].revents != 0 { wakeUp.clear() }
        guard let channel else { return }
        for entry in watched.dropFirst() where entry.revents != 0 {
            let isReadable = entry.revents & ~Int16(POLLOUT) != 0
            let isWritable = entry.revents & Int16(POLLOUT) != 0
            ares_process_fd(channel, isReadable ? entry.fd : noSocket, isWritable ? entry.fd : noSocket)
        }
        ares_process_fd(channel, noSocket, noSocket)  // what is over by time
    }

    private func timeoutMilliseconds() -> Int32 {
        var time = timeval()
        guard let channel, ares_timeout(channel, nil, &time) != nil else { return -1 }
        return Int32(clamping: time.tv_sec * 1000 + (Int(time.tv_usec) + 999) / 1000)
    }
}

/// One name that is asked for.
private final class Question {
    let name: String
    private let completion: NameQuestions.Completion
    private unowned let owner: NameQuestions

    init(name: String, completion: @escaping NameQuestions.Completion, owner: NameQuestions) {
        self.name = name
        self.completion = completion
        self.owner = owner
    }

    func end(_ answer: NameCache.Answer, _ lifetime: Duration) { completion(answer, lifetime) }

    func end(status: Int32, _ list: UnsafeMutablePointer<ares_addrinfo>?) {
        defer { ares_freeaddrinfo(list) }
        owner.hasEnded()
        guard status == ARES_SUCCESS, let list else {
            let isAbsent = [ARES_ENOTFOUND, ARES_ENODATA, ARES_ENONAME].contains(status)
            let why = String(cString: ares_strerror(status))
            return end(
                .failure(OutboundError(.unresolved, "\(name) has no address: \(why)")),
                isAbsent ? NameCache.absence : NameCache.failure)
        }
        var addresses: [IPAddress] = []
        var seconds = Int32.max
        var node = list.pointee.nodes
        while let entry = node {
            if let address = entry.pointee.ai_addr.flatMap({ IPAddress($0) }), !addresses.contains(address) {
                addresses.append(address)
            }
            seconds = min(seconds, entry.pointee.ai_ttl)
            node = entry.pointee.ai_next
        }
        var alias = list.pointee.cnames
        while let entry = alias {
            seconds = min(seconds, entry.pointee.ttl)
            alias = entry.pointee.next
        }
        guard !addresses.isEmpty else {
            return end(.failure(OutboundError(.unresolved, "\(name) has no address")), NameCache.absence)
        }
        end(.success(addresses), .seconds(seconds))
    }
}

/// Interrupts a thread that waits in `poll`.
private final class WakeUp: Sendable {
    let descriptor: Int32
    private let other: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue) | closeOnExec
        precondition(socketpair(AF_UNIX, kind, 0, &ends) == 0, "no pair of sockets: \(errno)")
        (descriptor, other) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(other)
    }

    /// A full socket has woken the thread already.
    func notify() { _ = send(other, "!", 1, Int32(MSG_NOSIGNAL)) }

    func clear() {
        var buffer = [UInt8](repeating: 0, count: 64)
        while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
    }
}

private let noSocket: ares_socket_t = -1

/// c-ares wants this once, before anything else.
private let libraryInitialization: Void = {
    precondition(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS, "c-ares could not start")
}()

// What c-ares calls on the thread; at the top level for the reason in TransferCallbacks.swift.

private func onAddresses(
    _ context: UnsafeMutableRawPointer?, _ status: Int32, _ timeouts: Int32,
    _ list: UnsafeMutablePointer<ares_addrinfo>?
) {
    guard let context else { return }
    Unmanaged<Question>.fromOpaque(context).takeRetainedValue().end(status: status, list)
}

private func onSocketState(
    _ context: UnsafeMutableRawPointer?, _ socket: ares_socket_t, _ readable: Int32, _ writable: Int32
) {
    guard let context else { return }
    let events = Int16((readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0))
    Unmanaged<NameQuestions>.fromOpaque(context).takeUnretainedValue().interest[socket] = events == 0 ? nil : events
}
