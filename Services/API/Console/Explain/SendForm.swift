import AlertCore
import Foundation
import Hummingbird
import Messaging
import Persistence

/// The page on which somebody chooses which alert to send.
struct SendChoicePage: Sendable {
    struct Row: Sendable {
        let href: String
        let name: String
        let workflow: String
        let description: String?
        let recipients: String
    }

    let rows: [Row]
    let hasRows: Bool
    let mayConfigure: Bool

    init(_ directory: DirectoryView, for session: ConsoleSession) {
        let forms = directory.forms.values.filter { session.maySend($0, directory) }
        rows = forms.map { form in
            let names = form.recipients.map { directory.recipientName($0) }
            return Row(
                href: "/console/alerts/new/\(form.id)", name: form.name,
                workflow: directory.plans[form.plan]?.name ?? "",
                description: form.description.isEmpty ? nil : form.description,
                recipients: names.isEmpty ? "to whom you choose" : "to \(names.joined(separator: ", "))")
        }.sorted { ($0.workflow.lowercased(), $0.name.lowercased()) < ($1.workflow.lowercased(), $1.name.lowercased()) }
        hasRows = !rows.isEmpty
        mayConfigure = session.caller.may(.writeConfiguration)
    }
}

extension ConsoleSession {
    /// Whether the person may begin alerts of that form by hand.
    func maySend(_ form: Form, _ directory: DirectoryView) -> Bool {
        caller.may(.sendRequests) && form.uiEnabled && form.maySend(person)
            && directory.plans[form.plan]?.enabled == true
    }
}

extension DirectoryView {
    /// The target name of a person, group or device, by its id or name.
    func recipientName(_ idOrName: String) -> String {
        if let person = person(idOrName) { return person.targetName }
        if let group = group(idOrName) { return group.targetName }
        guard let device = device(idOrName), let owner = people[device.owner] else { return idOrName }
        return "\(owner.targetName)|\(device.name)"
    }
}

/// An alert by hand: the form's properties, to whom, how urgent.
struct SendForm {
    let form: Form
    let plan: Plan
    let directory: DirectoryView

    private var items: [(FormSection.Item, PropertyDefinition)] {
        form.sections.sorted { $0.orderNum < $1.orderNum }
            .flatMap { $0.items.sorted { $0.orderNum < $1.orderNum } }.filter(\.visible)
            .compactMap { item in directory.properties[item.propertyDefinition].map { (item, $0) } }
    }

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let names = form.recipients.map { directory.recipientName($0) }.joined(separator: ", ")
        var parts: [FormView.Part] = [
            .init(
                "To whom",
                [
                    FormField.text(
                        "recipients", "Recipients", values.text("recipients", names), limit: 4000, isRequired: true,
                        list: "recipient-names", hint: "People, groups or devices, with commas between them."
                    ).wide,
                    .select(
                        "priority", "Priority", values.text("priority", form.priority.rawValue),
                        Priority.allCases.map { ($0.rawValue, $0.title) }),
                    .number(
                        "expirationInMinutes", "Ends by itself after minutes",
                        values.text("expirationInMinutes", String(form.expirationInMinutes)), in: 1...525_600),
                ])
        ]
        if !items.isEmpty { parts.append(.init("What it says", items.map { field($0, $1, values) })) }
        var view = FormView(
            to: "/console/alerts/new/\(form.id)", for: session, submit: "Send the alert", cancel: "/console/alerts/new",
            parts)
        view.proposals = [directory.recipientProposals(for: session.caller)]
        return FormPage(
            title: form.name,
            crumbs: [
                NamedValue(name: "Alerts", value: "", href: "/console/alerts"),
                NamedValue(name: "Send an alert", value: "", href: "/console/alerts/new"),
            ], lead: form.description.isEmpty ? plan.name : form.description, form: view)
    }

    private func field(
        _ item: FormSection.Item, _ property: PropertyDefinition, _ values: FormValues
    ) -> FormField {
        let name = "properties.\(property.name)"
        let saved = property.defaultValue?.readable ?? ""
        let label = property.units.map { "\(property.name) (\($0))" } ?? property.name
        let hint = property.helpText.isEmpty ? nil : property.helpText
        switch property.propertyType {
        case .boolean: return .check(name, label, values.isTicked(name, saved == "true"), hint: hint)
        case .singleSelect:
            return .select(
                name, label, values.text(name, saved), [("", "–")] + (property.items ?? []).map { ($0, $0) }, hint: hint
            )
        case .multiSelect:
            return .boxes(name, label, values.ticked(name, []), (property.items ?? []).map { ($0, $0) }, hint: hint)
        case .hierarchy:
            let delimiter = property.delimiter ?? ">"
            let paths = (property.paths ?? []).map { $0.joined(separator: delimiter) }
            return .select(name, label, values.text(name, saved), [("", "–")] + paths.map { ($0, $0) }, hint: hint)
        case .password: return .secret(name, label, hint: hint)
        case .number, .text:
            if item.multiLineText {
                return .area(name, label, values.text(name, saved), limit: property.maxLength ?? 20_000, hint: hint)
            }
            let field = FormField.text(
                name, label, values.text(name, saved), type: property.propertyType == .text ? "name" : "text",
                limit: property.maxLength ?? 20_000, isRequired: item.required, hint: hint)
            return property.propertyType == .text ? field.wide : field
        }
    }

    /// The body of a request to the form.
    /// - Throws: 400 for what is no number, or required and empty.
    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let recipients = typed.names("recipients")
        guard !recipients.isEmpty else { throw .missingField("recipients") }
        var properties: [String: JSONValue] = [:]
        for (item, property) in items {
            let name = "properties.\(property.name)"
            switch property.propertyType {
            case .boolean: properties[property.name] = .bool(typed[name] == "true")
            case .number: properties[property.name] = try typed.whole(name)
            case .multiSelect:
                let chosen = typed.all(name)
                properties[property.name] = chosen.isEmpty ? nil : .array(chosen.map(JSONValue.string))
            case .text, .password, .singleSelect, .hierarchy: properties[property.name] = typed.filled(name)
            }
            if item.required, properties[property.name] == nil { throw .missingField(name) }
        }
        return .fields([
            "properties": .object(properties), "priority": typed.filled("priority"),
            "expirationInMinutes": try typed.whole("expirationInMinutes"),
            "recipients": .array(recipients.map(JSONValue.string)),
        ])
    }
}

extension ConsoleRoutes {
    func addSending(to router: Router<Context>) {
        get("/console/alerts/new", to: router) { _, _, session in
            try session.caller.require(.sendRequests)
            let page = SendChoicePage(try await services.cache.current(), for: session)
            return try pages.page(page, with: "send", for: session, at: .alerts)
        }
        add(
            ConsoleForm<SendForm>(
                place: .alerts,
                subject: { call in
                    let directory = try await services.cache.current()
                    guard let form = directory.forms[call.parameter("form")], let plan = directory.plans[form.plan],
                        call.session.maySend(form, directory)
                    else { throw RestError.notFound("There is no such form that you may send.") }
                    return SendForm(form: form, plan: plan, directory: directory)
                },
                page: { subject, values, session in subject.page(values, for: session) },
                send: { subject, typed, session in try await send(subject, typed, session) }),
            at: "/console/alerts/new/{form}", to: router)
    }

    /// The way of all requests to a form; waits for the alert.
    private func send(_ subject: SendForm, _ typed: QueryParameters, _ session: ConsoleSession) async throws -> String {
        let body = try JSON.encode(try subject.body(typed))
        let request = TestRequest(headers: ["Content-Type": "application/json"], body: body)
        let id = try await services.runs.send(request, toForm: subject.form.id, by: session.person)
        guard let activity = try await services.runs.outcome(of: id), activity.status != .running else {
            return "/console/activity/\(id)"
        }
        if let alert = activity.alerts.first {
            return try await isThere(alert.id) ? "/console/alerts/\(alert.id)" : "/console/activity/\(id)"
        }
        guard let problem = activity.problem else { return "/console/activity/\(id)" }
        // A message about a field begins with its name.
        let field = String(problem.message.prefix { $0 != " " && $0 != ":" })
        throw RestError(400, problem.message, arguments: [field])
    }

    /// The request is done before whoever keeps alerts has written the alert down: waits a little for that.
    private func isThere(_ alert: String) async throws -> Bool {
        let deadline = ContinuousClock.now + Self.alertPatience
        while ContinuousClock.now < deadline {
            if try await services.database.reading({ try Alerts($0).get(alert) }) != nil { return true }
            try await Task.sleep(for: .milliseconds(25))
        }
        return false
    }

    private static var alertPatience: Duration { .seconds(10) }
}
