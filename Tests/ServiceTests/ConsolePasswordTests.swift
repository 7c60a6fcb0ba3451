import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Choosing another password on the console, by choice or because it has to be.
@Suite(.inTurn, .timeLimit(.minutes(30))) struct ConsolePasswordTests {
    private static let path = "/console/password"
    private static let good = ["old": ConsoleWorld.password, "password": "another horse", "repeat": "another horse"]

    @Test func aForcedChangeComesBeforeAnythingElse() async throws {
        try await ConsoleWorld.run { world in
            try await world.addPerson("fresh", ["forcePasswordReset": true])
            let cookie = try await world.signIn("fresh")
            #expect(!cookie.isEmpty)
            for path in ["/console/alerts", "/console/me", "/console/people/fresh/devices/new", "/console/groups"] {
                let answer = try await world.page(path, cookie)
                #expect(answer.status == 303 && answer.location.hasPrefix("\(Self.path)?next="), "\(path)")
            }
            let page = try await world.page("\(Self.path)?next=%2Fconsole%2Fgroups", cookie)
            #expect(page.status == 200 && page.body.contains("Choose another password"))
            #expect(!page.body.contains("<nav aria-label=\"Main\">") && page.body.contains("Sign out"))
            #expect(try await world.post(Self.path, Self.good, cookie).status == 403, "no token")
            let other = try await world.post("/console/people/fresh/phone", ["csrf": page.csrf], cookie)
            #expect(other.status == 303 && other.location == Self.path)

            let form = Self.good.merging(["csrf": page.csrf, "next": "/console/groups"]) { $1 }
            let done = try await world.post(Self.path, form, cookie)
            #expect(done.status == 303 && done.location == "/console/groups", "\(done.body)")
            let fresh = done.cookie("tocsin_session")
            let groups = try await world.page("/console/groups", fresh)
            #expect(groups.status == 200 && groups.body.contains("<nav aria-label=\"Main\">"))
            #expect(try await world.page("/console/groups", cookie).location.hasPrefix("/console/sign-in"))
            #expect(try await world.signIn("fresh") == "", "the old password")
            #expect(try await world.signIn("fresh", password: "another horse") != "")
            #expect(try await world.page(Self.path, fresh).body.contains("Change the password"))
        }
    }

    @Test func saysWhatIsWrongBesideItsField() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn("oncall")
            let page = try await world.page("\(Self.path)?next=%2Fconsole%2Fgroups", cookie)
            let rows: [([String: String], field: String, String)] = [
                (["old": ""], "old", "required"), (["old": "wrong horse"], "old", "not the present password"),
                (["password": "short", "repeat": "short"], "password", "at least 8"),
                (["password": "", "repeat": ""], "password", "required"),
                (["repeat": "other"], "repeat", "not the same"),
                (["password": ConsoleWorld.password, "repeat": ConsoleWorld.password], "password", "the present one"),
            ]
            for (change, field, words) in rows {
                let form = Self.good.merging(["csrf": page.csrf, "next": "/console/groups"]) { $1 }
                    .merging(change) { $1 }
                let answer = try await world.post(Self.path, form, cookie)
                let mistake = answer.mistake(of: field)
                #expect(answer.status == 400 && mistake.contains(words), "\(change): \(mistake)")
                #expect(answer.body.contains("name=\"next\" value=\"/console/groups\""), "what was typed stays")
                #expect(!answer.body.contains("horse"), "but no password")
            }
            #expect(try await world.signIn("oncall") != "", "it is as it was")
        }
    }

    @Test func wrongPasswordsAreCounted() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn("oncall")
            let page = try await world.page(Self.path, cookie)
            var statuses: [Int] = []
            for _ in 1...12 {
                let form = Self.good.merging(["csrf": page.csrf, "old": "wrong horse"]) { $1 }
                statuses.append(try await world.post(Self.path, form, cookie).status)
            }
            #expect(statuses.first == 400 && statuses.last == 429, "\(statuses)")
        }
    }

    @Test func leadsNowhereElse() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn("oncall")
            let page = try await world.page(Self.path, cookie)
            let form = Self.good.merging(["csrf": page.csrf, "next": "https://evil.example"]) { $1 }
            #expect(try await world.post(Self.path, form, cookie).location == "/console/alerts")
        }
    }

    @Test func anAdministratorDemandsIt() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            let form = [
                "firstName": "Anna", "lastName": "Berg", "targetName": "oncall", "roles": "Standard User",
                "timezone": "UTC", "status": "ACTIVE", "forcePasswordReset": "true",
            ]
            let saved = try await world.submit("/console/people/oncall/edit", form, cookie)
            #expect(saved.status == 303, "\(saved.body)")
            let held = try await world.signIn("oncall")
            #expect(try await world.page("/console/alerts", held).location.hasPrefix(Self.path))
            let page = try await world.page("/console/people/oncall/edit", cookie).body
            #expect(page.contains("name=\"forcePasswordReset\" value=\"true\" checked"))
        }
    }
}

extension Answer {
    /// What stands next to a field; empty when nothing does.
    func mistake(of field: String) -> String {
        let id = "field-\(field.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined())"
        let parts = body.components(separatedBy: "id=\"\(id)-mistake\" role=\"alert\">")
        return parts.count > 1 ? String(parts[1].prefix { $0 != "<" }) : ""
    }

    /// The value of a field.
    func value(of field: String) -> String? {
        let parts = body.components(separatedBy: "name=\"\(field)\" ")
        guard parts.count > 1 else { return nil }
        let value = parts[1].components(separatedBy: "value=\"")
        return value.count > 1 ? String(value[1].prefix { $0 != "\"" }) : nil
    }
}
