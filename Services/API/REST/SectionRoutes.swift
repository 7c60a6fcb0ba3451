import AlertCore
import Persistence

extension RESTServices {
    /// The sections of forms: which properties a form has, and how its alerts are handled (spec §4.7).
    var sectionRoutes: [RESTRoute] {
        [
            .get("forms/{form}/sections") { call in
                try await read { .ok(try call.page(of: try call.form($0).sectionsWire($0))) }
            },
            .post("forms/{form}/sections", saveSection),
            .get("forms/{form}/sections/{section}") { call in
                try await read { directory in
                    let form = try call.form(directory)
                    guard let section = form.sections.first(where: { $0.id == call.parameter("section") }) else {
                        throw RestError.notFound("The form has no section \(call.parameter("section")).")
                    }
                    return .ok(try section.wire(of: form, directory))
                }
            },
            .delete("forms/{form}/sections/{section}", deleteSection),
        ]
    }

    private func saveSection(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            var form = try call.form(edit.directory)
            let (section, isNew) = try SectionRequest(fields: fields, edit: edit).save(in: &form)
            try edit.put(form)
            return .saved(try section.wire(of: form, edit.directory), isNew: isNew)
        }
    }

    private func deleteSection(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            var form = try call.form(edit.directory)
            guard let place = form.sections.firstIndex(where: { $0.id == call.parameter("section") }) else {
                return .noContent
            }
            let answer = try form.sections[place].wire(of: form, edit.directory)
            form.removeSection(at: place)
            try edit.put(form)
            return .ok(answer)
        }
    }
}

extension Form {
    func sectionsWire(_ directory: Directory) throws -> [JSONValue] {
        try sections.sorted { $0.orderNum < $1.orderNum }.map { try $0.wire(of: self, directory) }
    }

    /// What the section set goes back to what it is without one.
    fileprivate mutating func removeSection(at place: Int) {
        let section = sections.remove(at: place)
        switch FormSection.Kind(rawValue: section.type) {
        case .deviceFilter: targetDeviceNames = []
        case .senderOverrides: senderOverrides = nil
        case .handling:
            let plain = Form(id: id, number: number, plan: plan, name: name)
            priority = plain.priority
            expirationInMinutes = plain.expirationInMinutes
            handling = plain.handling
            responseCountsEnabled = plain.responseCountsEnabled
            otherResponseCountThreshold = plain.otherResponseCountThreshold
        case .custom, .recipients, .conferenceBridge, .responseChoices, .attachments, .incident, .documentUpload, nil:
            break
        }
    }
}

extension FormSection {
    /// What was stored of this kind's own fields, overlaid with what takes effect.
    func wire(of form: Form, _ directory: Directory) throws -> JSONValue {
        var fields: [String: JSONValue?] = settings?.object ?? [:]
        fields.merge([
            "id": .string(id), "form": form.reference, "title": .string(title), "type": .string(type),
            "visible": .bool(visible), "collapsed": .bool(collapsed), "orderNum": .whole(orderNum),
            "links": .links("\(form.path)/sections/\(id)"),
        ]) { $1 }
        switch Kind(rawValue: type) {
        case .custom:
            let items = items.sorted { $0.orderNum < $1.orderNum }
            fields["items"] = .array(try items.map { try $0.wire(of: self, in: form, directory) })
        case .handling: fields.merge(HandlingWire(settings: settings, form: form).fields) { $1 }
        case .deviceFilter:
            fields["targetDeviceNames"] = .embeddedPage(
                try DeviceFilter(settings: settings, directory).wire(selected: form.targetDeviceNames),
                path: "\(RESTPath.base)\(form.path)/sections/\(id)")
        case .senderOverrides:
            for (name, value) in [
                ("displayName", form.senderOverrides?.displayName), ("callerId", form.senderOverrides?.callerId),
            ] {
                fields[name] = .option(settings?[name], value: value.map(JSONValue.string))
            }
        case .recipients:
            fields["recipients"] = .embeddedPage(
                try form.recipientsWire(directory), path: "\(RESTPath.base)\(form.path)/recipients")
        case .responseChoices:
            fields["responseOptions"] = .embeddedPage(
                form.responseOptions.map { $0.wire(of: form) }, path: "\(RESTPath.base)\(form.path)/response-options")
        case .conferenceBridge, .attachments, .incident, .documentUpload, nil: break
        }
        return .fields(fields)
    }
}

extension JSONValue {
    /// An option of a section: what was stored of it, with the value that holds.
    static func option(_ stored: JSONValue?, value: JSONValue?, orderNum: Int? = nil) -> JSONValue {
        var fields: [String: JSONValue?] = stored?.object ?? [:]
        fields["value"] = .some(value)
        fields["visible"] = fields["visible"] ?? true
        if let orderNum { fields["orderNum"] = fields["orderNum"] ?? .whole(orderNum) }
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
