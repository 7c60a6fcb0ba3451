import Testing

@testable import AlertCore

@Suite struct RetentionTests {
    static func time(_ month: Int, _ day: Int) -> Timestamp {
        Timestamp(startOf: month).advanced(by: .seconds(86_400 * (day - 1)))
    }

    @Test func monthsAreCalendarMonths() {
        #expect(Timestamp(startOf: 197_001).milliseconds == 0)
        #expect(Timestamp(startOf: 202_403).iso == "2024-03-01T00:00:00.000Z")
        for month in [197_001, 199_912, 200_002, 202_402, 202_611, 210_012] {
            let start = Timestamp(startOf: month)
            #expect(start.month == month && start.iso.hasSuffix("-01T00:00:00.000Z"))
            if start.milliseconds > 0 { #expect(start.advanced(by: .milliseconds(-1)).month != month) }
        }
        #expect(Retention.month(202_601, earlier: 1) == 202_512)
        #expect(Retention.month(202_611, earlier: -3) == 202_702)
        #expect(Retention.month(202_611, earlier: 24) == 202_411)
    }

    @Test(arguments: [
        // An alert of the last day of January is kept for the whole of February and March.
        (2, 202_601, 31, 202_603, 31, false), (2, 202_601, 31, 202_604, 1, true), (2, 202_601, 1, 202_603, 31, false),
        (1, 202_512, 31, 202_601, 31, false), (1, 202_512, 31, 202_602, 1, true),
        (12, 202_511, 1, 202_611, 30, false), (12, 202_511, 1, 202_612, 1, true), (0, 200_001, 1, 202_612, 1, false),
    ])
    func alertsAreKeptForWholeMonths(
        _ months: Int, _ month: Int, _ day: Int, _ later: Int, _ laterDay: Int, _ isOver: Bool
    ) {
        let retention = Retention(months: months)
        #expect(
            retention.isOver(createdAt: Self.time(month, day), plan: "p", at: Self.time(later, laterDay)) == isOver)
    }

    @Test func workflowsCanSayOtherwise() {
        let retention = Retention(months: 3, monthsOfPlans: ["long": 24, "ever": 0, "short": 1])
        let (created, now) = (Self.time(202_601, 10), Self.time(202_605, 2))
        let over = ["other", "long", "ever", "short"].map { retention.isOver(createdAt: created, plan: $0, at: now) }
        #expect(over == [true, false, false, true])
        #expect(retention.lastMonth(at: now) == 202_603)
        #expect(Retention(months: 0).lastMonth(at: now) == nil)
        #expect(Retention(months: 0, monthsOfPlans: ["a": 2]).lastMonth(at: now) == 202_602)
    }
}
