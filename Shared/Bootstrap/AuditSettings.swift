import AlertCore
import Foundation
import OutboundHTTP
import ServiceSettings

/// What the self-audit looks for, and whom it tells.
struct AuditSettings: Sendable {
    private static let addressLimit = 10

    let mail: [Mail.Address]
    let url: String?
    let interval: Duration
    let bounds: AuditBounds
    /// Between two signed checkpoints; `nil` for none.
    let checkpointEvery: Duration?
    let checkpointFile: String?

    /// - Parameter canMail: Whether there is a mail server.
    init(_ reader: SettingsReader, canMail: Bool) {
        mail = reader.parsed(.auditEmail, Self.addresses) ?? []
        if !mail.isEmpty, !canMail { reader.refuse(.auditEmail, "needs \(Setting.smtpURL.variable), which is missing") }
        url = reader.parsed(.auditURL, Self.address)
        interval = .seconds(reader.number(.auditInterval, in: 1...300))
        var bounds = AuditBounds()
        bounds.overdue = .seconds(reader.number(.auditOverdue, in: 5...3600))
        bounds.webhookOverdue = .seconds(reader.number(.auditWebhookOverdue, in: 5...86_400))
        bounds.unsettled = .seconds(reader.number(.auditUnsettled, in: 5...3600))
        bounds.clearAfter = .seconds(reader.number(.auditClearAfter, in: 1...3600))
        let minutes = reader.number(.auditRepeat, in: 0...1440)
        bounds.repeatEvery = minutes == 0 ? nil : .seconds(60 * minutes)
        self.bounds = bounds
        let seconds = reader.number(.auditCheckpointEvery, in: 0...604_800)
        checkpointEvery = seconds == 0 ? nil : .seconds(seconds)
        checkpointFile = reader.text(.auditCheckpointFile)
    }

    private static func addresses(_ text: String) throws -> [Mail.Address] {
        let addresses = try text.split(separator: ",").map { try Mail.Address(parsing: String($0)) }
        guard addresses.count <= addressLimit else {
            throw SettingsError(problems: ["\(addresses.count) addresses; it must be at most \(addressLimit)"])
        }
        return addresses
    }

    /// The address is not repeated: it can hold a secret.
    private static func address(_ text: String) throws -> String {
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""), url.host() != nil else {
            throw SettingsError(problems: ["it has to be an http or https address"])
        }
        return text
    }
}
