import Foundation

/// The clocks of a time zone: what they show when, and when they show what. The rules of the zones are Foundation's.
///
/// Where the clocks are changed, times of day are taken so that a later time never comes before an earlier one:
/// - One that the clocks skip (02:30 on a night in spring) is the moment of the change.
/// - One that they show twice (01:30 on a night in autumn) is the first of the two.
///
/// So parts of a day that touch on the clock touch in fact, on every day: there is no gap between them, and they
/// do not overlap. A part that lies within what is skipped has no length on that day.
public struct WallClock: Sendable {
    /// What the clocks show, as milliseconds from midnight of 1970-01-01 on them.
    public struct Time: Hashable, Comparable, Sendable {
        static let day: Int64 = 86_400_000

        public let milliseconds: Int64

        public init(milliseconds: Int64) { self.milliseconds = milliseconds }

        /// - Parameter timeOfDay: Milliseconds after midnight, of any length.
        public init(_ day: CalendarDay, timeOfDay: Int64 = 0) {
            milliseconds = Int64(day.number) * Self.day + timeOfDay
        }

        public var day: CalendarDay { CalendarDay(number: Int(milliseconds.floorDivided(by: Self.day))) }
        /// Milliseconds after midnight.
        public var timeOfDay: Int64 { milliseconds.modulo(Self.day) }

        public static func < (earlier: Time, later: Time) -> Bool { earlier.milliseconds < later.milliseconds }
    }

    private let zone: TimeZone

    /// - Parameter identifier: As in `Europe/Berlin`. One that is not known is taken for UTC: who is on call at the
    ///   wrong hour can still be notified.
    public init(_ identifier: String) {
        zone = TimeZone(identifier: identifier) ?? .gmt
    }

    public static func isKnown(_ identifier: String) -> Bool { TimeZone(identifier: identifier) != nil }

    public func time(at moment: Timestamp) -> Time {
        Time(milliseconds: moment.milliseconds + offset(at: moment.milliseconds))
    }

    public func day(at moment: Timestamp) -> CalendarDay { time(at: moment).day }

    /// When the clocks show `time`; see ``WallClock`` for times that there are not once. Before 1970 it is 1970.
    public func moment(of time: Time) -> Timestamp {
        let wall = time.milliseconds
        // No zone is a whole day away from UTC, so these are before and after any change nearby.
        let before = offset(at: wall - Time.day)
        let after = offset(at: wall + Time.day)
        if before == after || offset(at: wall - before) == before { return Self.timestamp(wall - before) }
        if offset(at: wall - after) == after { return Self.timestamp(wall - after) }
        return Self.timestamp(change(after: wall - after, notAfter: wall - before, to: after))
    }

    /// The first moment at which the clocks have the offset `offset`.
    private func change(after low: Int64, notAfter high: Int64, to offset: Int64) -> Int64 {
        var (low, high) = (low, high)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if self.offset(at: middle) == offset { high = middle } else { low = middle }
        }
        return high
    }

    private func offset(at milliseconds: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(milliseconds) / 1000))) * 1000
    }

    private static func timestamp(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: max(0, milliseconds))
    }
}
