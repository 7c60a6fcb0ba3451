import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Forms of people, devices, shifts, sites and device names.
@Suite(.inTurn, .timeLimit(.minutes(30))) struct ConsoleFormTests {
    // MARK: - Secret addresses of devices

    @Test func aSecretAddressIsMaskedAndKept() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn("oncall")
            let new = "/console/people/id-oncall/devices/new?type=SLACK"
            let secret = "https://hooks.example.com/one"
            let fields = [
                "name": "Chat", "pin": secret, "sequence": "1", "delay": "0", "priorityThreshold": "LOW",
                "status": "ACTIVE",
            ]
            let mistaken = try await world.submit(new, fields.merging(["delay": "x"]) { $1 }, cookie)
            #expect(mistaken.status == 400 && mistaken.mistake(of: "delay").contains("whole number"))
            #expect(mistaken.value(of: "pin") == secret, "what was typed stays")
            #expect(try await world.submit(new, fields, cookie).status == 303)
            let device = try #require(try await world.get("/people/oncall/devices")["data"]?.array?.first)
            let path = "/console/people/id-oncall/devices/\(device["id"]?.string ?? "")"
            let page = try await world.page(path, cookie)
            #expect(page.value(of: "pin") == "***" && !page.body.contains("hooks.example.com"))
            let before = try await world.pin()

            let renamed = try await world.submit(path, fields.merging(["pin": "***", "name": "Talk"]) { $1 }, cookie)
            #expect(renamed.status == 303, "\(renamed.body)")
            #expect(try await world.pin() == before)
            let empty = try await world.submit(path, fields.merging(["pin": ""]) { $1 }, cookie)
            #expect(empty.status == 400 && !empty.mistake(of: "pin").isEmpty, "\(empty.body)")
            #expect(try await world.pin() == before)
            let wrong = try await world.submit(path, fields.merging(["pin": "nothing"]) { $1 }, cookie)
            #expect(wrong.status == 400 && wrong.mistake(of: "pin").contains("https://"))
            #expect(wrong.value(of: "pin") == "nothing")
            let other = ["pin": "https://hooks.example.com/two"]
            #expect(try await world.submit(path, fields.merging(other) { $1 }, cookie).status == 303)
            #expect(try await world.pin() != before)
        }
    }

    // MARK: - Occurrences of shifts

    @Test func leavesOccurrencesOutAndRestoresThem() async throws {
        try await ConsoleWorld.run { world in
            let body: JSONValue = ["targetName": "Ops", "timezone": "Europe/Berlin"]
            let group = try #require(try await world.call("POST", "/groups", body).json["id"]?.string)
            let shift = try #require(try await world.get("/groups/Ops/shifts")["data"]?.array?.first?["id"]?.string)
            let base = "/console/groups/\(group)/shifts/\(shift)/occurrences"
            let cookie = try await world.signIn()
            let page = try await world.page(base, cookie)
            #expect(page.status == 200 && page.body.contains("Europe/Berlin") && page.body.contains("Leave out"))
            #expect(page.body.contains("value=\"2026-03-11T23:00:00.000Z\""), "\(page.body)")
            #expect(page.body.contains("Later ones") && !page.body.contains(">Restore<"))
            #expect(try await world.page("/console/groups/\(group)", cookie).body.contains(base))

            let start = ["start": "2026-03-11T23:00:00.000Z", "from": "2026-03-09"]
            let left = try await world.submit("\(base)/exclude", start, cookie)
            #expect(left.status == 303 && left.location == "\(base)?from=2026-03-09&done=saved")
            let after = try await world.page(left.location, cookie)
            #expect(after.body.contains("Saved.") && after.body.contains("Left out"))
            #expect(after.body.components(separatedBy: ">Restore<").count == 2)
            let exclusions = "/groups/Ops/shifts/\(shift)/exclusions"
            #expect(try await world.get(exclusions)["total"] == 1)
            let again = try await world.submit("\(base)/exclude", start, cookie)
            #expect(again.status == 409 && again.body.contains("left out already") && again.body.contains("Left out"))

            #expect(try await world.submit("\(base)/restore", start, cookie).status == 303)
            #expect(try await world.get(exclusions)["total"] == 0)
            #expect(try await world.post("\(base)/exclude", start, cookie).status == 403, "no token")
            let strange = try await world.submit("\(base)/exclude", ["start": "never", "from": "soon"], cookie)
            #expect(strange.status == 400 && strange.body.contains("never is no time"))
            let mistaken = try await world.page("\(base)?from=soon", cookie)
            #expect(mistaken.status == 400 && mistaken.body.contains("id=\"from-mistake\""))
            #expect(mistaken.body.contains("value=\"soon\"") && mistaken.body.contains("Leave out"))
        }
    }

    // MARK: - Device names

    @Test func keepsDeviceNames() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            let list = "/console/device-names"
            #expect(try await world.page(list, cookie).body.contains("Work Email"))
            let typed = [
                "name": "Team Mail", "deviceType": "EMAIL", "domains": "example.com, ex ample", "description": "d",
                "privileged": "true",
            ]
            let mistaken = try await world.submit("\(list)/new", typed, cookie)
            #expect(mistaken.status == 400 && mistaken.mistake(of: "domains").contains("no domain"))
            #expect(mistaken.value(of: "name") == "Team Mail")
            let fields = typed.merging(["domains": "example.com, Example.org"]) { $1 }
            let saved = try await world.submit("\(list)/new", fields, cookie)
            #expect(saved.status == 303 && saved.location == "\(list)?done=saved", "\(saved.body)")
            let name = try #require(try await world.get("/device-names?search=team")["data"]?.array?.first)
            #expect(name["domains"] == ["example.com", "example.org"] && name["privileged"] == true)
            let path = "\(list)/\(name["id"]?.string ?? "")"
            #expect(try await world.page(path, cookie).value(of: "domains") == "example.com, example.org")
            let taken = try await world.submit(path, ["name": "work email", "domains": ""], cookie)
            #expect(taken.status == 409 && taken.mistake(of: "name").contains("taken"))
            #expect(try await world.submit(path, ["name": "Team", "domains": ""], cookie).status == 303)
            let changed = try await world.get("/device-names/Team")
            #expect(changed["domains"] == [] && changed["privileged"] == false && changed["deviceType"] == "EMAIL")

            let device: JSONValue = [
                "owner": "oncall", "name": "Team", "deviceType": "EMAIL", "emailAddress": "a@example.com",
            ]
            let id = try #require(try await world.call("POST", "/devices", device).json["id"]?.string)
            let used = try await world.submit("\(path)/delete", [:], cookie)
            #expect(used.status == 409 && used.body.contains("1 devices are called Team"))
            #expect(used.body.contains("action=\"\(path)/delete\""))
            #expect(try await world.call("DELETE", "/devices/\(id)").status == 200)
            #expect(try await world.submit("\(path)/delete", [:], cookie).status == 303)
            #expect(try await world.call("GET", "/device-names/Team").status == 404)
        }
    }

    // MARK: - People

    @Test func keepsPropertiesWithTheirKinds() async throws {
        try await ConsoleWorld.run { world in
            let properties: JSONValue = [
                "Team": "Core", "Floor": 3, "Ratio": .number(1.5), "Remote": true, "Skills": ["a, b", "c"],
            ]
            let saved = try await world.call("POST", "/people/oncall", ["properties": properties])
            #expect(saved.status == 200, "\(saved.body)")
            let cookie = try await world.signIn()
            let path = "/console/people/id-oncall/properties"
            let page = try await world.page(path, cookie)
            #expect(page.value(of: "rows[0].name") == "Floor" && page.body.contains("a, b\nc</textarea>"))
            let rows = [
                ("Floor", "number", "3"), ("Ratio", "number", "1.5"), ("Remote", "truth", "true"),
                ("Skills", "list", "a, b\r\nc"), ("Team", "text", "Core"), ("", "text", ""),
            ]
            var form: [String: String] = [:]
            for (index, row) in rows.enumerated() {
                form["rows[\(index)].name"] = row.0
                form["rows[\(index)].kind"] = row.1
                form["rows[\(index)].value"] = row.2
            }
            #expect(try await world.submit(path, form, cookie).status == 303)
            #expect(try await world.get("/people/oncall")["properties"] == properties)

            let mistakes = [
                ("rows[0].value", "three", "a number"), ("rows[2].value", "perhaps", "true or false"),
                ("rows[1].name", "Floor", "another one"),
            ]
            for (field, value, words) in mistakes {
                let answer = try await world.submit(path, form.merging([field: value]) { $1 }, cookie)
                #expect(answer.status == 400 && answer.mistake(of: field).contains(words), "\(field)")
                #expect(answer.body.contains(value) && answer.value(of: "rows[4].name") == "Team")
            }
            #expect(try await world.get("/people/oncall")["properties"] == properties)
            let fewer = form.merging(["rows[3].name": "", "rows[5].name": "New", "rows[5].value": " x "]) { $1 }
            #expect(try await world.submit(path, fewer, cookie).status == 303)
            let left = try await world.get("/people/oncall")["properties"]
            #expect(left == ["Team": "Core", "Floor": 3, "Ratio": .number(1.5), "Remote": true, "New": "x"])
        }
    }

    @Test func setsAPhonePin() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn("oncall")
            let path = "/console/people/id-oncall/phone"
            #expect(try await world.page(path, cookie).body.contains("There is no PIN"))
            let rows = [("phonePin", "12", "4 to 30"), ("phonePin", "12ab", "digits"), ("phoneLogin", "x", "digits")]
            for (field, value, words) in rows {
                let form = ["phoneLogin": "77", "phonePin": ""].merging([field: value]) { $1 }
                let answer = try await world.submit(path, form, cookie)
                #expect(answer.status == 400 && answer.mistake(of: field).contains(words), "\(field) \(value)")
                #expect(answer.value(of: "phoneLogin") == form["phoneLogin"])
            }
            #expect(try await world.submit(path, ["phoneLogin": "77", "phonePin": "4321"], cookie).status == 303)
            let set = try await world.oncall()
            #expect(set.phoneLogin == "77" && PasswordHash.verify("4321", against: set.phonePinHash))
            #expect(try await world.submit(path, ["phoneLogin": "78", "phonePin": ""], cookie).status == 303)
            let kept = try await world.oncall()
            #expect(kept.phoneLogin == "78" && kept.phonePinHash == set.phonePinHash)
            let both = try await world.submit(path, ["phonePin": "9999", "removePin": "true"], cookie)
            #expect(both.status == 400 && both.mistake(of: "phonePin").contains("at once"))
            let form = ["phoneLogin": "", "phonePin": "", "removePin": "true"]
            #expect(try await world.submit(path, form, cookie).status == 303)
            let gone = try await world.oncall()
            #expect(gone.phonePinHash.isEmpty && gone.phoneLogin?.isEmpty != false)
        }
    }

    // MARK: - Sites

    @Test func deletesASiteThatNobodyUses() async throws {
        try await ConsoleWorld.run { world in
            let place: JSONValue = ["name": "HQ", "country": "CA", "language": "en", "timezone": "UTC"]
            let site = try #require(try await world.call("POST", "/sites", place).json["id"]?.string)
            #expect(try await world.call("POST", "/groups", ["targetName": "Ops", "site": "HQ"]).status == 201)
            let cookie = try await world.signIn()
            let path = "/console/sites/\(site)/delete"
            #expect(try await world.page("/console/sites/\(site)", cookie).body.contains("href=\"\(path)\""))
            #expect(try await world.page(path, cookie).body.contains("Delete HQ?"))
            #expect(try await world.post(path, [:], cookie).status == 403, "no token")
            let refused = try await world.submit(path, [:], cookie)
            #expect(refused.status == 409 && refused.body.contains("Ops") && refused.body.contains("Delete HQ?"))
            #expect(try await world.call("POST", "/groups/Ops", ["site": ""]).status == 200)
            let gone = try await world.submit(path, [:], cookie)
            #expect(gone.status == 303 && gone.location == "/console/sites?done=deleted")
            #expect(try await world.call("GET", "/sites/\(site)").status == 404)
        }
    }
}

extension ConsoleWorld {
    /// As it is stored.
    fileprivate func oncall() async throws -> Person {
        try #require(try await database.reading { try Directory($0).get(Person.self, id: "id-oncall") })
    }

    /// The stored address of the only device.
    fileprivate func pin() async throws -> String {
        try await database.reading { try Directory($0).all(Device.self).first?.pin ?? "" }
    }
}
