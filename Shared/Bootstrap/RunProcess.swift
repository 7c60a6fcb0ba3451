import CoreMetrics
import Foundation
import Glibc
import Hummingbird
import Ingest
import Logging
import Messaging
import Metrics
import Persistence
import ServiceLifecycle
import ServiceSettings
import UnixSignals

/// Runs one service as a process of its own, on PostgreSQL and Kafka, until SIGTERM or SIGINT; then exits: 0 after a
/// clean stop, 78 when the settings are wrong, 1 when a service failed.
public func runProcess(_ kind: ServiceKind) async -> Never {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.contains("--help") {
        printSettings("\(kind.rawValue) [settings]")
        exit(0)
    }
    await exitingOnError(kind.rawValue) {
        let reader = try await SettingsReader(
            arguments: arguments, environment: ProcessInfo.processInfo.environment)
        let settings = try ProcessSettings(reader, isEmbedded: false)
        let logger = makeLogger(kind.rawValue, settings)
        let platform = try Platform.open(settings, logger: logger)
        try await serve([kind], settings, platform, logger: logger, prepare: checkSchema)
    }
}

/// Runs `body` and exits with 0, or says what was wrong and exits with its code.
public func exitingOnError(_ name: String, _ body: () async throws -> Void) async -> Never {
    do {
        try await body()
        exit(0)
    } catch let error as SettingsError {
        FileHandle.standardError.write(
            Data("\(name): \(error)\n".replacing("\n", with: "\n\(name): ").dropLast(name.count + 2).utf8))
        exit(78)
    } catch {
        FileHandle.standardError.write(Data("\(name): stopped by an error: \(error)\n".utf8))
        exit(1)
    }
}

/// Runs some services in this process until it is told to stop.
/// - Parameter prepare: What has to be done before, with the database there.
public func serve(
    _ kinds: [ServiceKind], _ settings: ProcessSettings, _ platform: Platform, logger: Logger,
    prepare: (Platform, Logger) async throws -> Void
) async throws {
    signal(SIGPIPE, SIG_IGN)
    let metrics = PrometheusMetrics()
    MetricsSystem.bootstrap(metrics)
    Gauge(label: "tocsin_info", dimensions: [("version", Version.current)]).record(1)
    let parts = ServiceParts(settings, platform, logger: logger)
    let router = Router(context: HTTPContext.self)
    var services: [any Service] = []
    for kind in kinds { services += try parts.services(of: kind) }
    let checks = platform.healthChecks(isOnBus: kinds != [.selfAudit]) + parts.healthChecks
    if settings.certificate != nil { router.add(middleware: StrictTransportSecurity()) }
    router.add(middleware: SignInOrigin(addresses: ClientAddress(trustedProxies: settings.ingest.trustedProxies)))
    // Before the others: the middleware of the API is for what is added after it.
    OperationRoutes(checks: checks, metrics: metrics).add(to: router)
    for kind in kinds { try parts.addRoutes(of: kind, to: router) }
    try await prepare(platform, logger)
    services.append(
        HTTPServerService(
            responder: router.buildResponder(), host: settings.host, port: settings.port,
            certificate: settings.certificate, logger: logger))
    if let certificate = settings.certificate {
        services.append(CertificateWatch(certificate: certificate, logger: logger))
    }
    var configuration = ServiceGroupConfiguration(
        services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(30)
    try await ServiceGroup(configuration: configuration).run()
    for close in parts.closing { await close() }
    await platform.close()
}

/// A logger that writes one line for each thing that happened, to standard error.
public func makeLogger(_ name: String, _ settings: ProcessSettings) -> Logger {
    LoggingSystem.bootstrap(StreamLogHandler.standardError)
    var logger = Logger(label: name)
    logger.logLevel = settings.logLevel
    return logger
}

/// Prints how a program is called, and every setting.
public func printSettings(_ usage: String) {
    print("USAGE: \(usage)\n\nSETTINGS (as a flag, as a variable, or in a file named by --config):")
    for setting in Setting.all {
        let other = setting.defaultValue.map { " Default: \($0)." } ?? ""
        print("  \(setting.flag), \(setting.variable)\n      \(setting.help)\(other)")
    }
}

/// Refuses a database that `tocsin migrate` has not prepared. One that does not answer may come yet.
private func checkSchema(_ platform: Platform, _ logger: Logger) async throws {
    do {
        let pending = try await Migrator.bundled().pending(on: platform.database)
        guard pending.isEmpty else {
            throw SettingsError(
                problems: [
                    "the database is not prepared (missing: \(pending.joined(separator: ", "))): run tocsin migrate"
                ])
        }
        try await platform.checkPartitions()
    } catch let error as StoreError {
        logger.warning("the database does not answer yet", metadata: ["error": "\(error.detail)"])
    }
}

extension Platform {
    /// - Parameter isOnBus: Whether the process needs the bus.
    fileprivate func healthChecks(isOnBus: Bool) -> [HealthCheck] {
        let ofDatabase = HealthCheck(name: "database") { [database] in
            _ = try await database.reading { try $0.execute("SELECT 1") }
        }
        let ofBus = HealthCheck(name: "bus", degradation: { [bus] in bus.degradation }) { [bus] in
            try await bus.checkReadiness()
        }
        return [ofDatabase] + (isOnBus ? [ofBus] : [])
    }
}
