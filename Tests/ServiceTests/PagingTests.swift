import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

/// From a request that names a group to the people in it, through all services, on every database.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct PagingTests {
    private static let acknowledge = "44444444-0000-4000-8000-000000000001"
    private static let escalate = "44444444-0000-4000-8000-000000000002"

    /// `ops`: eve, five minutes later bob, five minutes later rest. `crowd`: all three at once.
    private func addGroups(to world: DoorWorld, _ change: @escaping @Sendable (inout Shift) -> Void = { _ in })
        async throws
    {
        let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
        try await world.database.transaction { connection in
            let directory = Directory(connection)
            let start = DoorWorld.start.advanced(by: .seconds(-86_400))
            try directory.put(Group(id: "g-ops", targetName: "ops", created: start), by: origin, at: start)
            try directory.put(
                Group(
                    id: "g-crowd", targetName: "crowd", groupType: .broadcast,
                    members: ["id-eve", "id-bob", "id-rest"].map { GroupMember(id: $0, recipientType: .person) },
                    created: start), by: origin, at: start)
            try directory.put(Group(id: "g-none", targetName: "none", created: start), by: origin, at: start)
            var shift = Shift(
                id: "s-always", group: "g-ops", name: "Always", start: start,
                end: start.advanced(by: .seconds(86_400)), timezone: "UTC",
                recurrence: Recurrence(frequency: .daily),
                members: ["id-eve", "id-bob", "id-rest"].enumerated().map { index, id in
                    Shift.Member(
                        recipient: GroupMember(id: id, recipientType: .person), delay: index == 0 ? 0 : 5,
                        escalationType: .peer)
                }, created: start)
            change(&shift)
            try directory.put(shift, by: origin, at: start)
            guard var form = try directory.get(Form.self, id: DoorWorld.form.id) else { return }
            form.responseOptions.append(
                ResponseOption(id: Self.escalate, number: 2, text: "Escalate", action: .escalate))
            try directory.put(form, by: origin, at: start)
        }
    }

    private func trigger(
        _ world: DoorWorld, _ recipients: String, _ more: String = ""
    ) async throws -> AlertRow {
        let answer = try await world.send(
            "POST", "/reapi/2015-04-01/forms/77/triggers",
            Data(#"{"properties":{"Host":"db1"},"recipients":\#(recipients)\#(more)}"#.utf8),
            headers: DoorWorld.basic("rest"))
        return try await world.alert(try answer.json["id"]?.string.flatMap { Int64($0) } ?? 0)
    }

    private func send(_ world: DoorWorld, _ command: Alert.Command, to alert: AlertRow, id: String) async throws {
        let message = AlertCommandMessage(
            commandId: id, alert: alert.id, command: command,
            origin: Origin(actor: "<test>", causation: id, correlation: alert.details.requestId))
        try await EmbeddedBus(database: world.database, partitionCount: 2).publish(
            [try message.outgoing()], to: .alertCommands)
    }

    private func answer(
        _ world: DoorWorld, _ person: String, _ option: String, to alert: AlertRow
    ) async throws {
        let by = PersonReference(id: "id-\(person)", targetName: person, firstName: "", lastName: "")
        let id = "answer-\(person)-\(option)"
        try await send(
            world,
            .respond(AlertResponse(id: id, by: by, device: "Work Email", option: option, comment: nil, source: "API")),
            to: alert, id: id)
    }

    private func told(_ world: DoorWorld, _ count: Int) async throws -> [String] {
        try await eventually("\(count) messages") { world.mailbox.all.count >= count }
        return world.mailbox.all.map(\.address)
    }

    private func events(_ world: DoorWorld, _ alert: AlertRow) async throws -> [Alert.Event] {
        try await world.database.reading { connection in
            try EventLog(connection).read(streams: ["alert-\(alert.id)"]).map { try EventCodec.decode($0.data) }
        }
    }

    @Test(arguments: Backend.available)
    func aGroupIsNotifiedPlaceByPlace(on backend: Backend) async throws {
        try await DoorWorld.run(on: backend) { world in
            try await addGroups(to: world)
            let alert = try await trigger(world, #"["ops"]"#)
            #expect(alert.details.recipients.map(\.recipientType) == [.group])
            #expect(try await told(world, 1) == ["eve@example.org"])
            world.clock.advance(by: .seconds(300))
            #expect(try await told(world, 2).last == "bob@example.org")
            try await eventually("the escalation") {
                try await events(world, alert).contains { if case .escalated = $0 { true } else { false } }
            }
            try await answer(world, "bob", Self.escalate, to: alert)
            #expect(try await told(world, 3).last == "rest@example.org")
            let audits = try await world.get("/audits?eventId=\(alert.id)&auditType=EVENT_ESCALATED")
            #expect(audits["data"]?.array?.first?["escalation"]?["reason"] == "PASSIVE")
            let all = try await world.get("/audits?eventId=\(alert.id)")
            #expect(all["data"]?.array?.contains { $0["type"] == "EVENT_ESCALATED" } == false)

            let explained = try await world.get("/events/\(alert.id)/explain")
            #expect(explained["state"] == "RUNNING" && explained["isTruncated"] == false)
            let people = explained["people"]?.array?.compactMap { $0["person"]?["targetName"]?.string }
            #expect(people == ["eve", "bob", "rest"])
            let notified = explained["lines"]?.array?.filter { $0["kind"] == "NOTIFIED" } ?? []
            #expect(notified.map { $0["rule"] } == ["ON_CALL", "ON_CALL", "ON_CALL"])
            #expect(notified.map { $0["step"] } == [1, 2, 3])
            #expect(notified.first?["shift"]?["name"] == "Always" && notified.first?["group"]?["name"] == "ops")
            let eve = try await world.get("/events/\(alert.id)/explain?person=eve")
            #expect(eve["people"]?.array?.count == 1)
            let admin = try await world.get("/events/\(alert.id)/explain?person=admin")
            #expect(admin["people"]?.array?.first?["outcome"] == "NOT_NOTIFIED")
        }
    }

    @Test(arguments: Backend.available)
    func suspensionAndTheEndStopIt(on backend: Backend) async throws {
        try await DoorWorld.run(on: backend) { world in
            try await addGroups(to: world)
            let mary = PersonReference(id: "id-admin", targetName: "admin", firstName: "", lastName: "")
            let alert = try await trigger(world, #"["ops"]"#)
            _ = try await told(world, 1)
            try await send(world, .suspend(by: mary), to: alert, id: "suspend")
            try await eventually("suspended") { try await explained(world, alert) == "SUSPENDED" }
            world.clock.advance(by: .seconds(600))
            try await send(world, .resume(by: mary), to: alert, id: "resume")
            try await eventually("running") { try await explained(world, alert) == "RUNNING" }
            #expect(world.mailbox.all.count == 1, "what was to come comes ten minutes later")
            world.clock.advance(by: .seconds(300))
            _ = try await told(world, 2)
            try await send(world, .terminate(by: mary), to: alert, id: "end")
            try await eventually("ended") { try await explained(world, alert) == "ENDED" }
            let due = try await world.database.reading {
                try $0.execute("SELECT id FROM due_work WHERE kind = 'escalation'").count
            }
            #expect(due == 0)
            // A late answer is kept, and says so.
            try await answer(world, "eve", Self.acknowledge, to: alert)
            try await eventually("the late answer") {
                try await events(world, alert).contains { if case .responseRejected = $0 { true } else { false } }
            }
        }
    }

    private func explained(_ world: DoorWorld, _ alert: AlertRow) async throws -> String? {
        try await world.get("/events/\(alert.id)/explain")["state"]?.string
    }

    @Test func saysThatNobodyCouldBeNotified() async throws {
        try await DoorWorld.run { world in
            try await addGroups(to: world)
            let alert = try await trigger(world, #"["none"]"#)
            try await eventually("the failure") {
                try await events(world, alert).contains { if case .recipientsFailed = $0 { true } else { false } }
            }
            let lines = try await world.get("/events/\(alert.id)/explain")["lines"]?.array ?? []
            #expect(lines.contains { $0["rule"] == "NO_SHIFT" })
            #expect(lines.contains { $0["kind"] == "FAILURE" && $0["rule"] == "NO_NOTIFIABLE_RECIPIENT" })
        }
    }

    @Test(arguments: Backend.available)
    func aRotationByAlertsTurnsWithEachAlert(on backend: Backend) async throws {
        try await DoorWorld.run(.init(alertFlood: nil), on: backend) { world in
            try await addGroups(to: world) { shift in
                shift.rotation = Rotation(type: .alerts, interval: 1)
                for index in shift.members.indices { shift.members[index].inRotation = true }
                for index in shift.members.indices { shift.members[index].delay = index == 0 ? 0 : 60 }
            }
            for count in 1...3 {
                _ = try await trigger(world, #"["ops"]"#)
                _ = try await told(world, count)
            }
            #expect(Set(world.mailbox.all.map(\.address)).count == 3, "each alert has another first place")
        }
    }

    @Test func simulatesWithoutSending() async throws {
        try await DoorWorld.run { world in
            try await addGroups(to: world)
            func simulate(_ body: String) async throws -> Answer {
                try await world.send(
                    "POST", "/api/xm/1/events/simulate", Data(body.utf8), headers: DoorWorld.basic("admin"))
            }
            let answer = try await simulate(#"{"recipients":["ops","eve"],"at":"2026-10-25T00:30:00Z"}"#).json
            let told = answer["notifications"]?.array?.map {
                "\($0["at"]?.string ?? "") \($0["person"]?["targetName"]?.string ?? "")"
            }
            #expect(
                told == [
                    "2026-10-25T00:30:00.000Z eve", "2026-10-25T00:35:00.000Z bob", "2026-10-25T00:40:00.000Z rest",
                ])
            #expect(answer["lines"]?.array?.contains { $0["rule"] == "DUPLICATE" } == true)
            #expect(answer["until"] == "2026-10-25T03:30:00.000Z" && answer["isTruncated"] == false)
            let byForm = try await simulate(#"{"form":"22222222-0000-4000-8000-000000000001","minutes":1}"#).json
            #expect(byForm["people"]?.array?.first?["person"]?["targetName"] == "bob")
            for (body, field) in [
                (#"{}"#, "recipients"), (#"{"recipients":["nobody"]}"#, "recipients[0]"),
                (#"{"recipients":["eve"],"at":"soon"}"#, "at"), (#"{"recipients":["eve"],"minutes":0}"#, "minutes"),
                (#"{"form":"x"}"#, "form"), (#"{"recipients":["eve"],"priority":"NO"}"#, "priority"),
            ] {
                let refused = try await simulate(body)
                #expect(refused.status == 400 && refused.body.contains(field), "\(refused.body)")
            }
            #expect(world.mailbox.all.isEmpty)
        }
    }

    /// Of a past moment: who was on call then, by the directory of that time.
    @Test func simulatesThePast() async throws {
        try await DoorWorld.run { world in
            try await addGroups(to: world)
            world.clock.advance(by: .seconds(7200))
            let later = world.clock.now
            try await world.database.transaction { connection in
                guard var shift = try Directory(connection).get(Shift.self, id: "s-always") else { return }
                shift.members.removeFirst()
                let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
                try Directory(connection).put(shift, by: origin, at: later)
            }
            func first(_ at: Timestamp) async throws -> JSONValue? {
                let body = #"{"recipients":["ops"],"at":"\#(at.iso)"}"#
                let sent = try await world.send(
                    "POST", "/api/xm/1/events/simulate", Data(body.utf8), headers: DoorWorld.basic("admin"))
                let json: JSONValue = try JSON.decode(sent.body)
                return json["people"]?.array?.first?["person"]?["targetName"]
            }
            #expect(try await first(later.advanced(by: .seconds(-3600))) == "eve")
            #expect(try await first(later.advanced(by: .seconds(3600))) == "bob")
        }
    }
}
