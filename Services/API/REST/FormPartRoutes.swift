import AlertCore
import Persistence

extension RESTServices {
    /// Who is told, and who may tell them (spec §4.7, §4.9).
    var formPartRoutes: [RESTRoute] {
        [
            .get("forms/{form}/recipients") { call in
                try await read { .ok(try call.page(of: try call.form($0).recipientsWire($0))) }
            },
            .put("forms/{form}/recipients", putRecipients),
            .get("forms/{form}/sender-permissions") { call in
                try await read { directory in
                    let permissions = try call.form(directory).senderPermissions
                    return .ok(try call.page(of: permissions.map { try $0.wire(directory) }))
                }
            },
            .put("forms/{form}/sender-permissions", putSenderPermissions),
        ]
    }

    private func putRecipients(_ call: RESTCall) async throws -> RESTAnswer {
        let list = try call.array("recipients")
        return try await write(call) { edit in
            var form = try call.form(edit.directory)
            form.recipients = try list.map { try Form.recipient($0, edit.directory) }
            try edit.put(form)
            return .ok(try call.page(of: try form.recipientsWire(edit.directory)))
        }
    }

    /// Takes the place of all permissions; an empty list opens the form to everybody.
    private func putSenderPermissions(_ call: RESTCall) async throws -> RESTAnswer {
        let field = "senderPermissions"
        let list = try RequestFields([field: .array(call.array(field))]).objects(field) ?? []
        return try await write(call) { edit in
            var form = try call.form(edit.directory)
            var permissions: [SenderPermission] = []
            for fields in list {
                let permission = try SenderPermission(fields, edit.directory)
                permissions.removeAll {
                    $0.senderType == permission.senderType && $0.sender == permission.sender
                }
                permissions.append(permission)
            }
            form.senderPermissions = permissions
            try edit.put(form)
            return .ok(try call.page(of: permissions.map { try $0.wire(edit.directory) }))
        }
    }
}

extension RESTCall {
    /// The body: an array, or an object that holds one under the name or, as we answer it, as `data`.
    func array(_ name: String, limit: Int = 1000) throws -> [JSONValue] {
        let values = body?.array == nil ? try fields().values : [name: body ?? .null]
        let fields = RequestFields(values)
        guard let list = try fields.list(name, limit: limit) ?? fields.list("data", limit: limit) else {
            throw RestError.missingField(name)
        }
        return list
    }
}

extension Form {
    /// The id of the person, group or device that an element of `recipients` names.
    static func recipient(_ value: JSONValue, _ directory: Directory) throws -> String {
        guard let reference = RequestFields.reference(value) else {
            throw RestError.wrongType("recipients", expected: "an array of recipients", found: value.kindName)
        }
        let type = value["recipientType"]?.string.map { $0 == "DYNAMIC_TEAM" ? "GROUP" : $0 }
        func mayBe(_ kind: AlertRecipient.Kind) -> Bool { type == nil || type == kind.rawValue }
        if mayBe(.person), let person = try directory.resolve(Person.self, reference) { return person.id }
        if mayBe(.group), let group = try directory.resolve(Group.self, reference) { return group.id }
        if mayBe(.device), let device = try directory.device(reference) { return device.id }
        throw RestError.invalidValue("recipients", "there is no person, group or device \(reference).")
    }
}

extension SenderPermission {
    fileprivate init(_ fields: RequestFields, _ directory: Directory) throws {
        guard let type = try fields.choice("senderType", SenderType.self) else {
            throw RestError.missingField(fields.name("senderType"))
        }
        guard let reference = try fields.reference("sender") else {
            throw RestError.missingField(fields.name("sender"))
        }
        let sender: String?
        switch type {
        case .person: sender = try directory.resolve(Person.self, reference)?.id
        case .role: sender = Role.name(of: reference)
        }
        guard let sender else {
            throw RestError.invalidValue(
                fields.name("sender"), "there is no \(type.rawValue.lowercased()) \(reference).")
        }
        self.init(
            senderType: type, sender: sender, manageScenarios: try fields.bool("manageScenarios") ?? false)
    }

    /// Of somebody who has been deleted, only the id.
    func wire(_ directory: Directory) throws -> JSONValue {
        let who: JSONValue?
        switch senderType {
        case .person: who = try directory.get(Person.self, id: sender)?.reference
        case .role: who = Role.wire(named: sender)
        }
        return [
            "senderType": .string(senderType.rawValue), "sender": who ?? ["id": .string(sender)],
            "manageScenarios": .bool(manageScenarios),
        ]
    }
}
