import AlertCore
import Persistence

/// Devices as the API shows them (spec §4.5).
struct DeviceRepresentation {
    /// What stands where a secret is; sent back, it leaves the secret as it is.
    static let mask = "***"
    /// The provider of devices that go by whichever has their kind.
    static let anyProvider = "Tocsin"

    /// In lower case.
    private let privilegedNames: Set<String>

    init(_ directory: Directory) throws {
        privilegedNames = Set(try directory.deviceNames().filter(\.privileged).map { $0.name.lowercased() })
    }

    /// - Throws: 400 for another format than the one in which numbers are kept.
    static func checkPhoneNumberFormat(_ query: QueryParameters) throws(RestError) {
        _ = try query.choice("phoneNumberFormat", of: ["E164"])
    }

    func json(_ device: Device, of owner: Person?, withTimeframes: Bool = false) -> JSONValue {
        var fields = common(device, owner)
        switch device.deviceType {
        case .email: fields["emailAddress"] = .text(device.emailAddress)
        case .voice, .textPhone, .voiceIVR: fields["phoneNumber"] = .text(device.phoneNumber)
        case .fax:
            fields["phoneNumber"] = .text(device.phoneNumber)
            fields["country"] = .string(device.country)
        case .textPager:
            fields["pin"] = .string(device.pin)
            fields["twoWayDevice"] = .bool(device.twoWayDevice)
        case .generic, .slack, .msTeams, .webPush: fields["pin"] = device.pin.isEmpty ? nil : .string(Self.mask)
        case .androidPush, .applePush: break
        }
        if withTimeframes {
            fields["timeframes"] = .embeddedPage(
                device.shownTimeframes(owner).map(\.wire), path: "\(RESTPath.base)\(device.path)/timeframes")
        }
        return .fields(fields)
    }

    private func common(_ device: Device, _ owner: Person?) -> [String: JSONValue?] {
        [
            "id": .string(device.id), "name": .string(device.name),
            "targetName": .string("\(owner?.targetName ?? "")|\(device.name)"), "recipientType": "DEVICE",
            "deviceType": .string(device.deviceType.rawValue),
            "description": .string(device.hasTellingDescription ? "" : device.description),
            "owner": owner?.reference, "status": .string(device.status.rawValue),
            "defaultDevice": .bool(device.defaultDevice), "delay": .whole(device.delay),
            "sequence": .whole(device.sequence), "priorityThreshold": .string(device.priorityThreshold.rawValue),
            "testStatus": .string(device.testStatus.rawValue), "externalKey": .text(device.externalKey),
            "externallyOwned": .bool(device.externallyOwned),
            "provider": ["id": .string(device.provider.isEmpty ? Self.anyProvider : device.provider)],
            "privileged": .bool(privilegedNames.contains(device.name.lowercased())), "links": .links(device.path),
        ]
    }
}

extension QueryParameters {
    var embedsTimeframes: Bool { embeds("timeframes") || embeds("devices.timeframes") }
}

extension Device {
    var path: String { "/devices/\(id)" }

    func wire(_ directory: Directory, withTimeframes: Bool = false) throws -> JSONValue {
        try DeviceRepresentation(directory)
            .json(self, of: try directory.get(Person.self, id: owner), withTimeframes: withTimeframes)
    }

    /// A device without timeframes is always on, and shows one that says so.
    func shownTimeframes(_ owner: Person?) -> [Timeframe] {
        guard timeframes.isEmpty else { return timeframes }
        return [
            Timeframe(name: "24x7", startTime: "00:00", timezone: owner?.timezone ?? "UTC", durationInMinutes: 1440)
        ]
    }
}

extension Timeframe {
    var wire: JSONValue {
        [
            "name": .string(name), "startTime": .string(startTime), "timezone": .string(timezone),
            "durationInMinutes": .whole(durationInMinutes), "excludeHolidays": .bool(excludeHolidays),
            "days": .array(days.map { .string($0.rawValue) }),
        ]
    }
}
