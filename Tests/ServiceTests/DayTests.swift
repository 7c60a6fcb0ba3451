import AlertCore
import Foundation
import Messaging
import Notifier
import Persistence
import TestSupport
import Testing

/// A day in the life of three groups.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct DayTests {
    @Test(arguments: Backend.available)
    func everybodyIsNotifiedWhenTheCalendarSaysSo(on backend: Backend) async throws {
        try await DueWorkLoop.$pollInterval.withValue(.milliseconds(50)) {
            try await Self.live(on: backend)
        }
    }

    private static func live(on backend: Backend) async throws {
        try await DoorWorld.run(DoorWorld.Options(alertFlood: nil), on: backend) { world in
            try await Day.configure(world)
            world.clock.advance(by: Day.midnight.since(world.clock.now))
            let alerts = try await Self.live(through: Day.alerts, in: world)

            var count = 0
            for planned in Day.alerts {
                let row = try #require(alerts[planned.number])
                let told = try await Self.told(row.id, in: world)
                #expect(
                    told == Day.expected(planned),
                    "alert \(planned.number) at \(planned.minute) to \(planned.targets), \(planned.answer)")
                count += told.count
            }
            // As many messages as were planned for, each once.
            #expect(world.mailbox.all.count == count && Set(world.mailbox.all.map(\.id)).count == count)
            try await Self.replay(in: world)
            var facts = try await world.database.reading { connection in
                try AuditChecks(connection, at: world.clock.now, AuditBounds()).run(seenUntil: nil).facts
            }
            // There is no webhook dispatcher in this world, which the audit finds, and nothing else.
            let behind = facts.removeValue(forKey: .consumersBehind)
            #expect(behind?.detail == "webhook-dispatcher alert/0, webhook-dispatcher alert/1")
            #expect(facts.isEmpty, "after such a day")
        }
    }

    // MARK: - What happens

    /// Sends each alert at its time, and each answer. - Returns: The alerts by their place in the plan.
    private static func live(
        through plan: [Day.Planned], in world: DoorWorld
    ) async throws -> [Int: AlertRow] {
        var rows: [Int: AlertRow] = [:]
        var moments: [(minute: Int, isAlert: Bool, planned: Day.Planned)] = []
        for planned in plan {
            moments.append((planned.minute, true, planned))
            if planned.answer != .none { moments.append((planned.minute + planned.answerAfter, false, planned)) }
        }
        for (minute, isAlert, planned) in moments.sorted(by: {
            ($0.minute, $0.isAlert ? 0 : 1) < ($1.minute, $1.isAlert ? 0 : 1)
        }) {
            try await world.pass(until: Day.at(minute))
            if isAlert {
                let recipients = planned.targets.map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
                let body = #"{"properties":{"Host":"db\#(planned.number)"},"recipients":[\#(recipients)]}"#
                let made = try await world.activity(world.trigger("day", body)).alerts
                rows[planned.number] = try await world.alert(try #require(made.first).number)
            } else {
                try await answer(planned, try #require(rows[planned.number]), in: world)
            }
        }
        try await world.pass(until: Day.at(1440 + 120))
        try await world.settle()
        return rows
    }

    private static func answer(_ planned: Day.Planned, _ row: AlertRow, in world: DoorWorld) async throws {
        guard planned.answer != .byREST else {
            let body = #"{"id":"\#(row.id)","status":"TERMINATED"}"#
            let headers = DoorWorld.basic("admin").merging(["Content-Type": "application/json"]) { $1 }
            let answer = try await world.send("POST", "/api/xm/1/events", Data(body.utf8), headers: headers)
            #expect(answer.status == 200, "\(answer.body)")
            return
        }
        // Whoever was notified first, by the link in the message.
        let option = planned.answer == .ends ? "Resolve" : "Mine"
        let device = "\(Day.first(planned))-mail"
        let notification = try #require(
            try await world.database.reading { try Notifications($0).ofAlert(row.id) }
                .first { $0.plan.device.name == device && $0.status == .delivered })
        let message = try #require(world.mailbox.all.first { $0.id == notification.plan.id })
        let answer = try await world.send(
            "POST", try #require(message.path(of: option)), Data("comment=".utf8),
            headers: ["Content-Type": "application/x-www-form-urlencoded"])
        #expect(answer.status == 200, "\(answer.body)")
    }

    /// What was sent, as `minute device`.
    private static func told(_ alert: String, in world: DoorWorld) async throws -> [String] {
        let rows = try await world.database.reading { try Notifications($0).ofAlert(alert) }
        let open = rows.filter { $0.status != .delivered && $0.status != .cancelled }
        #expect(open.isEmpty, "nothing is left: \(open.map(\.status))")
        return rows.filter { $0.status == .delivered }.map { row in
            "\(row.plan.dueAt.since(Day.midnight).milliseconds / 60_000) \(row.plan.device.name)"
        }.sorted()
    }

    // MARK: - The log

    /// The events of the escalations, read anew and without the directory, say the same notifications, to the letter.
    private static func replay(in world: DoorWorld) async throws {
        let (history, planned) = try await world.database.reading { connection in
            func streams(_ category: String) throws -> [RecordedEvent] {
                let pattern = "\(category)-%"
                let names = try connection.execute(
                    "SELECT DISTINCT stream FROM events WHERE stream LIKE \(pattern)"
                ).map { $0.text(0) }
                return try EventLog(connection).read(streams: names)
            }
            return (try streams(AlertEscalation.category), try streams(AlertCore.Notification.category))
        }
        var replayed: [String: AlertCore.Notification.Plan] = [:]
        for (_, events) in Dictionary(grouping: history, by: \.stream) {
            var state = AlertEscalation.initial
            for recorded in events {
                let event = try EventCodec<AlertEscalation.Event>.decode(recorded.data)
                state = AlertEscalation.evolve(state, event)
                guard case .advanced(let advance, let at) = event else { continue }
                for notice in advance.notices { replayed[notice.id] = notice.plan(state.terms, at: at) }
            }
            #expect(state.phase == .ended && state.nextDue == nil)
        }
        var recorded: [String: AlertCore.Notification.Plan] = [:]
        for event in planned {
            if case .planned(let plan, _) = try EventCodec<AlertCore.Notification.Event>.decode(event.data) {
                recorded[plan.id] = plan
            }
        }
        #expect(replayed.count > 100 && replayed == recorded)
    }
}

extension ChannelMessage {
    /// Of the link by which an option is chosen.
    fileprivate func path(of option: String) -> String? {
        let url =
            answers.first { $0.text == option }?.url
            ?? text.split(separator: "\n").first { $0.contains("\(option): http") }.map { String($0) }
        return url.flatMap { $0.range(of: "/respond/").map { range in String(url![range.lowerBound...]) } }
    }
}
