import AlertCore
import AlertEngine
import Endpoints
import Foundation
import Hummingbird
import Ingest
import Logging
import Messaging
import NIOCore
import Notifier
import Persistence
import Scripting
import ServiceLifecycle
import WebhookDispatcher

/// What one kind of process does.
enum SimRole: String, CaseIterable {
    case ingest, engine, notifier, dispatcher, api
}

/// One process with its services, as `Bootstrap` puts them together, on simulated adapters.
struct SimProgram {
    let process: SimProcess
    let task: Task<Void, Never>
    let group: ServiceGroup?
    let door: RouterResponder<SimContext>?
    let gateway: CommandGateway?
    let bus: any MessageBus
}

/// The context of a request that never was on a network.
struct SimContext: RequestContext, RemoteAddressRequestContext {
    struct Source: RequestContextSource {
        let logger: Logger
    }

    var coreContext: CoreRequestContextStorage
    var remoteAddress: SocketAddress? { nil }

    init(source: Source) { coreContext = .init(source: source) }
}

/// There are no scripts here.
private struct NoScripts: ScriptEngine {
    func run(_ run: ScriptRun, limits: ScriptLimits, host: any ScriptHost) async -> ScriptOutcome {
        ScriptOutcome(log: "", error: nil, durationMs: 0)
    }
}

extension SimWorld {
    /// As `Bootstrap` has it: the session's time and 5 s.
    static let patience = SimBroker.sessionTime + .seconds(5)

    /// Starts a process of a kind.
    func launch(_ role: SimRole, as process: SimProcess) -> SimProgram {
        let chance = chance.branch()
        let database = SimDatabase(store, for: process, faults: faults, chance: chance.branch())
        let broker = SimBus(broker, for: process, faults: faults, chance: chance.branch())
        let directory = DirectoryCache(database: database)
        let logger = Logger(label: process.run) { [history, isVerbose] label -> any LogHandler in
            if isVerbose { return HistoryLog(label: label, history: history) }
            return SwiftLogNoOpLogHandler()
        }
        let now: AlertCore.Clock = { [wall] in wall(process.clockOffset) }
        let bus = WatchedBus(
            bus: SpoolingBus(
                broker, database: database, settings: SpoolSettings(patience: SimWorld.patience, pulse: plan.pulse),
                now: now, logger: logger), process: process, workers: workers)
        let endpoints = EndpointClient(
            client: SimSender(targets: targets, process: process, history: history, chance: chance.branch()),
            secrets: secrets, database: database, now: now, logger: logger)
        var services: [any Service] = []
        var door: RouterResponder<SimContext>?
        var gateway: CommandGateway?
        switch role {
        case .ingest:
            let router = Router(context: SimContext.self)
            IngestRoutes<SimContext>(
                bus: bus, database: database, directory: directory,
                authenticator: Authenticator(cache: directory, now: now), secrets: secrets,
                settings: IngestSettings(bodyLimit: 4096), now: now, logger: logger
            ).add(to: router)
            door = router.buildResponder()
            services = [
                Transformer(
                    bus: bus, database: database, directory: directory, secrets: secrets, engine: NoScripts(),
                    client: endpoints, limits: ScriptLimits(), kept: .seconds(86_400 * 10), now: now, logger: logger)
            ]
        case .engine:
            services = [AlertEngine(bus: bus, database: database, directory: directory, now: now, logger: logger)]
        case .notifier:
            services = [
                Notifier(
                    bus: bus, database: database, directory: directory,
                    registry: SimChannels(providers: providers, process: process, chance: chance.branch()),
                    secrets: secrets, linkKey: { [secrets] in secrets.subkey(for: "links") },
                    publicURL: "http://localhost", storm: plan.storm, now: now, logger: logger)
            ]
        case .dispatcher:
            services = [
                WebhookDispatcher(
                    bus: bus, database: database, directory: directory, secrets: secrets, client: endpoints,
                    engine: NoScripts(), limits: ScriptLimits(),
                    settings: WebhookDispatcherSettings(timeout: .seconds(10), parkAfter: plan.parkAfter), now: now,
                    logger: logger)
            ]
        case .api: gateway = CommandGateway(database: database, bus: bus)
        }
        guard !services.isEmpty else {
            return SimProgram(process: process, task: Task {}, group: nil, door: door, gateway: gateway, bus: bus)
        }
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [], logger: logger)
        configuration.maximumGracefulShutdownDuration = Duration.seconds(30)
        let group = ServiceGroup(configuration: configuration)
        let interval = plan.pollInterval
        let task = Task { [weak self] in
            do {
                try await DueWorkLoop.$pollInterval.withValue(interval) { try await group.run() }
                await bus.close()
                self?.history.note("\(process.run) has stopped")
            } catch {
                self?.history.note("\(process.run) has ended: \(error)")
            }
            process.kill()
        }
        return SimProgram(process: process, task: task, group: group, door: door, gateway: gateway, bus: bus)
    }
}

/// What a process logs, into the trace.
private struct HistoryLog: LogHandler {
    let label: String
    let history: History
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(label: String, history: History) {
        self.label = label
        self.history = history
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
        history.note("\(label) logs: \(event.message) \(fields.joined(separator: " "))")
    }
}
