@preconcurrency import CLibPQ
import Glibc
import Persistence

/// Waits for a server, but not for ever: one that is silent, or a network that swallows everything, costs the
/// connection. For connections in libpq's non-blocking mode.
struct PostgresPatience {
    let handle: OpaquePointer
    let limit: Duration

    /// Sends what is left to be sent.
    /// - Throws: `.unavailable` with the reason; the connection is of no use then.
    func flush() throws(StoreError) {
        let deadline = ContinuousClock.now + limit
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                try wait(Int16(POLLIN | POLLOUT), until: deadline)
                guard PQconsumeInput(handle) == 1 else { throw lost() }
            default: throw lost()
            }
        }
    }

    /// The next result, as `PQgetResult` gives it, once it is there.
    /// - Throws: `.unavailable` with the reason; the connection is of no use then.
    func result() throws(StoreError) -> OpaquePointer? {
        let deadline = ContinuousClock.now + limit
        while PQisBusy(handle) == 1 {
            try wait(Int16(POLLIN), until: deadline)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
        return PQgetResult(handle)
    }

    private func wait(_ events: Int16, until deadline: ContinuousClock.Instant) throws(StoreError) {
        while true {
            var descriptor = pollfd(fd: PQsocket(handle), events: events, revents: 0)
            let left = max(0, (deadline - .now) / .milliseconds(1))
            switch poll(&descriptor, 1, Int32(left.rounded(.up))) {
            case 1...: return
            case 0: throw StoreError(.unavailable, "the server has not answered within \(limit)")
            default: guard errno == EINTR else { throw lost() }
            }
        }
    }

    private func lost() -> StoreError {
        let detail = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        return StoreError(.unavailable, detail.isEmpty ? "the connection was lost" : detail)
    }
}
