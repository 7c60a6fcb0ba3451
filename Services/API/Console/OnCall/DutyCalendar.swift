import AlertCore
import Persistence

extension DutyRow {
    /// When a person is on call, in the order of time.
    static func rows(
        of person: Person, days: Int, _ directory: DirectoryView, for session: ConsoleSession, format: TimeFormat
    ) -> [DutyRow] {
        let roster = directory.roster
        let zone = ZonedTime(format.zone.identifier)
        let own = Set(directory.devices(of: person.id).map(\.id)).union([person.id])
        let to = format.now.advanced(by: .seconds(days * 86_400))
        var rows: [(Timestamp, DutyRow)] = []
        for group in directory.groups(seenBy: session.caller) {
            for part in roster.parts(of: group.id, from: format.now, to: to) {
                let steps = part.shift.members
                guard let index = steps.firstIndex(where: { $0.notified.map { own.contains($0.id) } ?? false })
                else { continue }
                let minutes = steps[...index].reduce(0) { $0 + $1.delay }
                let instead =
                    steps[index].notified == steps[index].recipient
                    ? "" : ", instead of \(RecipientName(steps[index].recipient, directory).name)"
                let when = minutes == 0 ? "at once" : "after \(Duration.seconds(minutes * 60).words)"
                rows.append(
                    (
                        part.start,
                        DutyRow(
                            when: zone.span(part.start, part.end), group: group.targetName,
                            href: "/console/groups/\(group.id)", shift: part.shift.shift.name,
                            place: "place \(steps[index].position), \(when)\(instead)",
                            isNow: part.start <= format.now && format.now < part.end)
                    ))
            }
        }
        return rows.sorted { ($0.0, $0.1.group) < ($1.0, $1.1.group) }.prefix(limit).map(\.1)
    }

    /// More would be no page.
    private static let limit = 60
}
