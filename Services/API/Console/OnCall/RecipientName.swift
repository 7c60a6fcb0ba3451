import AlertCore
import Persistence

/// Somebody or something that can be notified, as pages name it.
struct RecipientName: Sendable {
    let name: String
    let targetName: String
    let href: String?
    /// "Group", "Device"; `nil` for a person.
    let kind: String?
    /// Whether it is inactive or gone.
    let isOff: Bool

    init(_ member: GroupMember, _ directory: DirectoryView) {
        switch member.recipientType {
        case .group:
            let group = directory.groups[member.id]
            (name, targetName) = (group?.targetName ?? "a deleted group", group?.targetName ?? member.id)
            href = group.map { "/console/groups/\($0.id)" }
            kind = "Group"
            isOff = group?.status != .active
        case .device:
            let device = directory.devices[member.id]
            let owner = device.flatMap { directory.people[$0.owner] }
            name = device.map { "\(owner?.displayName ?? "somebody"), \($0.name)" } ?? "a deleted device"
            targetName = device.map { "\(owner?.targetName ?? "")|\($0.name)" } ?? member.id
            href = owner.map { "/console/people/\($0.id)" }
            kind = "Device"
            isOff = device?.status != .active
        case .person:
            let person = directory.people[member.id]
            (name, targetName) = (person?.displayName ?? "a deleted person", person?.targetName ?? member.id)
            href = person.map { "/console/people/\($0.id)" }
            kind = nil
            isOff = person?.status != .active
        }
    }
}

/// A place in an escalation, in words.
struct EscalationStep: Sendable {
    let place: Int
    let name: String
    let href: String?
    let kind: String?
    /// "instead of Mary McBride".
    let instead: String?
    /// Why nobody is notified at this place.
    let skipped: String?
    /// "at once", "10 min later".
    let when: String
    let escalation: String?
    let isFirst: Bool

    /// The places of a shift at a moment.
    static func all(_ members: [OnCallMember], _ directory: DirectoryView) -> [EscalationStep] {
        var minutes = 0
        var isFirst = true
        return members.map { member in
            minutes += member.delay
            let meant = RecipientName(member.recipient, directory)
            let notified = member.notified.map { RecipientName($0, directory) }
            defer { if notified != nil { isFirst = false } }
            return EscalationStep(
                place: member.position, name: notified?.name ?? meant.name, href: notified?.href ?? meant.href,
                kind: notified?.kind ?? meant.kind,
                instead: member.notified == nil || member.notified == member.recipient
                    ? nil : "instead of \(meant.name)",
                skipped: notified == nil ? member.skipped ?? "skipped" : nil,
                when: minutes == 0 ? "at once" : "after \(Duration.seconds(minutes * 60).words)",
                escalation: member.escalationType == .none ? nil : member.escalationType.rawValue,
                isFirst: isFirst && notified != nil)
        }
    }
}
