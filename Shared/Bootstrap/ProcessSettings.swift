import AlertCore
import Crypto
import Foundation
import Ingest
import KafkaBus
import Logging
import Messaging
import OutboundHTTP
import Persistence
import Scripting
import ServiceSettings
import WebhookDispatcher

/// Every setting of a process, read once and checked together: a process never runs half configured, and all that is
/// wrong is said at once, whichever service it is for.
public struct ProcessSettings: Sendable {
    /// What the services stand on.
    enum Mode: Sendable {
        /// One SQLite file and the embedded bus.
        case embedded(directory: String, key: SecretBox?, partitions: Int)
        case production(
            databaseURL: String, connections: Int, timeout: Int, key: SecretBox, kafka: KafkaSettings,
            spool: SpoolSettings)
    }

    let mode: Mode
    let host: String
    let port: Int
    /// What the server shows; `nil` for a server without TLS.
    let certificate: ServerCertificate?
    /// Without a slash at the end.
    let publicURL: String
    let logLevel: Logger.Level
    let adminUser: String
    let adminPassword: String?
    let ingest: IngestSettings
    /// Calls of the API a minute by one caller; 0 for no limit.
    let apiRate: Int
    let alertFlood: FloodLimit?
    let notificationFlood: NotificationFloodControl
    let storm: StormRule?
    let oauthClientId: String?
    let activityKept: Duration
    /// In months; 0 for ever.
    let alertMonths: Int
    let scriptLimits: ScriptLimits
    let scriptWorkers: Int
    let scriptSandbox: String
    let smtp: SMTPSettings?
    let mailFrom: Mail.Address?
    let mailDomain: String?
    /// Where answers by email are taken.
    let mailListen: (host: String, port: Int)?
    let outboundAllow: [CIDR]
    let outboundProxy: OutboundProxy?
    let audit: AuditSettings
    let webhooks: WebhookDispatcherSettings

    /// - Parameter isEmbedded: Whether it is the all-in-one server.
    /// - Throws: `SettingsError` with everything that is wrong.
    public init(_ reader: SettingsReader, isEmbedded: Bool) throws(SettingsError) {
        let mode = isEmbedded ? Self.embedded(reader) : Self.production(reader)
        host = reader.text(.host) ?? "127.0.0.1"
        port = reader.number(.port, in: 0...65535)
        certificate = ServerCertificate.named(by: reader)
        let scheme = reader.text(.tlsCertificate) == nil ? "http" : "https"
        publicURL = Self.publicURL(reader, otherwise: "\(scheme)://\(host):\(port)")
        logLevel = reader.parsed(.logLevel, Self.level) ?? .info
        adminUser = reader.text(.adminUser) ?? "admin"
        adminPassword = reader.text(.adminPassword)
        ingest = Self.ingest(reader)
        apiRate = reader.number(.apiRate, in: 0...10_000_000)
        alertFlood = FloodLimit(
            count: reader.number(.alertFloodLimit, in: 0...1000),
            periodSeconds: reader.number(.alertFloodPeriod, in: 1...86_400))
        notificationFlood = Self.notificationFlood(reader)
        storm = Self.storm(reader)
        oauthClientId = reader.text(.oauthClientId)
        alertMonths = reader.number(.alertMonths, in: 0...Retention.longest)
        activityKept = .seconds(86_400 * reader.number(.activityDays, in: 1...3650))
        scriptLimits = Self.limits(reader)
        scriptWorkers = reader.number(.scriptWorkers, in: 1...64)
        scriptSandbox = reader.text(.scriptSandbox) ?? Self.sandboxBesideExecutable
        smtp = reader.parsed(.smtpURL) { try SMTPSettings(url: $0) }
        mailFrom = reader.parsed(.mailFrom) { try Mail.Address(parsing: $0) }
        mailDomain = reader.parsed(.mailDomain, Self.domain)
        mailListen = reader.parsed(.mailListen, Self.address)
        if mailListen != nil, mailDomain == nil {
            reader.refuse(.mailListen, "needs \(Setting.mailDomain.variable): the domain of the mails that come there")
        }
        outboundAllow = reader.parsed(.outboundAllow, Self.blocks) ?? []
        outboundProxy = Self.outboundProxy(reader)
        audit = AuditSettings(reader, canMail: reader.text(.smtpURL) != nil)
        webhooks = WebhookDispatcherSettings(
            timeout: .seconds(reader.number(.webhookTimeout, in: 1...300)),
            parkAfter: .milliseconds(reader.number(.webhookParkAfter, in: 100...60_000)),
            disableAfter: Self.disableAfter(reader))
        try reader.finish()
        guard let mode else { throw SettingsError(problems: ["the settings are not complete"]) }
        self.mode = mode
    }

    /// The keys of the setting, or of the file that is set. - Returns: `nil` when there is neither, or it is wrong.
    static func key(_ reader: SettingsReader) -> SecretBox? {
        if let file = reader.text(.secretKeyFile) {
            if reader.text(.secretKey) != nil {
                reader.refuse(
                    .secretKeyFile, "is set together with \(Setting.secretKey.variable): one of them is enough")
            }
            return reader.parsed(.secretKeyFile) { _ in
                SecretBox(keyring: try Keyring(file: URL(filePath: file)))
            }
        }
        return reader.parsed(.secretKey) { try SecretBox(base64Key: $0) }
    }

    private static func embedded(_ reader: SettingsReader) -> Mode? {
        .embedded(
            directory: reader.required(.data), key: key(reader),
            partitions: reader.number(.partitions, in: 1...256, default: 4))
    }

    /// `nil` when something that has to be there is missing or wrong, which the reader knows.
    private static func production(_ reader: SettingsReader) -> Mode? {
        let url = reader.required(.databaseURL)
        if !url.isEmpty, !url.hasPrefix("postgresql://"), !url.hasPrefix("postgres://") {
            reader.refuse(.databaseURL, "has to begin with postgresql://")
        }
        let connections = reader.number(.databaseConnections, in: 2...100)
        let timeout = reader.number(.databaseTimeout, in: 1...600)
        let kafka = kafka(reader)
        if reader.text(.secretKeyFile) == nil { _ = reader.required(.secretKey) }
        guard let key = key(reader) else { return nil }
        return .production(
            databaseURL: url, connections: connections, timeout: timeout, key: key, kafka: kafka,
            spool: spool(reader, kafka))
    }

    private static func spool(_ reader: SettingsReader, _ kafka: KafkaSettings) -> SpoolSettings {
        let limits = Spool.Limits(
            messages: reader.number(.spoolMessages, in: 1000...100_000_000),
            bytes: reader.number(.spoolMegabytes, in: 1...1_000_000) << 20)
        // By then no member of a group has a partition by the broker any more.
        return SpoolSettings(limits: limits, patience: kafka.sessionTimeout + .seconds(5))
    }

    static func kafka(_ reader: SettingsReader) -> KafkaSettings {
        let brokers = reader.required(.kafkaBrokers).split(separator: ",").map(String.init)
        var kafka = KafkaSettings(
            brokers: brokers, partitionCount: reader.number(.partitions, in: 1...256, default: 8),
            replicationFactor: reader.number(.kafkaReplication, in: 1...10))
        kafka.instanceID = reader.text(.instanceID)
        // What the broker has not confirmed by then goes to the spool.
        kafka.publishTimeout = .seconds(5)
        kafka.sessionTimeout = .seconds(reader.number(.kafkaSessionTimeout, in: 6...45))
        for pair in reader.text(.kafkaOptions)?.split(separator: ",") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 {
                kafka.extraProperties[parts[0]] = parts[1]
            } else {
                reader.refuse(.kafkaOptions, "has to be name=value,name=value")
            }
        }
        if !brokers.isEmpty { kafka.problems.forEach { reader.refuse(.kafkaBrokers, $0) } }
        return kafka
    }

    private static func publicURL(_ reader: SettingsReader, otherwise address: String) -> String {
        let text = reader.text(.publicURL) ?? address
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""), url.host() != nil else {
            reader.refuse(.publicURL, "is \(text); it has to be an http or https address")
            return text
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func ingest(_ reader: SettingsReader) -> IngestSettings {
        func rate(_ setting: Setting) -> Int? {
            let rate = reader.number(setting, in: 0...10_000_000)
            return rate == 0 ? nil : rate
        }
        return IngestSettings(
            bodyLimit: reader.number(.inboundBodyMax, in: 1024...900_000),
            rates: InboundRateLimits(perIntegration: rate(.inboundRate), perPlan: rate(.inboundRateWorkflow)),
            trustedProxies: reader.parsed(.trustedProxies, Self.blocks) ?? [])
    }

    private static func outboundProxy(_ reader: SettingsReader) -> OutboundProxy? {
        let exceptions = (reader.text(.outboundNoProxy) ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        return reader.parsed(.outboundProxy) { try OutboundProxy(parsing: $0, except: exceptions) }
    }

    /// `nil` for never.
    private static func disableAfter(_ reader: SettingsReader) -> Duration? {
        let seconds = reader.number(.webhookDisableAfter, in: 0...31_536_000)
        return seconds == 0 ? nil : .seconds(seconds)
    }

    private static func notificationFlood(_ reader: SettingsReader) -> NotificationFloodControl {
        NotificationFloodControl(
            limit: FloodLimit(
                count: reader.number(.notificationFloodLimit, in: 0...1000),
                periodSeconds: reader.number(.notificationFloodPeriod, in: 1...86_400)),
            classes: reader.parsed(.notificationFloodClasses, Self.deviceClasses) ?? [])
    }

    private static func storm(_ reader: SettingsReader) -> StormRule? {
        let bypass = reader.text(.notificationStormBypass) ?? "HIGH"
        let priority = Priority(ignoringCase: bypass)
        if bypass.lowercased() != "none", priority == nil || priority == .low {
            reader.refuse(.notificationStormBypass, "is \(bypass); it must be HIGH, MEDIUM or none")
        }
        return StormRule(
            messages: reader.number(.notificationStormLimit, in: 0...1000),
            windowSeconds: reader.number(.notificationStormWindow, in: 1...3600), bypass: priority)
    }

    private static func deviceClasses(_ text: String) throws -> Set<DeviceClass> {
        var classes: Set<DeviceClass> = []
        for name in text.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            guard let known = DeviceClass(rawValue: name) else {
                let valid = DeviceClass.allCases.map(\.rawValue).joined(separator: ", ")
                throw SettingsError(problems: ["\(name); it must be of \(valid)"])
            }
            classes.insert(known)
        }
        return classes
    }

    private static func limits(_ reader: SettingsReader) -> ScriptLimits {
        var limits = ScriptLimits()
        limits.time = .seconds(reader.number(.scriptTimeout, in: 1...600))
        limits.processorTime = .seconds(reader.number(.scriptProcessorTime, in: 1...600))
        limits.totalTime = .seconds(reader.number(.scriptTotalTime, in: 1...3600))
        limits.hostCalls = reader.number(.scriptCalls, in: 1...10_000)
        limits.memoryBytes = reader.number(.scriptMemory, in: 8...1024) << 20
        return limits
    }

    private static func level(_ text: String) throws -> Logger.Level {
        if let level = Logger.Level(rawValue: text) { return level }
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        throw SettingsError(problems: ["\(text); it must be one of \(levels)"])
    }

    private static func domain(_ text: String) throws -> String {
        let domain = text.lowercased()
        guard (try? Mail.Address("answer@\(domain)")) != nil else {  // what is wrong is said here
            throw SettingsError(problems: [
                "\(text); it must be the domain of a mail address, as in answers.example.org"
            ])
        }
        return domain
    }

    private static func address(_ text: String) throws -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port), colon > text.startIndex
        else { throw SettingsError(problems: ["\(text); it must be host:port, as in 127.0.0.1:2525"]) }
        return (text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port)
    }

    private static func blocks(_ text: String) throws -> [CIDR] {
        try text.split(separator: ",").map { try CIDR(parsing: $0.trimmingCharacters(in: .whitespaces)) }
    }

    private static var sandboxBesideExecutable: String {
        // Where the link does not exist, the name of the process is as good.
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: own ?? CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "script-sandbox").path()
    }
}
