import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// What devices can be called (spec §4.5).
    var deviceNameRoutes: [RESTRoute] {
        [
            .get("device-names", listDeviceNames),
            .post("device-names", permission: .administerSystem, saveDeviceName),
            .post("deviceName", permission: .administerSystem, saveDeviceName),  // as the platform's documentation says
            .get("device-names/{name}") { call in
                try await read { .ok(try $0.requiredDeviceName(call.parameter("name")).wire) }
            },
            .post("device-names/{name}", permission: .administerSystem, saveDeviceName),
            .delete("device-names/{name}", permission: .administerSystem, deleteDeviceName),
        ]
    }

    private func listDeviceNames(_ call: RESTCall) async throws -> RESTAnswer {
        let types = try EventQuery.choices(call.query, "deviceTypes", of: Device.Kind.allCases.map(\.rawValue))
        let search = try Search(call.query)
        let order = try call.query.choice("sortBy", of: ["NAME", "DEVICE_TYPE"])
        let isDescending = try call.query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
        return try await read { directory in
            var names = try directory.deviceNames()
                .filter { types.isEmpty || types.contains($0.deviceType.rawValue) }
                .filter { search.matches([$0.name, $0.description]) }
            if order == "DEVICE_TYPE" {
                names.sort {
                    ($0.deviceType.rawValue, $0.name.lowercased()) < ($1.deviceType.rawValue, $1.name.lowercased())
                }
            }
            if isDescending { names.reverse() }
            return .ok(try call.page(of: names.map(\.wire)))
        }
    }

    private func saveDeviceName(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try (call.parameters["name"] ?? fields.text("id"))
                .map { try edit.directory.requiredDeviceName($0) }
            let name = try DeviceNameRequest(fields: fields).deviceName(existing, edit)
            try edit.put(name)
            return .saved(name.wire, isNew: existing == nil)
        }
    }

    private func deleteDeviceName(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            let wanted = call.parameter("name")
            guard var name = try edit.directory.deviceName(wanted) else { return .noContent }
            let users = try edit.directory.all(Device.self).filter { $0.name.lowercased() == name.name.lowercased() }
            guard users.isEmpty else {
                throw RestError.conflict(
                    "\(users.count) devices are called \(name.name).", subcode: "validation.common.in_use")
            }
            let answer = name.wire
            if DeviceName.standard.contains(where: { $0.id == name.id }) {
                name.isRemoved = true  // it would come back if there were nothing
                try edit.put(name)
            } else {
                try edit.delete(name)
            }
            return .ok(answer)
        }
    }
}

extension Directory {
    func deviceName(_ idOrName: String) throws -> DeviceName? {
        try deviceNames().first { $0.id == idOrName || $0.name.lowercased() == idOrName.lowercased() }
    }

    func requiredDeviceName(_ idOrName: String) throws -> DeviceName {
        guard let name = try deviceName(idOrName) else {
            throw RestError.notFound("There is no device name \(idOrName).")
        }
        return name
    }
}

extension DeviceName {
    var wire: JSONValue {
        var fields: [String: JSONValue] = [
            "id": .string(id), "name": .string(name), "deviceType": .string(deviceType.rawValue),
            "description": .string(description), "privileged": .bool(privileged),
            "links": .links("/device-names/\(id)"),
        ]
        if deviceType == .email { fields["domains"] = .array(domains.map(JSONValue.string)) }
        return .object(fields)
    }
}

/// The fields of a device name; those that are absent stay as they are.
private struct DeviceNameRequest {
    let fields: RequestFields

    func deviceName(_ existing: DeviceName?, _ edit: DirectoryEdit) throws -> DeviceName {
        let name = try fields.requiredName("name", or: existing?.name, limit: 100)
        guard !name.contains("|") else { throw RestError.invalidValue("name", "it holds a '|'.") }
        if let other = try edit.directory.deviceName(name), other.id != existing?.id {
            throw RestError(
                409, "The name field contains a value that is taken already: \(name).",
                subcode: "validation.common.field.not_unique", arguments: ["name", name])
        }
        guard let kind = try fields.choice("deviceType", Device.Kind.self) ?? existing?.deviceType else {
            throw RestError.missingField("deviceType")
        }
        guard existing == nil || existing?.deviceType == kind else {
            throw RestError.invalidValue("deviceType", "it cannot be changed.")
        }
        // One of every installation that was deleted comes back under its own id: names are unique.
        let removed = try edit.directory.find(DeviceName.self, name: name)
        var result = existing ?? DeviceName(id: removed?.id ?? edit.newID(), name: name, deviceType: kind)
        result.name = name
        result.description = try fields.text("description", limit: 1000) ?? result.description
        result.privileged = try fields.bool("privileged") ?? result.privileged
        result.domains = try domains(kind) ?? result.domains
        return result
    }

    private func domains(_ kind: Device.Kind) throws(RestError) -> [String]? {
        guard let domains = try fields.texts("domains", limit: 100) else { return nil }
        guard kind == .email || domains.isEmpty else {
            throw .invalidValue("domains", "only names of EMAIL devices have domains.")
        }
        for domain in domains where domain.wholeMatch(of: /[A-Za-z0-9.-]{1,253}/) == nil {
            throw .invalidValue("domains", "\(domain) is no domain.")
        }
        return domains.map { $0.lowercased() }
    }
}
