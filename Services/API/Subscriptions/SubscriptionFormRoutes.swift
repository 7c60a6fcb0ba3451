import AlertCore
import Persistence

/// What people may subscribe to (spec §4.8).
extension RESTServices {
    var subscriptionFormRoutes: [RESTRoute] {
        [
            .get("subscription-forms", listSubscriptionForms),
            .get("subscription-forms/{form}") { call in
                let view = try await subscriptionView()
                return .ok(view.wire(try view.requiredForm(call.parameter("form")), embeds: .all))
            },
            .delete("subscription-forms/{form}", deleteSubscriptionForm),
            .get("plans/{plan}/subscription-forms", listSubscriptionForms),
            .post("plans/{plan}/subscription-forms", saveSubscriptionForm),
        ]
    }

    /// The directory as it is now, with the names that devices can have.
    func subscriptionView() async throws -> SubscriptionView {
        let view = try await view()
        let names = try await database.reading { try Directory($0).deviceNames() }
        return SubscriptionView(view: view, deviceNames: names)
    }

    private func listSubscriptionForms(_ call: RESTCall) async throws -> RESTAnswer {
        let list = try NamedListQuery(call.query)
        let embeds = SubscriptionView.Embeds(call.query)
        let view = try await subscriptionView()
        let plan = try await plan(of: call)
        let forms = view.view.subscriptionForms.values
            .filter { form in
                (plan.map { form.plan == $0.id } ?? true)
                    && list.matches(name: form.name, description: form.description)
            }
            .sorted { $0.id < $1.id }
            .sorted { list.areInOrder(($0.name, 0), ($1.name, 0)) }
        let paging = try call.query.paging()
        return .ok(
            call.page(paging.cut(forms).map { view.wire($0, embeds: embeds) }, total: forms.count, paging))
    }

    /// The plan of the path; `nil` where it names none.
    private func plan(of call: RESTCall) async throws -> Plan? {
        guard let wanted = call.parameters["plan"] else { return nil }
        return try await database.reading { try Directory($0).required(Plan.self, wanted) }
    }

    private func saveSubscriptionForm(_ call: RESTCall) async throws -> RESTAnswer {
        let request = SubscriptionFormRequest(fields: try call.fields())
        let ((form, isNew), _) = try await change(call) { edit in
            let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
            let existing = try edit.existing(SubscriptionForm.self, request.fields, in: plan.id)
            let form = try request.form(existing, of: plan, edit)
            try edit.put(form)
            return (form, existing == nil)
        }
        return .saved(try await subscriptionView().wire(form, embeds: .all), isNew: isNew)
    }

    /// With the subscriptions to it.
    private func deleteSubscriptionForm(_ call: RESTCall) async throws -> RESTAnswer {
        let before = try await subscriptionView()
        let (form, _) = try await change(call) { edit -> SubscriptionForm? in
            guard let form = try edit.directory.get(SubscriptionForm.self, id: call.parameter("form")) else {
                return nil
            }
            try edit.delete(form)
            return form
        }
        return .deleted(form.map { before.wire($0, embeds: .all) })
    }
}

/// The fields of a subscription form; those that are absent stay as they are.
struct SubscriptionFormRequest: Sendable {
    /// A week, in minutes.
    static let longestDelay = 10_080

    let fields: RequestFields

    func form(_ existing: SubscriptionForm?, of plan: Plan, _ edit: DirectoryEdit) throws -> SubscriptionForm {
        let name = try fields.requiredName("name", or: existing?.name)
        let (scope, of) = try scope(existing, plan, edit)
        var form =
            existing
            ?? SubscriptionForm(id: edit.newID(), plan: plan.id, name: name, scope: scope, created: edit.now)
        form.name = name
        form.scope = scope
        form.form = of
        form.description = try fields.text("description") ?? form.description
        form.oneWay = try fields.bool("oneWay") ?? form.oneWay
        form.subscribeOthers = try fields.bool("subscribeOthers") ?? form.subscribeOthers
        form.notificationDelay =
            try fields.integer("notificationDelay", in: 0...Self.longestDelay) ?? form.notificationDelay
        form.showNotificationDelay = try fields.bool("showNotificationDelay") ?? form.showNotificationDelay
        form.devicesSectionCollapsed = try fields.bool("devicesSectionCollapsed") ?? form.devicesSectionCollapsed
        form.devicesSectionVisible = try fields.bool("devicesSectionVisible") ?? form.devicesSectionVisible
        form.propertyDefinitions = try properties(of: plan, edit) ?? form.propertyDefinitions
        form.roles = try roles() ?? form.roles
        form.visibleTargetDeviceNames =
            try fields.deviceNames("visibleTargetDeviceNames", among: nil, edit) ?? form.visibleTargetDeviceNames
        form.targetDeviceNames =
            try fields.deviceNames("targetDeviceNames", among: form.visibleTargetDeviceNames, edit)
            ?? form.targetDeviceNames
        return form
    }

    /// A form that is named means its alerts; without one, all of the plan.
    private func scope(
        _ existing: SubscriptionForm?, _ plan: Plan, _ edit: DirectoryEdit
    ) throws -> (SubscriptionForm.Scope, form: String?) {
        let given = try fields.choice("scope", SubscriptionForm.Scope.self)
        let reference = try fields.reference("form").flatMap { $0.isEmpty ? nil : $0 }
        let scope = given ?? (reference == nil ? existing?.scope ?? .allForms : .form)
        guard scope == .form else { return (.allForms, nil) }
        guard let reference = reference ?? existing?.form else { throw RestError.missingField("form") }
        guard let form = try edit.directory.resolve(Form.self, reference, in: plan.id) else {
            throw RestError.invalidValue("form", "there is no form \(reference) in the plan \(plan.name).")
        }
        return (.form, form.id)
    }

    private func properties(of plan: Plan, _ edit: DirectoryEdit) throws -> [String]? {
        guard let references = try fields.references("propertyDefinitions") else { return nil }
        var ids: [String] = []
        for reference in references {
            guard let property = try edit.directory.resolve(PropertyDefinition.self, reference, in: plan.id) else {
                throw RestError.invalidValue(
                    "propertyDefinitions", "there is no property \(reference) in the plan \(plan.name).")
            }
            guard property.propertyType != .password else {
                throw RestError.invalidValue(
                    "propertyDefinitions", "\(property.name) is a password, and there are no criteria for it.")
            }
            if !ids.contains(property.id) { ids.append(property.id) }
        }
        return ids
    }

    private func roles() throws(RestError) -> [String]? {
        guard let references = try fields.references("roles") else { return nil }
        var roles: [String] = []
        for reference in references {
            guard let role = Role.name(of: reference) else {
                throw .invalidChoice("roles", reference, valid: Role.all.map(\.name))
            }
            if !roles.contains(role) { roles.append(role) }
        }
        return roles
    }
}

extension RequestFields {
    /// Names of devices by their ids or themselves, each once, as they are written in the list of these.
    /// - Parameter visible: Those that may be chosen; `nil` for all.
    /// - Throws: 400 for one that is not there, or may not be chosen.
    func deviceNames(_ field: String, among visible: [String]?, _ edit: DirectoryEdit) throws -> [String]? {
        guard let references = try references(field) else { return nil }
        let known = try edit.directory.deviceNames()
        var names: [String] = []
        for reference in references {
            let key = reference.lowercased()
            guard let found = known.first(where: { $0.id == reference || $0.name.lowercased() == key })?.name else {
                throw RestError.invalidValue(name(field), "there is no device name \(reference).")
            }
            guard visible?.contains(found) ?? true else {
                throw RestError.invalidValue(name(field), "\(found) is none of the device names of the form.")
            }
            if !names.contains(found) { names.append(found) }
        }
        return names
    }
}
