/// A time in which nobody of a group would be notified.
public struct CoverageGap: Equatable, Sendable {
    public enum Cause: String, Codable, CaseIterable, Sendable {
        /// No shift is on.
        case noShift
        /// A shift is on, but everybody in it is skipped.
        case nobodyNotified
        /// The group is inactive or not there.
        case inactiveGroup
    }

    public var start: Timestamp
    public var end: Timestamp
    public var cause: Cause
    /// For people to read.
    public var reason: String

    public init(start: Timestamp, end: Timestamp, cause: Cause, reason: String) {
        self.start = start
        self.end = end
        self.cause = cause
        self.reason = reason
    }
}

extension Roster {
    /// The longest time that is looked at for gaps: 400 days.
    public static let longestWindow = Duration.seconds(400 * 86_400)
    /// The most occurrences of one shift that are looked at in it.
    static let occurrenceLimit = 10_000

    /// The times from `from` up to `to` at which nobody of the group would be notified, in order. Neighbours whose
    /// reasons differ stay apart.
    ///
    /// Whether those who would be notified have a device that can be used then is not asked.
    /// - Parameters:
    ///   - group: An id.
    ///   - to: At most ``longestWindow`` after `from`; what is after that is not looked at.
    /// - Complexity: O(beginnings and ends of shifts and absences in that time × members).
    public func gaps(in group: String, from: Timestamp, to: Timestamp) -> [CoverageGap] {
        let to = min(to, from.advanced(by: Self.longestWindow))
        guard from < to else { return [] }
        var path: Set<String> = []
        let moments = boundaries(of: group, from: from, to: to, &path).union([from]).sorted()
        var gaps: [CoverageGap] = []
        for (index, start) in moments.enumerated() {
            guard let (cause, reason) = hole(in: group, at: start) else { continue }
            let end = index + 1 < moments.count ? moments[index + 1] : to
            if let last = gaps.last, last.end == start, last.cause == cause, last.reason == reason {
                gaps[gaps.count - 1].end = end
            } else {
                gaps.append(CoverageGap(start: start, end: end, cause: cause, reason: reason))
            }
        }
        return gaps
    }

    /// Why nobody of the group is notified at a moment; `nil` when somebody is.
    private func hole(in group: String, at moment: Timestamp) -> (CoverageGap.Cause, String)? {
        let search = FirstNotified(of: group, in: self, at: moment)
        guard search.member == nil else { return nil }
        let cause: CoverageGap.Cause =
            switch search.refusal {
            case .gone, .inactive: .inactiveGroup
            case .noShift: .noShift
            default: .nobodyNotified
            }
        return (cause, search.reasons.joined(separator: "; "))
    }

    /// When it can change who of the group is notified, within groups within it too.
    private func boundaries(
        of group: String, from: Timestamp, to: Timestamp, _ seen: inout Set<String>
    ) -> Set<Timestamp> {
        guard let entry = groups[group], seen.insert(group).inserted else { return [] }
        var members: [GroupMember] = []
        var moments: Set<Timestamp> = []
        if entry.groupType == .onCall {
            for shift in shifts[group] ?? [] {
                members += shift.members.map(\.recipient)
                for occurrence in calendar(of: shift).occurrences(from: from, to: to, limit: Self.occurrenceLimit) {
                    moments.formUnion([occurrence.start, occurrence.end].filter { from < $0 && $0 < to })
                }
            }
        } else {
            members = self.members(of: group, at: from).map(\.recipient)
        }
        moments.formUnion(absenceChanges(of: members, from: from, to: to))
        for member in members where member.recipientType == .group {
            moments.formUnion(boundaries(of: member.id, from: from, to: to, &seen))
        }
        return moments
    }
}
