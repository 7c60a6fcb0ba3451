import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// Devices (spec §4.5).
    var deviceRoutes: [RESTRoute] {
        [
            .get("devices", listDevices),
            .post("devices", saveDevice),
            .get("devices/{device}", getDevice),
            .post("devices/{device}", saveDevice),
            .delete("devices/{device}", deleteDevice),
        ]
    }

    private func listDevices(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let status = try call.query.choice("deviceStatus", of: RecipientStatus.allCases.map(\.rawValue))
        let type = try call.query.choice("deviceType", of: Device.Kind.allCases.map(\.rawValue))
        let names = call.query.list("deviceNames")?.map { $0.lowercased() }
        return try await read { directory in
            let page = try directory.list(
                Device.self, offset: paging.offset, limit: paging.limit,
                where: { device in
                    (status.map { device.status.rawValue == $0 } ?? true)
                        && (type.map { device.deviceType.rawValue == $0 } ?? true)
                        && (names?.contains(device.name.lowercased()) ?? true)
                })
            let devices = try page.entries.map { try $0.wire(directory) }
            return .ok(call.page(devices, total: page.total, paging))
        }
    }

    private func getDevice(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            .ok(try directory.requiredDevice(call.parameter("device")).wire(directory))
        }
    }

    private func saveDevice(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try (call.parameters["device"] ?? fields.text("id"))
                .map { try edit.directory.requiredDevice($0) }
            let device = try DeviceRequest(fields: fields).device(existing, edit)
            try edit.put(device)
            try edit.putInOrder(device)
            let saved = try edit.directory.get(Device.self, id: device.id) ?? device
            return .saved(try saved.wire(edit.directory), isNew: existing == nil)
        }
    }

    private func deleteDevice(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            guard let device = try edit.directory.device(call.parameter("device")) else { return .noContent }
            let answer = try device.wire(edit.directory)
            try edit.delete(device)
            return .ok(answer)
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
        var others = try directory.all(Device.self, in: device.owner).filter { $0.id != device.id }
        others.sort { ($0.sequence, $0.number) < ($1.sequence, $1.number) }
        others.insert(device, at: min(device.sequence - 1, others.count))
        for (index, var other) in others.enumerated() where other.sequence != index + 1 {
            other.sequence = index + 1
            try put(other)
        }
    }
}

// MARK: - What devices look like

extension Device {
    var path: String { "/devices/\(id)" }

    func wire(_ directory: Directory) throws -> JSONValue { wire(owner: try directory.get(Person.self, id: owner)) }

    func wire(owner person: Person?) -> JSONValue {
        .fields([
            "id": .string(id), "name": .string(name), "targetName": .string("\(person?.targetName ?? "")|\(name)"),
            "recipientType": "DEVICE", "deviceType": .string(deviceType.rawValue),
            "description": .string(description), "owner": person?.reference, "status": .string(status.rawValue),
            "emailAddress": .text(emailAddress), "phoneNumber": .text(phoneNumber),
            "defaultDevice": .bool(defaultDevice), "delay": .whole(delay), "sequence": .whole(sequence),
            "priorityThreshold": .string(priorityThreshold.rawValue),
            "testStatus": .string(testStatus.rawValue), "externalKey": .text(externalKey),
            "externallyOwned": .bool(externallyOwned), "links": .links(path),
        ])
    }
}

// MARK: - A device in a request

/// The fields of a device; those that are absent stay as they are.
struct DeviceRequest {
    let fields: RequestFields

    func device(_ existing: Device?, _ edit: DirectoryEdit) throws -> Device {
        try refuseUnsupported()
        let kind = try kind(existing)
        let name = try fields.requiredName("name", or: existing?.name)
        var device = try existing ?? new(kind: kind, name: name, edit)
        device.name = name
        device.emailAddress = try fields.text("emailAddress", limit: 254) ?? device.emailAddress
        device.phoneNumber = try fields.text("phoneNumber", limit: 40) ?? device.phoneNumber
        if kind == .email { try checkAddress(device.emailAddress) }
        device.description =
            try fields.text("description") ?? device.emailAddress ?? device.phoneNumber ?? device.description
        device.status = try fields.choice("status") ?? device.status
        device.defaultDevice = try fields.bool("defaultDevice") ?? device.defaultDevice
        device.delay = try fields.integer("delay", in: 0...10_080) ?? device.delay
        device.sequence = try fields.integer("sequence", in: 1...10_000) ?? device.sequence
        device.priorityThreshold = try fields.choice("priorityThreshold") ?? device.priorityThreshold
        device.testStatus = try fields.choice("testStatus") ?? device.testStatus
        device.externalKey = try fields.text("externalKey") ?? device.externalKey
        device.externallyOwned = try fields.bool("externallyOwned") ?? device.externallyOwned
        return device
    }

    private func new(kind: Device.Kind, name: String, _ edit: DirectoryEdit) throws -> Device {
        guard let reference = try fields.reference("owner") else { throw RestError.missingField("owner") }
        guard let owner = try edit.directory.resolve(Person.self, reference) else {
            throw RestError.invalidValue("owner", "there is no person \(reference).")
        }
        let count = try edit.directory.list(Device.self, in: owner.id, offset: 0, limit: 1).total
        return Device(
            id: edit.newID(), number: try edit.directory.nextNumber(of: "device"), owner: owner.id, name: name,
            deviceType: kind, sequence: count + 1)
    }

    private func kind(_ existing: Device?) throws(RestError) -> Device.Kind {
        guard let kind = try fields.choice("deviceType", Device.Kind.self) ?? existing?.deviceType else {
            throw .missingField("deviceType")
        }
        if let existing, existing.deviceType != kind {
            throw .invalidValue("deviceType", "it cannot be changed from \(existing.deviceType.rawValue).")
        }
        if existing == nil, kind == .applePush || kind == .androidPush {
            throw .invalidValue("deviceType", "push devices register themselves.")
        }
        return kind
    }

    private func refuseUnsupported() throws(RestError) {
        if let type = try fields.text("recipientType"), type != "DEVICE" {
            throw .invalidChoice("recipientType", type, valid: ["DEVICE"])
        }
        if let frames = try fields.list("timeframes"), !frames.isEmpty {
            throw .unsupported("timeframes", "\(frames.count) timeframes", supported: "none: a device is always on")
        }
    }

    /// One `@` between something and a host; without what would break out of a mail's header.
    private func checkAddress(_ address: String?) throws(RestError) {
        guard let address else { throw .missingField("emailAddress") }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let isClean = address.unicodeScalars.allSatisfy {
            $0.value > 32 && $0.value != 127 && !"<>,;\"()".unicodeScalars.contains($0)
        }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, isClean, !parts[1].hasPrefix("."),
            !parts[1].hasSuffix(".")
        else { throw .invalidValue("emailAddress", "\(address) is no e-mail address.") }
    }
}
