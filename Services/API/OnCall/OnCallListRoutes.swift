import AlertCore
import Persistence

extension RESTServices {
    /// Who is on call (spec §4.6).
    var onCallListRoutes: [RESTRoute] {
        [.get("on-call", listOnCall), .get("on-call-summary", summarizeOnCall)]
    }

    /// The longest span of a list of occurrences, in days.
    static let longestSpan = 366
    /// How long a list goes on from `from` when it does not say, in days.
    private static let defaultSpan = 7
    /// The most groups of one list.
    private static let mostGroups = 200
    /// The most occurrences of one shift in a list.
    static let mostOccurrences = 10_000

    private func listOnCall(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let embeds = try OccurrenceEmbeds(call.query, always: true)
        let span = try Self.span(of: call.query, now: now())
        let state = try await onCall(at: try call.query.time("at"))
        let groups = try Self.groups(call, state)
        let occurrences = groups.flatMap { group in
            let shifts =
                switch span {
                case .at(let moment): state.roster.onCall(group: group.id, at: moment)
                case .range(let from, let to):
                    state.roster.onCall(group: group.id, from: from, to: to, limit: Self.mostOccurrences)
                }
            return shifts.map { (group, $0) }
        }
        let rows = paging.cut(occurrences).map { state.view.wire($1, in: $0, embeds) }
        return .ok(call.page(rows, total: occurrences.count, paging))
    }

    private enum Order: String, CaseIterable {
        case primary = "PRIMARY"
        case secondary = "SECONDARY"
        case tertiary = "TERTIARY"

        var level: Int {
            switch self {
            case .primary: 1
            case .secondary: 2
            case .tertiary: 3
            }
        }
    }

    /// A bare array: the platform gives no page here.
    private func summarizeOnCall(_ call: RESTCall) async throws -> RESTAnswer {
        let level = try call.query.choice("escalationOrder", of: Order.allCases.map(\.rawValue))
            .flatMap { Order(rawValue: $0)?.level }
        let most = OccurrenceEmbeds.membersPerShift
        let count = try call.query.number("recipientsPerShift", default: most, in: 1...most)
        let asked = try call.query.time("at")
        let state = try await onCall(at: asked)
        let moment = asked ?? now()
        var rows: [JSONValue] = []
        for group in try Self.groups(call, state) {
            for shift in state.roster.onCall(group: group.id, at: moment) {
                let members = zip(shift.members, shift.escalationLevels)
                    .filter { level == nil || $1 == level }.prefix(count)
                rows += members.compactMap { state.view.summary($0, level: $1, of: shift, in: group) }
            }
        }
        return .ok(.array(rows))
    }

    // MARK: - What is asked for

    enum Span {
        case at(Timestamp)
        case range(from: Timestamp, to: Timestamp)
    }

    /// `from` and `to`, or `at`, or now.
    /// - Throws: 400 for both, and for a span that is too long.
    static func span(of query: QueryParameters, now: Timestamp) throws(RestError) -> Span {
        let (from, to) = try query.span()
        if let at = try query.time("at") {
            guard from == nil, to == nil else {
                throw .invalidValue("at", "it does not go together with from and to.")
            }
            return .at(at)
        }
        guard from != nil || to != nil else { return .at(now) }
        let range = try range(of: query, now: now)
        return .range(from: range.from, to: range.to)
    }

    static func range(of query: QueryParameters, now: Timestamp) throws(RestError) -> (from: Timestamp, to: Timestamp) {
        let span = try query.span()
        let from = span.from ?? now
        let to = span.to ?? from.advanced(by: .seconds(defaultSpan * 86_400))
        guard from < to else { throw .invalidValue("to", "it must be later than from, or than now.") }
        guard to.since(from) <= .seconds(longestSpan * 86_400) else {
            throw .invalidValue("to", "it may be at most \(longestSpan) days after from.")
        }
        return (from, to)
    }

    /// The groups of the query, by ids or names, each once.
    /// - Throws: 400 without any; 404 for one that is not there or that the caller may not see.
    private static func groups(_ call: RESTCall, _ state: OnCallState) throws(RestError) -> [Group] {
        guard let whole = call.query["groups"], let names = call.query.list("groups") else {
            throw .missingField("groups")
        }
        if state.present.group(whole) != nil {  // its name may have a comma
            return [try state.group(whole, for: call.caller)].compactMap { $0 }
        }
        guard names.count <= mostGroups else {
            throw .invalidValue("groups", "it may name at most \(mostGroups) groups.")
        }
        var groups: [Group] = []
        for name in names {
            guard let group = try state.group(name, for: call.caller) else { continue }
            if !groups.contains(where: { $0.id == group.id }) { groups.append(group) }
        }
        return groups
    }
}

extension OnCallShift {
    /// Of each member: 1 for those who are notified first, one more after each delay.
    var escalationLevels: [Int] {
        var level = 1
        return members.enumerated().map { index, member in
            if index > 0, member.delay > 0 { level += 1 }
            return level
        }
    }
}

extension DirectoryView {
    func summary(
        _ member: OnCallMember, level: Int, of shift: OnCallShift, in group: Group
    ) -> JSONValue? {
        guard case .object(var recipient) = reference(member.recipient) else { return nil }
        recipient["displayName"] = .string(displayName(of: member.recipient))
        return .fields([
            "group": ["name": .string(group.targetName), "id": .string(group.id)],
            "shift": ["name": .string(shift.shift.name), "id": .string(shift.shift.id)],
            "recipient": .object(recipient), "absence": member.absence.map { wire($0) },
            "delay": .whole(member.delay), "escalationLevel": .whole(level),
        ])
    }

    private func displayName(of member: GroupMember) -> String {
        guard member.recipientType == .person, let person = people[member.id] else { return targetName(of: member) }
        return "\(person.firstName) \(person.lastName)"
    }
}
