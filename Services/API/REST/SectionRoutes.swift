import AlertCore
import Persistence

extension RESTServices {
    /// The sections of forms: which properties a form has, and its handling options (spec §4.7).
    var sectionRoutes: [RESTRoute] {
        [
            .get("forms/{form}/sections") { call in
                try await read { directory in
                    let form = try call.form(directory)
                    let sections = form.sections.sorted { $0.orderNum < $1.orderNum }
                    return .ok(try call.page(of: try sections.map { try $0.wire(of: form, directory) }))
                }
            },
            .post("forms/{form}/sections", saveSection),
        ]
    }

    private func saveSection(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            var form = try call.form(edit.directory)
            let place = try SectionRequest.place(of: fields, in: form)
            let request = SectionRequest(fields: fields, edit: edit)
            let section = try request.section(place.map { form.sections[$0] }, in: form)
            if let place { form.sections[place] = section } else { form.sections.append(section) }
            if section.type == SectionRequest.Kind.handling.rawValue { try request.setDefaults(of: &form) }
            try SectionRequest.checkItems(of: form)
            try edit.put(form)
            return .saved(try section.wire(of: form, edit.directory), isNew: place == nil)
        }
    }
}

extension FormSection {
    func wire(of form: Form, _ directory: Directory) throws -> JSONValue {
        var fields: [String: JSONValue?] = [
            "id": .string(id), "form": form.reference, "title": .string(title), "type": .string(type),
            "visible": .bool(visible), "collapsed": .bool(collapsed), "orderNum": .whole(orderNum),
            "links": .links("\(form.path)/sections"),
        ]
        if type == SectionRequest.Kind.handling.rawValue {
            fields["priority"] = ["value": .string(form.priority.rawValue), "visible": true, "orderNum": 1]
            fields["expiration"] = ["duration": .whole(form.expirationInMinutes), "unit": "MINUTES"]
        } else {
            let items = items.sorted { $0.orderNum < $1.orderNum }
            fields["items"] = .array(try items.map { try $0.wire(of: self, in: form, directory) })
        }
        return .fields(fields)
    }
}

extension FormSection.Item {
    fileprivate func wire(of section: FormSection, in form: Form, _ directory: Directory) throws -> JSONValue {
        .fields([
            "id": .string(id), "formSection": ["id": .string(section.id)], "orderNum": .whole(orderNum),
            "required": .bool(required), "multiLineText": .bool(multiLineText), "visible": .bool(visible),
            "includeInCallback": .bool(includeInCallback),
            "propertyDefinition": try directory.get(PropertyDefinition.self, id: propertyDefinition)?.reference,
        ])
    }
}

/// The fields of a section; those that are absent stay as they are, and `items` replaces all items.
struct SectionRequest {
    /// The types that do something here.
    enum Kind: String, CaseIterable {
        case custom = "CUSTOM_SECTION"
        case handling = "HANDLING_OPTIONS"
    }

    private static let otherTypes: Set<String> = [
        "CONFERENCE_BRIDGE", "DEVICE_FILTER", "ATTACHMENTS", "SENDER_OVERRIDES", "RECIPIENTS", "RESPONSE_CHOICES",
        "INCIDENT", "DOCUMENT_UPLOAD",
    ]

    let fields: RequestFields
    let edit: DirectoryEdit

    /// The section that the request modifies. There is at most one with handling options.
    static func place(of fields: RequestFields, in form: Form) throws(RestError) -> Int? {
        if let id = try fields.text("id") {
            guard let place = form.sections.firstIndex(where: { $0.id == id }) else {
                throw .notFound("The form has no section \(id).")
            }
            return place
        }
        guard try fields.text("type") == Kind.handling.rawValue else { return nil }
        return form.sections.firstIndex { $0.type == Kind.handling.rawValue }
    }

    func section(_ existing: FormSection?, in form: Form) throws -> FormSection {
        let kind = try kind(existing)
        let title = try fields.requiredName(
            "title", or: existing?.title ?? (kind == .handling ? "Handling" : "Properties"))
        var section =
            existing
            ?? FormSection(id: edit.newID(), title: title, type: kind.rawValue, orderNum: form.sections.count + 1)
        section.title = title
        section.visible = try fields.bool("visible") ?? section.visible
        section.collapsed = try fields.bool("collapsed") ?? section.collapsed
        section.orderNum = try fields.integer("orderNum", in: 0...1000) ?? section.orderNum
        if kind == .custom, let items = try fields.objects("items", limit: 200) {
            section.items = try items.enumerated().map { index, item in
                try self.item(item, at: index + 1, existing: section.items, in: form)
            }
        }
        return section
    }

    private func kind(_ existing: FormSection?) throws(RestError) -> Kind {
        guard let text = try fields.text("type") ?? existing?.type else { throw .missingField("type") }
        if let existing, existing.type != text {
            throw .invalidValue("type", "it cannot be changed from \(existing.type).")
        }
        if let kind = Kind(rawValue: text) { return kind }
        let supported = Kind.allCases.map(\.rawValue)
        guard Self.otherTypes.contains(text) else { throw .invalidChoice("type", text, valid: supported) }
        throw .unsupported("type", text, supported: supported.joined(separator: ", "))
    }

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
    static func checkItems(of form: Form) throws(RestError) {
        var seen: Set<String> = []
        for item in form.sections.flatMap(\.items) where !seen.insert(item.propertyDefinition).inserted {
            throw .invalidValue("items", "the property \(item.propertyDefinition) is on the form already.")
        }
    }

    // MARK: Handling options

    /// `priority` and `expiration`, plain or as the `value` of an option; or `expirationInMinutes`.
    func setDefaults(of form: inout Form) throws(RestError) {
        if let value = fields["priority"] {
            guard let text = value.string ?? value["value"]?.string else {
                throw .wrongType("priority", expected: "a string", found: value.kindName)
            }
            guard let priority = Priority(ignoringCase: text) else {
                throw .invalidChoice("priority", text, valid: Priority.allCases.map(\.rawValue))
            }
            form.priority = priority
        }
        form.expirationInMinutes = try expirationMinutes() ?? form.expirationInMinutes
    }

    /// From a minute to a year.
    private static let expiration = 1...525_600

    private func expirationMinutes() throws(RestError) -> Int? {
        if let minutes = try fields.integer("expirationInMinutes", in: Self.expiration) { return minutes }
        guard let outer = try fields.object("expiration") else { return nil }
        let given = outer["value"]?.object == nil ? outer : try outer.object("value") ?? outer
        guard let duration = try given.integer("duration", in: Self.expiration) else {
            throw .missingField(given.name("duration"))
        }
        let unit = try given.text("unit") ?? "MINUTES"
        let minutes = ["MINUTE": 1, "HOUR": 60, "DAY": 1440]
        let singular = unit.uppercased().hasSuffix("S") ? String(unit.uppercased().dropLast()) : unit.uppercased()
        guard let factor = minutes[singular] else {
            throw .invalidChoice(given.name("unit"), unit, valid: ["MINUTES", "HOURS", "DAYS"])
        }
        guard Self.expiration.contains(duration * factor) else {
            throw .invalidValue(given.name("duration"), "it must be at most a year.")
        }
        return duration * factor
    }
}
