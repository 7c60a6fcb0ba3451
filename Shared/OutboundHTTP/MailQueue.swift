import Foundation

/// The line in front of the threads of an ``SMTPClient``: first in, first out.
final class MailQueue: @unchecked Sendable {  // `condition` guards everything.
    /// Stands for one call of `send`.
    final class Ticket: @unchecked Sendable {  // The queue's `condition` guards it.
        fileprivate var isCancelled = false
    }

    struct Job: Sendable {
        let ticket: Ticket
        let envelope: MailEnvelope
        let continuation: CheckedContinuation<SMTPReceipt, any Error>
    }

    private let condition = NSCondition()
    private let waitingLimit: Int
    private var jobs: [Job] = []
    private var workers: Int
    private var idleWorkers = 0
    private var isClosed = false
    private var endWaiters: [CheckedContinuation<Void, Never>] = []

    init(waitingLimit: Int, workers: Int) {
        self.waitingLimit = waitingLimit
        self.workers = workers
    }

    func add(_ job: Job) {
        let rejection: SMTPError? = locked {
            if job.ticket.isCancelled { return SMTPError(.cancelled, "cancelled before the start") }
            if isClosed { return SMTPError(.closed, "the mail client is shut down") }
            if jobs.count >= waitingLimit + idleWorkers { return SMTPError(.overloaded, "\(jobs.count) mails wait") }
            jobs.append(job)
            condition.signal()
            return nil
        }
        if let rejection { job.continuation.resume(throwing: rejection) }
    }

    func cancel(_ ticket: Ticket) {
        let job: Job? = locked {
            ticket.isCancelled = true
            return jobs.firstIndex { $0.ticket === ticket }.map { jobs.remove(at: $0) }
        }
        job?.continuation.resume(throwing: SMTPError(.cancelled, "cancelled while waiting for a connection"))
    }

    /// Blocks a worker until there is something to do; `nil` when there never will be.
    func next() -> Job? {
        locked {
            idleWorkers += 1
            defer { idleWorkers -= 1 }
            while jobs.isEmpty && !isClosed { condition.wait() }
            return jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }

    func close() {
        let left = locked {
            isClosed = true
            condition.broadcast()
            defer { jobs.removeAll() }
            return jobs
        }
        for job in left { job.continuation.resume(throwing: SMTPError(.closed, "the mail client was shut down")) }
    }

    func workerEnded() {
        let waiters = locked {
            workers -= 1
            defer { if workers == 0 { endWaiters.removeAll() } }
            return workers == 0 ? endWaiters : []
        }
        for waiter in waiters { waiter.resume() }
    }

    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = locked {
                if workers > 0 { endWaiters.append(continuation) }
                return workers == 0
            }
            if isOver { continuation.resume() }
        }
    }

    private func locked<T>(_ body: () -> T) -> T {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }
}
