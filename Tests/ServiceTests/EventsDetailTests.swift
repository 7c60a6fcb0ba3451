import API
import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

/// Alerts by REST in full: as they were, whom they were for, files, conferences (spec §4.2, §4.3).
@Suite(.inTurn) struct EventsDetailTests {
    private static let site = Site(
        id: "5170e000-0000-4000-8000-000000000001", name: "Vienna", country: "AT", language: "de",
        timezone: "Europe/Vienna")
    private static let group = Group(
        id: "6a0b0000-0000-4000-8000-000000000001", targetName: "Ops", description: "On duty",
        created: Timestamp(milliseconds: 0))
    private static let device = Device(
        id: "id-device", number: 7, owner: "id-oncall", name: "Work Email", deviceType: .email,
        emailAddress: "anna@example.com", description: "anna@example.com")

    private static func fill(_ world: ConsoleWorld) async throws {
        let now = world.clock.now
        try await world.database.transaction { connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "<test>", causation: "t", correlation: "t")
            try directory.put(site, by: origin, at: now)
            try directory.put(group, by: origin, at: now)
            try directory.put(device, by: origin, at: now)
            guard var anna = try directory.get(Person.self, id: "id-oncall") else { return }
            anna.site = site.id
            anna.properties = ["Floor": "4"]
            try directory.put(anna, by: origin, at: now)
        }
    }

    private static func details(_ world: ConsoleWorld, _ change: (inout AlertDetails) -> Void = { _ in })
        -> AlertDetails
    {
        var details = AlertDetails(
            number: 7, plan: ConsoleWorld.plan, form: ConsoleWorld.form, requestId: DerivedID.uuid("request", "7"),
            submitter: PersonReference(id: "id-admin", targetName: "admin", firstName: "Ada", lastName: "Admin"),
            priority: .high, properties: ["Host": "db1"],
            recipients: [
                AlertRecipient(id: group.id, targetName: "Ops", recipientType: .group, responseCountThreshold: 2),
                AlertRecipient(id: device.id, targetName: "oncall|Work Email", recipientType: .device),
            ], responseOptions: [ConsoleWorld.acknowledge], subject: "db1 is down")
        change(&details)
        return details
    }

    @Test func showsAnAlertAsItWas() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()  // at 14:00:00
            func at(_ seconds: Int) -> String { "at=2026-03-09T14:00:\(seconds < 10 ? "0" : "")\(seconds).000Z" }
            world.clock.advance(by: .seconds(10))
            try await world.carryOut(.suspend(by: ConsoleWorld.anna), on: id)
            world.clock.advance(by: .seconds(10))
            try await world.carryOut(.resume(by: ConsoleWorld.anna), on: id)
            try await world.addNotification(of: id, [.beginByMail, .deliver(receipt: "250 OK")])
            world.clock.advance(by: .seconds(10))
            try await world.carryOut(.terminate(by: ConsoleWorld.anna), on: id)
            for (seconds, status) in [(5, "ACTIVE"), (15, "SUSPENDED"), (25, "ACTIVE"), (35, "TERMINATED")] {
                let one = try await world.call("GET", "/events/\(id)?\(at(seconds))").json
                #expect(one["status"]?.string == status && (one["terminated"] != nil) == (seconds == 35))
                #expect(one["revision"]?["id"]?.string?.isEmpty == false)
                let list = try await world.call("GET", "/events?\(at(seconds))&status=\(status)").json
                #expect(list["data"]?.array?.first?["status"]?.string == status)
                #expect(list["data"]?.array?.first?["revision"] == one["revision"])
                let rows = try await world.call("GET", "/events/\(id)/user-deliveries?\(at(seconds))").json
                #expect(rows["total"]?.integer == (seconds < 20 ? 0 : 1))
            }
            let audits = try await world.call("GET", "/audits?eventId=\(id)&\(at(15))").json["data"]?.array ?? []
            #expect(audits.map { $0["type"] } == ["EVENT_CREATED", "EVENT_SUSPENDED"])
            #expect(try await world.call("GET", "/events/\(id)?at=2026-03-09T13:59:59Z").status == 404)
            #expect(try await world.call("GET", "/events?at=2026-03-09T13:59:59Z").json["total"] == 0)
            #expect(try await world.call("GET", "/events/\(id)?at=soon").status == 400)
            #expect(try await world.call("GET", "/events/\(id)").json["revision"] == nil)
        }
    }

    @Test func showsWhomItWasFor() async throws {
        try await ConsoleWorld.run { world in
            try await Self.fill(world)
            let id = DerivedID.uuid("alert", "7")
            try await world.carryOut(.create(Self.details(world)), on: id)
            try await world.addNotification(of: id, [.beginByMail, .deliver(receipt: "250 OK")])
            let all = try await world.call("GET", "/events/\(id)/recipients").json["data"]?.array ?? []
            try #require(all.count == 3)
            #expect(all[0]["recipientType"] == "GROUP" && all[0]["groupType"] == "ON_CALL")
            #expect(all[0]["links"]?["self"]?.string == "/api/xm/1/groups/\(Self.group.id)")
            #expect(all[0]["responseCountThreshold"] == 2 && all[0]["deliveryStatus"] == nil)
            #expect(all[1]["recipientType"] == "DEVICE" && all[1]["deliveryStatus"] == "DELIVERED")
            #expect(all[1]["owner"]?["targetName"] == "oncall" && all[1]["deviceType"] == "EMAIL")
            #expect(all[2]["targeted"] == false && all[2]["deliveryStatus"] == "DELIVERED")
            #expect(all[2]["site"]?["name"] == "Vienna" && all[2]["webLogin"] == "oncall")
            #expect(all[2]["properties"] == ["Floor": "4"] && all[2]["passwordHash"] == nil)
            let targeted = try await world.call("GET", "/events/\(id)?embed=recipients&targeted=true").json
            #expect(targeted["recipients"]?["total"] == 2)
            let deliveries = "/events/\(id)/user-deliveries?embed=person.properties"
            let row = try await world.call("GET", deliveries).json["data"]?.array?.first
            #expect(row?["person"]?["properties"] == ["Floor": "4"] && row?["person"]?["site"]?["name"] == "Vienna")
            let plain = try await world.call("GET", "/events/\(id)/user-deliveries").json["data"]?.array?.first
            #expect(plain?["person"]?["properties"] == nil && plain?["person"]?["site"] != nil)

            for (query, total) in [
                ("targetedRecipients=ops", 1), ("targetedRecipients=oncall%7CWork%20Email", 1),
                ("targetedRecipients=oncall", 0), ("resolvedUsers=oncall", 1), ("resolvedUsers=id-oncall,admin", 1),
                ("resolvedUsers=admin", 0), ("propertyName=Host&propertyValue=DB&propertyValueOperator=STARTS_WITH", 1),
                ("propertyName=Host&propertyValue=DB&propertyValueOperator=ENDS_WITH", 0),
                ("propertyName=Host%23en&propertyValue=b&propertyValueOperator=contains", 1),
            ] {
                #expect(
                    try await world.call("GET", "/events?\(query)").json["total"] == .integer(Int64(total)), "\(query)")
            }
        }
    }

    /// A notification that could not be delivered.
    private static func addFailure(
        of alert: String, to name: String, _ first: String, on world: ConsoleWorld
    ) async throws {
        let now = world.clock.now
        let person = PersonReference(id: "id-\(name)", targetName: name, firstName: first, lastName: "T")
        let plan = AlertCore.Notification.Plan(
            id: DerivedID.uuid("n", name), alert: alert, alertNumber: 1, recipient: person,
            device: NamedReference(id: "d-\(name)", name: "Mail"), deviceNumber: 1, address: "x@example.com",
            dueAt: now,
            reason: "named", correlation: "r")
        try await world.database.transaction { connection in
            let origin = Origin(actor: "<notifier>", causation: "test", correlation: "r")
            for command in [
                .plan(plan), .beginByMail,
                .fail(reason: "no such user", isPermanent: true, next: nil, notBefore: nil),
            ]
                as [AlertCore.Notification.Command]
            {
                let outcomes = try EventLog(connection).execute(
                    [AddressedCommand<AlertCore.Notification>(command, on: plan.id, by: origin)],
                    in: LogPartition("notification", 0), at: now)
                try Notifications(connection).apply(outcomes, at: now)
            }
        }
    }

    @Test func sortsUserDeliveries() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            try await world.addNotification(of: id, [.beginByMail, .deliver(receipt: "250 OK")])
            try await Self.addFailure(of: id, to: "admin", "Ada", on: world)
            try await Self.addFailure(of: id, to: "zed", "Aaron", on: world)
            for (query, names) in [
                ("", ["admin", "oncall", "zed"]), ("sortOrder=DESCENDING", ["zed", "oncall", "admin"]),
                ("sortBy=FIRST_LAST_NAME&sortOrder=ASCENDING", ["zed", "admin", "oncall"]),
                ("sortBy=DELIVERY_STATUS&sortOrder=ASCENDING", ["oncall", "admin", "zed"]),
                ("deliveryStatus=FAILED", ["admin", "zed"]),
            ] {
                let rows = try await world.call("GET", "/events/\(id)/user-deliveries?\(query)").json["data"]?.array
                #expect(rows?.compactMap { $0["person"]?["targetName"]?.string } == names, "\(query)")
            }
            #expect(try await world.call("GET", "/events/\(id)/user-deliveries?sortBy=AGE").status == 400)
        }
    }

    @Test func showsAnswersInEveryLanguageAndTheConference() async throws {
        try await ConsoleWorld.run { world in
            let id = DerivedID.uuid("alert", "7")
            let details = Self.details(world) { details in
                var option = ConsoleWorld.acknowledge
                option.translations = [ResponseOption.Translation(language: "de", text: "Übernehmen", prompt: "Eins")]
                details.responseOptions = [option]
                details.conference = ConferenceReference(type: .external, bridgeId: "war room", bridgeNumber: "42")
            }
            try await world.carryOut(.create(details), on: id)
            let bridge: JSONValue = ["name": "War Room", "meetingLink": "https://meet.example/1"]
            #expect(try await world.call("POST", "/conference-bridges", bridge).status == 201)
            let plain = try await world.call("GET", "/events/\(id)?embed=responseOptions").json
            #expect(plain["responseOptions"]?["data"]?.array?.first?["translations"] == nil)
            let event = try await world.call("GET", "/events/\(id)?embed=responseOptions.translations").json
            let translation = event["responseOptions"]?["data"]?.array?.first?["translations"]?["data"]?.array?.first
            #expect(translation?["language"] == "de" && translation?["text"] == "Übernehmen")
            #expect(translation?["prompt"] == "Eins" && translation?["description"] == nil)
            #expect(event["conference"]?["bridgeNumber"] == "42")
            let link = try #require(event["conference"]?["links"]?["self"]?.string)
            let conference = try await world.call("GET", String(link.dropFirst("/api/xm/1".count))).json
            #expect(conference["id"]?.string == id && conference["event"]?["eventId"] == "7")
            #expect(conference["bridge"]?["meetingLink"] == "https://meet.example/1")
            #expect(try await world.call("GET", "/conferences/\(DerivedID.uuid("none"))").status == 404)
        }
    }

    @Test func saysWhoEndedIt() async throws {
        try await ConsoleWorld.run { world in
            let expired = try await world.addAlert(1)
            try await world.carryOut(.expire, on: expired)
            let ended = try await world.addAlert(2)
            try await world.carryOut(.terminate(by: ConsoleWorld.anna), on: ended)
            let counted = try await world.addAlert(3)
            try await world.carryOut(.complete, on: counted)
            let expected: [(Int, String, String?)] = [
                (1, "EVENT_TERMINATED", nil), (2, "EVENT_TERMINATED", ConsoleWorld.anna.targetName),
                (3, "EVENT_COMPLETED", nil),
            ]
            for (number, type, by) in expected {
                let rows = try await world.call("GET", "/audits?eventId=\(number)").json["data"]?.array ?? []
                #expect(rows.map { $0["type"] } == ["EVENT_CREATED", .string(type)])
                #expect(rows.last?["by"]?["targetName"]?.string == by)
                let only = try await world.call("GET", "/audits?eventId=\(number)&auditType=\(type)").json
                #expect(only["total"] == 1)
            }
        }
    }
}
