import CCurl
import Foundation

/// The thread that drives libcurl's multi interface, and the way to it from other threads.
///
/// Requests arrive in an inbox. The thread is woken only when it sleeps and the inbox was empty, so a
/// burst of requests costs one wake-up.
final class TransferLoop: @unchecked Sendable {  // `lock` guards the first group, one thread has the second.
    private let lock = NSLock()
    private var inbox: [Transfer] = []
    private var cancellations: [Transfer] = []
    private var isAsleep = false
    private var isClosing = false
    private var hasEnded = false
    private var endWaiters: [CheckedContinuation<Void, Never>] = []
    /// Submitted and not ended; what the limit on waiting requests is compared with.
    private var accepted = 0

    private let multi: UnsafeMutableRawPointer
    private var lanes: TransferLanes<Transfer>
    private var active: [Transfer] = []
    private var spareHandles: [EasyHandle] = []
    private var nextSweep = ContinuousClock.now
    private let acceptedLimit: Int

    /// How often timeouts of waiting requests are looked at. Running ones have libcurl's own timer.
    private static let sweepInterval = Duration.milliseconds(100)
    /// How long an answer over HTTP/2 may stand still before libcurl is made to look at its own buffers.
    private static let stillness = Duration.milliseconds(500)
    /// libcurl gets this much time beyond a deadline to say so itself.
    private static let sweepGrace = Duration.milliseconds(200)

    init(limits: OutboundHTTPClient.Limits) {
        lanes = TransferLanes(activeLimit: limits.transfers, laneActiveLimit: limits.transfersPerHost)
        acceptedLimit = limits.transfers + limits.waiting
        spareHandles.append(EasyHandle())  // Before the multi handle: it starts libcurl.
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl is out of memory") }
        self.multi = multi
        tocsin_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.transfersPerHost)
        tocsin_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 0)  // Running transfers are bounded here.
        tocsin_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.transfers)
        tocsin_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    }

    func start() {
        let thread = Thread { self.run() }
        thread.name = "outbound-http"
        thread.start()
    }
}

/// What other threads call.
extension TransferLoop {
    func submit(_ transfer: Transfer, resuming continuation: CheckedContinuation<RawResponse, any Error>) {
        let rejection: OutboundError? = lock.withLock {
            if transfer.stage == .cancelled { return OutboundError(.cancelled, "cancelled before the start") }
            if isClosing { return OutboundError(.closed, "the client is shut down") }
            if accepted >= acceptedLimit { return OutboundError(.overloaded, "\(accepted) requests are under way") }
            accepted += 1
            transfer.stage = .submitted
            transfer.continuation = continuation
            inbox.append(transfer)
            wake()
            return nil
        }
        if let rejection { continuation.resume(throwing: rejection) }
    }

    /// How many requests are under way, those that wait for a place included.
    var underWay: Int { lock.withLock { accepted } }

    func cancel(_ transfer: Transfer) {
        lock.withLock {
            if transfer.stage == .submitted {
                cancellations.append(transfer)
                wake()
            }
            transfer.stage = .cancelled
        }
    }

    func close() {
        lock.withLock {
            isClosing = true
            wake()
        }
    }

    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = lock.withLock {
                if !hasEnded { endWaiters.append(continuation) }
                return hasEnded
            }
            if isOver { continuation.resume() }
        }
    }

    /// Under the lock, which also keeps the multi handle from being freed meanwhile.
    private func wake() {
        guard isAsleep else { return }
        isAsleep = false
        curl_multi_wakeup(multi)
    }
}

/// The thread.
extension TransferLoop {
    private func run() {
        blockBrokenPipeSignal()
        while takeOrders() {
            startWaiting()
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            while collectFinished() {
                startWaiting()
                curl_multi_perform(multi, &running)
            }
            sweep()
            sleep()
        }
        end()
    }

    /// Takes over what other threads have left. False when it is time to end.
    private func takeOrders() -> Bool {
        let (arrived, cancelled, goesOn) = lock.withLock {
            defer {
                inbox.removeAll()
                cancellations.removeAll()
            }
            return (inbox, cancellations, !isClosing)
        }
        for transfer in arrived { lanes.append(transfer, to: transfer.target.origin) }
        guard goesOn else { return false }
        if !cancelled.isEmpty { cancel(cancelled) }
        return true
    }

    private func cancel(_ transfers: [Transfer]) {
        let ids = Set(transfers.map(ObjectIdentifier.init))
        for transfer in lanes.removeWaiting(where: { ids.contains(ObjectIdentifier($0)) }) {
            resume(transfer, with: .failure(OutboundError(.cancelled, "cancelled while waiting for a free place")))
        }
        for transfer in transfers where transfer.easy != nil {
            abandon(transfer, .cancelled, "cancelled")
        }
    }

    private func startWaiting() {
        guard lanes.waiting > 0 else { return }
        let now = ContinuousClock.now
        while let transfer = lanes.next() {
            let handle = spareHandles.popLast() ?? EasyHandle()
            transfer.configure(handle, now: now)
            transfer.easy = handle
            transfer.activeIndex = active.count
            active.append(transfer)
            let code = curl_multi_add_handle(multi, handle.pointer)
            precondition(code == CURLM_OK, "libcurl refused a transfer: \(String(cString: curl_multi_strerror(code)))")
        }
    }

    /// Hands out the answers of ended transfers. False when there were none.
    private func collectFinished() -> Bool {
        var hasFinished = false
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let pointer = message.pointee.easy_handle else { continue }
            let code = message.pointee.data.result  // Read before the handle is removed: it owns the message.
            var context: UnsafeMutableRawPointer?
            tocsin_get_pointer(pointer, CURLINFO_PRIVATE, &context)
            guard let context else { preconditionFailure("a transfer without its context") }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            guard let handle = transfer.easy else { preconditionFailure("a transfer that ended twice") }
            let outcome = transfer.outcome(code, of: handle)
            release(transfer)
            resume(transfer, with: outcome)
            hasFinished = true
        }
        return hasFinished
    }

    /// Ends requests whose time ran out while they waited, here or in a corner of libcurl without a timer.
    private func sweep() {
        let now = ContinuousClock.now
        guard now >= nextSweep else { return }
        nextSweep = now + Self.sweepInterval
        if lanes.waiting > 0 {
            for transfer in lanes.removeWaiting(where: { $0.deadline <= now }) {
                resume(
                    transfer, with: .failure(OutboundError(.timeout, "timed out while waiting for a free place")))
            }
        }
        for transfer in active where transfer.deadline + Self.sweepGrace <= now {
            abandon(transfer, .timeout, "timed out")
        }
        for transfer in active where transfer.hasGoneSilent(for: Self.stillness, at: now) { nudge(transfer) }
    }

    /// Makes libcurl look for bytes of an answer that it has already taken from the socket.
    ///
    /// Of streams that share a connection, libcurl 7.88 can leave the end of one in its buffers, and then waits for
    /// the socket, which has nothing more (found by a test under load; curl's issues 10525 and 10998 are of its kind).
    /// To stop and go on is the one way to tell it to look.
    private func nudge(_ transfer: Transfer) {
        guard let handle = transfer.easy, handle.integer(CURLINFO_HTTP_VERSION) == Int(CURL_HTTP_VERSION_2_0) else {
            return
        }
        curl_easy_pause(handle.pointer, CURLPAUSE_RECV)
        curl_easy_pause(handle.pointer, CURLPAUSE_CONT)
    }

    private func sleep() {
        let mayRest = lock.withLock {
            isAsleep = inbox.isEmpty && cancellations.isEmpty && !isClosing
            return isAsleep
        }
        guard mayRest else { return }
        curl_multi_poll(multi, nil, 0, active.isEmpty ? 60_000 : 100, nil)
        lock.withLock { isAsleep = false }
    }

    private func end() {
        let closed = "the client was shut down"
        for transfer in active { abandon(transfer, .closed, closed) }
        for transfer in lanes.removeWaiting(where: { _ in true }) {
            resume(transfer, with: .failure(OutboundError(.closed, closed)))
        }
        spareHandles.removeAll()
        curl_multi_cleanup(multi)
        let waiters = lock.withLock {
            hasEnded = true
            defer { endWaiters.removeAll() }
            return endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Ends a running transfer that libcurl has not ended. Its connection is closed.
    private func abandon(_ transfer: Transfer, _ code: OutboundError.Code, _ detail: String) {
        guard let handle = transfer.easy else { return }
        let isInDoubt = transfer.isInDoubt(handle)
        release(transfer)
        resume(transfer, with: .failure(OutboundError(code, detail, isInDoubt: isInDoubt)))
    }

    /// Gives back the handle and the place of a transfer that ran.
    private func release(_ transfer: Transfer) {
        guard let handle = transfer.easy else { return }
        transfer.easy = nil
        curl_multi_remove_handle(multi, handle.pointer)
        handle.reset()
        spareHandles.append(handle)
        if let last = active.popLast(), last !== transfer {  // The last one moves into the gap.
            active[transfer.activeIndex] = last
            last.activeIndex = transfer.activeIndex
        }
        lanes.finish(transfer.target.origin)
    }

    private func resume(_ transfer: Transfer, with outcome: Result<RawResponse, OutboundError>) {
        lock.withLock { accepted -= 1 }
        transfer.continuation?.resume(with: outcome.mapError { $0 })
        transfer.continuation = nil
    }
}
