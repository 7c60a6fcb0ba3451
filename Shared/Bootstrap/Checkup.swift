import Foundation
import Logging
import Persistence
import ServiceSettings

/// Looks at what a server with some settings stands on, from the machine that it runs on. Changes nothing.
public struct Checkup: Sendable {
    public enum Level: String, Sendable, CaseIterable {
        case ok = "OK"
        case warning = "WARN"
        case failure = "FAIL"
    }

    public struct Finding: Sendable {
        public let level: Level
        public let subject: String
        public let text: String
        /// What to do; empty when all is well.
        public let advice: String

        public init(_ level: Level, _ subject: String, _ text: String, advice: String = "") {
            self.level = level
            self.subject = subject
            self.text = text
            self.advice = advice
        }
    }

    public private(set) var findings: [Finding] = []
    /// What people's programs reach the server by; `nil` when the settings are wrong.
    public private(set) var publicURL: String?

    /// Bytes that are too few, and such as will be soon.
    private static let (leastSpace, littleSpace) = (200 << 20, 2 << 30)

    /// - Parameter arguments: Settings as `tocsin serve` takes them.
    public init(arguments: [String], environment: [String: String]) async {
        do {
            let reader = try await SettingsReader(arguments: arguments, environment: environment)
            let settings = try ProcessSettings(reader, isEmbedded: reader.text(.data) != nil)
            publicURL = settings.publicURL
            findings.append(Finding(.ok, "settings", "they can be read and agree with each other"))
            look(at: settings)
            await lookAtPlatform(settings)
        } catch {
            findings += error.problems.map { problem in
                Finding(.failure, "settings", problem, advice: "put it right; tocsin serve --help lists them all")
            }
        }
    }

    private mutating func look(at settings: ProcessSettings) {
        let mail = "without TOCSIN_SMTP_URL no mail is sent, unless a notification provider is made for it"
        findings.append(
            settings.smtp == nil
                ? Finding(.warning, "mail server", mail, advice: "set TOCSIN_SMTP_URL and TOCSIN_MAIL_FROM")
                : Finding(.ok, "mail server", "one is set"))
        let host = URL(string: settings.publicURL)?.host() ?? ""
        if ["localhost", "127.0.0.1", "::1", "0.0.0.0"].contains(host) {
            findings.append(
                Finding(
                    .warning, "public address", "\(settings.publicURL): links in messages work on this machine only",
                    advice: "set TOCSIN_PUBLIC_URL to what people reach the server by"))
        } else if settings.publicURL.hasPrefix("http://") {
            findings.append(
                Finding(
                    .warning, "public address", "\(settings.publicURL) is not encrypted",
                    advice: "put TLS before it, and set TOCSIN_PUBLIC_URL to https://…"))
        }
        if case .embedded(let folder, _, _) = settings.mode { look(atFolder: folder) }
    }

    private mutating func look(atFolder path: String) {
        let keyFile = "\(path)/secret.key"
        let attributes = try? FileManager.default.attributesOfItem(atPath: keyFile)  // none: a key of the settings
        if let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue, mode & 0o077 != 0 {
            findings.append(
                Finding(.warning, "secret key", "others can read \(keyFile)", advice: "chmod 600 \(keyFile)"))
        }
        // Where the folder is not there, the database's finding says so.
        let system = try? FileManager.default.attributesOfFileSystem(forPath: path)
        guard let free = (system?[.systemFreeSize] as? NSNumber)?.intValue else { return }
        let text = "\(free >> 20) MiB are free for \(path)"
        let level: Level = free < Self.leastSpace ? .failure : free < Self.littleSpace ? .warning : .ok
        findings.append(
            Finding(level, "disk", text, advice: level == .ok ? "" : "make room, or move the data to a larger disk"))
    }

    private mutating func lookAtPlatform(_ settings: ProcessSettings) async {
        if case .embedded(let folder, _, _) = settings.mode,
            !FileManager.default.fileExists(atPath: "\(folder)/tocsin.db")
        {
            findings.append(
                Finding(
                    .failure, "database", "there is none in \(folder)",
                    advice: "say the folder of the server with --data, or begin one: tocsin serve --data \(folder)"))
            return
        }
        var logger = Logger(label: "doctor")
        logger.logLevel = .critical
        let platform: Platform
        do {
            platform = try Platform.open(settings, logger: logger)
        } catch {
            findings.append(Finding(.failure, "database", "\(error)", advice: "check the settings of the database"))
            return
        }
        let database = HealthCheck(name: "database") { [database = platform.database] in
            let pending = try await Migrator.bundled().pending(on: database)
            guard pending.isEmpty else { throw Unprepared(pending: pending) }
        }
        if let problem = await database.problem() {
            let isUnprepared = problem.contains(Unprepared.mark)
            findings.append(
                Finding(
                    .failure, "database", problem,
                    advice: isUnprepared
                        ? "run tocsin migrate, or start tocsin serve --data once" : "start it, and check its address"))
        } else {
            findings.append(Finding(.ok, "database", "it answers and has the newest schema"))
        }
        let bus = HealthCheck(name: "bus") { [bus = platform.bus] in try await bus.checkReadiness() }
        if let problem = await bus.problem() {
            findings.append(Finding(.failure, "broker", problem, advice: "start it, and check TOCSIN_KAFKA_BROKERS"))
        } else if let degradation = platform.bus.degradation {
            findings.append(
                Finding(
                    .warning, "broker", degradation,
                    advice: "start it; what comes meanwhile is kept in the database"))
        } else {
            findings.append(Finding(.ok, "broker", "messages go their way"))
        }
        await platform.close()
    }

    private struct Unprepared: Error, CustomStringConvertible {
        static let mark = "the schema is older than this program"
        let pending: [String]
        var description: String { "\(Self.mark): missing \(pending.joined(separator: ", "))" }
    }
}
