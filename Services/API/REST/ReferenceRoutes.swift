import AlertCore
import Persistence

extension RESTServices {
    /// What is the same in every installation: roles, device types (spec §4.5, §4.8).
    var referenceRoutes: [RESTRoute] {
        [
            .get("roles") { call in
                let name = call.query["name"]?.lowercased() ?? ""
                let isPattern = try call.query.bool("allowWildcards") ?? false
                let roles = Role.all.map(\.name).filter { role in
                    name.isEmpty || (isPattern ? name.matches(wildcards: role.lowercased()) : role.lowercased() == name)
                }
                return .ok(try call.page(of: roles.compactMap(Role.wire(named:))))
            },
            .get("device-types") { call in
                .ok(try call.page(of: Device.Kind.allCases.map { .string($0.rawValue) }))
            },
        ]
    }
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

extension String {
    /// Whether this pattern, in which `*` stands for anything, fits all of the text.
    fileprivate func matches(wildcards text: String) -> Bool {
        let parts = split(separator: "*", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return self == text }
        guard text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.range(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
