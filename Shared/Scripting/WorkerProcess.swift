import Logging
import Synchronization

/// A worker process and the thread that owns it, from its start until ``stop()``.
///
/// The thread is there for two reasons: reading from the worker blocks, and the worker has asked the
/// kernel to be killed when the **thread** that started it ends, so no passing thread may start it.
///
/// The thread is an executor, too: what a run does between two exchanges happens on it, so that a call of a script
/// costs no other switch of threads than the one between the two processes.
final class WorkerProcess: TaskExecutor, @unchecked Sendable {  // `child` belongs to the thread.
    struct Exchange {
        var frame: Frame
        var time: Duration
        var payloadBytesMax: Int
    }

    struct Reply {
        var frame: Frame
        /// From the first byte sent to the last one received; the start of the process is not part of it.
        var time: Duration
    }

    private enum Job {
        case run(UnownedJob)
        case stop(CheckedContinuation<String, Never>)
    }

    private let executable: String
    private let addressSpaceBytes: Int
    private let startTime: Duration
    private let logger: Logger
    private let jobs = BlockingQueue<Job>()
    private let currentID = Atomic<Int32>(0)
    private var child: Result<ChildProcess, WorkerFailure> = .failure(.gone)

    /// - Parameter startTime: How long the process may take until it is ready.
    init(
        executable: String, addressSpaceBytes: Int, startTime: Duration, logger: Logger
    ) throws(WorkerFailure) {
        self.executable = executable
        self.addressSpaceBytes = addressSpaceBytes
        self.startTime = startTime
        self.logger = logger
        let refusal = startThread { self.serve() }
        guard refusal == 0 else { throw .cannotStart("no thread: \(errorText(refusal))") }
    }

    /// The process; 0 before its start and after its end.
    var id: Int32 { currentID.load(ordering: .acquiring) }

    /// Does something on the thread, which is where ``exchange(_:)`` and ``console`` may be used.
    func perform<T: Sendable>(_ body: @Sendable () async -> T) async -> T {
        await withTaskExecutorPreference(self) { await body() }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        jobs.put(.run(UnownedJob(job)))
    }

    /// Kills the process and ends the thread. To be called once, and always, when nothing is performed any more.
    ///
    /// - Returns: How the process ended, as in `signal 9`.
    @discardableResult
    func stop() async -> String {
        await withCheckedContinuation { jobs.put(.stop($0)) }
    }

    private func serve() {
        child = start()
        while true {
            switch jobs.take() {
            case .run(let job):
                job.runSynchronously(on: asUnownedTaskExecutor())
            case .stop(let continuation):
                currentID.store(0, ordering: .releasing)
                let end = (try? child.get())?.end()  // A child that never was has no end.
                child = .failure(.gone)
                continuation.resume(returning: end ?? "not started")
                return
            }
        }
    }

    private func start() -> Result<ChildProcess, WorkerFailure> {
        let child: ChildProcess
        do {
            child = try ChildProcess(executable: executable, addressSpaceBytes: addressSpaceBytes)
        } catch {
            return .failure(error)
        }
        do {
            let lack = try child.waitUntilReady(within: startTime)
            currentID.store(child.id, ordering: .releasing)
            logger.debug("script worker started", metadata: ["worker": "\(child.id)"])
            if !lack.isEmpty {
                logger.warning("script worker is less confined than it should be", metadata: ["lack": "\(lack)"])
            }
            return .success(child)
        } catch {
            let end = child.end()
            return .failure(.cannotStart("\(executable) is not ready: \(error), \(end)"))
        }
    }
}

// MARK: - On the thread

extension WorkerProcess {
    /// What the script of the last run has written.
    var console: String { (try? child.get())?.console.text ?? "" }  // A child that never was has written nothing.
    /// How many bytes that is.
    var consoleBytes: Int { (try? child.get())?.console.count ?? 0 }  // as above

    /// Sends a frame and waits for the answer; blocks. After a failure the only thing left is ``stop()``.
    func exchange(_ exchange: Exchange) -> Result<Reply, WorkerFailure> {
        child.flatMap { child in
            Result { () throws(WorkerFailure) in
                if exchange.frame.kind == .run { try child.prepare() }
                let began = ContinuousClock.now
                let frame = try child.exchange(
                    exchange.frame, within: exchange.time, payloadBytesMax: exchange.payloadBytesMax)
                return Reply(frame: frame, time: .now - began)
            }
        }
    }
}
