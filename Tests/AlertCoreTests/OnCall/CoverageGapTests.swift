import AlertCore
import Testing

/// When nobody would be notified.
struct CoverageGapTests {
    static let weekdays = onCallShift(
        "2026-06-01T08:00Z", "2026-06-01T18:00Z", Recurrence(frequency: .everyWeekday),
        members: [Shift.Member(recipient: onCallPerson("ann")), Shift.Member(recipient: onCallPerson("bob"), delay: 5)])

    private func gaps(_ roster: Roster, _ from: String, _ to: String) -> [String] {
        roster.gaps(in: "ops", from: zulu(from), to: zulu(to)).map {
            "\($0.start.iso.dropFirst(5).prefix(11))–\($0.end.iso.dropFirst(5).prefix(11)) \($0.cause.rawValue)"
        }
    }

    /// 2026-06-05 is a Friday.
    @Test func areBetweenShifts() {
        let roster = onCallRoster(shifts: [Self.weekdays])
        #expect(
            gaps(roster, "2026-06-04T12:00Z", "2026-06-08T12:00Z") == [
                "06-04T18:00–06-05T08:00 noShift", "06-05T18:00–06-08T08:00 noShift",
            ])
        #expect(gaps(roster, "2026-06-06T12:00Z", "2026-06-07T12:00Z") == ["06-06T12:00–06-07T12:00 noShift"])
        #expect(gaps(roster, "2026-06-05T09:00Z", "2026-06-05T18:00Z").isEmpty)
    }

    @Test func areWhereEverybodyIsAway() {
        let roster = onCallRoster(
            shifts: [Self.weekdays],
            absences: [
                onCallAbsence("ann", from: "2026-06-05T00:00Z", to: "2026-06-05T12:00Z"),
                onCallAbsence("bob", by: "cat", from: "2026-06-05T00:00Z", to: "2026-06-06T00:00Z"),
                onCallAbsence("cat", from: "2026-06-05T11:00Z", to: "2026-06-07T12:00Z"),
            ])
        #expect(gaps(roster, "2026-06-05T09:00Z", "2026-06-05T18:00Z") == ["06-05T11:00–06-05T12:00 nobodyNotified"])
        let reason = roster.gaps(in: "ops", from: zulu("2026-06-05T09:00Z"), to: zulu("2026-06-05T18:00Z"))[0].reason
        #expect(reason.contains("ann is away until 2026-06-05T12:00:00.000Z without a replacement"))
        #expect(reason.contains("bob is replaced by cat, who is away"))
    }

    @Test func areWhereTheGroupWithinHasThem() {
        var inner = Self.weekdays
        inner.id = "inner shift"
        inner.group = "inner"
        let outer = onCallShift(
            "2026-06-01T00:00Z", "2026-06-02T00:00Z",
            members: [Shift.Member(recipient: GroupMembershipTests.within("inner"))])
        let roster = onCallRoster(shifts: [outer, inner], groups: [GroupMembershipTests.group("inner", .onCall)])
        #expect(gaps(roster, "2026-06-04T09:00Z", "2026-06-05T09:00Z") == ["06-04T18:00–06-05T08:00 nobodyNotified"])
    }

    @Test func ofAGroupThatIsInactiveIsAllTheTime() {
        let off = Group(id: "ops", targetName: "Ops", status: .inactive, created: zulu("2015-01-01T00:00Z"))
        let roster = onCallRoster(shifts: [Self.weekdays], groups: [off])
        #expect(gaps(roster, "2026-06-05T09:00Z", "2026-06-05T12:00Z") == ["06-05T09:00–06-05T12:00 inactiveGroup"])
    }

    @Test func ofABroadcastGroupAreByAbsences() {
        let all = GroupMembershipTests.group("ops", .broadcast, [onCallPerson("ann")])
        let roster = onCallRoster(
            absences: [onCallAbsence("ann", from: "2026-06-05T11:00Z", to: "2026-06-05T12:00Z")], groups: [all])
        #expect(gaps(roster, "2026-06-05T09:00Z", "2026-06-06T12:00Z") == ["06-05T11:00–06-05T12:00 nobodyNotified"])
    }

    @Test func areLookedForInABoundedTime() {
        let found = onCallRoster().gaps(in: "ops", from: zulu("2026-01-01T00:00Z"), to: zulu("2036-01-01T00:00Z"))
        #expect(found.map(\.end) == [zulu("2026-01-01T00:00Z").advanced(by: Roster.longestWindow)])
        #expect(onCallRoster().gaps(in: "ops", from: zulu("2026-01-01T00:00Z"), to: zulu("2026-01-01T00:00Z")).isEmpty)
    }
}
