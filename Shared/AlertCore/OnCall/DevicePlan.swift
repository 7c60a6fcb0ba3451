/// On which devices somebody is notified, when, and why not on others (spec §5.4).
public struct DevicePlan: Equatable, Sendable {
    /// A device that is used.
    public struct Use: Equatable, Sendable {
        public var device: Device
        /// Minutes after the moment for which the plan was made.
        public var offsetMinutes: Int
        /// Whether it is used only because no other device could be.
        public var isFailsafe: Bool
        /// Why, as in `device 2 in order, 5 minutes after the one before`.
        public var reason: String

        public init(device: Device, offsetMinutes: Int, isFailsafe: Bool = false, reason: String) {
            self.device = device
            self.offsetMinutes = offsetMinutes
            self.isFailsafe = isFailsafe
            self.reason = reason
        }
    }

    /// The rule by which a device is not used.
    public enum Obstacle: String, Codable, CaseIterable, Sendable {
        case inactive
        case notTargeted
        case belowThreshold
        case outsideTimeframes
    }

    /// A device that is not used.
    public struct Omission: Equatable, Sendable {
        public var device: Device
        public var obstacle: Obstacle
        /// For people to read.
        public var reason: String

        public init(device: Device, obstacle: Obstacle, reason: String) {
            self.device = device
            self.obstacle = obstacle
            self.reason = reason
        }
    }

    /// In the order in which they are notified.
    public var uses: [Use]
    /// In the owner's order. A device that is used as a failsafe is in both lists.
    public var omissions: [Omission]
    /// Why there is no use at all, as in `mia is inactive`; `nil` when there is one.
    public var unreachable: String?

    public init(uses: [Use], omissions: [Omission], unreachable: String? = nil) {
        self.uses = uses
        self.omissions = omissions
        self.unreachable = unreachable
    }
}

extension Roster {
    /// The devices of a person for an alert that comes now.
    ///
    /// In the owner's order, each as many minutes after the one before as that one's delay says; whether a device is
    /// within its timeframes counts at the moment of its own turn. The delay of a device that is not used is ignored.
    /// When none can be used, the failsafe devices are, in the owner's order with their delays, whatever their
    /// thresholds and timeframes and the names that were asked for.
    ///
    /// - Parameters:
    ///   - targetDeviceNames: The only names of devices that are wanted, ignoring case; empty for all.
    ///   - overrideRestrictions: Ignores timeframes and delays (spec §5.3).
    ///   - allowFailsafe: `useDefaultDevices` of the group; `true` for somebody who was named as a recipient.
    public func devicePlan(
        for person: Person, priority: Priority, targetDeviceNames: [String] = [], overrideRestrictions: Bool = false,
        allowFailsafe: Bool = true, at now: Timestamp
    ) -> DevicePlan {
        guard person.status == .active else {
            return DevicePlan(uses: [], omissions: [], unreachable: "\(person.targetName) is inactive")
        }
        let devices = (devices[person.id] ?? []).sorted { ($0.sequence, $0.number) < ($1.sequence, $1.number) }
        let names = Set(targetDeviceNames.map { $0.lowercased() })
        let site = person.site.flatMap { sites[$0] }
        var plan = DevicePlan(uses: [], omissions: [])
        for device in devices {
            let due = now.advanced(by: .seconds(60 * plan.nextOffset(overrideRestrictions)))
            let isTargeted = names.isEmpty || names.contains(device.name.lowercased())
            let omission =
                plan.omission(device, isTargeted: isTargeted, targetDeviceNames, priority)
                ?? (overrideRestrictions ? nil : plan.omission(device, at: due, site: site))
            if let omission {
                plan.omissions.append(omission)
            } else {
                plan.use(device, ignoringDelays: overrideRestrictions)
            }
        }
        if plan.uses.isEmpty, allowFailsafe {
            for device in devices where device.defaultDevice && device.status == .active {
                plan.use(device, ignoringDelays: overrideRestrictions, isFailsafe: true)
            }
        }
        if plan.uses.isEmpty {
            plan.unreachable =
                devices.isEmpty
                ? "\(person.targetName) has no device" : "no device of \(person.targetName) can be used for it"
        }
        return plan
    }

    /// A device that was named as a recipient: timeframes, delays and threshold do not count.
    public func devicePlan(targeting device: Device) -> DevicePlan {
        let reason: String? =
            switch people[device.owner] {
            case nil: "the owner of \(device.name) is no longer there"
            case let owner? where owner.status != .active: "\(owner.targetName) is inactive"
            case _ where device.status != .active: "the device is inactive"
            default: nil
            }
        guard let reason else {
            let use = DevicePlan.Use(device: device, offsetMinutes: 0, reason: "the device was named as a recipient")
            return DevicePlan(uses: [use], omissions: [])
        }
        return DevicePlan(
            uses: [], omissions: [.init(device: device, obstacle: .inactive, reason: reason)], unreachable: reason)
    }
}

extension DevicePlan {
    /// When the next device is due.
    fileprivate func nextOffset(_ isIgnoringDelays: Bool) -> Int {
        guard !isIgnoringDelays, let last = uses.last else { return 0 }
        return last.offsetMinutes + max(0, last.device.delay)
    }

    fileprivate mutating func use(_ device: Device, ignoringDelays: Bool, isFailsafe: Bool = false) {
        let offset = nextOffset(ignoringDelays)
        var reason = isFailsafe ? "failsafe device, as no other can be used" : "device \(device.sequence) in order"
        if let last = uses.last, offset > last.offsetMinutes {
            reason += ", \(offset - last.offsetMinutes) minutes after \(last.device.name)"
        }
        uses.append(Use(device: device, offsetMinutes: offset, isFailsafe: isFailsafe, reason: reason))
    }

    fileprivate func omission(
        _ device: Device, isTargeted: Bool, _ names: [String], _ priority: Priority
    ) -> Omission? {
        if device.status != .active {
            return Omission(device: device, obstacle: .inactive, reason: "the device is inactive")
        }
        guard isTargeted else {
            return Omission(
                device: device, obstacle: .notTargeted,
                reason: "the alert is for \(names.joined(separator: ", ")) only")
        }
        guard priority < device.priorityThreshold else { return nil }
        return Omission(
            device: device, obstacle: .belowThreshold,
            reason: "priority \(priority.rawValue) is below the device's \(device.priorityThreshold.rawValue)")
    }

    fileprivate func omission(_ device: Device, at due: Timestamp, site: Site?) -> Omission? {
        guard !device.timeframes.isEmpty, !device.timeframes.contains(where: { $0.holds(at: due, site: site) }) else {
            return nil
        }
        let frames = device.timeframes.map(\.readable).joined(separator: ", ")
        return Omission(
            device: device, obstacle: .outsideTimeframes,
            reason: "at \(due.iso) none of its timeframes holds: \(frames)")
    }
}
