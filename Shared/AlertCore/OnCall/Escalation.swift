/// Who is notified when a group is, group by group down to people and devices, with how many minutes after the
/// beginning; and who is not, and why (spec §5.4).
public struct Escalation: Equatable, Sendable {
    public struct Step: Equatable, Sendable {
        /// A person or a device.
        public var recipient: GroupMember
        /// After the beginning.
        public var minutes: Int
        public var escalationType: Shift.EscalationType
        /// The id of the group as whose member, which may be one within the group that was asked for.
        public var group: String
        /// The id of the shift; `nil` in a group without shifts.
        public var shift: String?
        /// In that shift or group, from 1.
        public var position: Int
        /// The id of the person who was meant, when it is a replacement.
        public var insteadOf: String?
    }

    public struct Omission: Equatable, Sendable {
        public var recipient: GroupMember
        public var group: String
        public var shift: String?
        public var reason: String
    }

    /// The most steps there are; what would come after is an omission.
    static let longest = 10_000

    /// In the order of time; those of the same minute in the order of shifts and positions. Somebody who is reached in
    /// several ways has several steps: ``Group/allowDuplicates`` is for whoever notifies.
    public private(set) var steps: [Step] = []
    public private(set) var omissions: [Omission] = []

    init(of group: String, in roster: Roster, at moment: Timestamp) {
        add(group, roster, moment, minutes: 0, escalationType: .none, path: [])
        steps = steps.enumerated().sorted { ($0.element.minutes, $0.offset) < ($1.element.minutes, $1.offset) }
            .map(\.element)
    }

    /// What is within a group begins when that one's turn comes; the place after does not wait for its end.
    private mutating func add(
        _ id: String, _ roster: Roster, _ moment: Timestamp, minutes: Int, escalationType: Shift.EscalationType,
        path: [String]
    ) {
        func omit(_ reason: String) {
            omissions.append(
                Omission(
                    recipient: GroupMember(id: id, recipientType: .group), group: path.last ?? id, reason: reason))
        }
        guard let group = roster.groups[id] else { return omit("the group is no longer there") }
        guard group.status == .active else { return omit("\(group.targetName) is inactive") }
        guard !path.contains(id) else { return omit("\(group.targetName) is within itself") }
        let path = path + [id]
        guard group.groupType == .onCall else {
            let members = roster.members(of: id, at: moment)
            if members.isEmpty { omit("\(group.targetName) has no members") }
            return add(members, of: id, nil, roster, moment, minutes, escalationType, path)
        }
        let shifts = roster.onCall(group: id, at: moment)
        if shifts.isEmpty { omit("no shift of \(group.targetName) is on") }
        for shift in shifts {
            if shift.members.isEmpty { omit("the shift \(shift.shift.name) has no members") }
            add(shift.members, of: id, shift.shift.id, roster, moment, minutes, escalationType, path)
        }
    }

    private mutating func add(
        _ members: [OnCallMember], of group: String, _ shift: String?, _ roster: Roster, _ moment: Timestamp,
        _ begin: Int, _ outerType: Shift.EscalationType, _ path: [String]
    ) {
        var minutes = begin
        for member in members {
            minutes += member.delay
            let type = member.escalationType == .none ? outerType : member.escalationType
            guard let notified = member.notified else {
                omissions.append(
                    Omission(
                        recipient: member.recipient, group: group, shift: shift,
                        reason: member.skipped ?? "nobody is notified"))
                continue
            }
            guard steps.count < Self.longest else {
                omissions.append(
                    Omission(
                        recipient: member.recipient, group: group, shift: shift,
                        reason: "there are more than \(Self.longest) steps"))
                return
            }
            if notified.recipientType == .group {
                add(notified.id, roster, moment, minutes: minutes, escalationType: type, path: path)
            } else {
                steps.append(
                    Step(
                        recipient: notified, minutes: minutes, escalationType: type, group: group, shift: shift,
                        position: member.position, insteadOf: notified == member.recipient ? nil : member.recipient.id))
            }
        }
    }
}

extension Roster {
    /// What notifying a group means at that moment; see ``Escalation``.
    /// - Parameter group: An id.
    public func escalation(of group: String, at moment: Timestamp) -> Escalation {
        Escalation(of: group, in: self, at: moment)
    }
}
