/// For how long alerts are kept, with everything that the log says of them.
public struct Retention: Equatable, Sendable {
    /// The longest, in months.
    public static let longest = 1200

    /// In months; 0 for ever.
    public var months: Int
    /// By the id of the workflow, where it says so itself; 0 for ever.
    public var monthsOfPlans: [String: Int]

    public init(months: Int, monthsOfPlans: [String: Int] = [:]) {
        self.months = months
        self.monthsOfPlans = monthsOfPlans
    }

    /// How long alerts of a workflow are kept, in months; 0 for ever. Of one that is gone, as long as of others.
    public func months(of plan: String) -> Int { monthsOfPlans[plan] ?? months }

    /// The last month, as in 202601, whose alerts may go for one of the rules; `nil` when all are kept for ever.
    public func lastMonth(at now: Timestamp) -> Int? {
        let shortest = ([months] + monthsOfPlans.values).filter { $0 > 0 }.min()
        return shortest.map { Self.month(now.month, earlier: $0 + 1) }
    }

    /// Whether the time of an alert is over: its month ended that many whole months ago.
    public func isOver(createdAt: Timestamp, plan: String, at now: Timestamp) -> Bool {
        let kept = months(of: plan)
        return kept > 0 && createdAt.month <= Self.month(now.month, earlier: kept + 1)
    }

    /// - Parameter month: As in 202601.
    public static func month(_ month: Int, earlier count: Int) -> Int {
        let index = month / 100 * 12 + month % 100 - 1 - count
        return index / 12 * 100 + index % 12 + 1
    }
}
