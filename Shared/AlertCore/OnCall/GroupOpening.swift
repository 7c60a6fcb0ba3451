/// What notifying a group begins with at a moment (spec §5.4): the one rule by which alerts are escalated, and by which
/// it is said who of a group would be notified first, or that nobody would be.
enum GroupOpening: Sendable {
    /// It cannot be notified, and why.
    case refused(AlertEscalation.Rule, String)
    /// It could be, but for the moment nobody belongs to it, and why.
    case nobody(Group, AlertEscalation.Rule, String)
    /// Of a group without shifts: all at once.
    case members(Group, [OnCallMember])
    /// The shifts that are on, each with who stands in it.
    case shifts(Group, [OnCallShift])
}

extension Roster {
    /// How many groups can be within each other.
    static let nestingMax = 10

    /// - Parameters:
    ///   - id: Of a group.
    ///   - path: The ids of the groups that it is within.
    func opening(of id: String, within path: Set<String> = [], at moment: Timestamp) -> GroupOpening {
        let obstacle = groupObstacle(id)
        guard let group = groups[id], obstacle == nil else {
            return .refused(obstacle?.rule ?? .gone, obstacle?.reason ?? "")
        }
        let name = group.targetName
        guard !path.contains(id) else { return .refused(.nested, "\(name) is within itself") }
        guard path.count < Self.nestingMax else {
            return .refused(.nested, "there are \(Self.nestingMax) groups within each other")
        }
        if group.groupType == .onCall {
            let shifts = onCall(group: id, at: moment)
            return shifts.isEmpty ? .nobody(group, .noShift, "no shift of \(name) is on") : .shifts(group, shifts)
        }
        let members = members(of: id, at: moment)
        return members.isEmpty ? .nobody(group, .noMembers, "\(name) has no members") : .members(group, members)
    }

    /// Who of a group would be notified first at a moment, a person or a device, in groups within it too; `nil` when
    /// nobody would be. Whether there is a device that can be used then is not asked.
    /// - Parameter group: An id.
    public func firstNotified(of group: String, at moment: Timestamp) -> GroupMember? {
        FirstNotified(of: group, in: self, at: moment).member
    }
}

extension OnCallShift {
    var emptyReason: String { "the shift \(shift.name) has no members" }
}

/// The search for who of a group is notified first, with the reasons why others are not.
struct FirstNotified {
    /// `nil` when nobody is.
    private(set) var member: GroupMember?
    /// After the beginning.
    private(set) var minutes = Int.max
    /// Why the group itself is not opened, or nobody belongs to it.
    private(set) var refusal: AlertEscalation.Rule?
    /// For people, in the order in which they were met.
    private(set) var reasons: [String] = []

    private let roster: Roster
    private let moment: Timestamp
    /// How many groups may still be looked into: a group within several others is, in each of them.
    private var looksLeft = 10_000

    init(of group: String, in roster: Roster, at moment: Timestamp) {
        self.roster = roster
        self.moment = moment
        _ = look(into: group, from: 0, path: [])
    }

    /// What is within a group begins when that one's turn comes.
    /// - Returns: Whether anybody is notified, sooner or later.
    private mutating func look(into id: String, from begin: Int, path: Set<String>) -> Bool {
        guard looksLeft > 0 else { return false }
        looksLeft -= 1
        switch roster.opening(of: id, within: path, at: moment) {
        case .refused(let rule, let reason), .nobody(_, let rule, let reason):
            if path.isEmpty { refusal = rule }
            reasons.append(reason)
            return false
        case .members(_, let members): return walk(members, from: begin, path: path.union([id]))
        case .shifts(_, let shifts):
            var isAnybody = false
            for shift in shifts {
                if shift.members.isEmpty { reasons.append(shift.emptyReason) }
                // What still waits for its turn counts as reaching somebody, whoever it will be.
                let isWaiting = shift.members.contains { $0.delay > 0 }
                if walk(shift.members, from: begin, path: path.union([id])) || isWaiting { isAnybody = true }
            }
            return isAnybody
        }
    }

    private mutating func walk(_ members: [OnCallMember], from begin: Int, path: Set<String>) -> Bool {
        var turn = begin
        var isAnybody = false
        // Whether nobody of those since the last delay is notified: they take along the delay that follows.
        var isStepEmpty = false
        for (index, place) in members.enumerated() {
            if index == 0 || place.delay > 0 {
                turn += isStepEmpty ? 0 : place.delay
                isStepEmpty = true
            }
            guard let notified = place.notified else {
                reasons.append(place.skipped ?? "nobody is notified")
                continue
            }
            guard turn < minutes else { return true }
            guard notified.recipientType == .group else {
                (member, minutes) = (notified, turn)
                return true
            }
            if look(into: notified.id, from: turn, path: path) { (isAnybody, isStepEmpty) = (true, false) }
        }
        return isAnybody
    }
}
