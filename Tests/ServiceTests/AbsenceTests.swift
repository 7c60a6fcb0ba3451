import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import AlertEngine

/// Times in which somebody is not on call, and who is told of them (spec §4.6).
@Suite(.inTurn)
struct AbsenceTests {
    static let week: [String: JSONValue] = [
        "absenceType": "REPLACEMENT", "member": "ann", "replacement": "ben", "start": "2090-01-01T00:00:00Z",
        "end": "2090-01-08T00:00:00Z",
    ]

    /// With what is given instead; `null` counts as absent.
    static func absence(_ more: [String: JSONValue]) -> JSONValue { .object(week.merging(more) { $1 }) }

    @Test func keepsAbsences() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            try await server.add(group: "Ops", members: ["ann"])
            let made = try await server.sent(
                201, "POST", "temporary-absences", Self.absence(["includeDirectNotifications": true]))
            #expect(made.json?.at("member.targetName") == "ann" && made.json?.at("member.status") == "ACTIVE")
            #expect(made.json?.at("replacement.firstName") == "Ben" && made.json?["group"] == nil)
            #expect(made.json?["includeDirectNotifications"] == true)
            let link = try #require(made.json?.at("links.self")?.string)
            #expect(try await server.sent(200, "GET", link).json == made.json)
            let away = try await server.sent(
                201, "POST", "temporary-absences",
                Self.absence(["absenceType": "AWAY", "replacement": .null, "group": "Ops"]))
            #expect(away.json?.at("group.targetName") == "Ops" && away.json?["replacement"] == nil)
            for (query, count) in [
                ("", 2), ("member=ann", 2), ("member=ben", 0), ("groups=Ops", 1), ("absenceType=AWAY", 1),
                ("from=2090-01-08T00:00:00Z", 0), ("from=2090-01-07T00:00:00Z", 2), ("to=2090-01-01T00:00:00Z", 0),
                ("from=2089-01-01&to=2090-01-02", 2),
            ] {
                let list = try await server.sent(200, "GET", "temporary-absences?\(query)")
                #expect(list.json?["total"] == .integer(Int64(count)), "\(query)")
            }
            #expect(try await server.sent(200, "DELETE", link).id == made.id)
            try await server.sent(204, "DELETE", link)
        }
    }

    @Test func refusesWhatIsNoAbsence() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            try await server.add(people: ["gone"])
            try await server.sent(200, "POST", "people/gone", ["status": "INACTIVE"])
            try await server.add(group: "Ops")
            try await server.sent(201, "POST", "temporary-absences", Self.absence([:]))
            try await server.expectRefused(
                [
                    Refused(Self.absence(["member": .null]), "member"),
                    Refused(Self.absence(["member": "nobody"]), "member"),
                    Refused(Self.absence(["replacement": .null]), "replacement"),
                    Refused(Self.absence(["replacement": "nobody"]), "replacement"),
                    Refused(Self.absence(["replacement": "gone"]), "replacement"),
                    Refused(Self.absence(["replacement": "ann"]), "replacement"),
                    Refused(Self.absence(["absenceType": "AWAY"]), "replacement"),
                    Refused(Self.absence(["absenceType": "NAP"]), "absenceType"),
                    Refused(Self.absence(["absenceType": .null, "replacement": .null]), "absenceType"),
                    Refused(Self.absence(["start": .null]), "start"),
                    Refused(Self.absence(["end": "2090-01-01T00:00:00Z"]), "end"),
                    Refused(Self.absence(["start": "2001-01-01", "end": "2001-01-02"]), "end"),
                    Refused(Self.absence(["group": "nothing"]), "group"),
                    Refused(Self.absence(["group": "Ops"]), "group"),
                    Refused(
                        Self.absence(["group": "Ops", "includeDirectNotifications": true]),
                        "includeDirectNotifications"),
                    Refused(
                        Self.absence(["start": "2090-01-07T23:59:59Z", "end": "2090-02-01"]), "already", status: 409),
                    Refused(Self.absence(["id": "x"]), "id"),
                ], at: "temporary-absences")
            #expect(try await Self.alerts(server.database).count == 1)
        }
    }

    @Test func whoMaySayThatSomebodyIsAway() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben", "cid"])
            try await server.add(people: ["sue"], role: "Group Supervisor")
            try await server.add(group: "Ops", ["supervisors": ["sue"]], members: ["ann"])
            for (login, group, status) in [
                ("cid", nil, 403), ("sue", nil, 403), ("cid", "Ops", 403), ("sue", "Ops", 201), ("ann", nil, 201),
            ] {
                let body = Self.absence(["group": group.map(JSONValue.string) ?? .null])
                let reply = try await server.sent(status, "POST", "temporary-absences", body, as: login)
                guard status == 201 else { continue }
                try await server.sent(403, "DELETE", "temporary-absences/\(reply.id)", as: "cid")
                try await server.sent(200, "DELETE", "temporary-absences/\(reply.id)", as: login)
            }
        }
    }

    private static func alerts(_ database: any SQLDatabase) async throws -> [SystemAlert] {
        try await database.transaction { connection in
            try DueWork(connection).claim(
                kind: SystemAlert.dueKind, partition: 0, now: Timestamp(milliseconds: 4_000_000_000_000),
                lease: .seconds(1), limit: 100)
        }.map { try JSON.decode($0.payload) }
    }

    /// The people concerned in one alert, the supervisors of the group in another; not whoever has made it.
    @Test(arguments: Backend.available) func tellsThePeopleConcerned(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(people: ["ann", "ben", "sue"])
            try await server.add(group: "Ops & <Co>", ["supervisors": ["admin", "sue", "ben"]], members: ["ann"])
            try await server.sent(201, "POST", "temporary-absences", Self.absence(["group": "Ops & <Co>"]))
            let alerts = try await Self.alerts(server.database)
            let byType = Dictionary(uniqueKeysWithValues: alerts.map { ($0.details.systemEventType, $0.details) })
            #expect(byType["TEMP_REPLACEMENT"]?.recipients.map(\.targetName) == ["ann", "ben"])
            #expect(byType["TEMP_REPLACEMENT_SUP"]?.recipients.map(\.targetName) == ["sue"])
            let details = try #require(byType["TEMP_REPLACEMENT"])
            #expect(details.subject == "Ben Test replaces Ann Test")
            #expect(details.properties[":tempReplacementV2:groupName"] == "Ops & <Co>")
            #expect(details.properties[":tempReplacementV2:replacingPersonName"] == "Ben Test")
            #expect(details.body.contains("Ops &amp; &lt;Co&gt;") && details.body.contains("2090-01-08 00:00 UTC"))

            try await server.sent(
                201, "POST", "temporary-absences",
                Self.absence(["absenceType": "AWAY", "replacement": .null, "member": "sue"]))
            let all = try await Self.alerts(server.database)
            let last = try #require(all.first { $0.details.subject == "Sue Test is away" })
            #expect(last.details.properties[":tempReplacementV2:replacingPersonName"] == nil)
            #expect(last.details.recipients.map(\.targetName) == ["sue"])
        }
    }

    /// However often the work is repeated, it is one alert with one number.
    @Test(arguments: Backend.available) func theEngineMakesItOnce(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(people: ["ann", "ben"])
            try await server.sent(201, "POST", "temporary-absences", Self.absence([:]))
            let database = server.database
            let items = try await database.transaction { connection in
                try DueWork(connection).claim(
                    kind: SystemAlert.dueKind, partition: 0, now: Timestamp(milliseconds: 4_000_000_000_000),
                    lease: .seconds(1), limit: 10)
            }
            #expect(items.count == 1)
            let bus = EmbeddedBus(database: database, partitionCount: 1)
            for _ in 1...2 {
                let numbers = AlertNumbers(database: database)
                try await SystemAlerts(bus: bus, database: database, numbers: numbers).make(items)
            }
            let commands = try await database.reading { connection in
                try connection.execute("SELECT body FROM bus_messages ORDER BY 1")
                    .map { try JSON.decode($0.text(0), as: AlertCommandMessage.self) }
            }
            #expect(Set(commands.map(\.alert)) == [items[0].id] && Set(commands.map(\.commandId)).count == 1)
            let made = commands.compactMap { message -> AlertDetails? in
                guard case .create(let details) = message.command else { return nil }
                return details
            }
            #expect(Set(made.map(\.number)).count == 1 && made[0].number > 0)
            let left = try await database.reading { try DueWork($0).nextDue(kind: SystemAlert.dueKind, partition: 0) }
            #expect(left == nil)
        }
    }

    /// From the request to the mailboxes, through the engine and the notifier.
    @Test(.timeLimit(.minutes(30))) func thePeopleConcernedHaveMail() async throws {
        try await DoorWorld.run { world in
            let body = Self.absence(["member": "bob", "replacement": "eve"])
            let answer = try await world.send(
                "POST", "/api/xm/1/temporary-absences", try JSONEncoder().encode(body),
                headers: DoorWorld.basic("admin"))
            #expect(answer.status == 201)
            try await eventually("mail") { world.mailbox.all.count == 2 }
            #expect(Set(world.mailbox.all.map(\.address)) == ["bob@example.org", "eve@example.org"])
            #expect(world.mailbox.all.allSatisfy { $0.subject.contains("Eve Jones replaces Bob Smith") })
            let events = try await world.get("/events?eventType=SYSTEM")
            #expect(events["total"] == 1)
            #expect(events["data"]?.array?.first?["systemEventType"] == "TEMP_REPLACEMENT")
        }
    }
}
