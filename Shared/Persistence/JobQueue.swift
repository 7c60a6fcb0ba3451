import Foundation

/// Where asynchronous callers leave work for an adapter's own threads, so that a blocking C library never
/// runs on the cooperative pool. First come, first served; bounded.
public final class JobQueue<Job>: @unchecked Sendable {  // everything mutable is touched under `condition` only
    private let condition = NSCondition()
    private let limit: Int
    private var jobs: [Job] = []
    private var first = 0
    private var isClosed = false

    /// - Parameter limit: How many jobs may wait before ``push(_:)`` refuses.
    public init(limit: Int) { self.limit = limit }

    /// - Throws: `.busy` when too many wait, `.unavailable` after ``close()``.
    public func push(_ job: Job) throws(StoreError) {
        condition.lock()
        defer { condition.unlock() }
        guard !isClosed else { throw StoreError(.unavailable, "the database is closed") }
        guard jobs.count - first < limit else {
            throw StoreError(.busy, "\(limit) transactions are waiting already")
        }
        jobs.append(job)
        condition.signal()
    }

    /// Blocks until there is work; `nil` once the queue is closed and empty.
    public func take(max: Int) -> [Job]? {
        condition.lock()
        defer { condition.unlock() }
        while first == jobs.count {
            if isClosed { return nil }
            condition.wait()
        }
        let taken = Array(jobs[first..<min(first + max, jobs.count)])
        first += taken.count
        if first == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            first = 0
        } else if first > 1024 {
            jobs.removeFirst(first)
            first = 0
        }
        return taken
    }

    /// Refuses further jobs; those that wait are still done.
    public func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }
}

/// Threads that end by themselves, and a way to wait for that without blocking.
public final class JobThreads: @unchecked Sendable {  // everything mutable is touched under `lock` only
    private let lock = NSLock()
    private var running = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []

    public init() {}

    public func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        lock.withLock { running += 1 }
        let thread = Thread { [self] in
            body()
            ended()
        }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    public func join() async {
        await withCheckedContinuation { continuation in
            let isOver = lock.withLock {
                if running > 0 { waiters.append(continuation) }
                return running == 0
            }
            if isOver { continuation.resume() }
        }
    }

    private func ended() {
        let released = lock.withLock {
            running -= 1
            guard running == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { waiters = [] }
            return waiters
        }
        released.forEach { $0.resume() }
    }
}
