import AlertCore
import Messaging
import Persistence

/// Tells whoever is responsible for an integration that a flood of its alerts has begun: by an alert of the system,
/// one for each flood, however often the work is repeated.
struct FloodNotices: Sendable {
    static let dueKind = "flood-notice"
    static let eventType = "EVENT_FLOOD_CONTROL"
    /// What such an alert belongs to, by the platform's names; nobody configures them.
    private static let plan = NamedReference(id: DerivedID.uuid("system-plan", "flood"), name: "Event Flood Control")
    private static let form = NamedReference(id: DerivedID.uuid("system-form", "flood"), name: "Event Flood Detected")

    /// Kept until the alert is made.
    struct Notice: Codable {
        let parent: String
        let parentNumber: Int64
        let rule: String
        let plan: NamedReference
        let integration: String?
        let submitter: PersonReference
        let requestId: String

        init(_ flood: FloodGate.NewFlood) {
            parent = flood.suppression.parent
            parentNumber = flood.suppression.parentNumber
            rule = flood.suppression.suppression.rule
            plan = flood.details.plan
            integration = flood.details.integration
            submitter = flood.details.submitter
            requestId = flood.details.requestId
        }
    }

    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let numbers: AlertNumbers

    static func schedule(
        _ floods: [FloodGate.NewFlood], partition: Int, at now: Timestamp, in connection: any SQLConnection
    ) throws {
        for flood in floods {
            // By the request: the first suppressed one of a flood belongs to no other.
            let id = DerivedID.uuid(dueKind, flood.suppression.parent, flood.details.requestId)
            try DueWork(connection).schedule(
                id, kind: dueKind, partition: partition, payload: try JSON.encode(Notice(flood)), at: now)
        }
    }

    func send(_ items: [DueWork.Item]) async throws {
        let view = try await directory.current()
        for item in items {
            let notice: Notice = try JSON.decode(item.payload)
            let number = try await numbers.reserve(item.id)
            let details = Self.details(of: notice, number: number, view)
            let command = AlertCommandMessage(
                commandId: "create-\(item.id)", alert: item.id, command: .create(details),
                origin: Origin(actor: "<alert-engine>", causation: notice.parent, correlation: notice.requestId))
            try await bus.publish([try command.outgoing()], to: .alertCommands)
            try await database.retrying { try DueWork($0).finish([item.id], kind: Self.dueKind) }
        }
    }

    private static func details(of notice: Notice, number: Int64, _ view: DirectoryView) -> AlertDetails {
        let integration = notice.integration.flatMap { view.integrations[$0] }
        let responsible = [
            integration?.authenticatingUser, view.plans[notice.plan.id]?.creator, notice.submitter.id,
        ]
        let person = responsible.compactMap { $0.flatMap { view.people[$0] } }.first { $0.status == .active }
        let name = integration?.name ?? notice.integration ?? ""
        var details = AlertDetails(
            number: number, plan: plan, form: form, requestId: notice.requestId, submitter: notice.submitter,
            priority: .medium,
            properties: [
                "Workflow": .string(notice.plan.name), "Integration": .string(name),
                "Alert": .string(String(notice.parentNumber)), "Rule": .string(notice.rule),
            ])
        details.systemEventType = eventType
        details.subject = "Alert flood: \(name) of \(notice.plan.name)"
        details.body =
            "<p>Further alerts like \(notice.parentNumber) are suppressed. \(details.escaped("Rule")).</p>"
            + "<p>Workflow: \(details.escaped("Workflow")), integration: \(details.escaped("Integration")).</p>"
        details.recipients =
            person.map { [AlertRecipient(id: $0.id, targetName: $0.targetName, recipientType: .person)] } ?? []
        return details
    }
}

extension AlertDetails {
    /// A property for HTML.
    fileprivate func escaped(_ name: String) -> String {
        (properties[name]?.readable ?? "").replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;")
    }
}
