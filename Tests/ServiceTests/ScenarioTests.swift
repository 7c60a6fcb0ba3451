import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

@testable import API

/// Scenarios, by REST, and requests that name one.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct ScenarioTests {
    /// A form with a mandatory text and a password.
    private static func form(_ server: RESTTestServer) async throws -> (plan: String, form: String) {
        let (plan, form) = try await server.makeForm()
        let properties = "plans/\(plan)/property-definitions"
        let host = try await server.sent(201, "POST", properties, ["name": "Host", "propertyType": "TEXT"]).id
        let secret = try await server.sent(201, "POST", properties, ["name": "PIN", "propertyType": "PASSWORD"]).id
        try await server.sent(
            201, "POST", "forms/\(form)/sections",
            [
                "type": "CUSTOM_SECTION", "title": "Details", "orderNum": 1,
                "items": [
                    ["propertyDefinition": ["id": .string(host)], "required": true, "orderNum": 1],
                    ["propertyDefinition": ["id": .string(secret)], "orderNum": 2],
                ],
            ])
        return (plan, form)
    }

    @Test(arguments: Backend.available)
    func goThroughTheirLives(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let (plan, form) = try await Self.form(server)
            try await server.add(group: "SRE")
            let path = "forms/\(form)/scenarios"
            let body: JSONValue = [
                "name": "Disk full", "description": "On a server", "properties": ["Host#en": "db1"],
                "recipients": [
                    ["id": "SRE", "recipientType": "GROUP", "responseCountThreshold": 2], ["targetName": "reader"],
                ], "priority": "high", "expirationInMinutes": 30, "escalationOverride": true,
                "voicemailOptions": ["retry": 2], "senderOverrides": ["displayName": "Ops"],
                "targetDeviceNames": [["name": "Work Email"]],
                "permitted": [["permissibleType": "ROLE", "role": "Standard User"]],
            ]
            // Names that are as the older format has them do not go with the newer one.
            let mixed = try await server.call("POST", path, body)
            #expect(mixed.status == 400 && mixed.text.contains("recipients[1]"), "\(mixed.text)")
            var fields = body.object ?? [:]
            fields["recipients"] = [
                ["id": "SRE", "recipientType": "GROUP", "responseCountThreshold": 2], ["id": "reader"],
            ]
            let made = try await server.sent(201, "POST", path, .object(fields))
            let scenario = try #require(made.json)
            #expect(scenario.at("form.id") == .string(form) && scenario.at("plan.id") == .string(plan))
            #expect(
                scenario["priority"] == "HIGH" && scenario["position"] == 0 && scenario["bypassPhoneIntro"] == false)
            #expect(scenario.at("voicemailOptions.retry") == 2 && scenario.at("senderOverrides.displayName") == "Ops")
            #expect(scenario.at("recipients.data.0.targetName") == "SRE")
            #expect(scenario.at("recipients.data.0.responseCountThreshold") == 2)
            #expect(scenario.at("recipients.data.1.id") == "id-reader")
            #expect(scenario.at("permitted.data.0.role.name") == "Standard User")
            #expect(scenario.at("permitted.data.0.permissionType") == "ROLE")
            #expect(scenario.at("targetDeviceNames.data.0.name") == "Work Email")
            #expect(try await server.sent(200, "GET", "scenarios/\(made.id)").json == scenario)

            // As it is read, it can be sent again.
            let same = try await server.sent(200, "POST", path, scenario)
            #expect(
                same.json?["recipients"] == scenario["recipients"] && same.json?["permitted"] == scenario["permitted"])
            let changed = try await server.sent(
                200, "POST", path,
                [
                    "id": .string(made.id), "name": "Full", "recipients": [], "priority": "",
                    "targetDeviceNames": "", "expirationInMinutes": .null,
                ])
            #expect(changed.json?["name"] == "Full" && changed.json?.at("recipients.total") == 0)
            #expect(changed.json?["priority"] == nil && changed.json?["targetDeviceNames"] == nil)
            #expect(changed.json?["expirationInMinutes"] == 30 && changed.json?.at("properties.Host#en") == "db1")
            try await server.sent(201, "POST", path, ["name": "Another"])
            try await server.sent(409, "POST", path, ["name": "another"])

            let whole = try await server.sent(200, "GET", "forms/\(form)?embed=scenarios").json
            #expect(whole?.at("scenarios.total") == 2 && whole?.at("scenarios.data.0.name") == "Full")
            for (query, names) in [
                ("scenarios", ["Another", "Full"]), ("scenarios?search=server", ["Full"]),
                ("scenarios?limit=1&offset=1", ["Full"]),
                ("scenarios?enabledFor=MOBILE", []), ("scenarios?enabledFor=DEVELOPER", ["Another", "Full"]),
                ("plans/\(plan)/forms/\(form)/scenarios", ["Full", "Another"]), (path, ["Full", "Another"]),
            ] {
                #expect(try await server.sent(200, "GET", query).names == names, "\(query)")
            }
            try await server.sent(400, "GET", "scenarios?enabledFor=CATS")
            #expect(try await server.sent(200, "DELETE", "scenarios/\(made.id)").json?["name"] == "Full")
            try await server.sent(204, "DELETE", "scenarios/\(made.id)")
            try await server.sent(404, "GET", "scenarios/\(made.id)")
            let audit = try await server.auditText()
            #expect(audit.contains("\"kind\":\"scenario\""))
            // Scenarios go with their form.
            try await server.sent(200, "DELETE", "forms/\(form)")
            #expect(try await server.sent(200, "GET", "scenarios").json?["total"] == 0)
        }
    }

    @Test func refusesWhatCouldNotBeSent() async throws {
        try await RESTTestServer.run { server in
            let form = try await Self.form(server).form
            for (body, word) in [
                ([:] as JSONValue, "name"), (["name": "x", "priority": "URGENT"], "priority"),
                (["name": "x", "recipients": ["ghost"]], "recipients[0]"),
                (["name": "x", "expirationInMinutes": 0], "expirationInMinutes"),
                (["name": "x", "properties": ["Host": "x", "PIN": "1234"]], "properties.PIN"),
                (["name": "x", "callbacks": [["url": "https://x"]]], "callbacks"),
                (["name": "x", "responseOptions": [["id": "none"]]], "responseOptions[0].id"),
                (["name": "x", "permitted": [["permissibleType": "PERSON", "person": "ghost"]]], "permitted[0]"),
                (["name": "x", "attachments": [["name": "a", "path": "/x"]]], "attachments[0].path"),
                (["name": "x", "properties": ["Host": .string(String(repeating: "x", count: 70_000))]], "65536"),
            ] {
                let refused = try await server.call("POST", "forms/\(form)/scenarios", body)
                #expect(refused.status == 400 && refused.text.contains(word), "\(word): \(refused.text)")
            }
            try await server.sent(404, "POST", "forms/none/scenarios", ["name": "x"])
            try await server.sent(404, "POST", "forms/\(form)/scenarios", ["id": "none", "name": "x"])
        }
    }

    @Test(arguments: Backend.available)
    func areForThoseWhoArePermitted(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let form = try await Self.form(server).form
            let path = "forms/\(form)/scenarios"
            try await server.addPerson("ann", roles: ["Standard User"])
            try await server.sent(403, "POST", path, ["name": "x"], as: "reader")
            let id = try await server.sent(201, "POST", path, ["name": "Mine"], as: "outsider").id
            let permissions = "scenarios/\(id)/sender-permissions"
            #expect(try await server.sent(200, "GET", permissions, as: "reader").json?["total"] == 0)
            try await server.sent(403, "PUT", permissions, [], as: "reader")
            let put = try await server.sent(
                200, "PUT", permissions,
                [
                    ["senderType": "PERSON", "sender": "reader"],
                    ["senderType": "ROLE", "sender": ["name": "Developer"]],
                ],
                as: "outsider")
            #expect(put.data.first?.at("sender.targetName") == "reader" && put.data.first?["editScenarios"] == false)
            // Somebody who is not named does not see it.
            #expect(try await server.sent(200, "GET", "scenarios", as: "reader").names == ["Mine"])
            #expect(try await server.sent(200, "GET", "scenarios", as: "ann").names == [])
            try await server.sent(404, "GET", "scenarios/\(id)", as: "ann")
            try await server.sent(404, "GET", permissions, as: "ann")
            try await server.sent(403, "POST", path, ["id": .string(id), "name": "x"], as: "reader")
            try await server.sent(404, "POST", path, ["id": .string(id), "name": "x"], as: "ann")
            try await server.sent(204, "DELETE", "scenarios/\(id)", as: "ann")
            try await server.sent(403, "DELETE", "scenarios/\(id)", as: "reader")
            // Who may edit it changes it; who manages the form's scenarios makes others.
            try await server.sent(
                200, "PUT", permissions, [["senderType": "PERSON", "sender": "reader", "editScenarios": true]])
            try await server.sent(200, "POST", path, ["id": .string(id), "name": "Ours"], as: "reader")
            try await server.sent(403, "POST", path, ["name": "Other"], as: "reader")
            try await server.sent(
                200, "PUT", "forms/\(form)/sender-permissions",
                [["senderType": "PERSON", "sender": "ann", "manageScenarios": true]])
            try await server.sent(201, "POST", path, ["name": "Other"], as: "ann")
            #expect(try await server.sent(200, "GET", "scenarios", as: "ann").names == ["Other", "Ours"])
        }
    }

    @Test(arguments: Backend.available)
    func haveFiles(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let form = try await Self.form(server).form
            let id = try await server.sent(201, "POST", "forms/\(form)/scenarios", ["name": "x"]).id
            let upload = "forms/\(form)/scenarios/\(id)/attachments?fileName=plan%201.txt"
            let file = try await server.call("POST", upload, text: "Step 1", type: "text/plain")
            #expect(file.status == 201 && file.json?["name"] == "plan 1.txt" && file.json?["size"] == 6, "\(file.text)")
            let again = try await server.call("POST", upload, text: "Step 1 and 2", type: "text/plain")
            #expect(again.status == 201)
            let scenario = try await server.sent(200, "GET", "scenarios/\(id)").json
            #expect(scenario?.at("attachments.total") == 1 && scenario?.at("attachments.data.0.size") == 12)
            let link = try #require(scenario?.at("attachments.data.0.links.self")?.string)
            #expect(try await server.call("GET", link).text == "Step 1 and 2")
            try await server.sent(404, "GET", "scenarios/\(id)/attachments/none")
            let kept = try await server.database.reading { connection in
                try connection.execute("SELECT count(*) FROM attachments WHERE is_kept = 2")[0].integer(0)
            }
            #expect(kept == 2)
            // A scheduled message takes it, too.
            let path = try #require(scenario?.at("attachments.data.0.path"))
            let message = try await server.sent(
                201, "POST", "scheduled-messages",
                [
                    "name": "m",
                    "event": [
                        "form": .string(form), "scenario": "x", "properties": ["Host": "db1"],
                        "attachments": [["name": "plan", "path": path]],
                    ], "recurrence": ["frequency": "WEEKLY", "onDays": ["MO"], "startTime": "2026-01-01T09:00:00Z"],
                ])
            #expect(message.json?.at("attachments.data.0.size") == 12)
            #expect(message.json?.at("event.scenario.name") == "x" && message.json?.at("recurrence.onDays.0") == "MO")
            let copy = try await server.call("GET", "scheduled-messages/\(message.id)/attachments/plan")
            #expect(copy.text == "Step 1 and 2")
            #expect(try await server.sent(200, "GET", "scheduled-messages").names == ["m"])
            let refused = try await server.call("POST", upload, text: "x", as: "reader", type: "text/plain")
            #expect(refused.status == 403)
        }
    }

    @Test(arguments: Backend.available)
    func fillInWhatARequestLeavesOpen(on backend: Backend) async throws {
        try await DoorWorld.run(on: backend) { world in
            let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
            let kept = KeptRequest([
                "properties": ["Host": "db1", "Level": "high"], "priority": "HIGH", "expirationInMinutes": 7,
                "recipients": [["id": "id-eve", "recipientType": "PERSON"]],
            ])
            let open = Scenario(id: "s1", form: DoorWorld.form.id, name: "Down", created: world.clock.now, kept: kept)
            var closed = Scenario(id: "s2", form: DoorWorld.form.id, name: "Secret", created: world.clock.now)
            closed.permissions = [ScenarioPermission(senderType: .person, sender: "id-admin")]
            for scenario in [open, closed] {
                try await world.database.transaction {
                    try Directory($0).put(scenario, by: origin, at: DoorWorld.start)
                }
            }
            func sent(_ body: String, query: String = "", as login: String = "rest") async throws -> Answer {
                try await world.send(
                    "POST", "/api/xm/1/forms/\(DoorWorld.form.id)/triggers\(query)", Data(body.utf8),
                    headers: DoorWorld.basic(login))
            }
            func details(_ answer: Answer) async throws -> AlertDetails {
                #expect(answer.status == 202, "\(answer.body)")
                let activity = try await world.activity(answer)
                let row: AlertRow = try await world.alert(activity.alerts[0].number)
                return row.details
            }
            let plain = try await details(sent(#"{"scenario":"down"}"#))
            #expect(plain.properties == ["Host": "db1", "Level": "high"] && plain.priority == .high)
            #expect(plain.recipients.map(\.targetName) == ["eve"] && plain.expirationInMinutes == 7)
            let own = try await details(
                sent(#"{"scenario":{"id":"s1"},"properties":{"Host#en":"web"},"priority":"LOW"}"#))
            #expect(own.properties == ["Host": "web", "Level": "high"] && own.priority == .low)
            let told = try await details(sent(#"{"scenario":"s1"}"#, query: "?recipients=bob"))
            #expect(told.recipients.map(\.targetName) == ["bob"])
            for (body, login) in [
                (#"{"scenario":"Secret","properties":{"Host":"x"}}"#, "rest"),
                (#"{"scenario":"none","properties":{"Host":"x"}}"#, "rest"), (#"{"scenario":7}"#, "rest"),
            ] {
                let refused = try await sent(body, as: login)
                #expect(refused.status == 400 && refused.body.contains("scenario"), "\(refused.body)")
            }
            let admin = try await sent(#"{"scenario":"Secret","properties":{"Host":"x"}}"#, as: "admin")
            #expect(admin.status == 202)
        }
    }
}
