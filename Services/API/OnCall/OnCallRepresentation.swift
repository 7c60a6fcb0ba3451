import AlertCore
import Persistence

// What occurrences of shifts look like (spec §4.6): their times without milliseconds.

extension Timestamp {
    /// `2018-04-24T04:00:00Z`.
    var isoSeconds: String { iso.prefix(19) + "Z" }
}

extension OnCallShift {
    /// The page with its members.
    var membersPath: String { "\(RESTPath.base)\(shift.path)/occurrences/\(start.iso)/members" }
}

/// How much of each row of a list of occurrences is wanted.
struct OccurrenceEmbeds: Sendable {
    static let membersPerShift = 100

    let shift: Bool
    let owner: Bool
    let members: Int?

    /// - Parameter always: Whether members are in it in any case.
    init(_ query: QueryParameters, always: Bool) throws(RestError) {
        shift = query.embeds("shift")
        owner = query.embeds("members.owner")
        let count = try query.number("membersPerShift", default: Self.membersPerShift, in: 1...Self.membersPerShift)
        members = always || owner || query.embeds("members") ? count : nil
    }
}

extension DirectoryView {
    func wire(_ occurrence: OnCallShift, in group: Group, _ embeds: OccurrenceEmbeds) -> JSONValue {
        let shift = occurrence.shift
        return .fields([
            "group": group.reference,
            "shift": embeds.shift
                ? wire(shift, in: group)
                : ["id": .string(shift.id), "name": .string(shift.name), "links": .links(shift.path)],
            "start": .string(occurrence.start.isoSeconds), "end": .string(occurrence.end.isoSeconds),
            "members": embeds.members.map { membersPage(of: occurrence, limit: $0, withOwner: embeds.owner) },
            "notifyEndOfEscalation": shift.endNoticeFlag,
        ])
    }

    private func membersPage(of occurrence: OnCallShift, limit: Int, withOwner: Bool) -> JSONValue {
        let members = occurrence.members.prefix(limit).map { wire($0, during: occurrence, withOwner: withOwner) }
        var links: [String: JSONValue] = ["self": .string("\(occurrence.membersPath)?offset=0&limit=\(limit)")]
        if members.count < occurrence.members.count {
            links["next"] = .string("\(occurrence.membersPath)?offset=\(limit)&limit=\(limit)")
        }
        return [
            "count": .whole(members.count), "total": .whole(occurrence.members.count), "data": .array(members),
            "links": .object(links),
        ]
    }

    /// A place in the escalation at that time. `notified` and `skipped` are ours: who is notified then, or why nobody.
    func wire(_ member: OnCallMember, during occurrence: OnCallShift, withOwner: Bool) -> JSONValue {
        let replacements = replacements(of: member.recipient, during: occurrence)
        return .fields([
            "position": .whole(member.position), "delay": .whole(member.delay),
            "escalationType": .string(member.escalationType.rawValue), "inRotation": .bool(member.inRotation),
            "member": wire(member.recipient, withOwner: withOwner),
            "replacements": [
                "count": .whole(replacements.count), "total": .whole(replacements.count), "data": .array(replacements),
            ],
            "notified": member.notified.flatMap { reference($0) }, "skipped": .text(member.skipped),
        ])
    }

    /// Who replaces somebody in at least a part of an occurrence.
    private func replacements(of member: GroupMember, during occurrence: OnCallShift) -> [JSONValue] {
        guard member.recipientType == .person else { return [] }
        return absences(of: member.id).filter { absence in
            absence.start < occurrence.end && absence.end > occurrence.start
                && (absence.group == nil || absence.group == occurrence.shift.group)
        }.sorted { ($0.start, $0.id) < ($1.start, $1.id) }.compactMap { absence in
            guard let replacement = absence.replacement.flatMap({ people[$0] }) else { return nil }
            return [
                "start": .string(absence.start.isoSeconds), "end": .string(absence.end.isoSeconds),
                "replacement": replacement.referenceWithStatus,
            ]
        }
    }
}

extension Person {
    /// As absences name people.
    var referenceWithStatus: JSONValue {
        guard case .object(var fields) = reference else { return reference }
        fields["status"] = .string(status.rawValue)
        return .object(fields)
    }
}
