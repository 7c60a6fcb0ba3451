import AlertCore
import Foundation
import Logging
import Messaging
import Persistence
import ServiceLifecycle

/// One run's world: the database, the broker, targets and providers, and the processes that live and die.
final class SimWorld: @unchecked Sendable {  // one thread
    let executor = VirtualExecutor.shared
    let chance: Chance
    let plan: SimPlan
    let history: History
    let faults = Faults()
    let store: SimStore
    let broker: SimBroker
    let workers: SimWorkers
    let targets: SimTargets
    let providers: SimProviders
    let secrets = SecretBox(key: .init(data: [UInt8](repeating: 7, count: 32)))
    let isVerbose: Bool
    /// By the names of their processes.
    private(set) var programs: [String: SimProgram] = [:]
    private var runs: [String: Int] = [:]
    private var offsets: [String: Duration] = [:]
    private var isOver = false

    init(seed: UInt64, isVerbose: Bool) throws {
        chance = Chance(seed: seed)
        self.isVerbose = isVerbose
        plan = SimPlan(chance.branch())
        history = History(traceLimit: isVerbose ? 1_000_000 : 4000)
        store = try SimStore(history: history)
        broker = SimBroker(partitionCount: plan.partitionCount, history: history)
        workers = SimWorkers(history: history)
        targets = SimTargets(faults: faults, history: history)
        providers = SimProviders(faults: faults, history: history)
    }

    /// What a wall clock shows.
    @Sendable func wall(_ offset: Duration = .zero) -> Timestamp {
        SimContent.start.advanced(by: .nanoseconds(executor.now) + offset)
    }

    func prepare() async throws {
        let setup = SimProcess(name: "setup", run: 1)
        let database = SimDatabase(store, for: setup, faults: faults, chance: chance.branch())
        try await Migrator.bundled().run(on: database)
        let chance = chance.branch()
        try await database.transaction { [secrets] in try SimContent.put(in: $0, secrets, chance) }
    }

    // MARK: - Processes

    func startAll() {
        for role in SimRole.allCases {
            for number in 1...(plan.instances[role] ?? 1) { start(role, "\(role.rawValue)-\(number)") }
        }
    }

    private func start(_ role: SimRole, _ name: String) {
        guard !isOver else { return }
        runs[name, default: 0] += 1
        let process = SimProcess(name: name, run: runs[name] ?? 1)
        process.clockOffset = offsets[name] ?? .zero
        history.note("\(process.run) starts")
        let program = launch(role, as: process)
        programs[name] = program
        process.died = { [weak self] in
            guard let self else { return }
            if !process.isStopping { history.note("\(process.run) dies") }
            program.task.cancel()
            Task { await program.bus.close() }
            workers.died(process)
            broker.died(process)
            let absence = chance.milliseconds(200...15_000)
            disturbed(for: absence)
            history.deaths[process.run] = executor.now
            executor.after(absence) { [weak self] in self?.start(role, name) }
        }
    }

    /// Those that run, of a kind.
    func running(_ role: SimRole) -> [SimProgram] {
        programs.filter { $0.key.hasPrefix(role.rawValue) && !$0.value.process.isDead }.sorted { $0.key < $1.key }
            .map(\.value)
    }

    func endAll() {
        isOver = true
        for program in programs.sorted(by: { $0.key < $1.key }).map(\.value) { program.process.kill() }
    }

    // MARK: - What goes wrong

    /// Lets everything go wrong that the plan has, and then nothing any more.
    func goWrong() async {
        faults.rates = plan.rates
        let begin = executor.now
        if plan.hasLongOutage {
            let delay = chance.seconds(10...60)
            executor.after(delay) { [self] in busOutage(.seconds(1800)) }
        }
        for (at, event) in plan.events {
            await executor.pause(.nanoseconds(max(0, begin + Int64(at) * 1_000_000 - executor.now)))
            happen(event)
        }
        let end = begin + Int64(plan.activeSeconds) * 1_000_000_000
        await executor.pause(.nanoseconds(max(0, end - executor.now)))
        faults.end()
        broker.comeBack()
        targets.calm()
        providers.down = []
        for program in programs.values {
            program.process.effectsLeft = nil
            program.process.isCutOff = false
        }
        history.note("nothing goes wrong any more")
    }

    private func happen(_ event: SimPlan.Event) {
        faults.count(event.rawValue)
        let alive = programs.values.filter { !$0.process.isDead && $0.group != nil }
            .sorted { $0.process.name < $1.process.name }
        guard let program = alive.isEmpty ? nil : chance.pick(alive) else { return }
        switch event {
        case .crash: program.process.kill()
        case .crashAtGate: program.process.effectsLeft = chance.int(1...40)
        case .restart:
            history.note("\(program.process.run) is told to stop")
            program.process.isStopping = true
            disturbed(for: .seconds(30))
            Task { await program.group?.triggerGracefulShutdown() }
        case .pause:
            let duration = chance.seconds(1...45)
            history.note("\(program.process.run) is paused for \(duration)")
            program.process.pause(duration)
            disturbed(for: duration)
            // Nobody hears of it for a session's time: then it is taken for dead.
            for member in broker.members(of: program.process) where duration > .seconds(10) {
                executor.after(.seconds(10)) { [broker] in broker.expire(member) }
            }
        case .steal:
            // It goes on working: only the group has lost sight of it.
            for member in broker.members(of: program.process) { broker.expire(member) }
        case .move: broker.move(chance)
        case .databaseOutage:
            faults.isDatabaseDown = true
            history.note("the database is away")
            let duration = chance.seconds(1...90)
            disturbed(for: duration)
            executor.after(duration) { [self] in
                faults.isDatabaseDown = false
                history.note("the database is back")
            }
        case .busOutage: busOutage(chance.seconds(1...60))
        case .longBusOutage: busOutage(chance.seconds(30...150))
        case .tailLoss:
            broker.loseTail(of: chance.seconds(0...2), chance)
            busOutage(chance.milliseconds(50...20_000))
        case .cutOff:
            let duration = chance.seconds(1...60)
            history.note("\(program.process.run) does not reach the bus for \(duration)")
            broker.cutOff(program.process, for: duration)
        case .fetchStall:
            faults.isFetchStalled = true
            executor.after(chance.seconds(1...30)) { [faults] in faults.isFetchStalled = false }
        case .mood:
            let target = chance.pick(SimContent.outbound).id
            targets.set(chance.pick(SimTargets.Mood.allCases.filter { $0 != .gone }), of: target)
            executor.after(chance.seconds(1...90)) { [targets] in targets.set(.well, of: target) }
        case .gone: targets.set(.gone, of: chance.pick(SimContent.outbound).id)
        case .providerDown:
            let provider = chance.pick(SimProviders.all).id
            providers.down.insert(provider)
            executor.after(chance.seconds(1...60)) { [providers] in providers.down.remove(provider) }
        case .clockJump:
            let name = program.process.name
            let jump = chance.happens(0.7) ? chance.seconds(1...120) : .zero - chance.seconds(1...5)
            let offset = offsets[name, default: .zero] + jump
            offsets[name] = min(max(offset, plan.skew.lowerBound), plan.skew.upperBound)
            history.note("the clock of \(name) jumps to \(offsets[name] ?? .zero)")
            program.process.clockOffset = offsets[name] ?? .zero
        }
    }

    /// Somebody puts back into service what targets have turned away.
    func putBack() throws {
        try store.write(by: "ann") { connection in
            let directory = Directory(connection)
            for (id, _) in SimContent.outbound {
                guard var integration = try directory.get(Integration.self, id: id),
                    integration.disabledReason != nil
                else { continue }
                integration.disabledReason = nil
                history.note("\(id) is put back into service")
                faults.count("integration put back into service")
                let origin = Origin(actor: "ann", causation: "answer", correlation: "answer")
                try directory.put(integration, by: origin, at: wall())
            }
        }
    }

    /// It shows until what was with a process is with another one: a lease's time, and a retry's pause.
    private func disturbed(for duration: Duration) {
        history.disturbances.append(
            .init(from: executor.now, to: executor.now + (duration + .seconds(20)).nanoseconds))
    }

    private func busOutage(_ duration: Duration) {
        broker.goAway()
        history.note("the bus is away for \(duration)")
        executor.after(duration) { [self] in
            broker.comeBack()
            history.note("the bus is back")
        }
    }
}
