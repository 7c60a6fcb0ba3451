/// Who is notified where somebody was meant, and why.
public struct StandIn: Equatable, Sendable {
    /// The absence of who was meant that holds.
    public var absence: TemporaryAbsence?
    /// Who is notified: a person, a device or a group; `nil` when nobody is.
    public var notified: GroupMember?
    /// Why nobody is, as in `mia is away until 2026-03-01T08:00:00.000Z without a replacement`.
    public var skipped: String?

    public init(absence: TemporaryAbsence? = nil, notified: GroupMember?, skipped: String? = nil) {
        self.absence = absence
        self.notified = notified
        self.skipped = skipped
    }
}

extension Roster {
    /// How many people a replacement can be handed on by.
    static let longestReplacement = 10

    /// Who is notified when `recipient` is meant.
    ///
    /// Somebody who is away is replaced, and so is the replacement when that one is away too; what comes back to
    /// somebody, or goes on too long, ends with nobody. A device is notified whatever its owner's absences say
    /// (spec §5.4).
    /// - Parameter group: The id of the group as whose member it is meant; `nil` when it was named itself: then only an
    ///   absence from all groups counts, and only one that includes direct notifications.
    public func standIn(for recipient: GroupMember, in group: String?, at moment: Timestamp) -> StandIn {
        switch recipient.recipientType {
        case .person: personStandIn(for: recipient.id, in: group, at: moment)
        case .device:
            if let reason = deviceObstacle(recipient.id) {
                StandIn(notified: nil, skipped: reason)
            } else {
                StandIn(notified: recipient)
            }
        case .group:
            if let obstacle = groupObstacle(recipient.id) {
                StandIn(notified: nil, skipped: obstacle.reason)
            } else {
                StandIn(notified: recipient)
            }
        }
    }

    /// The absence of a person that holds: of several one from that group before one from all groups, then the one
    /// made last.
    public func absence(of person: String, in group: String?, at moment: Timestamp) -> TemporaryAbsence? {
        (absences[person] ?? []).filter { absence in
            guard absence.start <= moment, moment < absence.end else { return false }
            guard let group else { return absence.group == nil && absence.includeDirectNotifications }
            return absence.group == nil || absence.group == group
        }.max { ($0.group == nil ? 0 : 1, $0.created, $0.id) < ($1.group == nil ? 0 : 1, $1.created, $1.id) }
    }

    private func personStandIn(for id: String, in group: String?, at moment: Timestamp) -> StandIn {
        let first = absence(of: id, in: group, at: moment)
        var path = [id]
        func nobody(_ reason: String) -> StandIn { StandIn(absence: first, notified: nil, skipped: reason) }
        func named(_ id: String) -> String { people[id]?.targetName ?? id }
        func replaced(_ reason: String) -> String {
            zip(path, path.dropFirst()).map { "\(named($0)) is replaced by \(named($1))" }.joined(separator: ", ")
                + (path.count > 1 ? ", who \(reason)" : "\(named(id)) \(reason)")
        }

        while true {
            let current = path[path.count - 1]
            guard let person = people[current] else { return nobody(replaced("is no longer there")) }
            guard person.status == .active else { return nobody(replaced("is inactive")) }
            guard let absence = absence(of: current, in: group, at: moment) else {
                return StandIn(absence: first, notified: GroupMember(id: current, recipientType: .person))
            }
            guard absence.absenceType == .replacement, let next = absence.replacement else {
                return nobody(replaced("is away until \(absence.end.iso) without a replacement"))
            }
            guard !path.contains(next) else { return nobody(replaced("is replaced by \(named(next)) again")) }
            guard path.count <= Self.longestReplacement else {
                return nobody(replaced("is replaced too: that is one replacement too many"))
            }
            path.append(next)
        }
    }

    /// Why a device cannot be notified at all; `nil` when it can.
    func deviceObstacle(_ id: String) -> String? {
        guard let device = device(id) else { return "the device is no longer there" }
        guard let owner = people[device.owner] else { return "the owner of \(device.name) is no longer there" }
        if owner.status != .active { return "\(owner.targetName) is inactive" }
        return device.status == .active ? nil : "\(owner.targetName)|\(device.name) is inactive"
    }

    /// Why a group cannot be notified at all; `nil` when it can.
    func groupObstacle(_ id: String) -> (rule: AlertEscalation.Rule, reason: String)? {
        guard let group = groups[id] else { return (.gone, "the group is no longer there") }
        return group.status == .active ? nil : (.inactive, "\(group.targetName) is inactive")
    }

    /// The device of that id.
    /// - Complexity: O(people): devices are kept by owner.
    func device(_ id: String) -> Device? {
        for devices in devices.values {
            if let device = devices.first(where: { $0.id == id }) { return device }
        }
        return nil
    }
}
