import AlertCore
import Persistence

/// One group: its shifts with who stands in them, and who is on call now.
struct GroupPage: Sendable {
    struct Place: Sendable {
        let id: String
        let place: Int
        let name: String
        let href: String?
        let kind: String?
        let isOff: Bool
        let when: String
        let escalation: String?
        let isFixed: Bool
        let isFirst: Bool
        let isLast: Bool
    }

    struct ShiftCard: Sendable {
        let shiftId: String
        let shiftName: String
        let description: String?
        let recurrence: String
        let isOn: Bool
        let rotation: String?
        let repetition: String?
        let endNotice: String?
        let places: [Place]
        let hasPlaces: Bool
    }

    struct Member: Sendable {
        let id: String
        let name: String
        let href: String?
        let kind: String?
        let note: String?
    }

    /// More members are counted, not listed.
    private static let memberLimit = 200

    let id: String
    let name: String
    let groupKind: String
    let about: String?
    let isInactive: Bool
    let isOnCall: Bool
    let isDynamic: Bool
    let csrf: String
    let mayEdit: Bool
    let now: [OnCallNowCard.Shift]
    let nobody: String?
    let shifts: [ShiftCard]
    let hasShifts: Bool
    let members: [Member]
    let memberCount: Int
    let moreMembers: Int?
    let criteria: [String]
    let details: [NamedValue]
    let supervisors: [NamedValue]
    let hasSupervisors: Bool
    let calendarURL: String
    var notice: String?
    var warning: String?

    init(_ group: Group, _ directory: DirectoryView, for session: ConsoleSession, format: TimeFormat) {
        let roster = directory.roster
        id = group.id
        name = group.targetName
        groupKind = group.groupType.title
        about = group.description.isEmpty ? nil : group.description
        isInactive = group.status == .inactive
        isOnCall = group.groupType == .onCall
        isDynamic = group.groupType == .dynamic
        csrf = session.csrf
        mayEdit = session.caller.administers(group)
        let card = OnCallNowCard(group, roster, directory, at: format.now, format: format)
        now = card.shifts
        nobody = group.groupType == .onCall ? card.nobody : nil
        let on = Set(roster.onCall(group: group.id, at: format.now).map(\.shift.id))
        shifts = directory.shifts(of: group.id).map { Self.card($0, isOn: on.contains($0.id), directory) }
        hasShifts = !shifts.isEmpty
        let all = roster.members(of: group.id, at: format.now)
        members = all.prefix(Self.memberLimit).map { Self.member($0, directory) }
        memberCount = all.count
        moreMembers = all.count > Self.memberLimit ? all.count - Self.memberLimit : nil
        criteria = group.criteria.map(Self.criteria) ?? []
        details = Self.details(group, directory)
        supervisors = group.supervisors.compactMap { directory.people[$0] }.map {
            NamedValue(name: $0.displayName, value: $0.targetName, href: "/console/people/\($0.id)")
        }
        hasSupervisors = !supervisors.isEmpty
        calendarURL = "/console/groups/\(group.id)/calendar.ics"
    }

    private static func card(_ shift: Shift, isOn: Bool, _ directory: DirectoryView) -> ShiftCard {
        let zone = ZonedTime(shift.timezone)
        var minutes = 0
        let places = shift.members.enumerated().map { index, member in
            minutes += member.delay
            let who = RecipientName(member.recipient, directory)
            return Place(
                id: member.recipient.id, place: index + 1, name: who.name, href: who.href, kind: who.kind,
                isOff: who.isOff,
                when: minutes == 0 ? "at once" : "after \(Duration.seconds(minutes * 60).words)",
                escalation: member.escalationType == .none ? nil : member.escalationType.rawValue,
                isFixed: shift.rotation != nil && !member.inRotation, isFirst: index == 0,
                isLast: index == shift.members.count - 1)
        }
        return ShiftCard(
            shiftId: shift.id, shiftName: shift.name,
            description: shift.description.isEmpty ? nil : shift.description, recurrence: shift.text, isOn: isOn,
            rotation: shift.rotation?.text(in: zone), repetition: shift.repeatEscalation?.text,
            endNotice: shift.notifyEndOfEscalation.map { notice in
                let who = notice.recipient.map { RecipientName($0, directory).name } ?? "the supervisors"
                let wait = Duration.seconds(notice.waitInSeconds)
                return notice.waitInSeconds == 0 ? "\(who), at once" : "\(who), \(wait.words) later"
            }, places: places, hasPlaces: !places.isEmpty)
    }

    private static func member(_ member: OnCallMember, _ directory: DirectoryView) -> Member {
        let who = RecipientName(member.recipient, directory)
        let instead = member.notified.flatMap { $0 == member.recipient ? nil : RecipientName($0, directory).name }
        return Member(
            id: member.recipient.id, name: who.name, href: who.href, kind: who.kind,
            note: instead.map { "\($0) stands in" } ?? (member.notified == nil ? member.skipped : nil))
    }

    private static func criteria(_ criteria: GroupCriteria) -> [String] {
        criteria.criterion.map { criterion in
            let field = criterion.field.replacing("_", with: " ").lowercased()
            return "\(field) \(criterion.operand.replacing("_", with: " ").lowercased()) \(criterion.value)"
        }
    }

    private static func details(_ group: Group, _ directory: DirectoryView) -> [NamedValue] {
        var rows = [NamedValue(name: "Time zone", value: group.timezone)]
        if let site = group.site.flatMap({ directory.sites[$0] }) {
            rows.append(NamedValue(name: "Site", value: site.name, href: "/console/sites/\(site.id)"))
        }
        rows.append(
            NamedValue(
                name: "Reached twice at once", value: group.allowDuplicates ? "is notified twice" : "is notified once"))
        rows.append(
            NamedValue(name: "Failsafe devices", value: group.useDefaultDevices ? "are used" : "are not used"))
        if !group.observedByAll {
            rows.append(NamedValue(name: "Seen by", value: group.observers.joined(separator: ", ")))
        }
        if let threshold = group.responseCountThreshold {
            rows.append(NamedValue(name: "Answers wanted", value: String(threshold)))
        }
        return rows
    }
}

/// Who of a group is on call at a moment.
struct OnCallNowCard: Sendable {
    struct Shift: Sendable {
        let shiftName: String
        let until: String
        let steps: [EscalationStep]
    }

    let groupHref: String
    let groupName: String
    let groupKind: String
    let shifts: [Shift]
    /// Why nobody is notified.
    let nobody: String?
    /// "until Mon 23 Nov 08:00", of the gap.
    let nobodyUntil: String?
    /// When nobody is notified next, within a week.
    let nextGap: String?

    init(_ group: Group, _ roster: Roster, _ directory: DirectoryView, at moment: Timestamp, format: TimeFormat) {
        let zone = ZonedTime(format.zone.identifier)
        groupHref = "/console/groups/\(group.id)"
        groupName = group.targetName
        groupKind = group.groupType.title
        shifts = roster.onCall(group: group.id, at: moment).map { on in
            Shift(
                shiftName: on.shift.name, until: "until \(zone.short(on.end))",
                steps: EscalationStep.all(on.members, directory))
        }
        let gaps = roster.gaps(in: group.id, from: moment, to: moment.advanced(by: .seconds(7 * 86_400)))
        let present = gaps.first { $0.start <= moment }
        nobody = present?.reason
        nobodyUntil = present.map { "until \(zone.short($0.end))" }
        nextGap = gaps.first { $0.start > moment }.map { zone.span($0.start, $0.end) }
    }
}
