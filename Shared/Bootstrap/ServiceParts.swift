import API
import AlertCore
import AlertEngine
import Answers
import Endpoints
import Foundation
import Hummingbird
import Ingest
import Logging
import MailReceiver
import Messaging
import Notifier
import OutboundHTTP
import Persistence
import Scripting
import SelfAudit
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
    case selfAudit = "self-audit"
}

/// Makes services from settings, and knows what has to be closed at the end.
final class ServiceParts {
    private let settings: ProcessSettings
    private let platform: Platform
    private let logger: Logger
    private let authenticator: Authenticator
    /// The notifier's; made with it.
    private var mail: SMTPClient?
    private(set) var closing: [@Sendable () async -> Void] = []
    private(set) var healthChecks: [HealthCheck] = []

    init(_ settings: ProcessSettings, _ platform: Platform, logger: Logger) {
        self.settings = settings
        self.platform = platform
        self.logger = logger
        authenticator = Authenticator(
            cache: platform.directory, tokens: AccessTokens(secrets: platform.secrets),
            signIns: SignInRecorder(database: platform.database), now: Platform.now)
    }

    /// The loops of a service.
    func services(of kind: ServiceKind) throws -> [any Service] {
        switch kind {
        case .ingest: [try transformer()]
        case .alertEngine:
            [
                AlertEngine(
                    bus: platform.bus, database: platform.database, directory: platform.directory,
                    flood: settings.alertFlood, now: Platform.now, logger: logger)
            ]
        case .notifier: [notifier()] + mailReceiver()
        case .webhookDispatcher: [try dispatcher()]
        case .api:
            [
                AuditIndexLoop(database: platform.database, logger: logger),
                RetentionLoop(
                    database: platform.patientDatabase, cache: platform.directory, months: settings.alertMonths,
                    now: Platform.now, logger: logger),
                ImportRunner(
                    database: platform.database, cache: platform.directory, secrets: platform.secrets,
                    now: Platform.now, logger: logger),
                ErasureLoop(
                    database: platform.database, secrets: platform.secrets, now: Platform.now, logger: logger),
            ]
        case .selfAudit: [selfAudit()]
        }
    }

    /// The routes of a service, if it has any.
    func addRoutes(of kind: ServiceKind, to router: Router<HTTPContext>) throws {
        switch kind {
        case .ingest:
            ingestRoutes(HTTPContext.self).add(to: router)
        case .api:
            try APIRoutes<HTTPContext>(
                database: platform.database, bus: platform.bus, cache: platform.directory, secrets: platform.secrets,
                publicURL: settings.publicURL, now: Platform.now, logger: logger, authenticator: authenticator,
                oauthClientId: settings.oauthClientId, hasMail: settings.smtp != nil, webhookClient: outsideEndpoints(),
                rates: CallRates(perMinute: settings.apiRate, now: Platform.now), version: Version.current
            ).add(to: router)
        case .alertEngine, .notifier, .webhookDispatcher, .selfAudit: break
        }
    }

    private func transformer() throws -> any Service {
        Transformer(
            bus: platform.bus, database: platform.database, directory: platform.directory,
            secrets: platform.secrets, engine: try scriptEngine(), client: endpoints(), limits: settings.scriptLimits,
            kept: settings.activityKept, now: Platform.now, logger: logger)
    }

    /// The sandbox of a service, with workers of its own, which start when they are needed.
    private func scriptEngine() throws -> any ScriptEngine {
        guard FileManager.default.isExecutableFile(atPath: settings.scriptSandbox) else {
            throw SettingsError(
                problems: [
                    "\(Setting.scriptSandbox.flag) (\(Setting.scriptSandbox.variable)) is \(settings.scriptSandbox); "
                        + "there is no such executable"
                ])
        }
        let pool = SandboxPool(
            executable: settings.scriptSandbox,
            settings: SandboxPool.Settings(
                workers: settings.scriptWorkers, waitingMax: 100_000,
                memoryBytesMax: max(settings.scriptLimits.memoryBytes, 64 << 20)), logger: logger)
        closing.append { await pool.shutdown() }
        return pool
    }

    private func notifier() -> any Service {
        let replies = settings.mailDomain.map { domain in
            ReplyAddresses(domain: domain) { [secrets = platform.secrets] in secrets.subkey(for: "replies") }
        }
        var mail: EmailChannel?
        if let smtp = settings.smtp, let from = settings.mailFrom {
            let client = SMTPClient(smtp, connections: 4, waitingLimit: 5000, logger: logger)
            closing.append { await client.shutdown() }
            self.mail = client
            mail = EmailChannel(
                client: client, from: from, replies: replies, files: EmailChannel.files(in: platform.database),
                now: Platform.now)
        }
        let isPublic = settings.publicURL.hasPrefix("https://")
        let channels = ProviderChannels(
            ProviderChannels.Parts(
                mail: mail, client: client(), policy: OutboundPolicy(allowing: settings.outboundAllow),
                database: platform.database, secrets: platform.secrets, engine: providerEngine(),
                telephony: telephony(), replies: replies,
                contact: isPublic ? settings.publicURL : "mailto:\(settings.mailFrom?.address ?? "tocsin@localhost")",
                now: Platform.now, logger: logger))
        return Notifier(
            bus: platform.bus, database: platform.database, directory: platform.directory, registry: channels,
            secrets: platform.secrets, linkKey: { [secrets = platform.secrets] in secrets.subkey(for: "links") },
            publicURL: settings.publicURL, flood: settings.notificationFlood, storm: settings.storm,
            calls: FurtherCalls(
                desk: answerDesk(), secrets: platform.secrets, client: client(), publicURL: settings.publicURL,
                logger: logger), takesMailReplies: replies != nil, now: Platform.now, logger: logger)
    }

    private func mailReceiver() -> [any Service] {
        guard let listen = settings.mailListen, let domain = settings.mailDomain else { return [] }
        var send: (@Sendable (Mail) async throws -> Void)?
        if let mail { send = { _ = try await mail.send($0) } }
        let answers = EmailAnswers(
            desk: answerDesk(), domain: domain,
            keys: { [secrets = platform.secrets] in secrets.subkeys(for: "replies") }, from: settings.mailFrom,
            send: send, logger: logger)
        return [MailReceiver(host: listen.host, port: listen.port, name: domain, answers: answers, logger: logger)]
    }

    private func telephony() -> ProviderChannels.Telephony {
        { [client = client(), publicURL = settings.publicURL] provider, secret in
            TwilioChannel(provider: provider, token: secret ?? "", client: client, publicURL: publicURL)
        }
    }

    /// Where answers are taken.
    private func answerDesk() -> AnswerDesk {
        AnswerDesk(
            database: platform.database, bus: platform.bus, directory: platform.directory, now: Platform.now)
    }

    private func selfAudit() -> any Service {
        var targets: [any AuditTarget] = []
        if let smtp = settings.smtp, let from = settings.mailFrom, !settings.audit.mail.isEmpty {
            let mail = SMTPClient(smtp, connections: 1, waitingLimit: 100, logger: logger)
            closing.append { await mail.shutdown() }
            targets.append(
                AuditMailTarget(client: mail, from: from, to: settings.audit.mail, place: settings.publicURL))
        }
        if let url = settings.audit.url {
            targets.append(AuditWebTarget(client: client(), url: url, place: settings.publicURL))
        }
        let audit = SelfAudit(
            database: platform.database, targets: targets, bounds: settings.audit.bounds,
            interval: settings.audit.interval, checkpoints: checkpointKeeper(), now: Platform.now, logger: logger)
        healthChecks.append(
            HealthCheck(name: "audit") { if let problem = audit.problem() { throw CheckFailed(reason: problem) } })
        return audit
    }

    private func checkpointKeeper() -> CheckpointKeeper? {
        settings.audit.checkpointEvery.map { interval in
            CheckpointKeeper(
                database: platform.database, secrets: platform.secrets, interval: interval,
                file: settings.audit.checkpointFile, now: Platform.now, logger: logger)
        }
    }

    /// A notifier whose providers are no scripts needs no sandbox.
    private func providerEngine() -> (any ScriptEngine)? {
        do {
            return try scriptEngine()
        } catch {
            logger.notice("providers cannot be scripts here", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func dispatcher() throws -> any Service {
        WebhookDispatcher(
            bus: platform.bus, database: platform.database, directory: platform.directory, secrets: platform.secrets,
            client: endpoints(), engine: try scriptEngine(), limits: settings.scriptLimits,
            settings: settings.webhooks, now: Platform.now, logger: logger)
    }

    private func ingestRoutes<Context: RemoteAddressRequestContext>(_ context: Context.Type) -> IngestRoutes<Context> {
        IngestRoutes(
            bus: platform.bus, database: platform.database, directory: platform.directory,
            authenticator: authenticator, secrets: platform.secrets, settings: settings.ingest, now: Platform.now,
            logger: logger)
    }

    /// What reaches endpoints: those outside by a client of the service's own, and this server's API, whichever
    /// services the process has.
    private func endpoints() -> EndpointClient {
        let rest = RESTAPI<InternalContext>(
            database: platform.database, bus: platform.bus, cache: platform.directory, secrets: platform.secrets,
            authenticator: authenticator, now: Platform.now, publicURL: settings.publicURL,
            hasMail: settings.smtp != nil)
        return EndpointClient(
            client: client(), secrets: platform.secrets, database: platform.database,
            internalAPI: InProcessAPI(rest, ingestRoutes(InternalContext.self), logger: logger), now: Platform.now,
            logger: logger)
    }

    /// What reaches endpoints outside only.
    private func outsideEndpoints() -> EndpointClient {
        EndpointClient(
            client: client(), secrets: platform.secrets, database: platform.database, now: Platform.now, logger: logger)
    }

    /// A guarded client of the service's own, so that one cannot use up the places of another.
    private func client() -> OutboundHTTPClient {
        let client = OutboundHTTPClient(
            policy: OutboundPolicy(allowing: settings.outboundAllow), userAgent: "Tocsin/\(Version.current)",
            proxy: settings.outboundProxy, logger: logger)
        closing.append { await client.shutdown() }
        return client
    }
}

/// The version of this program.
public enum Version {
    public static let current = "0.1.0"
}
