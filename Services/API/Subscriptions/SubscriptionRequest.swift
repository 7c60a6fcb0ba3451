import AlertCore
import Persistence

/// The fields of a subscription; those that are absent stay as they are.
struct SubscriptionRequest: Sendable {
    static let mostSubscribers = AlertSubscription.mostRecipients
    private static let mostCriteria = 100
    private static let valueLimit = 2000

    let fields: RequestFields

    /// - Throws: 400; 403 where the form is not for the caller.
    func subscription(
        _ existing: FormSubscription?, _ rights: SubscriptionRights, _ edit: DirectoryEdit
    ) throws -> FormSubscription {
        let form = try form(existing, edit)
        let name = try fields.requiredName("name", or: existing?.name)
        guard existing != nil || edit.call.caller.maySubscribe(to: form) else {
            throw SubscriptionRights.refusal(
                "The subscription form \(form.name) is for these roles: \(form.roles.joined(separator: ", ")).")
        }
        let owner = try owner(existing, edit)
        var subscription = existing ?? new(name, of: form, owner: owner, edit)
        subscription.name = name
        subscription.owner = owner
        subscription.description = try fields.text("description") ?? subscription.description
        subscription.notificationDelay =
            try fields.integer("notificationDelay", in: 0...SubscriptionFormRequest.longestDelay)
            ?? subscription.notificationDelay
        subscription.criteria = try criteria(of: form, edit) ?? subscription.criteria
        subscription.targetDeviceNames = try deviceNames(form, edit) ?? subscription.targetDeviceNames
        subscription.recipients = try recipients(edit) ?? subscription.recipients
        let before = Set(existing?.recipients ?? [])
        try edit.requireSubscribing(
            subscription.recipients.filter { !before.contains($0) }, to: form, rights: rights)
        return subscription
    }

    /// Whoever subscribes wants to be told, unless the request names others.
    private func new(
        _ name: String, of form: SubscriptionForm, owner: String?, _ edit: DirectoryEdit
    ) -> FormSubscription {
        FormSubscription(
            id: edit.newID(), form: form.id, name: name, owner: owner, created: edit.now,
            notificationDelay: form.notificationDelay,
            recipients: owner.map { [GroupMember(id: $0, recipientType: .person)] } ?? [],
            targetDeviceNames: form.targetDeviceNames)
    }

    private func form(_ existing: FormSubscription?, _ edit: DirectoryEdit) throws -> SubscriptionForm {
        guard let reference = try fields.reference("form") ?? existing?.form else {
            throw RestError.missingField("form")
        }
        let key = reference.lowercased()
        let found =
            try edit.directory.get(SubscriptionForm.self, id: reference)
            ?? edit.directory.all(SubscriptionForm.self).first { $0.name.lowercased() == key }
        guard let form = found else {
            throw RestError.invalidValue("form", "there is no subscription form \(reference).")
        }
        guard existing == nil || existing?.form == form.id else {
            throw RestError.invalidValue("form", "a subscription stays with its form.")
        }
        return form
    }

    private func owner(_ existing: FormSubscription?, _ edit: DirectoryEdit) throws -> String? {
        guard let reference = try fields.reference("owner") else {
            return existing == nil ? edit.call.caller.person.id : existing?.owner
        }
        guard let owner = try edit.directory.resolve(Person.self, reference) else {
            throw RestError.invalidValue("owner", "there is no person \(reference).")
        }
        let caller = edit.call.caller
        let isAllowed =
            owner.id == existing?.owner || owner.id == caller.person.id || caller.may(.writeConfiguration)
            || caller.administers(owner)
        guard isAllowed else {
            throw SubscriptionRights.refusal(
                "The user \(caller.person.targetName) may not make \(owner.targetName) the owner of a subscription.")
        }
        return owner.id
    }

    /// `targetAllDevices` wins over names.
    private func deviceNames(_ form: SubscriptionForm, _ edit: DirectoryEdit) throws -> [String]? {
        let names = try fields.deviceNames("targetDeviceNames", among: form.visibleTargetDeviceNames, edit)
        return try fields.bool("targetAllDevices") == true ? [] : names
    }

    private func recipients(_ edit: DirectoryEdit) throws -> [GroupMember]? {
        guard let references = try fields.references("recipients") else { return nil }
        return try edit.subscribers(references, field: "recipients")
    }
}

// MARK: - Criteria

extension SubscriptionRequest {
    /// `[{"name": …, "operator": …, "value": …}]`, or a page of these as it was read.
    private func criteria(
        of form: SubscriptionForm, _ edit: DirectoryEdit
    ) throws -> [SubscriptionCriterion]? {
        let isPage = fields["criteria"]?.object != nil
        let list =
            isPage
            ? try fields.object("criteria")?.objects("data", limit: Self.mostCriteria) ?? []
            : try fields.objects("criteria", limit: Self.mostCriteria)
        guard let list else { return nil }
        let definitions = try edit.directory.all(PropertyDefinition.self, in: form.plan)
        return try list.map { try criterion($0, form, definitions) }
    }

    private func criterion(
        _ fields: RequestFields, _ form: SubscriptionForm, _ definitions: [PropertyDefinition]
    ) throws(RestError) -> SubscriptionCriterion {
        let name = try fields.requiredName("name", or: nil)
        let key = name.lowercased()
        let named = definitions.first { $0.name == name } ?? definitions.first { $0.name.lowercased() == key }
        guard let definition = named ?? definitions.first(where: { $0.id == name }) else {
            throw .invalidValue(fields.name("name"), "there is no property \(name).")
        }
        guard form.offers(definition) else {
            throw .invalidValue(fields.name("name"), "\(form.name) has no criteria about \(definition.name).")
        }
        guard let `operator` = try fields.lenientChoice("operator", SubscriptionCriterion.Operator.self) else {
            throw .missingField(fields.name("operator"))
        }
        let criterion = SubscriptionCriterion(
            property: definition.id, name: definition.name, operator: `operator`, values: try values(fields))
        if let problem = criterion.problem(of: definition) {
            let isList = problem.field == .value && fields.has("values")
            throw .invalidValue(fields.name(isList ? "values" : problem.field.rawValue), problem.text)
        }
        return criterion
    }

    /// Of `value` or `values`: texts, numbers or booleans.
    private func values(_ fields: RequestFields) throws(RestError) -> [String] {
        let field = fields.has("values") ? "values" : "value"
        guard let given = fields[field] else { return [] }
        var values: [String] = []
        for value in given.array ?? [given] {
            switch value {
            case .string, .bool, .integer, .number: break
            case .null, .array, .object:
                throw .wrongType(fields.name(field), expected: "a text", found: value.kindName)
            }
            let text = value.readable
            guard text.utf8.count <= Self.valueLimit, !text.contains("\0") else {
                throw .invalidValue(fields.name(field), "it may have at most \(Self.valueLimit) bytes, and no NUL.")
            }
            values.append(text)
        }
        return values
    }
}

extension DirectoryEdit {
    /// People and groups by their ids or names, each once.
    /// - Throws: 400 for what is not there, or too many.
    func subscribers(_ references: [String], field: String) throws -> [GroupMember] {
        var members: [GroupMember] = []
        for reference in references {
            let member: GroupMember
            if let person = try directory.resolve(Person.self, reference) {
                member = GroupMember(id: person.id, recipientType: .person)
            } else if let group = try visibleGroup(reference) {
                member = GroupMember(id: group.id, recipientType: .group)
            } else {
                throw RestError.invalidValue(field, "there is no person and no group \(reference).")
            }
            if !members.contains(member) { members.append(member) }
        }
        return members
    }
}
