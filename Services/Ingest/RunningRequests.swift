import AlertCore
import Foundation
import Logging
import Messaging
import Metrics
import Persistence

/// The requests of one partition that are being run, and those that wait until they can be.
actor RunningRequests {
    /// How long a run may hold its message, and its place among the runs of its integration.
    private static let parkAfter = Duration.seconds(2)
    /// For how long a run that takes longer is left alone without word of it; the word comes every third of that.
    private static let lease = Duration.seconds(30)

    private struct Running {
        let message: InboundRequestMessage
        var offset: Int64?
        let startedAt: Timestamp
        /// Whether it holds one of the places of its integration.
        var hasPlace = true
        /// When word of it was last written; `nil` while it holds its message.
        var parkedAt: Timestamp?
        let task: Task<Void, Never>

        /// Whether it is time to write that the run goes on.
        func needsWord(at now: Timestamp, after: Duration, every: Duration) -> Bool {
            if let parkedAt { return now.since(parkedAt) >= every }
            return now.since(startedAt) >= after
        }
    }

    private let runner: RequestRunner
    private let recorder: PartitionRecorder<ActivityRecord>
    private let database: any SQLDatabase
    private let now: Clock
    private let logger: Logger
    private var running: [String: Running] = [:]
    private var waiting = RequestQueue()
    private var isStopped = false

    init(
        runner: RequestRunner, recorder: PartitionRecorder<ActivityRecord>, database: any SQLDatabase,
        now: @escaping Clock, logger: Logger
    ) {
        self.runner = runner
        self.recorder = recorder
        self.database = database
        self.now = now
        self.logger = logger
    }

    /// Takes messages from the topic; those whose requests are recorded already are passed over.
    func admit(_ messages: [Received<InboundRequestMessage>]) async throws {
        let ids = messages.map(\.payload.requestId)
        let (known, begun) = try await database.reading { connection in
            // A run that was lost has fixed the number of its first alert, if it has got that far.
            (
                try Activities(connection).statuses(of: ids),
                try AlertNumbers.reserved(ids.map { AlertMaker.reservation(of: $0, 0) }, in: connection)
            )
        }
        for message in messages {
            let request = message.payload
            if known[request.requestId] != nil || isInHand(request.requestId) {
                recorder.finish(message.message.offset, with: [])
            } else {
                let isFirstRun = !begun.contains(AlertMaker.reservation(of: request.requestId, 0))
                waiting.add(.init(message: request, offset: message.message.offset, isFirstRun: isFirstRun))
            }
        }
        startWhatCan()
    }

    /// Takes up requests whose run has been lost.
    func runAgain(_ items: [DueWork.Item]) throws {
        for item in items where !isInHand(item.id) {
            waiting.add(.init(message: try JSON.decode(item.payload), offset: nil))
        }
        startWhatCan()
    }

    private func isInHand(_ request: String) -> Bool { running[request] != nil || waiting.contains(request) }

    private func startWhatCan() {
        while !isStopped, let next = waiting.startNext() { start(next) }
    }

    /// Lets go of the messages of those that take long, and says of these that they go on, until cancelled.
    func watch() async {
        while !Task.isCancelled {
            // Cancelled: the condition sees it.
            try? await Task.sleep(for: Self.parkAfter / 4)
            let moment = now()
            for (id, entry) in running where entry.needsWord(at: moment, after: Self.parkAfter, every: Self.lease / 3) {
                releasePlace(of: id)
                running[id]?.offset = nil
                running[id]?.parkedAt = moment
                park(entry.message, offset: entry.offset, until: moment.advanced(by: Self.lease))
            }
            // An integration whose requests all take long must not keep those of others from being read.
            for (entry, time) in waiting.takeExcess(at: moment) {
                park(entry.message, offset: entry.offset, until: time)
            }
            startWhatCan()
        }
    }

    private func park(_ message: InboundRequestMessage, offset: Int64?, until: Timestamp) {
        // The message came as JSON: it goes back to it.
        guard let text = try? JSON.encode(message) else { return }
        recorder.finish(offset, with: [.parked(message.activity(by: ""), message: text, until: until)])
    }

    /// Ends what is running, and begins no more: it comes again, here or elsewhere. What would come of a run from here
    /// now could not be written down any more.
    func stop() {
        isStopped = true
        running.values.forEach { $0.task.cancel() }
    }

    private func start(_ entry: RequestQueue.Entry) {
        let message = entry.message
        let task = Task { [runner, logger] in
            // What fails for now is tried until it works; the request has been accepted.
            _ = await retryingForever(logger: logger, what: "request \(message.requestId)") { tries in
                let activity = try await runner.run(message, isFirstRun: entry.isFirstRun && tries == 0) {
                    await self.releasePlace(of: message.requestId)
                }
                try Task.checkCancellation()
                await self.end(activity)
            }
        }
        running[message.requestId] = Running(
            message: message, offset: entry.offset, startedAt: now(), parkedAt: nil, task: task)
    }

    private func releasePlace(of request: String) {
        guard let entry = running[request], entry.hasPlace else { return }
        running[request]?.hasPlace = false
        waiting.release(entry.message, at: now())
        startWhatCan()
    }

    private func end(_ activity: Activity) {
        releasePlace(of: activity.requestId)
        guard let entry = running.removeValue(forKey: activity.requestId) else { return }
        recorder.finish(entry.offset, with: [.ended(activity)])
        Counter(
            label: "tocsin_inbound_runs_total", dimensions: [("status", activity.status.rawValue.lowercased())]
        ).increment()
        logger.info(
            "inbound request",
            metadata: [
                "request": "\(activity.requestId)", "integration": "\(activity.integration)",
                "status": "\(activity.status.rawValue)", "alerts": "\(activity.alerts.map(\.number))",
                "milliseconds": "\(activity.durationMilliseconds)", "problem": "\(activity.problem?.message ?? "")",
            ])
    }
}
