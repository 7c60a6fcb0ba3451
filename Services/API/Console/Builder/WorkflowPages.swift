import AlertCore
import Persistence

/// The list of workflows.
struct WorkflowsPage: Sendable {
    struct Row: Sendable {
        let id: String
        let name: String
        let description: String
        let isEnabled: Bool
        let inbound: Int
        let outbound: Int
        let forms: Int
    }

    let rows: [Row]
    let hasRows: Bool
    let csrf: String
    let mayConfigure: Bool
    let mayImport: Bool
    var warning: String?
    /// What an import has done and left out.
    var report: [String] = []
    var hasReport = false
    var imported: NamedValue?

    init(_ directory: DirectoryView, for session: ConsoleSession, mayImport: Bool) {
        let integrations = Dictionary(grouping: directory.integrations.values, by: \.plan)
        rows = directory.plans.values
            .sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
            .map { plan in
                let own = integrations[plan.id] ?? []
                return Row(
                    id: plan.id, name: plan.name, description: plan.description, isEnabled: plan.enabled,
                    inbound: own.count { $0.integrationType == .inbound },
                    outbound: own.count { $0.integrationType == .outbound }, forms: directory.forms(of: plan.id).count)
            }
        hasRows = !rows.isEmpty
        csrf = session.csrf
        mayConfigure = session.caller.may(.writeConfiguration)
        self.mayImport = mayConfigure && mayImport
    }

    private static let noteLimit = 200
    /// What is used as it was needs no words.
    private static let kinds = [
        ("byHand", "To be done by you"), ("unusable", "Could not be used"), ("kept", "Kept, without effect here"),
        ("removed", "Removed"),
    ]

    /// - Parameter answer: Of `POST /plans/import`.
    mutating func tell(of answer: JSONValue) {
        let id = answer["plan"]?["id"]?.string ?? ""
        imported = NamedValue(
            name: id, value: answer["plan"]?["name"]?.string ?? "", href: "/console/workflows/\(id)")
        for (kind, title) in Self.kinds {
            let notes = answer["report"]?[kind]?.array ?? []
            report += notes.prefix(Self.noteLimit).map { note in
                "\(title): \(note["message"]?.string ?? "") (\(note["path"]?.string ?? ""))"
            }
            if notes.count > Self.noteLimit {
                report.append("\(title): \(notes.count - Self.noteLimit) more, which the answer of the API names")
            }
        }
        hasReport = !report.isEmpty
    }
}

/// One workflow with its parts.
struct WorkflowPage: Sendable {
    struct IntegrationRow: Sendable {
        let id: String
        let name: String
        let what: String
        let detail: String
        let state: String
        let stateClass: String
    }

    struct FormRow: Sendable {
        let name: String
        let number: String
        let recipients: String
        let properties: String
        let options: String
    }

    let id: String
    let name: String
    let description: String
    let isEnabled: Bool
    let loggingLevels: [Choice]
    let csrf: String
    let mayConfigure: Bool
    let mayExport: Bool
    let inbound: [IntegrationRow]
    let hasInbound: Bool
    let outbound: [IntegrationRow]
    let hasOutbound: Bool
    let forms: [FormRow]
    let hasForms: Bool
    let formChoices: [Choice]
    let properties: [NamedValue]
    let hasProperties: Bool
    let propertyTypes: [Choice]
    let endpoints: [NamedValue]
    let hasEndpoints: Bool
    let endpointChoices: [Choice]
    let mayAddOutbound: Bool
    let triggers: [Choice]
    let constants: [NamedValue]
    let hasConstants: Bool
    let libraries: [NamedValue]
    let hasLibraries: Bool
    var warning: String?

    init(_ plan: Plan, _ directory: DirectoryView, for session: ConsoleSession, mayExport: Bool) {
        id = plan.id
        name = plan.name
        description = plan.description
        isEnabled = plan.enabled
        loggingLevels = ["DEBUG", "INFO", "WARN", "ERROR"].map {
            Choice(value: $0, text: $0.capitalized, isChosen: $0 == plan.loggingLevel)
        }
        csrf = session.csrf
        mayConfigure = session.caller.may(.writeConfiguration)
        self.mayExport = mayExport
        let own = directory.integrations.values.filter { $0.plan == plan.id }
            .sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
        inbound = own.filter { $0.integrationType == .inbound }.map { Self.inbound($0, directory) }
        hasInbound = !inbound.isEmpty
        outbound = own.filter { $0.integrationType == .outbound }.map { Self.outbound($0, directory) }
        hasOutbound = !outbound.isEmpty
        let forms = directory.forms(of: plan.id)
        self.forms = forms.map { Self.form($0, directory) }
        hasForms = !forms.isEmpty
        formChoices = forms.map { Choice(value: $0.id, text: $0.name, isChosen: false) }
        let properties = directory.properties(of: plan.id)
        self.properties = properties.map { NamedValue(name: $0.name, value: $0.propertyType.title) }
        hasProperties = !properties.isEmpty
        propertyTypes = [PropertyDefinition.Kind.text, .number, .boolean].map {
            Choice(value: $0.rawValue, text: $0.title, isChosen: $0 == .text)
        }
        let endpoints = directory.endpoints.values.filter { $0.plan == plan.id }
            .sorted { $0.name.lowercased() < $1.name.lowercased() }
        self.endpoints = endpoints.map { NamedValue(name: $0.name, value: $0.url) }
        hasEndpoints = !endpoints.isEmpty
        endpointChoices = endpoints.map { Choice(value: $0.id, text: $0.name, isChosen: false) }
        mayAddOutbound = mayConfigure && !forms.isEmpty && !endpoints.isEmpty
        triggers = [Trigger.status, .response, .deliveryStatus, .annotation].map {
            Choice(value: $0.rawValue, text: $0.title, isChosen: $0 == .status)
        }
        constants = directory.constants(of: plan.id).map { NamedValue(name: $0.name, value: $0.value) }
        hasConstants = !constants.isEmpty
        libraries = directory.libraries(of: plan.id).map {
            NamedValue(name: $0.name, value: "version \($0.scriptVersion ?? 1)")
        }
        hasLibraries = !libraries.isEmpty
    }

    private static func inbound(_ integration: Integration, _ directory: DirectoryView) -> IntegrationRow {
        let form = integration.form.flatMap { directory.forms[$0]?.name }.map { " · \($0)" } ?? ""
        return row(
            integration, what: integration.scriptStep == nil ? integration.operation.title : "Begin a flow",
            detail: integration.authenticationType.title + form)
    }

    private static func outbound(_ integration: Integration, _ directory: DirectoryView) -> IntegrationRow {
        let endpoint = integration.endpoint.flatMap { directory.endpoints[$0] }
        let target = endpoint.map { "\($0.name)\(integration.path.map { " \($0)" } ?? "")" }
        return row(
            integration, what: integration.triggeredBy?.title ?? "",
            detail: target ?? integration.operation.title)
    }

    private static func row(_ integration: Integration, what: String, detail: String) -> IntegrationRow {
        let state = integration.deployed ? "In service" : integration.disabledReason ?? "Out of service"
        return IntegrationRow(
            id: integration.id, name: integration.name, what: what, detail: detail, state: state,
            stateClass: integration.deployed ? "good" : "wait")
    }

    private static func form(_ form: Form, _ directory: DirectoryView) -> FormRow {
        let items = form.sections.flatMap(\.items)
        let names = items.compactMap { directory.properties[$0.propertyDefinition]?.name }
        let recipients = form.recipients.map { directory.recipientName($0) }
        return FormRow(
            name: form.name, number: String(form.number),
            recipients: recipients.isEmpty ? "nobody by default" : recipients.joined(separator: ", "),
            properties: names.joined(separator: ", "),
            options: form.responseOptions.map(\.text).joined(separator: ", "))
    }
}

// MARK: - In words

extension Integration.Operation {
    var title: String {
        switch self {
        case .createAlert: "Create an alert"
        case .transformAndCreateAlert: "Transform, then create an alert"
        case .runScript: "Run a script"
        case .sendWebhook: "Send a webhook"
        case .sendToAgent: "Send to an agent"
        }
    }
}

extension Integration.Authentication {
    var title: String {
        switch self {
        case .any: "Any method"
        case .url: "URL with a key"
        case .basic: "User and password"
        case .apiKey: "API key"
        case .oauth2: "OAuth 2 token"
        case .none: "None"
        }
    }
}

extension Trigger {
    var title: String {
        switch self {
        case .status: "Alert status"
        case .annotation: "Comments"
        case .deliveryStatus: "Notification delivery"
        case .response: "Responses"
        case .escalation: "Escalations"
        case .targetedRecipientFailure: "Nobody reached"
        }
    }
}

extension PropertyDefinition.Kind {
    var title: String {
        switch self {
        case .boolean: "Yes or no"
        case .number: "Number"
        case .text: "Text"
        case .password: "Password"
        case .hierarchy: "Hierarchy"
        case .singleSelect: "Choice of one"
        case .multiSelect: "Choice of several"
        }
    }
}
