import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// Devices (spec §4.5). Everybody may change their own.
    var deviceRoutes: [RESTRoute] {
        [
            .get("devices", listDevices),
            .post("devices", permission: .signIn, saveDevice),
            .get("devices/{device}", getDevice),
            .post("devices/{device}", permission: .signIn, saveDevice),
            .delete("devices/{device}", permission: .signIn, deleteDevice),
            .get("devices/{device}/timeframes", listTimeframes),
        ]
    }

    private func listDevices(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let status = try call.query.choice("deviceStatus", of: RecipientStatus.allCases.map(\.rawValue))
        let valid = Device.Kind.allCases.map(\.rawValue)
        let types = try EventQuery.choices(call.query, "deviceType", of: valid)
        let names = call.query.list("deviceNames")?.map { $0.lowercased() }
        try DeviceRepresentation.checkPhoneNumberFormat(call.query)
        return try await read { directory in
            let page = try directory.list(
                Device.self, offset: paging.offset, limit: paging.limit,
                where: { device in
                    (status.map { device.status.rawValue == $0 } ?? true)
                        && (types.isEmpty || types.contains(device.deviceType.rawValue))
                        && (names?.contains(device.name.lowercased()) ?? true)
                })
            let shown = try DeviceRepresentation(directory)
            let devices = try page.entries.map { device in
                shown.json(
                    device, of: try directory.get(Person.self, id: device.owner),
                    withTimeframes: call.query.embedsTimeframes)
            }
            return .ok(call.page(devices, total: page.total, paging))
        }
    }

    private func getDevice(_ call: RESTCall) async throws -> RESTAnswer {
        try DeviceRepresentation.checkPhoneNumberFormat(call.query)
        return try await read { directory in
            let device = try directory.requiredDevice(call.parameter("device"))
            return .ok(try device.wire(directory, withTimeframes: call.query.embedsTimeframes))
        }
    }

    private func saveDevice(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try (call.parameters["device"] ?? fields.text("id"))
                .map { try edit.directory.requiredDevice($0) }
            let request = DeviceRequest(fields: fields, secrets: secrets)
            let owner = try request.owner(of: existing, edit)
            try call.caller.requireEditingDevices(of: owner)
            let device = try request.device(existing, of: owner, edit)
            try edit.requirePrivilege(for: device, of: owner)
            if let existing { try edit.requirePrivilege(for: existing, of: owner) }
            try edit.put(device)
            try edit.putInOrder(device)
            let saved = try edit.directory.get(Device.self, id: device.id) ?? device
            let withTimeframes = existing == nil || call.query.embedsTimeframes
            return .saved(try saved.wire(edit.directory, withTimeframes: withTimeframes), isNew: existing == nil)
        }
    }

    private func deleteDevice(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            guard let device = try edit.directory.device(call.parameter("device")) else { return .noContent }
            if let owner = try edit.directory.get(Person.self, id: device.owner) {
                try call.caller.requireEditingDevices(of: owner)
                try edit.requirePrivilege(for: device, of: owner)
            }
            let answer = try device.wire(edit.directory)
            try edit.delete(device)
            try edit.closeGaps(in: device.owner)
            return .ok(answer)
        }
    }

    private func listTimeframes(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let device = try directory.requiredDevice(call.parameter("device"))
            let owner = try directory.get(Person.self, id: device.owner)
            return .ok(try call.page(of: device.shownTimeframes(owner).map(\.wire)))
        }
    }
}

extension Directory {
    /// The device of that id, or of a name as in `bsmith|Work Email`.
    func device(_ idOrTargetName: String) throws -> Device? {
        if let device = try get(Device.self, id: idOrTargetName) { return device }
        let parts = idOrTargetName.split(separator: "|", maxSplits: 1).map(String.init)
        guard parts.count == 2, let owner = try resolve(Person.self, parts[0]) else { return nil }
        return try find(Device.self, name: parts[1], in: owner.id)
    }

    func requiredDevice(_ idOrTargetName: String) throws -> Device {
        guard let device = try device(idOrTargetName) else {
            throw RestError.notFound("There is no device \(idOrTargetName).")
        }
        return device
    }
}

extension DirectoryEdit {
    /// Gives the devices of the owner the places 1, 2, … with this one at the place that it asks for; a place
    /// past the end is the last (spec §4.5).
    func putInOrder(_ device: Device) throws {
        var others = try inOrder(device.owner).filter { $0.id != device.id }
        others.insert(device, at: min(device.sequence - 1, others.count))
        try number(others)
    }

    /// As ``putInOrder(_:)``, after one has gone.
    func closeGaps(in owner: String) throws { try number(inOrder(owner)) }

    private func inOrder(_ owner: String) throws -> [Device] {
        try directory.all(Device.self, in: owner).sorted { ($0.sequence, $0.number) < ($1.sequence, $1.number) }
    }

    private func number(_ devices: [Device]) throws {
        for (index, var device) in devices.enumerated() where device.sequence != index + 1 {
            device.sequence = index + 1
            try put(device)
        }
    }

    /// - Throws: 403 for a device whose name is privileged, when the caller does not administer its owner.
    func requirePrivilege(for device: Device, of owner: Person) throws {
        let name = try directory.deviceNames().first { $0.name.lowercased() == device.name.lowercased() }
        guard name?.privileged == true, !call.caller.administers(owner) else { return }
        throw Caller.refusal("The device \(device.name) is privileged: only those who administer users change it.")
    }
}
