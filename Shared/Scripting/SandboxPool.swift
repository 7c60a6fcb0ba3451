import Logging

/// Runs scripts in worker processes that can reach nothing: no file, no socket, no other process.
///
/// A worker serves one run at a time; callers that find none free wait in the order in which they came.
/// A worker that is lost takes one run with it at most, and is replaced. Processes are started when
/// they are first needed.
public actor SandboxPool: ScriptEngine {
    public struct Settings: Sendable {
        /// How many scripts run at the same time, host calls included.
        public var workers: Int
        /// How many callers may wait; one more is turned away with ``ScriptError/Kind/unavailable``.
        public var waitingMax: Int
        /// After how many runs a worker is replaced by a new one.
        public var runsPerWorker: Int
        /// What ``ScriptLimits/memoryBytes`` is cut to. The kernel limits the process to this and a constant.
        public var memoryBytesMax: Int
        /// How much longer than its limit a script may take before its worker is killed.
        public var grace: Duration
        /// How long a worker may take to start.
        public var startTime: Duration

        public init(
            workers: Int = 4, waitingMax: Int = 256, runsPerWorker: Int = 500,
            memoryBytesMax: Int = 256 << 20, grace: Duration = .seconds(1), startTime: Duration = .seconds(10)
        ) {
            precondition(workers > 0 && waitingMax >= 0 && runsPerWorker > 0, "a pool needs workers")
            self.workers = workers
            self.waitingMax = waitingMax
            self.runsPerWorker = runsPerWorker
            self.memoryBytesMax = memoryBytesMax
            self.grace = grace
            self.startTime = startTime
        }
    }

    /// What a worker process needs besides the scripts' memory: code, libraries, the engine's stack.
    static let addressSpaceBytesOfProcess = 512 << 20
    /// How many workers that turn out to be gone one run tries.
    static let startsMax = 8

    private struct Lease {
        var worker: WorkerProcess
        var runs: Int
    }

    private let executable: String
    private let settings: Settings
    private let logger: Logger
    private var idle: [Lease] = []
    private var leased: [ObjectIdentifier: WorkerProcess] = [:]
    private var freeSlots: Int
    private var waiting: [CheckedContinuation<Bool, Never>] = []
    private var isShutDown = false
    private var shutdowns: [CheckedContinuation<Void, Never>] = []

    /// - Parameter executable: The path of `script-sandbox`. It is started with an empty environment.
    public init(executable: String, settings: Settings = Settings(), logger: Logger) {
        self.executable = executable
        self.settings = settings
        self.logger = logger
        freeSlots = settings.workers
    }

    public func run(_ run: ScriptRun, limits: ScriptLimits, host: any ScriptHost) async -> ScriptOutcome {
        if isShutDown { return .unavailable("the script pool is shut down") }
        guard freeSlots > 0 || waiting.count < settings.waitingMax else {
            return .unavailable("too many scripts are waiting: \(waiting.count)")
        }
        guard await takeSlot() else { return .unavailable("the script pool is shut down") }
        defer { giveSlotBack() }
        if Task.isCancelled { return .unavailable("the caller was cancelled before the script's turn") }
        var limits = limits
        limits.memoryBytes = min(limits.memoryBytes, settings.memoryBytesMax)
        limits.outputBytes = min(limits.outputBytes, ScriptLimits.outputBytesMax)
        return await runInSlot(run, limits: limits, host: host)
    }

    /// Turns away new runs and those that wait, lets those that run come to their end, and ends every
    /// worker. Returns when no process is left.
    public func shutdown() async {
        isShutDown = true
        for caller in waiting { caller.resume(returning: false) }
        waiting = []
        if freeSlots < settings.workers {
            await withCheckedContinuation { shutdowns.append($0) }
        }
        while let lease = idle.popLast() { await lease.worker.stop() }
    }

    /// The processes that there are, for tests that hurt them.
    package var processIDs: [Int32] {
        (idle.map(\.worker) + Array(leased.values)).map(\.id).filter { $0 != 0 }
    }
}

// MARK: - Workers

extension SandboxPool {
    private func runInSlot(_ run: ScriptRun, limits: ScriptLimits, host: any ScriptHost) async -> ScriptOutcome {
        for _ in 0..<Self.startsMax {
            var lease: Lease
            do {
                lease = try takeWorker()
            } catch {
                return .unavailable("the script worker does not start: \(error)")
            }
            let began = ContinuousClock.now
            let session = SandboxSession(
                worker: lease.worker, run: run, limits: limits, host: host, grace: settings.grace)
            switch await lease.worker.perform({ await session.end() }) {
            case .finished(let outcome):
                lease.runs += 1
                await giveBack(lease)
                return outcome
            case .lost(let kind, let message, let log):
                let way = await discard(lease)
                logger.warning(
                    "script worker lost",
                    metadata: ["script": "\(run.name)", "kind": "\(kind)", "reason": "\(message)", "end": "\(way)"])
                return ScriptOutcome(
                    log: log, error: ScriptError(kind: kind, message: message),
                    durationMs: (ContinuousClock.now - began).wholeMilliseconds)
            case .notBegun:
                let way = await discard(lease)
                logger.warning("script worker was gone between two runs", metadata: ["end": "\(way)"])
            }
        }
        return .unavailable("\(Self.startsMax) script workers were gone before they had seen the run")
    }

    private func takeWorker() throws(WorkerFailure) -> Lease {
        let lease: Lease
        if let known = idle.popLast() {
            lease = known
        } else {
            let worker = try WorkerProcess(
                executable: executable,
                addressSpaceBytes: settings.memoryBytesMax + Self.addressSpaceBytesOfProcess,
                startTime: settings.startTime, logger: logger)
            lease = Lease(worker: worker, runs: 0)
        }
        leased[ObjectIdentifier(lease.worker)] = lease.worker
        return lease
    }

    private func giveBack(_ lease: Lease) async {
        guard lease.runs < settings.runsPerWorker else {
            await discard(lease)
            return
        }
        leased[ObjectIdentifier(lease.worker)] = nil
        idle.append(lease)
    }

    @discardableResult
    private func discard(_ lease: Lease) async -> String {
        let end = await lease.worker.stop()
        leased[ObjectIdentifier(lease.worker)] = nil
        return end
    }
}

// MARK: - Turns

extension SandboxPool {
    /// - Returns: Whether the caller has a slot; not when the pool was shut down meanwhile.
    private func takeSlot() async -> Bool {
        if freeSlots > 0 {
            freeSlots -= 1
            return true
        }
        return await withCheckedContinuation { waiting.append($0) }
    }

    /// The slot goes to whoever has waited longest.
    private func giveSlotBack() {
        if !waiting.isEmpty {
            waiting.removeFirst().resume(returning: true)
            return
        }
        freeSlots += 1
        if isShutDown, freeSlots == settings.workers {
            for caller in shutdowns { caller.resume() }
            shutdowns = []
        }
    }
}

extension ScriptOutcome {
    fileprivate static func unavailable(_ message: String) -> ScriptOutcome {
        ScriptOutcome(log: "", error: ScriptError(kind: .unavailable, message: message), durationMs: 0)
    }
}
