import AlertCore
import Foundation
import Persistence

/// The fields of a device; those that are absent stay as they are.
struct DeviceRequest {
    private static let timeframeLimit = 50

    let fields: RequestFields
    let secrets: SecretBox

    /// Whose device it is, or is to be.
    func owner(of existing: Device?, _ edit: DirectoryEdit) throws -> Person {
        let reference = try fields.reference("owner")
        guard let wanted = reference ?? existing?.owner else { throw RestError.missingField("owner") }
        guard let owner = try edit.directory.resolve(Person.self, wanted) else {
            throw RestError.invalidValue("owner", "there is no person \(wanted).")
        }
        guard existing == nil || existing?.owner == owner.id else {
            throw RestError.invalidValue("owner", "a device stays with its owner.")
        }
        return owner
    }

    func device(_ existing: Device?, of owner: Person, _ edit: DirectoryEdit) throws -> Device {
        if let type = try fields.text("recipientType"), type != "DEVICE" {
            throw RestError.invalidChoice("recipientType", type, valid: ["DEVICE"])
        }
        let kind = try kind(existing)
        let name = try fields.requiredName("name", or: existing?.name, limit: 100)
        guard !name.contains("|") else { throw RestError.invalidValue("name", "it holds a '|'.") }
        var device = try existing ?? new(kind: kind, name: name, of: owner, edit)
        device.name = name
        try setAddress(of: &device, edit)
        device.status = try fields.choice("status") ?? device.status
        device.defaultDevice = try fields.bool("defaultDevice") ?? device.defaultDevice
        device.delay = try fields.integer("delay", in: 0...10_080) ?? device.delay
        device.sequence = try fields.integer("sequence", in: 1...10_000) ?? device.sequence
        device.priorityThreshold = try fields.choice("priorityThreshold") ?? device.priorityThreshold
        device.testStatus = try fields.choice("testStatus") ?? device.testStatus
        device.externalKey = try fields.text("externalKey") ?? device.externalKey
        device.externallyOwned = try fields.bool("externallyOwned") ?? device.externallyOwned
        device.provider = try provider(edit) ?? device.provider
        device.timeframes = try timeframes(owner) ?? device.timeframes
        return device
    }

    private func new(kind: Device.Kind, name: String, of owner: Person, _ edit: DirectoryEdit) throws -> Device {
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

    // MARK: - Where it is

    private func setAddress(of device: inout Device, _ edit: DirectoryEdit) throws {
        switch device.deviceType {
        case .email: device.emailAddress = try email(device, edit)
        case .voice, .textPhone, .voiceIVR:
            device.phoneNumber = try phoneNumber(device)
        case .fax:
            let number = try fields.requiredName("phoneNumber", or: device.phoneNumber, limit: 40)
            guard DeviceAddress.isFax(number) else {
                throw RestError.invalidValue("phoneNumber", "it must be 5 to 20 digits.")
            }
            device.phoneNumber = number
            device.country = try fields.requiredName(
                "country", or: device.country.isEmpty ? nil : device.country, limit: 100)
        case .textPager:
            device.pin = try pin(device, limit: 100)
            device.twoWayDevice = try fields.bool("twoWayDevice") ?? device.twoWayDevice
        case .generic, .slack, .msTeams, .webPush: device.pin = try secretPin(device)
        case .androidPush, .applePush: break
        }
        device.description = try fields.text("description", limit: 1000) ?? generatedDescription(of: device)
    }

    private func generatedDescription(of device: Device) -> String {
        if let address = device.emailAddress { return address }
        if let number = device.phoneNumber { return DeviceAddress.readable(phoneNumber: number) }
        return device.deviceType.hasSecretPin ? "" : device.pin
    }

    private func email(_ device: Device, _ edit: DirectoryEdit) throws -> String {
        guard let address = try fields.text("emailAddress", limit: 254) ?? device.emailAddress else {
            throw RestError.missingField("emailAddress")
        }
        guard DeviceAddress.isEmail(address) else {
            throw RestError.invalidValue("emailAddress", "\(address) is no e-mail address.")
        }
        let name = try edit.directory.deviceNames().first { $0.name.lowercased() == device.name.lowercased() }
        if let domains = name?.domains, !domains.isEmpty,
            !domains.contains(DeviceAddress.domain(ofEmail: address))
        {
            throw RestError.invalidValue(
                "emailAddress",
                "a device with the name \(device.name) has an address in \(domains.joined(separator: ", ")).")
        }
        return address
    }

    private func phoneNumber(_ device: Device) throws(RestError) -> String {
        guard let text = try fields.text("phoneNumber", limit: 60) ?? device.phoneNumber else {
            throw .missingField("phoneNumber")
        }
        guard let number = DeviceAddress.phoneNumber(text) else {
            throw .invalidValue(
                "phoneNumber", "it must be a number in E.164, as in +16045551212 or +16045551212;ext=42.")
        }
        guard device.deviceType == .voice || !number.contains(";") else {
            throw .invalidValue("phoneNumber", "only a VOICE device can have an extension.")
        }
        return number
    }

    private func pin(_ device: Device, limit: Int) throws(RestError) -> String {
        try fields.requiredName("pin", or: device.pin.isEmpty ? nil : device.pin, limit: limit)
    }

    /// A chat's address, a browser's subscription or whatever a generic device has, sealed for this device.
    private func secretPin(_ device: Device) throws(RestError) -> String {
        let isMask = fields["pin"]?.string == DeviceRepresentation.mask
        if !device.pin.isEmpty, isMask || !fields.has("pin") || fields["pin"]?.string == device.pin {
            return SecretBox.isSealed(device.pin) ? device.pin : secrets.seal(device.pin, for: .devicePin(device.id))
        }
        guard !isMask else {
            throw .invalidValue("pin", "\(DeviceRepresentation.mask) leaves one as it is, and there is none.")
        }
        let secret =
            switch device.deviceType {
            case .webPush: try subscription()
            case .generic: try fields.requiredName("pin", or: nil, limit: 2000)
            default: try chatAddress()
            }
        return secrets.seal(secret, for: .devicePin(device.id))
    }

    private func chatAddress() throws(RestError) -> String {
        let text = try fields.requiredName("pin", or: nil, limit: 2000)
        guard let url = URLComponents(string: text), ["http", "https"].contains(url.scheme?.lowercased()),
            url.host?.isEmpty == false
        else { throw .invalidValue("pin", "it must be the address of an incoming webhook, as in https://….") }
        return text
    }

    /// What a browser's `PushSubscription.toJSON()` makes, as an object or as its text.
    private func subscription() throws(RestError) -> String {
        let text = fields["pin"]?.string == nil ? nil : try fields.text("pin")
        let value: JSONValue?
        do {
            value = try text.map { try JSON.decode($0) } ?? fields["pin"]
        } catch {
            throw .invalidValue("pin", "it is no JSON.")
        }
        guard let value, let endpoint = value["endpoint"]?.string, endpoint.hasPrefix("https://"),
            value["keys"]?["p256dh"]?.string?.isEmpty == false, value["keys"]?["auth"]?.string?.isEmpty == false
        else { throw .invalidValue("pin", "it must be a push subscription with endpoint, keys.p256dh and keys.auth.") }
        do {
            return try JSON.encode(value)
        } catch {
            throw .invalidValue("pin", "it cannot be kept.")
        }
    }

    // MARK: - How it is used

    /// By the id or name of a provider of this installation, or of one that is always there; what names one of the
    /// platform's own means any.
    private func provider(_ edit: DirectoryEdit) throws -> String? {
        guard let reference = try fields.reference("provider") else { return nil }
        let isAny =
            reference.isEmpty || reference.hasPrefix("(x)matters") || reference == DeviceRepresentation.anyProvider
        if isAny { return "" }
        let builtIn = NotificationProvider.named(
            reference.lowercased(), among: NotificationProvider.builtIn(hasMail: true))
        guard let provider = try edit.directory.resolve(NotificationProvider.self, reference) ?? builtIn else {
            throw RestError.invalidValue("provider", "there is no notification provider \(reference).")
        }
        return provider.id
    }

    /// An array, or a page as we answer it.
    private func timeframes(_ owner: Person) throws(RestError) -> [Timeframe]? {
        let isPage = fields["timeframes"]?.object != nil
        let holder = isPage ? try fields.object("timeframes") ?? fields : fields
        guard let list = try holder.objects(isPage ? "data" : "timeframes", limit: Self.timeframeLimit) else {
            return nil
        }
        var timeframes: [Timeframe] = []
        for item in list { timeframes.append(try Self.timeframe(item, owner)) }
        return timeframes
    }

    private static func timeframe(_ fields: RequestFields, _ owner: Person) throws(RestError) -> Timeframe {
        let start = try fields.requiredName("startTime", or: nil, limit: 8)
        guard start.wholeMatch(of: /([01]\d|2[0-3]):[0-5]\d(:00)?/) != nil else {
            throw .invalidValue(fields.name("startTime"), "\(start) is no time such as 08:00.")
        }
        guard let duration = try fields.integer("durationInMinutes", in: 1...1440) else {
            throw .missingField(fields.name("durationInMinutes"))
        }
        var days: [Weekday] = []
        for text in try fields.texts("days", limit: 7) ?? Weekday.allCases.map(\.rawValue) {
            guard let day = Weekday(rawValue: text.uppercased()) else {
                throw .invalidChoice(fields.name("days"), text, valid: Weekday.allCases.map(\.rawValue))
            }
            if !days.contains(day) { days.append(day) }
        }
        guard !days.isEmpty else { throw .invalidValue(fields.name("days"), "there is no day in it.") }
        return Timeframe(
            name: try fields.requiredName("name", or: nil, limit: 100), startTime: String(start.prefix(5)),
            timezone: try fields.timezone() ?? owner.timezone, durationInMinutes: duration,
            excludeHolidays: try fields.bool("excludeHolidays") ?? false, days: days)
    }
}
