/// Makes an alert's details from what a request says and what its form is. Pure.
public struct AlertAssembly: Sendable {
    public let plan: Plan
    public let form: Form
    /// The plan's, by id.
    public let definitions: [String: PropertyDefinition]
    /// Finds a person by target name, web login or id.
    public let person: @Sendable (String) -> Person?
    /// Finds a device by `owner|name` or id.
    public let device: @Sendable (String) -> (Device, owner: Person)?

    public init(
        plan: Plan, form: Form, definitions: [String: PropertyDefinition],
        person: @escaping @Sendable (String) -> Person?,
        device: @escaping @Sendable (String) -> (Device, owner: Person)?
    ) {
        self.plan = plan
        self.form = form
        self.definitions = definitions
        self.person = person
        self.device = device
    }

    /// - Parameters:
    ///   - notes: Gets a line, for the author of the integration, for each thing of the request that has no effect.
    ///   - optionId: Makes the id of the n-th option that the request itself defines.
    public func details(
        _ request: AlertRequest, number: Int64, requestId: String, integration: String?, submitter: Person,
        notes: inout [String], optionId: (Int) -> String
    ) throws(FieldProblem) -> AlertDetails {
        notes += request.withoutEffect.map { "\($0) has no effect yet and was left out" }
        let items = form.sections.sorted { $0.orderNum < $1.orderNum }
            .flatMap { $0.items.sorted { $0.orderNum < $1.orderNum } }
        let properties = try properties(request.properties, items, notes: &notes)
        let itemNames = items.compactMap { item in
            definitions[item.propertyDefinition].map { (item.id.lowercased(), $0.name) }
        }
        let texts = FormText(
            properties: properties, number: number,
            items: Dictionary(itemNames, uniquingKeysWith: { first, _ in first }))
        let template = form.emailTemplates.first
        var details = AlertDetails(
            number: number, plan: NamedReference(id: plan.id, name: plan.name),
            form: NamedReference(id: form.id, name: form.name), integration: integration, requestId: requestId,
            submitter: PersonReference(submitter), priority: request.priority ?? form.priority)
        details.properties = properties
        details.textProperties = items.compactMap { definitions[$0.propertyDefinition] }
            .filter { $0.propertyType == .text && properties[$0.name] != nil }.map(\.name)
        details.callbackProperties = items.filter(\.includeInCallback)
            .compactMap { definitions[$0.propertyDefinition]?.name }.filter { properties[$0] != nil }
        details.recipients = try recipients(request.recipients ?? form.recipients)
        details.responseOptions = try options(request.responseOptions, optionId)
        details.subject = template.map { texts.filled($0.subject, isHTML: false) } ?? "\(form.name): alert \(number)"
        details.body = template.map { texts.filled($0.body, isHTML: true) } ?? texts.table(title: form.name)
        details.expirationInMinutes = request.expirationInMinutes ?? form.expirationInMinutes
        details.overrideDeviceRestrictions = request.overrideDeviceRestrictions
        details.escalationOverride = request.escalationOverride
        details.bypassPhoneIntro = request.bypassPhoneIntro
        details.requirePhonePassword = request.requirePhonePassword
        details.targetDeviceNames = request.targetDeviceNames
        return details
    }

    private func properties(
        _ given: [String: JSONValue], _ items: [FormSection.Item], notes: inout [String]
    ) throws(FieldProblem) -> [String: JSONValue] {
        var properties: [String: JSONValue] = [:]
        var known: Set<String> = []
        for item in items {
            guard let definition = definitions[item.propertyDefinition] else { continue }
            let name = definition.name
            known.formUnion([name, "\(name)#en"])
            let value = given[name] ?? given["\(name)#en"] ?? definition.defaultValue ?? .null
            if let checked = try definition.check(value) {
                properties[name] = checked
            } else if item.required {
                throw FieldProblem("properties.\(name)", "is mandatory on the form \(form.name) and is missing")
            }
        }
        notes += given.keys.filter { !known.contains($0) }.sorted()
            .map { "property \($0) is not on the form \(form.name) and was left out" }
        return properties
    }

    private func recipients(_ names: [String]) throws(FieldProblem) -> [AlertRecipient] {
        var recipients: [AlertRecipient] = []
        for (index, name) in names.enumerated() {
            let recipient: AlertRecipient
            if let person = person(name) {
                recipient = AlertRecipient(id: person.id, targetName: person.targetName, recipientType: .person)
            } else if let (device, owner) = device(name) {
                recipient = AlertRecipient(
                    id: device.id, targetName: "\(owner.targetName)|\(device.name)", recipientType: .device)
            } else {
                throw FieldProblem("recipients[\(index)]", "names no person and no device: \(name)")
            }
            if !recipients.contains(recipient) { recipients.append(recipient) }
        }
        return recipients
    }

    private func options(
        _ given: [JSONValue]?, _ optionId: (Int) -> String
    ) throws(FieldProblem) -> [ResponseOption] {
        guard let given else { return form.responseOptions }
        var options: [ResponseOption] = []
        for (index, item) in given.enumerated() {
            let field = "responseOptions[\(index)]"
            if let id = item.string ?? item["id"]?.string {
                guard var option = form.responseOptions.first(where: { $0.id == id }) else {
                    throw FieldProblem("\(field).id", "is no response option of the form \(form.name): \(id)")
                }
                if let fields = item.object { try option.override(fields, field) }
                options.append(option)
            } else if let fields = item.object {
                guard let text = fields["text"]?.string, !text.isEmpty else {
                    throw FieldProblem("\(field).text", "is missing")
                }
                var option = ResponseOption(
                    id: optionId(index), number: index + 1, text: text, action: .recordResponse)
                try option.override(fields, field)
                options.append(option)
            }
        }
        return options
    }
}

extension ResponseOption {
    /// Takes over the fields that a request gives.
    fileprivate mutating func override(_ fields: [String: JSONValue], _ path: String) throws(FieldProblem) {
        if let number = fields["number"]?.integer { self.number = Int(clamping: number) }
        if let text = fields["text"]?.string { self.text = text }
        if let description = fields["description"]?.string { self.description = description }
        if let prompt = fields["prompt"]?.string { self.prompt = prompt }
        if let name = fields["action"]?.string {
            guard let action = Action(rawValue: name) else {
                let valid = Action.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldProblem(
                    "\(path).action", "contains an invalid value: \(name). Valid values include: \(valid)")
            }
            self.action = action
        }
        if let name = fields["contribution"]?.string, let value = Contribution(rawValue: name) { contribution = value }
        if let value = fields["joinConference"]?.bool { joinConference = value }
        if let value = fields["allowComments"]?.bool { allowComments = value }
        if let value = fields["redirectUrl"]?.string { redirectUrl = value }
    }
}
