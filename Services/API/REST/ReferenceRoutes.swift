import AlertCore
import Persistence

extension RESTServices {
    /// What is the same in every installation: roles, device types, device names (spec §4.5, §4.8).
    var referenceRoutes: [RESTRoute] {
        [
            .get("roles") { call in
                let name = call.query["name"]?.lowercased()
                let roles = Role.all.filter { role in name.map { role.name.lowercased() == $0 } ?? true }
                return .ok(try call.page(of: roles.compactMap { Role.wire(named: $0.name) }))
            },
            .get("device-types") { call in
                .ok(try call.page(of: Device.Kind.allCases.map { .string($0.rawValue) }))
            },
            .get("device-names", listDeviceNames),
        ]
    }

    private func listDeviceNames(_ call: RESTCall) async throws -> RESTAnswer {
        let types = call.query.list("deviceTypes").map { Set($0.map { $0.uppercased() }) }
        let search = try Search(call.query)
        let isDescending = try call.query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
        var names = Self.deviceNames.filter { types?.contains($0.type.rawValue) ?? true }
            .filter { search.matches([$0.name]) }
        if isDescending { names.reverse() }
        return .ok(
            try call.page(
                of: names.map { name in
                    [
                        "id": .string(DerivedID.uuid("device-name", name.name)), "name": .string(name.name),
                        "deviceType": .string(name.type.rawValue), "description": "", "privileged": false,
                    ]
                }))
    }

    static let deviceNames: [(name: String, type: Device.Kind)] = [
        ("Android Phone", .androidPush), ("Android tablet", .androidPush), ("Fax", .fax), ("Home Email", .email),
        ("Home Phone", .voice), ("iPad", .applePush), ("iPhone", .applePush), ("iPod", .applePush),
        ("Mobile Phone", .voice), ("Numeric Pager", .textPager), ("Pager", .textPager), ("SMS Phone", .textPhone),
        ("Work Email", .email), ("Work Phone", .voice),
    ]
}

extension Role {
    /// The name of the role of that name, ignoring case, or of that id.
    static func name(of reference: String) -> String? {
        all.first { $0.name.lowercased() == reference.lowercased() || DerivedID.uuid("role", $0.name) == reference }?
            .name
    }

    /// The role of that name as the API shows it.
    static func wire(named name: String) -> JSONValue? {
        guard let role = all.first(where: { $0.name == name }) else { return nil }
        return [
            "id": .string(DerivedID.uuid("role", role.name)), "name": .string(role.name),
            "description": .string(role.description),
        ]
    }
}
