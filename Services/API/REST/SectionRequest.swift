import AlertCore
import Foundation
import Persistence

/// The fields of a section; those that are absent stay as they are, and `items` replaces all items. What takes
/// effect goes into the form; the rest is kept with the section as it came.
struct SectionRequest {
    private static let itemLimit = 200
    /// What is kept of one section, in bytes.
    private static let settingsLimit = 65_536
    /// What every section has, and what is kept elsewhere.
    private static let common: Set<String> = [
        "id", "form", "title", "type", "visible", "collapsed", "orderNum", "items", "links", "recipients",
        "responseOptions",
    ]

    let fields: RequestFields
    let edit: DirectoryEdit

    /// The section, made or changed. Of each kind but the custom one there is at most one: a request without an id
    /// changes the one that is there.
    func save(in form: inout Form) throws -> (section: FormSection, isNew: Bool) {
        let place = try place(in: form)
        let existing = place.map { form.sections[$0] }
        let type = try type(existing)
        let kind = FormSection.Kind(rawValue: type)
        var section =
            existing
            ?? FormSection(
                id: edit.newID(), title: kind?.title ?? type, type: type, orderNum: form.sections.count + 1)
        section.title = try fields.requiredName("title", or: section.title)
        section.visible = try fields.bool("visible") ?? section.visible
        section.collapsed = try fields.bool("collapsed") ?? section.collapsed
        section.orderNum = try fields.integer("orderNum", in: 0...1000) ?? section.orderNum
        if kind == .custom, let items = try fields.objects("items", limit: Self.itemLimit) {
            section.items = try items.enumerated().map { index, item in
                try self.item(item, at: index + 1, existing: section.items, in: form)
            }
        }
        section.settings = try settings(existing)
        try takeEffect(kind, on: &form)
        if let place { form.sections[place] = section } else { form.sections.append(section) }
        try Self.checkItems(of: form)
        return (section, place == nil)
    }

    private func place(in form: Form) throws -> Int? {
        if let id = try fields.text("id") {
            guard let place = form.sections.firstIndex(where: { $0.id == id }) else {
                throw RestError.notFound("The form has no section \(id).")
            }
            return place
        }
        let type = try fields.text("type")
        guard type != FormSection.Kind.custom.rawValue else { return nil }
        return form.sections.firstIndex { $0.type == type }
    }

    private func type(_ existing: FormSection?) throws -> String {
        guard let type = try fields.text("type") ?? existing?.type else { throw RestError.missingField("type") }
        if let existing {
            guard existing.type == type else {
                throw RestError.invalidValue("type", "it cannot be changed from \(existing.type).")
            }
            return type
        }
        guard FormSection.Kind(rawValue: type) != nil else {
            throw RestError.invalidChoice("type", type, valid: FormSection.Kind.allCases.map(\.rawValue))
        }
        return type
    }

    private func settings(_ existing: FormSection?) throws -> JSONValue? {
        var settings = existing?.settings?.object ?? [:]
        for (name, value) in fields.values where !Self.common.contains(name) { settings[name] = value }
        guard !settings.isEmpty else { return nil }
        guard try JSONEncoder().encode(settings).count <= Self.settingsLimit else {
            throw RestError(
                400, "The section's fields may have at most \(Self.settingsLimit) bytes in all.",
                subcode: "validation.common.field.invalid.value", arguments: ["section"])
        }
        return .object(settings)
    }

    private func takeEffect(_ kind: FormSection.Kind?, on form: inout Form) throws {
        switch kind {
        case .handling: try HandlingRequest(fields: fields).set(&form)
        case .deviceFilter:
            if let names = try DeviceFilter(fields, edit.directory)?.effective { form.targetDeviceNames = names }
        case .senderOverrides:
            form.senderOverrides = try SenderOverridesRequest(fields: fields).overrides(form.senderOverrides)
        case .recipients:
            try checkSearchableTypes()
            if let list = try fields.list("recipients") {
                form.recipients = try list.map { try Form.recipient($0, edit.directory) }
            }
        case .conferenceBridge:
            if let type = try fields.text("bridgeType", limit: 100) {
                guard !type.isEmpty, type.utf8.allSatisfy({ (65...90).contains($0) || $0 == 95 }) else {
                    throw RestError.invalidValue("bridgeType", "it must be a name as XMATTERS_BRIDGES_ONLY is.")
                }
            }
        case .incident:
            for name in ["summary", "description", "severity"] { try checkOption(name) }
        case .custom, .responseChoices, .attachments, .documentUpload, nil: break
        }
    }

    private func checkSearchableTypes() throws {
        guard let types = try fields.object("searchableTypes") else { return }
        for name in ["devices", "groups", "services", "sites", "users"] { _ = try types.bool(name) }
    }

    private func checkOption(_ name: String) throws {
        guard let option = try fields.object(name) else { return }
        _ = try (option.bool("visible"), option.bool("required"), option.integer("orderNum", in: 0...1000))
    }

    // MARK: Items

    private func item(
        _ fields: RequestFields, at place: Int, existing: [FormSection.Item], in form: Form
    ) throws -> FormSection.Item {
        guard let reference = try fields.reference("propertyDefinition") else {
            throw RestError.missingField(fields.name("propertyDefinition"))
        }
        guard let property = try edit.directory.resolve(PropertyDefinition.self, reference, in: form.plan) else {
            throw RestError.invalidValue(
                fields.name("propertyDefinition"), "the form's plan has no property \(reference).")
        }
        var item =
            existing.first { $0.propertyDefinition == property.id }
            ?? FormSection.Item(id: edit.newID(), orderNum: place, propertyDefinition: property.id)
        item.orderNum = try fields.integer("orderNum", in: 0...1000) ?? place
        item.required = try fields.bool("required") ?? item.required
        item.multiLineText = try fields.bool("multiLineText") ?? item.multiLineText
        item.visible = try fields.bool("visible") ?? item.visible
        item.includeInCallback = try fields.bool("includeInCallback") ?? item.includeInCallback
        return item
    }

    /// A property can be on a form only once.
    private static func checkItems(of form: Form) throws {
        var seen: Set<String> = []
        for item in form.sections.flatMap(\.items) where !seen.insert(item.propertyDefinition).inserted {
            throw RestError.invalidValue("items", "the property \(item.propertyDefinition) is on the form already.")
        }
    }
}

extension FormSection.Kind {
    /// Where a request gives none.
    fileprivate var title: String {
        switch self {
        case .custom: "Properties"
        case .recipients: "Recipients"
        case .deviceFilter: "Devices"
        case .handling: "Handling"
        case .conferenceBridge: "Conference Bridge"
        case .senderOverrides: "Sender Overrides"
        case .responseChoices: "Response Choices"
        case .attachments: "Attachments"
        case .incident: "Incident"
        case .documentUpload: "Documents"
        }
    }
}
