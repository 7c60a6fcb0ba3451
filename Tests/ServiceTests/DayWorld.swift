import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport

/// One day, minute by minute from midnight UTC: three groups, a rotation, an absence, forty alerts.
///
/// `expected` says who is to be notified of each alert, and when. It is plain arithmetic on the configuration, as a
/// person with a calendar would do it, and uses nothing of the code that decides.
enum Day {
    /// A Tuesday; Berlin is two hours ahead.
    static let midnight = Timestamp(milliseconds: 1_790_035_200_000)  // 2026-09-22T00:00:00Z
    static let people = ["ann", "ben", "cem", "dan", "eve2", "fay", "gus", "hal", "ida", "joe", "kim"]

    static func at(_ minute: Int) -> Timestamp { midnight.advanced(by: .seconds(60 * minute)) }

    enum Answer: Equatable { case none, ends, stopsTarget, byREST }

    struct Planned {
        let number: Int
        let minute: Int
        let targets: [String]
        let answer: Answer
        /// Minutes after the alert.
        let answerAfter: Int
    }

    static let alerts = (0..<40).map { number in
        let targets = [["database"], ["network"], ["desk"], ["database", "ann"], ["network", "desk"]][number % 5]
        let (answer, after): (Answer, Int) = [(.none, 0), (.ends, 7), (.stopsTarget, 12), (.byREST, 3)][number % 4]
        return Planned(number: number, minute: 17 + 34 * number, targets: targets, answer: answer, answerAfter: after)
    }

    /// Who is notified of an alert on what, and when, as `minute device`.
    static func expected(_ alert: Planned) -> [String] {
        var told: [(minute: Int, device: String, target: String)] = []
        for target in alert.targets {
            for (after, person) in escalation(of: target, at: alert.minute) {
                let minute = alert.minute + after
                guard !told.contains(where: { $0.minute == minute && $0.device.hasPrefix(person) }) else { continue }
                told.append((minute, "\(person)-mail", target))
                // Ann's second device follows two minutes after the first.
                if person == "ann" { told.append((minute + 2, "ann-second", target)) }
            }
        }
        let end = alert.minute + alert.answerAfter
        switch alert.answer {
        case .none: break
        case .ends, .byREST: told.removeAll { $0.minute >= end }
        case .stopsTarget: told.removeAll { $0.minute >= end && $0.target == alert.targets[0] }
        }
        return told.map { "\($0.minute) \($0.device)" }.sorted()
    }

    /// Who is notified first by way of the first target.
    static func first(_ alert: Planned) -> String { escalation(of: alert.targets[0], at: alert.minute)[0].1 }

    /// Minutes after the alert, and the person.
    private static func escalation(of target: String, at minute: Int) -> [(Int, String)] {
        switch target {
        case "database":
            // Ben is away from 9 to 17 o'clock, when Kim stands in; what counts is when the turn comes.
            let second = (9 * 60..<17 * 60).contains(minute + 5) ? "kim" : "ben"
            return [(0, "ann"), (5, second), (15, "cem")]
        case "network":
            // By day from 8 to 20 o'clock in Berlin.
            return (6 * 60..<18 * 60).contains(minute) ? [(0, "dan"), (10, "eve2")] : [(0, "fay"), (10, "gus")]
        case "desk":
            // Every six hours who was first goes to the end, for two days now; ten minutes after its end the
            // escalation begins again, once.
            let order = ["hal", "ida", "joe"]
            let turn = 8 + minute / 360
            let round = (0..<3).map { (15 * $0, order[(turn + $0) % 3]) }
            return round + round.map { (40 + $0.0, $0.1) }
        default:
            return [(0, target)]
        }
    }
}

// MARK: - The same in the directory

extension Day {
    static func configure(_ world: DoorWorld) async throws {
        try await world.database.transaction { connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
            let at = DoorWorld.start
            for (index, name) in people.enumerated() {
                try directory.put(
                    Person(id: name, targetName: name, firstName: name, lastName: "X", whenCreated: at), by: origin,
                    at: at)
                let names = ["\(name)-mail"] + (name == "ann" ? ["ann-second"] : [])
                for (place, device) in names.enumerated() {
                    try directory.put(
                        Device(
                            id: device, number: Int64(100 + 2 * index + place), owner: name, name: device,
                            deviceType: .email, emailAddress: "\(device)@example.org",
                            delay: name == "ann" && place == 0 ? 2 : 0, sequence: place + 1), by: origin, at: at)
                }
            }
            for group in ["database", "network", "desk"] {
                try directory.put(
                    Group(id: group, targetName: group, created: at), by: origin, at: at)
            }
            for shift in shifts { try directory.put(shift, by: origin, at: at) }
            try directory.put(
                TemporaryAbsence(
                    id: "absence", absenceType: .replacement, start: Self.at(9 * 60), end: Self.at(17 * 60),
                    member: "ben", group: "database", replacement: "kim", created: at), by: origin, at: at)
            try directory.put(form, by: origin, at: at)
            try directory.put(
                DoorWorld.integration("day", .url, world.secrets) { $0.form = form.id }, by: origin, at: at)
        }
    }

    private static let form = Form(
        id: "22222222-0000-4000-8000-000000000002", number: 78, plan: DoorWorld.plan.id, name: "Day",
        responseOptions: [
            ResponseOption(
                id: "44444444-0000-4000-8000-000000000002", number: 1, text: "Resolve", action: .end),
            ResponseOption(
                id: "44444444-0000-4000-8000-000000000003", number: 2, text: "Mine", action: .stopNotifyingTarget),
        ])

    private static func shift(
        _ id: String, of group: String, _ zone: String, from start: Int, hours: Int, _ members: [(String, Int)],
        _ change: (inout Shift) -> Void = { _ in }
    ) -> Shift {
        let begin = Self.at(start - 2 * 1440)
        var shift = Shift(
            id: id, group: group, name: id, start: begin, end: begin.advanced(by: .seconds(3600 * hours)),
            timezone: zone, recurrence: Recurrence(frequency: .daily),
            members: members.map {
                Shift.Member(
                    recipient: GroupMember(id: $0.0, recipientType: .person), delay: $0.1, escalationType: .peer)
            }, created: begin)
        change(&shift)
        return shift
    }

    private static let shifts = [
        shift("always", of: "database", "UTC", from: 0, hours: 24, [("ann", 0), ("ben", 5), ("cem", 10)]),
        shift("by day", of: "network", "Europe/Berlin", from: 6 * 60, hours: 12, [("dan", 0), ("eve2", 10)]),
        shift("by night", of: "network", "Europe/Berlin", from: 18 * 60, hours: 12, [("fay", 0), ("gus", 10)]),
        shift("round the clock", of: "desk", "UTC", from: 0, hours: 24, [("hal", 0), ("ida", 15), ("joe", 15)]) {
            $0.rotation = Rotation(type: .time, interval: 6, intervalUnit: .hours)
            $0.repeatEscalation = Shift.Repeat(repetitions: 1, waitInSeconds: 600)
        },
    ]
}

// MARK: - Time

extension DoorWorld {
    /// Waits until nothing is left to do at this time: no work that is due, no message and no event on its way.
    func settle() async throws {
        let now = clock.now
        try await eventually("everything of \(now.iso) is done", within: .seconds(30)) {
            try await database.reading { connection in
                let due = try connection.execute(
                    "SELECT count(*) FROM due_work WHERE due_at <= \(now.milliseconds)")[0].integer(0)
                let ways = [
                    ("inbound-requests", "transformer"), ("alert-commands", "alert-engine"),
                    ("alert-events", "notifier"),
                ]
                for (topic, group) in ways {
                    let rows = try connection.execute(
                        "SELECT partition, next_offset FROM bus_partitions WHERE topic = \(topic)")
                    for row in rows {
                        let next = try Checkpoint(
                            group: group, partition: "\(topic)/\(row.integer(0))", in: connection
                        ).next()
                        if next < row.integer(1) { return false }
                    }
                }
                for (category, topic) in [("alert", "alert-events"), ("escalation", "alert-commands")] {
                    let logs = try connection.execute(
                        """
                        SELECT partition_name, position FROM log_partitions
                        WHERE partition_name LIKE \("\(category)/%")
                        """)
                    for log in logs {
                        let next = try Checkpoint(
                            group: "relay-\(topic)", partition: log.text(0), in: connection
                        ).next()
                        if next < log.integer(1) { return false }
                    }
                }
                return due == 0
            }
        }
    }

    /// Lets time pass, and everything happen at its time.
    func pass(until end: Timestamp) async throws {
        while true {
            try await settle()
            let next = try await database.reading { connection in
                try connection.execute("SELECT min(due_at) FROM due_work")[0].optionalInteger(0)
            }
            guard let next, next < end.milliseconds else { break }
            clock.advance(by: .milliseconds(next - clock.now.milliseconds))
        }
        clock.advance(by: end.since(clock.now))
    }
}
