import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

extension ConsoleWorld {
    /// Posts a form of the session, with its token.
    func submit(_ path: String, _ form: [String: String], _ cookie: String) async throws -> Answer {
        let csrf = try await page("/console/people", cookie).csrf
        return try await post(path, form.merging(["csrf": csrf]) { first, _ in first }, cookie)
    }

    func addPerson(
        _ name: String, roles: [String] = ["Standard User"], supervisors: [String] = ["admin"],
        _ more: [String: JSONValue] = [:]
    ) async throws {
        var body: [String: JSONValue] = [
            "targetName": .string(name), "firstName": .string(name.capitalized), "lastName": "Test",
            "password": .string(Self.password), "roles": .array(roles.map(JSONValue.string)),
            "supervisors": .array(supervisors.map(JSONValue.string)),
        ]
        body.merge(more) { $1 }
        let made = try await call("POST", "/people", .object(body))
        #expect(made.status == 201, "\(made.body)")
    }

    func get(_ path: String) async throws -> JSONValue { try await call("GET", path).json }
}

/// What each role is offered on the pages, and what is refused when it is sent all the same.
@Suite(.inTurn, .timeLimit(.minutes(30))) struct ConsoleRightsTests {
    struct Row: Sendable {
        /// The page that offers it.
        let page: String
        /// What leads there.
        let offer: String
        let path: String
        let form: [String: String]
        let logins: Set<String>
    }

    private static let logins = ["admin", "oncall", "dev", "people", "groups"]
    private static let place = ["name": "S", "timezone": "UTC", "country": "CA", "language": "English"]

    static let rows = [
        Row(
            page: "/console/people", offer: "/console/people/new", path: "/console/people/new",
            form: ["firstName": "A", "targetName": "", "lastName": "B", "roles": "Standard User"],
            logins: ["admin", "people"]),
        Row(
            page: "/console/groups", offer: "/console/groups/new", path: "/console/groups/new",
            form: ["targetName": ""], logins: ["admin", "groups"]),
        Row(
            page: "/console/groups/Own", offer: "/edit\"", path: "/console/groups/Own/members/new",
            form: ["recipient": ""], logins: ["admin", "groups"]),
        Row(
            page: "/console/groups/Else", offer: "/edit\"", path: "/console/groups/Else/members/new",
            form: ["recipient": ""], logins: ["admin"]),
        Row(
            page: "/console/people/under", offer: "/edit\"", path: "/console/people/under/edit",
            form: ["firstName": ""], logins: ["admin", "people"]),
        Row(
            page: "/console/people/under", offer: "/devices/new", path: "/console/people/under/devices/new",
            form: ["name": ""], logins: ["admin", "people"]),
        Row(
            page: "/console/people/under", offer: "/absences/new", path: "/console/people/under/absences/new",
            form: ["start": ""], logins: ["admin", "people", "groups"]),
        Row(
            page: "/console/people/oncall", offer: "/phone\"", path: "/console/people/oncall/phone",
            form: ["phonePin": "x"], logins: ["admin", "oncall"]),
        Row(
            page: "/console/people/oncall", offer: "/properties\"", path: "/console/people/oncall/properties",
            form: ["rows[0].name": "a", "rows[0].kind": "number", "rows[0].value": "x"], logins: ["admin"]),
        Row(
            page: "/console/sites", offer: "/console/sites/new", path: "/console/sites/new",
            form: place.merging(["timezone": "Mars"]) { $1 }, logins: ["admin"]),
        Row(
            page: "/console/providers", offer: "/console/providers/new", path: "/console/providers/new",
            form: ["name": ""], logins: ["admin"]),
        Row(
            page: "/console/device-names", offer: "/console/device-names/new", path: "/console/device-names/new",
            form: ["name": ""], logins: ["admin"]),
    ]

    /// What is sent has a mistake: whoever may is told of it, whoever may not is refused before.
    @Test func offersWhatIsAllowedAndRefusesTheRest() async throws {
        try await ConsoleWorld.run { world in
            try await world.addPerson("dev", roles: ["Developer"])
            try await world.addPerson("people", roles: ["Person Supervisor"])
            try await world.addPerson("groups", roles: ["Group Supervisor"])
            try await world.addPerson("under", supervisors: ["people"])
            for (name, supervisor) in [("Own", "groups"), ("Else", "admin")] {
                let body: JSONValue = [
                    "targetName": .string(name), "groupType": "BROADCAST", "supervisors": [.string(supervisor)],
                ]
                #expect(try await world.call("POST", "/groups", body).status == 201)
            }
            #expect(try await world.call("POST", "/groups/Own/members", ["id": "under"]).status == 200)
            for login in Self.logins {
                let cookie = try await world.signIn(login)
                for row in Self.rows {
                    let isAllowed = row.logins.contains(login)
                    let page = try await world.page(row.page, cookie)
                    #expect(page.status == 200, "\(login) \(row.page)")
                    #expect(page.body.contains(row.offer) == isAllowed, "\(login) \(row.page): \(row.offer)")
                    let form = try await world.page(row.path, cookie)
                    #expect(form.status == (isAllowed ? 200 : 403), "\(login) GET \(row.path)")
                    let sent = try await world.submit(row.path, row.form, cookie)
                    #expect(sent.status == (isAllowed ? 400 : 403), "\(login) POST \(row.path): \(sent.body)")
                    #expect(sent.body.contains("class=\"mistake\"") == isAllowed, "\(login) POST \(row.path)")
                }
            }
        }
    }

    /// Buttons without a form of their own.
    @Test func refusesButtonsToOthers() async throws {
        try await ConsoleWorld.run { world in
            let group: JSONValue = ["targetName": "Ops", "supervisors": ["watcher"]]
            let id = try #require(try await world.call("POST", "/groups", group).json["id"]?.string)
            let shift = try #require(try await world.get("/groups/Ops/shifts")["data"]?.array?.first?["id"]?.string)
            let place: JSONValue = ["name": "HQ", "country": "CA", "language": "en", "timezone": "UTC"]
            let site = try #require(try await world.call("POST", "/sites", place).json["id"]?.string)
            let names = try await world.get("/device-names?search=pager")
            let name = try #require(names["data"]?.array?.first?["id"]?.string)
            let occurrences = "/console/groups/\(id)/shifts/\(shift)/occurrences"
            let rows: [(String, [String: String], Set<String>)] = [
                ("\(occurrences)/exclude", ["start": "2026-03-11T00:00:00.000Z"], ["watcher"]),
                ("\(occurrences)/restore", ["start": "2026-03-11T00:00:00.000Z"], ["watcher"]),
                ("/console/groups/\(id)/shifts/\(shift)/delete", [:], ["watcher"]),
                ("/console/groups/\(id)/delete", [:], ["watcher"]),
                ("/console/sites/\(site)/delete", [:], ["admin"]),
                ("/console/device-names/\(name)/delete", [:], ["admin"]),
                ("/console/people/id-watcher/delete", [:], ["admin"]),
            ]
            for (path, form, logins) in rows {
                for login in ["oncall", "watcher", "admin"] where login != "admin" || logins.contains("admin") {
                    let answer = try await world.submit(path, form, try await world.signIn(login))
                    #expect(answer.status == (logins.contains(login) ? 303 : 403), "\(login) \(path): \(answer.body)")
                }
            }
        }
    }

    @Test func showsASiteToWhoMayNotChangeIt() async throws {
        try await ConsoleWorld.run { world in
            let place: JSONValue = ["name": "HQ", "country": "CA", "language": "en", "timezone": "UTC"]
            let site = try #require(try await world.call("POST", "/sites", place).json["id"]?.string)
            let page = try await world.page("/console/sites/\(site)", try await world.signIn("oncall"))
            #expect(page.status == 200 && page.body.contains("<fieldset disabled>"))
            #expect(!page.body.contains(">Save<") && !page.body.contains("/delete"))
        }
    }

    /// A group that not all may see is on no page of theirs, not even as a proposal.
    @Test func hidesGroupsFromWhoMayNotSeeThem() async throws {
        try await ConsoleWorld.run { world in
            try await world.addPerson("ann")
            let group: JSONValue = ["targetName": "Secret", "observedByAll": false]
            #expect(try await world.call("POST", "/groups", group).status == 201)
            #expect(try await world.call("POST", "/groups/Secret/members", ["id": "ann"]).status == 200)
            for (login, sees) in [("admin", true), ("ann", true), ("oncall", false)] {
                let cookie = try await world.signIn(login)
                for path in ["people", "people/ann", "groups", "what-if", "on-call"] {
                    let page = try await world.page("/console/\(path)", cookie)
                    #expect(page.status == 200 && page.body.contains("Secret") == sees, "\(login) \(path)")
                }
                let page = try await world.page("/console/groups/Secret", cookie)
                #expect(page.status == (sees ? 200 : 404), "\(login)")
                let file = try await world.page("/console/groups/Secret/calendar.ics", cookie)
                #expect(file.status == (sees ? 200 : 404), "\(login)")
                if sees {
                    #expect(file.headers["content-type"] == "text/calendar; charset=utf-8")
                    #expect(file.headers["content-security-policy"] != nil)
                }
            }
        }
    }
}
