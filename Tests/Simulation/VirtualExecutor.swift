@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

/// The executor of every task of a simulation: one thread, virtual time, and an order that follows from a seed.
///
/// What can run now runs in an order that chance decides, so that each seed is another interleaving; when nothing can,
/// time jumps to the next moment for which something is planned. Nothing here ever waits.
final class VirtualExecutor: TaskExecutor, SchedulingExecutor, @unchecked Sendable {  // one thread
    /// The one of this process: the runtime takes its executor once, before the first task.
    static let shared = VirtualExecutor()

    /// Why a run was given up.
    enum Stop: Equatable, Sendable {
        /// What was waited for has come.
        case reached
        /// The time is over.
        case timeIsOver
        /// Nothing is left that could ever run.
        case idle
        /// So much has happened without time going on that it never will.
        case livelock
    }

    private final class Timer {
        let due: Int64
        let number: Int
        let fire: () -> Void

        init(due: Int64, number: Int, fire: @escaping () -> Void) {
            self.due = due
            self.number = number
            self.fire = fire
        }
    }

    /// Jobs that may run at one moment.
    private static let jobsAtOnce = 2_000_000

    /// Nanoseconds since the beginning of the run.
    private(set) var now: Int64 = 0
    /// Jobs that have run.
    private(set) var steps = 0
    /// Changes with every choice that was made: two runs with the same one went the same way.
    private(set) var fingerprint: UInt64 = 0

    private var ready: [UnownedJob] = []
    private var timers: [Timer] = []
    private var timerCount = 0
    private var chance = SplitMix(seed: 0)
    private var timeMoved: (Int64) -> Void = { _ in }
    private var stepBegins: (Int64) -> Void = { _ in }

    private init() {}

    /// Makes this the executor of all tasks of the process. To be called before there is any.
    static func install() { _createExecutors(factory: Factory.self) }

    /// - Parameters:
    ///   - timeMoved: Is told of each new time, in nanoseconds since the beginning.
    ///   - stepBegins: Is told of each job, by number, before it runs.
    func begin(
        seed: UInt64, timeMoved: @escaping (Int64) -> Void, stepBegins: @escaping (Int64) -> Void = { _ in }
    ) {
        now = 0
        steps = 0
        fingerprint = 0
        timers = []
        ready = []
        chance = SplitMix(seed: seed)
        self.timeMoved = timeMoved
        self.stepBegins = stepBegins
    }

    /// Runs what there is to run until `isReached`, but not past `end` (nanoseconds since the beginning).
    func run(until end: Int64, _ isReached: () -> Bool) -> Stop {
        var stepsAtThisTime = 0
        while !isReached() {
            if let job = choose() {
                steps += 1
                stepsAtThisTime += 1
                guard stepsAtThisTime < Self.jobsAtOnce else { return .livelock }
                stepBegins(Int64(steps))
                job.runSynchronously(on: asUnownedTaskExecutor())
                continue
            }
            guard let next = timers.first?.due else { return .idle }
            guard next <= end else {
                move(to: end)
                return .timeIsOver
            }
            if next > now { stepsAtThisTime = 0 }
            move(to: max(next, now))
            while let timer = timers.first, timer.due <= now {
                removeFirstTimer()
                timer.fire()
            }
        }
        return .reached
    }

    /// Notes something that has happened outside of the executor, for the fingerprint.
    func mark(_ value: UInt64) { fingerprint = (fingerprint ^ value) &* 0x0000_0100_0000_01b3 }

    private func choose() -> UnownedJob? {
        guard !ready.isEmpty else { return nil }
        let index = Int(chance.next() % UInt64(ready.count))
        mark(UInt64(index) << 32 | UInt64(ready.count))
        ready.swapAt(index, ready.count - 1)
        return ready.removeLast()
    }

    private func move(to time: Int64) {
        now = time
        timeMoved(time)
    }

    // MARK: - What the runtime gives

    func enqueue(_ job: consuming ExecutorJob) { ready.append(UnownedJob(job)) }

    func enqueue<C: _Concurrency.Clock>(
        _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
        schedule(UnownedJob(job), after: delay as? Duration ?? .zero)
    }

    func enqueue<C: _Concurrency.Clock>(
        _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
    ) {
        schedule(UnownedJob(job), after: clock.now.duration(to: instant) as? Duration ?? .zero)
    }

    private func schedule(_ job: UnownedJob, after delay: Duration) {
        after(delay) { [self] in ready.append(job) }
    }

    // MARK: - Timers

    /// Calls `action` when so much time has passed.
    func after(_ delay: Duration, _ action: @escaping () -> Void) {
        let (seconds, attoseconds) = delay.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        timerCount += 1
        timers.append(Timer(due: now + max(0, nanoseconds), number: timerCount, fire: action))
        var child = timers.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            timers.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Returns when so much time has passed, whether or not the task is cancelled meanwhile.
    func pause(_ duration: Duration) async {
        await withUnsafeContinuation { continuation in after(duration) { continuation.resume() } }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        let (left, right) = (timers[left], timers[right])
        return left.due == right.due ? left.number < right.number : left.due < right.due
    }

    private func removeFirstTimer() {
        timers.swapAt(0, timers.count - 1)
        timers.removeLast()
        var parent = 0
        while true {
            var first = parent
            let left = 2 * parent + 1
            if left < timers.count, isBefore(left, first) { first = left }
            if left + 1 < timers.count, isBefore(left + 1, first) { first = left + 1 }
            guard first != parent else { return }
            timers.swapAt(parent, first)
            parent = first
        }
    }

    private enum Factory: ExecutorFactory {
        static var mainExecutor: any MainExecutor { mainQueue }
        static var defaultExecutor: any TaskExecutor { VirtualExecutor.shared }
        private static let mainQueue = MainQueue()
    }
}

/// Nothing of ours is bound to the main actor; what were, would run with the rest.
private final class MainQueue: MainExecutor, @unchecked Sendable {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        VirtualExecutor.shared.after(.zero) { [self] in job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    func run() throws {}
    func runUntil(_ condition: () -> Bool) throws {}
    func stop() {}
}

/// SplitMix64.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
