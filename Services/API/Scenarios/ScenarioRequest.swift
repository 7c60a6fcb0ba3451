import AlertCore
import Persistence

/// The fields of a scenario; those that are absent stay as they are.
struct ScenarioRequest {
    /// How many a form may have.
    private static let limit = 1000

    let fields: RequestFields
    let view: DirectoryView

    func scenario(_ existing: Scenario?, of form: Form, _ edit: DirectoryEdit) throws -> Scenario {
        let name = try fields.requiredName("name", or: existing?.name)
        var scenario = try existing ?? new(name, form, edit)
        scenario.name = name
        scenario.description = try fields.text("description") ?? scenario.description
        scenario.position = try fields.integer("position", in: 0...1_000_000) ?? scenario.position
        if fields.has("permitted") {
            scenario.permissions = try ScenarioPermission.all(
                fields.elements("permitted") ?? [], field: "permitted", edit.directory)
        }
        let plan = try edit.directory.required(Plan.self, form.plan)
        scenario.kept = try KeptRequestFields(fields: fields, form: form, plan: plan, view: view)
            .kept(scenario.kept, isWhole: false)
        return scenario
    }

    private func new(_ name: String, _ form: Form, _ edit: DirectoryEdit) throws -> Scenario {
        let count = try edit.directory.list(Scenario.self, in: form.id, offset: 0, limit: 1).total
        guard count < Self.limit else {
            throw RestError.conflict(
                "The form \(form.name) has \(Self.limit) scenarios, which is the most.",
                subcode: "validation.scenario.too_many")
        }
        return Scenario(id: edit.newID(), form: form.id, name: name, position: count, created: edit.now)
    }
}

extension ScenarioPermission {
    /// Each person and role once, as said last.
    static func all(_ list: [JSONValue], field: String, _ directory: Directory) throws -> [ScenarioPermission] {
        var permissions: [ScenarioPermission] = []
        for fields in try RequestFields([field: .array(list)]).objects(field) ?? [] {
            let permission = try ScenarioPermission(fields, directory)
            permissions.removeAll { $0.senderType == permission.senderType && $0.sender == permission.sender }
            permissions.append(permission)
        }
        return permissions
    }

    /// The platform names the parts in three ways.
    private init(_ fields: RequestFields, _ directory: Directory) throws {
        let names = ["senderType", "permissibleType", "permissionType"]
        guard let typeName = names.first(where: fields.has),
            let type = try fields.choice(typeName, SenderPermission.SenderType.self)
        else { throw RestError.missingField(fields.name("senderType")) }
        let places = ["sender", "person", "role", "recipientId"]
        guard let place = places.first(where: fields.has), let reference = try fields.reference(place) else {
            throw RestError.missingField(fields.name("sender"))
        }
        let sender: String? =
            switch type {
            case .person: try directory.resolve(Person.self, reference)?.id
            case .role: Role.name(of: reference)
            }
        guard let sender else {
            throw RestError.invalidValue(
                fields.name(place), "there is no \(type.rawValue.lowercased()) \(reference).")
        }
        let edits =
            try fields.bool("editScenarios") ?? fields.bool("editor") ?? fields.bool("hasEditPermission") ?? false
        self.init(senderType: type, sender: sender, editScenarios: edits)
    }

    /// Of somebody who has been deleted, only the id.
    private func who(_ directory: Directory) throws -> JSONValue {
        let found: JSONValue? =
            switch senderType {
            case .person: try directory.get(Person.self, id: sender)?.reference
            case .role: Role.wire(named: sender)
            }
        return found ?? ["id": .string(sender)]
    }

    func wire(_ directory: Directory) throws -> JSONValue {
        [
            "senderType": .string(senderType.rawValue), "sender": try who(directory),
            "editScenarios": .bool(editScenarios),
        ]
    }

    /// As an element of a scenario's `permitted`.
    func permitted(_ directory: Directory) throws -> JSONValue {
        let who = try who(directory)
        let names = [who["firstName"]?.string, who["lastName"]?.string].compactMap { $0 }
        let name = names.isEmpty ? who["name"]?.string ?? sender : names.joined(separator: " ")
        return [
            "permissibleType": .string(senderType.rawValue), "permissionType": .string(senderType.rawValue),
            senderType == .person ? "person" : "role": who, "editor": .bool(editScenarios),
            "hasEditPermission": .bool(editScenarios), "displayName": .string(name), "recipientId": .string(sender),
        ]
    }
}

extension Scenario {
    var path: String { "/scenarios/\(id)" }

    func wire(_ directory: Directory) throws -> JSONValue {
        let form = try directory.get(Form.self, id: form)
        var fields = try KeptRequestRepresentation(
            kept: kept, form: form, lookup: KeptLookup(directory), path: path
        ).fields()
        fields["id"] = .string(id)
        fields["name"] = .string(name)
        fields["description"] = .string(description)
        fields["position"] = .whole(position)
        fields["created"] = .string(created.iso)
        fields["form"] = form?.reference ?? ["id": .string(self.form)]
        fields["plan"] = try form.flatMap { try directory.get(Plan.self, id: $0.plan) }?.reference
        fields["permitted"] = .embeddedPage(
            try permissions.map { try $0.permitted(directory) },
            path: "\(RESTPath.base)\(path)/sender-permissions")
        fields["links"] = .links(path)
        return .fields(fields)
    }
}
