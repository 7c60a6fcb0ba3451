/// Who belongs to a group.
extension Roster {
    /// Everybody who belongs to a group, each with who is notified instead and why nobody is.
    ///
    /// Of a broadcast group its members, of a dynamic group everybody who meets its criteria in the order of their
    /// target names, of an on-call group its roster, whether on call or not. Inactive ones are in it, skipped.
    /// All have a delay of 0: they are notified at once.
    /// - Parameter group: An id. A group that is not there has no members.
    public func members(of group: String, at moment: Timestamp) -> [OnCallMember] {
        guard let entry = groups[group] else { return [] }
        let recipients: [GroupMember] =
            switch entry.groupType {
            case .onCall, .broadcast: entry.members
            case .dynamic: matching(entry.criteria).map { GroupMember(id: $0.id, recipientType: .person) }
            }
        return standing(
            recipients.map { Shift.Member(recipient: $0, inRotation: false) }, in: group, at: moment)
    }

    /// Nobody meets no criteria.
    private func matching(_ criteria: GroupCriteria?) -> [Person] {
        (criteria?.met(in: self) ?? []).map { ($0.targetName.lowercased(), $0) }
            .sorted { ($0.0, $0.1.id) < ($1.0, $1.1.id) }.map(\.1)
    }
}
