import AlertCore
import AlertEngine
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

/// The three rules of flood control, from the door to the mailbox.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct FloodTests {
    @Test(arguments: Backend.available)
    func tooManyAlertsAreRecordedAndNobodyIsTold(on backend: Backend) async throws {
        try await DoorWorld.run(on: backend) { world in
            var rows: [AlertRow] = []
            for _ in 0..<7 {
                let made = try await world.activity(world.trigger()).alerts
                rows.append(try await world.alert(made[0].number))
            }
            #expect(
                rows.map(\.status) == Array(repeating: "ACTIVE", count: 4) + Array(repeating: "SUPPRESSED", count: 3))
            let parent = rows[0]
            let page = try await world.get("/event-suppressions?event=\(parent.details.number)")
            #expect(page["total"] == 3)
            let first = page["data"]?.array?.first
            #expect(first?["event"]?["id"]?.string == parent.id && first?["match"]?["id"]?.string == rows[4].id)
            #expect(first?["filters"]?.array?.first?["name"]?.string?.contains("at most 4 in 60 s") == true)
            #expect(try await world.get("/events?status=SUPPRESSED")["total"] == 3)
            let event = try await world.get("/events/\(parent.id)?embed=suppressions")
            #expect(event["suppressedCount"] == 3 && event["suppressions"]?["total"] == 3)
            let suppressed = try await world.get("/events/\(rows[5].id)")
            #expect(suppressed["status"] == "SUPPRESSED")
            #expect(suppressed["suppression"]?["event"]?["id"]?.string == parent.id)
            #expect(suppressed["suppression"]?["until"]?.string == DoorWorld.start.advanced(by: .seconds(60)).iso)
            // Other recipients are counted apart.
            let other = try await world.activity(world.trigger(query: "&recipients=eve")).alerts
            #expect(try await world.alert(other[0].number).status == "ACTIVE")
            // Bob is told of four, Eve of one, and whom the integration acts as of the flood, once.
            try await eventually("messages") { world.mailbox.all.count == 6 }
            let counts = Dictionary(grouping: world.mailbox.all, by: \.address).mapValues(\.count)
            #expect(counts == ["bob@example.org": 4, "eve@example.org": 1, "rest@example.org": 1])
            let system = try await world.get("/events?eventType=SYSTEM&embed=properties")
            #expect(system["total"] == 1)
            #expect(system["data"]?.array?.first?["systemEventType"] == "EVENT_FLOOD_CONTROL")
            #expect(try await world.get("/events?eventType=USER")["total"] == 8)
            // A minute later, the next one passes.
            world.clock.advance(by: .seconds(60))
            let later = try await world.activity(world.trigger()).alerts
            #expect(try await world.alert(later[0].number).status == "ACTIVE")
        }
    }

    @Test func withoutALimitAllPass() async throws {
        try await DoorWorld.run(.init(alertFlood: nil)) { world in
            for _ in 0..<6 {
                let made = try await world.activity(world.trigger()).alerts
                #expect(try await world.alert(made[0].number).status == "ACTIVE")
            }
        }
    }

    @Test(arguments: Backend.available)
    func tooManyRequestsAreRecordedAndNotRun(on backend: Backend) async throws {
        try await DoorWorld.run(on: backend) { world in
            func activity(_ host: String, _ query: String = "") async throws -> Activity {
                try await world.activity(
                    world.trigger("filtered", #"{"properties":{"Host":"\#(host)"}}"#, query: query))
            }
            for _ in 0..<2 { #expect(try await activity("db1").status == .completed) }
            let suppressed = try await activity("db1")
            #expect(suppressed.status == .suppressed && suppressed.alerts.isEmpty)
            #expect(suppressed.suppression?.rule == "Trigger flood control: at most 2 in 60 s with the same Host, site")
            #expect(suppressed.suppression?.until == DoorWorld.start.advanced(by: .seconds(60)))
            let logs = try await world.get("/integrations/id-filtered/logs")["data"]?.array ?? []
            let log = logs.first { $0["status"] == "SUPPRESSED" }
            #expect(log?["suppressed"]?["until"]?.string == DoorWorld.start.advanced(by: .seconds(60)).iso)
            #expect(try await activity("db2").status == .completed)
            #expect(try await activity("db1", "&site=north").status == .completed)
            world.clock.advance(by: .seconds(60))
            #expect(try await activity("db1").status == .completed)
        }
    }

    @Test(arguments: Backend.available)
    func tooManyNotificationsAreRecordedAndNotSent(on backend: Backend) async throws {
        let options = DoorWorld.Options(notificationFlood: NotificationFloodControl(classes: [.email]))
        try await DoorWorld.run(options, on: backend) { world in
            func alert(_ name: String) async throws -> AlertRow {
                let made = try await world.activity(world.trigger(name)).alerts
                return try await world.alert(made[0].number)
            }
            func event(_ row: AlertRow) async throws -> JSONValue { try await world.get("/events/\(row.id)") }
            let first = try await alert("limited")
            try await eventually("the first") { world.mailbox.all.count == 1 }
            let second = try await alert("limited")
            try await eventually("the second is suppressed") { try await event(second)["floodControl"] == true }
            #expect(try await event(first)["floodControl"] == false)
            let audits = try await world.get("/audits?eventId=\(second.id)&auditType=NOTIFICATION_FAILED")
            let message = audits["data"]?.array?.first?["notification"]?["message"]?.string ?? ""
            #expect(message.contains("at most 1 in 300 s"), "\(audits)")
            // Only those who want it are limited.
            _ = try await alert("simple")
            try await eventually("the third") { world.mailbox.all.count == 2 }
            world.clock.advance(by: .seconds(300))
            _ = try await alert("limited")
            try await eventually("the fourth") { world.mailbox.all.count == 3 }
        }
    }
}

/// Alert flood control where transactions fail and commands are repeated: the count stays exact.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct FloodCrashTests {
    @Test(arguments: Backend.available, FaultyDatabase.Fault.allCases)
    func neverMoreAndNeverFewerThanTheLimit(on backend: Backend, _ fault: FaultyDatabase.Fault) async throws {
        let tests = AlertEngineTests()
        let faults = Array(repeating: fault, count: 10)
        try await tests.running(backend, faults: faults) { database, bus in
            for round in 0..<2 {
                for number in 1...12 {
                    var details = FloodKeyFixture.details(Int64(number))
                    details.recipients = [.init(id: "bob", targetName: "bob", recipientType: .person)]
                    try await bus.publish(
                        [try tests.command("a\(number)", .create(details), id: "\(round)-\(number)")],
                        to: .alertCommands)
                }
            }
            func count(_ status: String) async throws -> Int {
                try await database.reading {
                    try $0.execute("SELECT id FROM alerts WHERE event_type = 'USER' AND status = \(status)").count
                }
            }
            try await eventually("all") { try await count("ACTIVE") + count("SUPPRESSED") == 12 }
            #expect(try await count("ACTIVE") == 4)
            try await eventually("the notice") {
                try await database.reading {
                    try $0.execute("SELECT id FROM alerts WHERE event_type = 'SYSTEM'").count
                } == 1
            }
            let parents = try await database.reading {
                try $0.execute("SELECT DISTINCT parent_id FROM alert_suppressions").count
            }
            #expect(parents == 1)
        }
    }
}

enum FloodKeyFixture {
    static func details(_ number: Int64) -> AlertDetails {
        AlertDetails(
            number: number, plan: .init(id: "p", name: "P"), form: .init(id: "f", name: "F"), integration: "i",
            requestId: "r\(number)",
            submitter: .init(id: "bob", targetName: "bob", firstName: "B", lastName: "S"), priority: .low)
    }
}
