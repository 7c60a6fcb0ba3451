import AlertCore
import Persistence

/// Adds to the spool what many callers have, together: one commit for all that came while the one before was written.
actor SpoolWriter {
    private static let batchLimit = 500
    private static let waitingLimit = 20_000
    private static let attempts = 3

    private struct Request {
        let entries: [Spool.Entry]
        let partition: String
        let limits: Spool.Limits
        let onlyBehindOthers: Bool
        let answer: CheckedContinuation<Bool, any Error>
    }

    private let database: any SQLDatabase
    private let now: Clock
    private var waiting: [Request] = []
    private var isWriting = false

    init(database: any SQLDatabase, now: @escaping Clock) {
        self.database = database
        self.now = now
    }

    /// As ``Spool/append(_:to:limits:onlyBehindOthers:at:)``; returns after the commit.
    func append(
        _ entries: [Spool.Entry], to partition: String, limits: Spool.Limits, onlyBehindOthers: Bool
    ) async throws -> Bool {
        guard waiting.count < Self.waitingLimit else {
            throw StoreError(.busy, "\(Self.waitingLimit) callers are waiting for the spool already")
        }
        return try await withCheckedThrowingContinuation { continuation in
            waiting.append(
                Request(
                    entries: entries, partition: partition, limits: limits, onlyBehindOthers: onlyBehindOthers,
                    answer: continuation))
            if !isWriting {
                isWriting = true
                Task { await write() }
            }
        }
    }

    private func write() async {
        while !waiting.isEmpty {
            // In one order of partitions everywhere: their rows are locked one after the other.
            let batch = waiting.prefix(Self.batchLimit).enumerated()
                .sorted { ($0.element.partition, $0.offset) < ($1.element.partition, $1.offset) }.map(\.element)
            waiting.removeFirst(batch.count)
            await write(batch)
        }
        isWriting = false
    }

    private func write(_ batch: [Request]) async {
        let orders = batch.map { ($0.entries, $0.partition, $0.limits, $0.onlyBehindOthers) }
        do {
            let outcomes = try await database.retrying(attempts: Self.attempts) { [now] connection in
                try orders.map { entries, partition, limits, onlyBehindOthers in
                    do {
                        return Result<Bool, SpoolFull>.success(
                            try Spool(connection).append(
                                entries, to: partition, limits: limits, onlyBehindOthers: onlyBehindOthers, at: now()))
                    } catch let full as SpoolFull {
                        return .failure(full)
                    }
                }
            }
            for (request, outcome) in zip(batch, outcomes) {
                request.answer.resume(with: outcome.mapError { $0 as any Error })
            }
        } catch {
            batch.forEach { $0.answer.resume(throwing: error) }
        }
    }
}
