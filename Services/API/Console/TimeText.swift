import AlertCore
import Foundation

/// A time as pages show it.
struct TimeText: Sendable {
    /// For programs: in UTC.
    let machine: String
    /// Date, time and zone.
    let full: String
    /// Time of day when it is today, else with its date.
    let short: String
}

/// Turns times into text for one person.
struct TimeFormat: Sendable {
    let now: Timestamp
    let zone: TimeZone

    /// - Parameter timezone: As in `Person.timezone`; UTC when the system does not know it.
    init(now: Timestamp, timezone: String) {
        self.now = now
        zone = TimeZone(identifier: timezone) ?? .gmt
    }

    func text(_ time: Timestamp) -> TimeText {
        let (day, clock) = local(time)
        let isToday = local(now).day == day
        return TimeText(
            machine: time.iso, full: full(time), short: isToday ? clock : "\(day.dropFirst(5)) \(clock.prefix(5))")
    }

    func full(_ time: Timestamp) -> String {
        let (day, clock) = local(time)
        return "\(day) \(clock) \(zone.identifier == "GMT" ? "UTC" : zone.identifier)"
    }

    /// Time of day, with its date when it is not today.
    func short(_ time: Timestamp) -> String { text(time).short }

    private func local(_ time: Timestamp) -> (day: String, clock: String) {
        let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
        let offset = Int64(zone.secondsFromGMT(for: date)) * 1000
        let iso = Timestamp(milliseconds: max(0, time.milliseconds + offset)).iso
        return (String(iso.prefix(10)), String(iso.dropFirst(11).prefix(8)))
    }
}

extension Duration {
    /// "340 ms", "4.2 s", "12 min", "3 h".
    var readable: String {
        let milliseconds = self.milliseconds
        return switch milliseconds {
        case ..<1000: "\(milliseconds) ms"
        case ..<60_000: "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
        case ..<3_600_000: "\(milliseconds / 60_000) min"
        default: "\(milliseconds / 3_600_000) h"
        }
    }
}
