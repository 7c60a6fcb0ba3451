import AlertCore
import Foundation
import Messaging
import Persistence

// What there is before somebody is erased.
extension ErasureTests {
    func fill(_ world: ConsoleWorld) async throws {
        try await addPeople(world)
        try await addAlerts(world)
        try await addNotifications(world)
        try await addDelivery(world)
        try await addRows(world)
    }

    private static let origin = Origin(actor: "admin", causation: "test", correlation: "test", person: "id-admin")

    private func addPeople(_ world: ConsoleWorld) async throws {
        var jane = Person(
            id: Self.jane.id, targetName: Self.jane.targetName, firstName: Self.jane.firstName,
            lastName: Self.jane.lastName, properties: ["Hobby": "Purple hobby"], whenCreated: world.clock.now)
        jane.supervisors = ["id-admin"]
        let bob = Person(
            id: Self.bob.id, targetName: Self.bob.targetName, firstName: Self.bob.firstName,
            lastName: Self.bob.lastName, whenCreated: world.clock.now)
        let devices = [
            Device(
                id: Self.device, number: 901, owner: jane.id, name: "Violet phone", deviceType: .textPhone,
                phoneNumber: "+16045550199"),
            Device(
                id: "7f3c9a10-0000-4000-8000-00000000dd02", number: 902, owner: jane.id, name: "Work Email",
                deviceType: .email, emailAddress: "old.velvet@example.com"),
            Device(
                id: "7f3c9a10-0000-4000-8000-00000000dd03", number: 903, owner: bob.id, name: "Work Email",
                deviceType: .email, emailAddress: "bob@example.com"),
        ]
        var email = devices[1]
        email.emailAddress = "jane.velvet@example.com"
        let group = Group(id: "team", targetName: "team", created: world.clock.now)
        let absence = TemporaryAbsence(
            id: "absence", absenceType: .away, start: world.clock.now,
            end: world.clock.now.advanced(by: .seconds(3600)), member: jane.id, created: world.clock.now)
        let (now, changed, person) = (world.clock.now, email, jane)
        try await world.database.transaction { connection in
            let directory = Directory(connection)
            for entry in [person, bob] { try directory.put(entry, by: Self.origin, at: now) }
            for device in devices { try directory.put(device, by: Self.origin, at: now) }
            try directory.put(changed, by: Self.origin, at: now)
            try directory.put(group, by: Self.origin, at: now)
            try directory.put(absence, by: Self.origin, at: now)
            try SignIns(connection).record(person.id, at: now)
        }
    }

    private func addAlerts(_ world: ConsoleWorld) async throws {
        let (jane, bob) = (Self.jane, Self.bob)
        for number in [Int64(100_001), 100_002, 100_003] {
            let isOthers = number == 100_003
            var details = AlertDetails(
                number: number, plan: ConsoleWorld.plan, form: ConsoleWorld.form, integration: ConsoleWorld.integration,
                requestId: "request-\(number)", submitter: isOthers ? bob : jane, priority: .high,
                properties: isOthers ? ["Owner": "bob"] : ["Owner": "jvelvet", "Note": "bob and jvelvet know"],
                textProperties: ["Owner", "Note"],
                recipients: [AlertRecipient(id: bob.id, targetName: "bob", recipientType: .person)],
                responseOptions: [ConsoleWorld.acknowledge, ConsoleWorld.resolve], subject: "down, says bob")
            if !isOthers {
                details.subject = "down, says jvelvet"
                details.recipients += [
                    AlertRecipient(id: jane.id, targetName: jane.targetName, recipientType: .person),
                    AlertRecipient(
                        id: Self.device, targetName: "jvelvet|Violet phone", recipientType: .device, owner: jane.id),
                ]
            }
            let alert = DerivedID.uuid("alert", String(number))
            try await world.carryOut(.create(details), on: alert, correlation: details.requestId)
            let by = isOthers ? bob : jane
            try await world.carryOut(
                .comment(
                    id: "c-\(number)", by: by,
                    text: "my own words"
                        .replacingOccurrences(of: "my", with: isOthers ? "Bob's" : "my")), on: alert)
            let admin = PersonReference(id: "id-admin", targetName: "admin", firstName: "Ada", lastName: "Admin")
            try await world.carryOut(.comment(id: "d-\(number)", by: admin, text: "somebody is on it"), on: alert)
            try await world.carryOut(
                .respond(
                    AlertResponse(
                        id: "r-\(number)", by: by, device: isOthers ? "Work Email" : "Violet phone",
                        option: ConsoleWorld.acknowledge.id, comment: isOthers ? "later" : "later words",
                        source: "WEB")), on: alert)
            try await world.carryOut(
                .recordDelivery(
                    DeviceDelivery(
                        id: "n-\(number)", recipient: by, device: NamedReference(id: "d", name: "Work Email"),
                        deviceNumber: 1, status: .failed,
                        message: isOthers ? "no such box" : "no box jane.velvet@example.com here")), on: alert)
            try await world.carryOut(.terminate(by: by), on: alert)
        }
    }

    private func addNotifications(_ world: ConsoleWorld) async throws {
        let now = world.clock.now
        try await world.database.transaction { connection in
            for (person, address) in [(Self.jane, "jane.velvet@example.com"), (Self.bob, "bob@example.com")] {
                let alert = DerivedID.uuid("alert", person == Self.bob ? "100003" : "100001")
                let id = DerivedID.uuid("notification", person.id)
                let plan = AlertCore.Notification.Plan(
                    id: id, alert: alert, alertNumber: 100_001, recipient: person,
                    device: NamedReference(id: Self.device, name: person == Self.bob ? "Phone" : "Violet phone"),
                    deviceNumber: 7, address: address, dueAt: now, reason: "\(person.targetName) was named",
                    correlation: "test")
                let commands: [AlertCore.Notification.Command] = [
                    .plan(plan), .beginByMail,
                    .fail(reason: "550 \(address)", isPermanent: true, next: nil, notBefore: nil),
                ]
                for command in commands {
                    let outcomes = try EventLog(connection).execute(
                        [
                            AddressedCommand<AlertCore.Notification>(
                                command, on: id, by: Origin(actor: "<n>", causation: "c", correlation: "test"))
                        ], in: LogPartition("notification", 0), at: now)
                    try Notifications(connection).apply(outcomes, at: now)
                }
            }
        }
    }

    private func addDelivery(_ world: ConsoleWorld) async throws {
        let now = world.clock.now
        try await world.database.transaction { connection in
            let alert = DerivedID.uuid("alert", "100001")
            var request = WebhookDelivery.Request(
                id: "d-1", integration: NamedReference(id: "i", name: "I"), trigger: .status, alert: alert,
                alertNumber: 100_001, sequence: 1,
                payload:
                    #"{"username":"jvelvet","annotation":"my own words","#
                    + #""by":{"id":"\#(Self.jane.id)","lastName":"Velvetson"}}"#,
                correlation: "request-100001",
                script: .init(globals: #"{"author":{"targetName":"jvelvet"}}"#, initiator: Self.jane.id, depth: 0))
            request.personal =
                Self.jane.personal + [PersonalText("my own words", of: Self.jane.id)]
            let commands: [WebhookDelivery.Command] = [
                .request(request),
                world.attempt(1, status: 500, body: "cannot find jvelvet, Janina Velvetson"),
                .redrive(by: Self.jane, cause: "c"),
            ]
            for command in commands {
                let outcome = try EventLog(connection).execute(
                    [
                        AddressedCommand<WebhookDelivery>(
                            command, on: "d-1", by: Origin(actor: "jvelvet", causation: "c", correlation: "test"))
                    ], in: LogPartition("delivery", 0), at: now)[0]
                try WebhookDeliveries(connection).put([
                    WebhookDeliveryRow(
                        request, outcome.state, last: outcome.events.last, version: outcome.version, at: now)
                ])
            }
        }
    }

    /// What other tables hold.
    private func addRows(_ world: ConsoleWorld) async throws {
        let now = world.clock.now
        let message = try JSON.encode(
            AlertCommandMessage(
                commandId: "c", alert: "a", command: .comment(id: "c", by: Self.jane, text: "my own words"),
                origin: Origin(actor: "jvelvet", causation: "c", correlation: "r"), wantsResult: false))
        let (by, form) = (Self.jane, ConsoleWorld.integration)
        try await world.database.transaction { connection in
            try Activities(connection).put(
                Activity(
                    requestId: "request-9", integration: form, receivedAt: now, status: .completed, method: "POST",
                    headers: ["X-User": "jvelvet"], parameters: ["who": "jvelvet"],
                    body: #"{"user":"jvelvet","mail":"jane.velvet@example.com"}"#, remoteAddress: "10.0.0.7",
                    by: "jvelvet", log: "called jvelvet", durationMilliseconds: 3))
            _ = try InboundMessages(connection).put(
                InboundMessage(
                    channel: "SMS", id: "m", sender: "+16045550199", outcome: .notUnderstood, reply: "Dear jvelvet",
                    text: "jvelvet here"), at: now)
            try DeadLetters(connection).add(
                DeadLetter(
                    topic: "alert-commands", partition: 0, offset: 1, key: "a", body: message,
                    reason: "no such person: jvelvet", recordedAt: now))
            try DueWork(connection).add(
                "later", kind: "test", partition: 0, payload: #"{"recipient":"jvelvet"}"#,
                at: now.advanced(by: .seconds(1_000_000)))
            try connection.insert(
                [[.text("alert-commands"), .integer(0), .integer(0), .text("a"), .text("{}"), .text(message)]],
                into: "bus_messages",
                columns: ["topic", "partition", "message_offset", "message_key", "headers", "body"])
            try connection.insert(
                [
                    [
                        .text("integration"), .text(form), .integer(99), .text("jvelvet"), .integer(1), .text("h"),
                        .text("s"),
                    ]
                ], into: "script_versions",
                columns: ["owner_kind", "owner_id", "number", "author", "created_at", "hash", "script"])
            let replay = Replay(
                id: "r-1", integration: form, since: now, rate: 10, includesSent: false, by: by, at: now, cursors: [:],
                ends: [:])
            try connection.insert(
                [
                    [
                        .text("r-1"), .text(form), .text("done"), .integer(now.milliseconds),
                        .text(try JSON.encode(replay)),
                    ]
                ], into: "webhook_replays",
                columns: ["id", "integration_id", "status", "created_at", "document"])
        }
    }
}
