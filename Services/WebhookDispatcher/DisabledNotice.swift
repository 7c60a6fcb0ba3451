import AlertCore
import Messaging
import Persistence

/// Tells whoever an outbound integration belongs to that the system has taken it out of service.
struct DisabledNotice {
    static let eventType = "INTEGRATION_DISABLED"
    /// What such alerts belong to; nobody configures them.
    private static let plan = NamedReference(
        id: DerivedID.uuid("system-plan", "integrations"), name: "Integrations")
    private static let form = NamedReference(
        id: DerivedID.uuid("system-form", eventType), name: "Integration out of service")

    private let integration: Integration
    private let reason: String
    private let request: WebhookDelivery.Request
    private let now: Timestamp

    /// - Parameter request: The delivery whose attempt was the last.
    init(_ integration: Integration, reason: String, after request: WebhookDelivery.Request, at now: Timestamp) {
        self.integration = integration
        self.reason = reason
        self.request = request
        self.now = now
    }

    /// To the integration's own user and its plan's creator; `nil` when neither is there any more.
    func alert(by origin: Origin, from directory: Directory) throws -> SystemAlert? {
        let plan = try directory.get(Plan.self, id: integration.plan)
        var people: [Person] = []
        for id in [integration.authenticatingUser, plan?.creator].compactMap({ $0 }) {
            guard let person = try directory.get(Person.self, id: id), person.status == .active else { continue }
            if !people.contains(where: { $0.id == person.id }) { people.append(person) }
        }
        guard let owner = people.first else { return nil }
        var details = AlertDetails(
            number: 0, plan: Self.plan, form: Self.form, requestId: request.correlation,
            submitter: PersonReference(owner), priority: .medium,
            properties: [
                "Integration": .string(integration.name), "Workflow": .string(plan?.name ?? ""),
                "Reason": .string(reason),
            ],
            recipients: people.map {
                AlertRecipient(id: $0.id, targetName: $0.targetName, recipientType: .person)
            })
        details.textProperties = details.properties.keys.sorted()
        details.systemEventType = Self.eventType
        details.subject = "The integration \(integration.name) is out of service"
        let workflow = plan?.name ?? ""
        let sentence =
            "The integration \(integration.name) of the workflow \(workflow) was taken out of service: \(reason)."
        details.body =
            "<p>\(escaped(sentence))</p><p>What it has to deliver is kept, and goes out when it is deployed again.</p>"
        return SystemAlert(
            id: DerivedID.uuid("integration-disabled", integration.id, request.id, now.iso), details: details,
            origin: origin)
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
