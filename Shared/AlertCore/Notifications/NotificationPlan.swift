/// Who is told on which device when, and why; or why not (spec §5.4). Pure.
public struct NotificationPlan: Equatable, Sendable {
    /// Somebody who is not told on a device, or at all, with the reason.
    public struct Omission: Codable, Equatable, Sendable {
        public var recipient: String
        public var reason: String

        public init(recipient: String, reason: String) {
            self.recipient = recipient
            self.reason = reason
        }
    }

    public private(set) var notifications: [Notification.Plan] = []
    public private(set) var omissions: [Omission] = []

    /// What `alert` means for its recipients, each device told once however often it was named.
    /// - Parameters:
    ///   - people: The people among the recipients, by id.
    ///   - devices: By owner's id.
    public init(
        alert: String, details: AlertDetails, correlation: String, people: [String: Person],
        devices: [String: [Device]], at now: Timestamp
    ) {
        for recipient in details.recipients {
            switch recipient.recipientType {
            case .person:
                guard let person = people[recipient.id] else {
                    omit(recipient.targetName, "is no longer there")
                    continue
                }
                add(person, devices[person.id] ?? [], alert, details, correlation, now)
            case .group: omit(recipient.targetName, "groups are not resolved here")
            case .device:
                let device = devices.values.joined().first { $0.id == recipient.id }
                guard let device, let person = people[device.owner] else {
                    omit(recipient.targetName, "is no longer there")
                    continue
                }
                add(
                    device, of: person, alert, details, correlation, due: now,
                    reason: "the device was named as a recipient")
            }
        }
    }

    private mutating func add(
        _ person: Person, _ devices: [Device], _ alert: String, _ details: AlertDetails, _ correlation: String,
        _ now: Timestamp
    ) {
        guard person.status == .active else { return omit(person.targetName, "is inactive") }
        var due = now
        let before = notifications.count
        for device in devices.sorted(by: { ($0.sequence, $0.name) < ($1.sequence, $1.name) }) {
            if let reason = Self.obstacle(device, details) {
                omit("\(person.targetName)|\(device.name)", reason)
                continue
            }
            add(
                device, of: person, alert, details, correlation, due: due,
                reason: "\(person.targetName) was named as a recipient; device \(device.sequence) in order")
            if !details.overrideDeviceRestrictions { due = due.advanced(by: .seconds(device.delay * 60)) }
        }
        if notifications.count == before, !notifications.contains(where: { $0.recipient.id == person.id }) {
            omit(person.targetName, "has no device that this alert can reach")
        }
    }

    private mutating func add(
        _ device: Device, of person: Person, _ alert: String, _ details: AlertDetails, _ correlation: String,
        due: Timestamp, reason: String
    ) {
        guard let address = device.emailAddress else {
            return omit("\(person.targetName)|\(device.name)", "there is no channel for \(device.deviceType.rawValue)")
        }
        let id = DerivedID.uuid("notification", alert, device.id)
        guard !notifications.contains(where: { $0.id == id }) else { return }
        notifications.append(
            Notification.Plan(
                id: id, alert: alert, alertNumber: details.number, recipient: PersonReference(person),
                device: NamedReference(id: device.id, name: device.name), deviceNumber: device.number,
                address: address, dueAt: due, reason: reason, correlation: correlation,
                isLimited: details.limitsNotifications, deviceClass: DeviceClass(device.deviceType)))
    }

    private static func obstacle(_ device: Device, _ details: AlertDetails) -> String? {
        if device.status != .active { return "the device is inactive" }
        if !details.targetDeviceNames.isEmpty, !details.targetDeviceNames.contains(device.name) {
            return "the alert is for \(details.targetDeviceNames.joined(separator: ", ")) only"
        }
        if details.priority < device.priorityThreshold {
            return "priority \(details.priority.rawValue) is below the device's \(device.priorityThreshold.rawValue)"
        }
        return nil
    }

    private mutating func omit(_ recipient: String, _ reason: String) {
        omissions.append(Omission(recipient: recipient, reason: reason))
    }
}
