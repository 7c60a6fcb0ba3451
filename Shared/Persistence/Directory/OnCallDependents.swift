import AlertCore

// What is taken back when somebody or something is deleted that groups and shifts name (spec §4.6).
extension Directory {
    /// Whoever is gone stands in no roster, shift or end-of-escalation notice any more.
    func takeOffGroups(_ gone: [GroupMember], by origin: Origin, at now: Timestamp) throws {
        let gone = Set(gone)
        let people = Set(gone.lazy.filter { $0.recipientType == .person }.map(\.id))
        for var group in try all(Group.self) {
            let before = group
            group.members.removeAll(where: gone.contains)
            group.supervisors.removeAll(where: people.contains)
            if group != before { try put(group, by: origin, at: now) }
        }
        for var shift in try all(Shift.self) {
            let before = shift
            shift.members.removeAll { gone.contains($0.recipient) }
            // Without its recipient, a notice would go to the supervisors: it goes with whom it was for.
            if let recipient = shift.notifyEndOfEscalation?.recipient, gone.contains(recipient) {
                shift.notifyEndOfEscalation = nil
            }
            if shift != before { try put(shift, by: origin, at: now) }
        }
    }

    /// Absences of others that need what is gone: without its replacement or group, an absence means something else.
    func deleteAbsences(
        by origin: Origin, at now: Timestamp, where needs: (TemporaryAbsence) -> Bool
    ) throws {
        for absence in try all(TemporaryAbsence.self) where needs(absence) {
            try delete(TemporaryAbsence.self, id: absence.id, by: origin, at: now)
        }
    }

    /// - Throws: ``DirectoryError/inUse(by:)`` while people or groups are at the site.
    func requireUnused(_ site: Site) throws {
        let groups = try all(Group.self).filter { $0.site == site.id }.map(\.targetName)
        let people = try all(Person.self).filter { $0.site == site.id }.map(\.targetName)
        let users = groups + people
        guard users.isEmpty else {
            let more = users.count > 10 ? ", and \(users.count - 10) more" : ""
            throw DirectoryError.inUse(by: users.prefix(10).joined(separator: ", ") + more)
        }
    }
}
