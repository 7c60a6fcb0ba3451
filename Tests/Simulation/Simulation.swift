import AlertCore
import Foundation
import Persistence
import SQLiteDatabase

/// One run of everything, from one seed.
public enum Simulation {
    /// What came of a run.
    public struct Result: Sendable {
        public let seed: UInt64
        /// Which promises were broken, in words; none when all is well.
        public let violations: [String]
        /// Changes with everything that has happened.
        public let fingerprint: UInt64
        public let plan: String
        /// What went wrong on purpose, and how often.
        public let faults: [String: Int]
        public let counts: [String: Int]
        /// Seconds of simulated time, and jobs that ran.
        public let virtualSeconds: Double
        public let steps: Int
        /// The last things that happened, oldest first.
        public let trace: [String]
    }

    /// How long everything may take to come to its end once nothing goes wrong any more.
    private static let settleTime = Duration.seconds(3600)
    private static let lookEvery = Duration.seconds(15)

    /// Makes the simulation's executor that of all tasks of the process. To be called before there is any.
    public static func install() { VirtualExecutor.install() }

    /// Runs a seed on this thread. The executor has to be installed, and nothing else may run in the process.
    /// - Parameters:
    ///   - timeMoved: Is told of each new time, in nanoseconds since the beginning of the run.
    ///   - stepBegins: Is told of each job before it runs.
    ///   - isVerbose: Whether what the services log is in the trace, and all of it is kept.
    public static func run(
        seed: UInt64, isVerbose: Bool = false, timeMoved: @escaping (Int64) -> Void,
        stepBegins: @escaping (Int64) -> Void
    ) throws -> Result {
        let executor = VirtualExecutor.shared
        executor.begin(seed: seed, timeMoved: timeMoved, stepBegins: stepBegins)
        let world = try SimWorld(seed: seed, isVerbose: isVerbose)
        let outcome = Outcome()
        Task {
            do {
                try await live(world, outcome)
            } catch {
                outcome.violations.append("the run itself failed: \(error)")
            }
            outcome.isOver = true
        }
        let stop = executor.run(until: 86_400 * 1_000_000_000) { outcome.isOver }
        if stop != .reached { outcome.violations.append("the run did not come to its end: \(stop)") }
        let result = Result(
            seed: seed, violations: outcome.violations, fingerprint: executor.fingerprint, plan: world.plan.words,
            faults: world.faults.counts, counts: outcome.counts, virtualSeconds: Double(executor.now) / 1e9,
            steps: executor.steps, trace: world.history.trace)
        world.endAll()
        // What is left of the dead comes to its end, so that the next run has the process for itself.
        _ = executor.run(until: executor.now + 300 * 1_000_000_000) { false }
        return result
    }

    private final class Outcome: @unchecked Sendable {  // one thread
        var isOver = false
        var violations: [String] = []
        var counts: [String: Int] = [:]
    }

    private static func live(_ world: SimWorld, _ outcome: Outcome) async throws {
        try await world.prepare()
        world.startAll()
        world.takeMessages()
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await world.goWrong() }
            tasks.addTask { await world.sendRequests() }
        }
        let empty = try SimStore(history: History(traceLimit: 0))
        try await Migrator.bundled().run(
            on: SimDatabase(
                empty, for: SimProcess(name: "rebuild", run: 1), faults: Faults(), chance: Chance(seed: 1)))
        var waited = Duration.zero
        while let left = try world.whatIsLeft() {
            guard waited < settleTime else {
                outcome.violations.append("after \(settleTime) without faults there is still \(left)")
                break
            }
            try world.putBack()
            await world.executor.pause(lookEvery)
            waited += lookEvery
        }
        // From here on nothing is awaited: the history and the database belong together.
        let snapshot = try world.store.read { try Snapshot($0, at: world.wall()) }
        let rebuilt = try empty.write(by: "rebuild") { try snapshot.rebuiltAlerts(in: $0) }
        var checker = Checker(
            history: world.history, snapshot: snapshot, rebuiltAlerts: rebuilt, outbound: SimContent.outbound,
            partitionCount: world.plan.partitionCount,
            patience: world.plan.isDatabaseSteady ? SimWorld.patience : nil)
        try checker.check()
        outcome.violations += checker.violations
        outcome.counts = checker.counts
    }
}

extension SimWorld {
    /// What is still to be done, in words; `nil` when everything has come to its end.
    func whatIsLeft() throws -> String? {
        try store.read { connection in
            let late = try connection.execute(
                "SELECT kind, count(*) FROM due_work WHERE kind <> 'alert-expiry' GROUP BY kind")
            if let row = late.first { return "\(row.integer(1)) due work of kind \(row.text(0))" }
            let overdue = try connection.execute(
                "SELECT count(*) FROM due_work WHERE due_at <= \(wall().milliseconds)")[0].integer(0)
            if overdue > 0 { return "\(overdue) overdue work" }
            if plan.waitsForExpiry {
                // Those of the system itself last for hours.
                let soon = wall(.seconds(900)).milliseconds
                let next = try connection.execute("SELECT 1 FROM due_work WHERE due_at <= \(soon) LIMIT 1")
                if !next.isEmpty { return "an alert that has not ended" }
            }
            let groups = [
                ("inbound-requests", "transformer"), ("alert-commands", "alert-engine"),
                ("webhook-deliveries", "webhook-dispatcher"),
            ]
            for (topic, group) in groups {
                for partition in 0..<plan.partitionCount {
                    let place = SimBroker.Place(topic: topic, partition: partition)
                    let next = try Checkpoint(group: group, partition: "\(place)", in: connection).next()
                    if next < broker.end(of: place) {
                        return "\(group) at \(next) of \(broker.end(of: place)) in \(place)"
                    }
                }
            }
            for (category, topic) in [("alert", "alert-events"), ("escalation", "alert-commands")] {
                for log in try connection.execute(
                    "SELECT partition_name, position FROM log_partitions WHERE partition_name LIKE \("\(category)/%")")
                {
                    let next = try Checkpoint(
                        group: "relay-\(topic)", partition: log.text(0), in: connection
                    ).next()
                    if next < log.integer(1) { return "the relay of \(log.text(0)) at \(next) of \(log.integer(1))" }
                }
            }
            for log in try connection.execute(
                "SELECT partition_name, position FROM log_partitions WHERE partition_name LIKE 'alert/%'")
            {
                let name = "alert-events\(log.text(0).dropFirst("alert".count))@log"
                for group in ["notifier", "webhook-dispatcher"] {
                    let next = try Checkpoint(group: group, partition: name, in: connection).next()
                    if next <= log.integer(1) { return "\(group) at \(next) of \(log.integer(1)) in \(name)" }
                }
            }
            let spooled = try connection.execute(
                "SELECT partition_name, count(*) FROM spooled_messages GROUP BY partition_name")
            if let row = spooled.first { return "\(row.integer(1)) messages of \(row.text(0)) in the spool" }
            let open = try connection.execute("SELECT count(*) FROM webhook_deliveries WHERE status = 'parked'")
            if open[0].integer(0) > 0 { return "\(open[0].integer(0)) parked webhooks" }
            let running = try connection.execute("SELECT count(*) FROM activities WHERE status = 'RUNNING'")
            if running[0].integer(0) > 0 { return "\(running[0].integer(0)) running requests" }
            return nil
        }
    }
}
