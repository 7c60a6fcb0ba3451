import API
import AlertCore
import AlertEngine
import Foundation
import Hummingbird
import Ingest
import Logging
import Messaging
import Notifier
import OutboundHTTP
import Persistence
import Scripting
import ServiceLifecycle
import ServiceSettings
import WebhookDispatcher

/// The services that a process can have.
public enum ServiceKind: String, CaseIterable, Sendable {
    case ingest
    case alertEngine = "alert-engine"
    case notifier
    case webhookDispatcher = "webhook-dispatcher"
    case api
}

/// Makes services from settings, and knows what has to be closed at the end.
final class ServiceParts {
    private let settings: SettingsReader
    private let platform: Platform
    private let logger: Logger
    private let authenticator: Authenticator
    private(set) var closing: [@Sendable () async -> Void] = []

    init(_ settings: SettingsReader, _ platform: Platform, logger: Logger) {
        self.settings = settings
        self.platform = platform
        self.logger = logger
        authenticator = Authenticator(cache: platform.directory, now: Platform.now)
    }

    /// The loops of a service. Reads all its settings first: what is wrong with them is kept by the reader.
    func services(of kind: ServiceKind, publicURL: String) throws -> [any Service] {
        switch kind {
        case .ingest: [try transformer()]
        case .alertEngine:
            [AlertEngine(bus: platform.bus, database: platform.database, now: Platform.now, logger: logger)]
        case .notifier: [notifier(publicURL)]
        case .webhookDispatcher: [dispatcher()]
        case .api: []
        }
    }

    /// The routes of a service, if it has any.
    func addRoutes(of kind: ServiceKind, publicURL: String, to router: Router<HTTPContext>) throws {
        switch kind {
        case .ingest:
            IngestRoutes<HTTPContext>(
                bus: platform.bus, directory: platform.directory, authenticator: authenticator,
                secrets: platform.secrets, bodyLimit: settings.number(.inboundBodyMax, in: 1024...900_000),
                now: Platform.now, logger: logger
            ).add(to: router)
        case .api:
            try APIRoutes<HTTPContext>(
                database: platform.database, bus: platform.bus, cache: platform.directory, secrets: platform.secrets,
                publicURL: publicURL, now: Platform.now, logger: logger
            ).add(to: router)
        case .alertEngine, .notifier, .webhookDispatcher: break
        }
    }

    private func transformer() throws -> any Service {
        var limits = ScriptLimits()
        limits.time = .seconds(settings.number(.scriptTimeout, in: 1...600))
        limits.memoryBytes = settings.number(.scriptMemory, in: 8...1024) << 20
        let workers = settings.number(.scriptWorkers, in: 1...64)
        let path = settings.text(.scriptSandbox) ?? Self.sandboxBesideExecutable
        if !FileManager.default.isExecutableFile(atPath: path) {
            settings.refuse(.scriptSandbox, "is \(path); there is no such executable")
        }
        let pool = SandboxPool(
            executable: path,
            settings: SandboxPool.Settings(
                workers: workers, waitingMax: 100_000, memoryBytesMax: max(limits.memoryBytes, 64 << 20)),
            logger: logger)
        closing.append { await pool.shutdown() }
        return Transformer(
            bus: platform.bus, database: platform.database, directory: platform.directory, secrets: platform.secrets,
            engine: pool, client: client(), limits: limits, now: Platform.now, logger: logger)
    }

    private func notifier(_ publicURL: String) -> any Service {
        let from = settings.parsed(.mailFrom) { try Mail.Address(parsing: $0) }
        let channel: any NotificationChannel
        if let smtp = settings.parsed(.smtpURL, { try SMTPSettings(url: $0) }), let from {
            let mail = SMTPClient(smtp, connections: 4, waitingLimit: 5000, logger: logger)
            closing.append { await mail.shutdown() }
            channel = EmailChannel(client: mail, from: from, now: Platform.now)
        } else {
            channel = UnconfiguredChannel()
        }
        return Notifier(
            bus: platform.bus, database: platform.database, directory: platform.directory, channel: channel,
            linkKey: platform.secrets.subkey(for: "links"), publicURL: publicURL, now: Platform.now, logger: logger)
    }

    private func dispatcher() -> any Service {
        WebhookDispatcher(
            bus: platform.bus, database: platform.database, directory: platform.directory, secrets: platform.secrets,
            client: client(),
            settings: WebhookDispatcherSettings(
                timeout: .seconds(settings.number(.webhookTimeout, in: 1...300)),
                parkAfter: .milliseconds(settings.number(.webhookParkAfter, in: 100...60_000))), now: Platform.now,
            logger: logger)
    }

    /// A guarded client of the service's own, so that one cannot use up the places of another.
    private func client() -> OutboundHTTPClient {
        let allowed = settings.parsed(.outboundAllow) { text in
            try text.split(separator: ",").map { block in
                try CIDR(parsing: block.trimmingCharacters(in: .whitespaces))
            }
        }
        let client = OutboundHTTPClient(
            policy: OutboundPolicy(allowing: allowed ?? []), userAgent: "Tocsin/\(Version.current)", logger: logger)
        closing.append { await client.shutdown() }
        return client
    }

    private static var sandboxBesideExecutable: String {
        // Where the link does not exist, the name of the process is as good.
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(filePath: own).deletingLastPathComponent().appending(path: "script-sandbox").path()
    }
}

/// The version of this program.
public enum Version {
    public static let current = "0.1.0"
}
