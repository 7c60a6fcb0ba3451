import AlertCore
import Messaging
import Persistence

/// Makes the alerts of one request. The n-th one has the same id and number whenever the request is run.
actor AlertMaker {
    /// How many alerts one request can make.
    private static let limit = 100

    private let message: InboundRequestMessage
    private let integration: Integration
    let submitter: Person
    private let view: DirectoryView
    private let bus: any MessageBus
    private let numbers: AlertNumbers
    /// Whether alerts are assembled and checked, and not made.
    private let isDry: Bool
    /// Of a dry run: what would have been made.
    private(set) var drafts: [AlertDetails] = []
    private(set) var made: [Activity.MadeAlert] = []
    /// For the author of the integration.
    private(set) var notes: [String] = []
    private var ordinal = 0

    init(
        message: InboundRequestMessage, integration: Integration, submitter: Person, view: DirectoryView,
        bus: any MessageBus, numbers: AlertNumbers, isDry: Bool = false
    ) {
        self.message = message
        self.integration = integration
        self.submitter = submitter
        self.view = view
        self.bus = bus
        self.numbers = numbers
        self.isDry = isDry
    }

    /// Makes an alert, durably. - Parameter recipients: Of the URL, when the body names none.
    func make(_ json: JSONValue, recipients: String? = nil) async throws -> Activity.MadeAlert {
        guard ordinal < Self.limit else {
            throw FieldProblem("the request", "has made \(Self.limit) alerts already, which is the most")
        }
        let ordinal = ordinal
        self.ordinal += 1
        guard let form = integration.form.flatMap({ view.forms[$0] }), let plan = view.plans[form.plan] else {
            throw FieldProblem("the integration", "has no form")
        }
        guard form.maySend(submitter) else {
            throw FieldProblem("the form", "\(form.name) may not be sent by \(submitter.targetName)")
        }
        var request = try AlertRequest(json)
        if request.recipients == nil, let recipients {
            request.recipients = try AlertRequest(["recipients": .string(recipients)]).recipients
        }
        // In a dry run, alerts are numbered from 1: no real one has such a number.
        let number = isDry ? Int64(ordinal) + 1 : try await numbers.reserve("\(message.requestId)/\(ordinal)")
        let id = DerivedID.uuid("alert", message.requestId, String(ordinal))
        var notes: [String] = []
        let details = try assembly(plan, form).details(
            request, number: number, requestId: message.requestId, integration: integration.id, submitter: submitter,
            notes: &notes, optionId: { DerivedID.uuid("option", id, String($0)) })
        self.notes += notes
        if isDry {
            drafts.append(details)
            return Activity.MadeAlert(id: id, number: number)
        }
        let command = AlertCommandMessage(
            commandId: "create-\(id)", alert: id, command: .create(details),
            origin: Origin(
                actor: submitter.targetName, causation: message.requestId, correlation: message.requestId))
        try await bus.publish([try command.outgoing()], to: .alertCommands)
        let alert = Activity.MadeAlert(id: id, number: number)
        made.append(alert)
        return alert
    }

    private func assembly(_ plan: Plan, _ form: Form) -> AlertAssembly {
        let definitions = Dictionary(
            view.properties(of: plan.id).map { ($0.id, $0) }
        ) { first, _ in first }
        return AlertAssembly(
            plan: plan, form: form, definitions: definitions, person: { [view] in view.person($0) },
            device: { [view] name in
                view.device(name).flatMap { device in view.people[device.owner].map { (device, $0) } }
            })
    }
}
