import AlertCore
import Foundation
import TestSupport
import Testing

/// Every role with every operation that not all may use.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct RESTRightsTests {
    /// One operation; `{login}` stands for whoever asks.
    struct Operation: Sendable {
        let method: String
        let path: String
        var body: JSONValue?
        /// The roles that may.
        let roles: Set<String>

        init(_ method: String, _ path: String, _ body: JSONValue? = nil, by roles: Set<String>) {
            self.method = method
            self.path = path
            self.body = body
            self.roles = roles
        }

        func body(for login: String) throws -> JSONValue? {
            guard let body else { return nil }
            let text = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
            return try JSONDecoder().decode(
                JSONValue.self, from: Data(text.replacingOccurrences(of: "{login}", with: login).utf8))
        }
    }

    /// Logins by their roles; each supervises a group `of-{login}` and a person `under-{login}`.
    static let logins = [
        "full": "Full Access User", "company": "Company Supervisor", "dev": "Developer",
        "rest": "REST Web Service User", "standard": "Standard User", "people": "Person Supervisor",
        "groups": "Group Supervisor", "scenario": "Scenario Administrator",
    ]

    private static let all: Set<String> = ["full", "company"]
    private static let groups = all.union(["groups"])
    private static let people = all.union(["people"])
    private static let readers: Set<String> = [
        "full", "company", "dev", "rest", "standard", "people", "groups",
    ]
    private static let senders = all.union(["dev", "rest"])
    private static let handlers = senders.union(["standard"])
    private static let signedIn = readers.union(["scenario"])

    private static let site: JSONValue = [
        "name": "Site of {login}", "country": "CA", "language": "en", "timezone": "UTC",
    ]
    private static let span: [String: JSONValue] = [
        "absenceType": "AWAY", "start": "2090-01-01T00:00:00Z", "end": "2090-01-02T00:00:00Z",
    ]
    private static func absence(_ member: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
        .object(span.merging(["member": .string(member)]) { $1 }.merging(more) { $1 })
    }

    static let operations: [Operation] = [
        // Groups
        Operation("GET", "groups", by: readers),
        Operation("POST", "groups", ["targetName": "New of {login}"], by: groups),
        Operation("POST", "groups/of-{login}", ["description": "x"], by: groups),
        Operation("POST", "groups/of-other", ["description": "x"], by: all),
        Operation("POST", "groups/of-{login}/members", ["id": "reader"], by: groups),
        Operation("POST", "groups/of-other/members", ["id": "reader"], by: all),
        Operation("POST", "groups/of-{login}/shifts", ["name": "Night"], by: groups),
        Operation(
            "POST", "groups/of-{login}/shifts/Night/members", ["recipient": ["id": "reader"]], by: groups),
        Operation("DELETE", "groups/of-{login}/shifts/Night/members/reader", by: groups),
        Operation("DELETE", "groups/of-{login}/shifts/Night", by: groups),
        Operation(
            "POST", "groups/of-{login}/shifts/Default%20Shift/occurrences",
            ["startDate": "2090-01-01T00:00:00Z"], by: groups),
        Operation("DELETE", "groups/of-{login}/shifts/Default%20Shift/occurrences/2090-01-01T00:00:00Z", by: groups),
        // Services, incidents, changes, imports
        Operation("GET", "services", by: readers),
        Operation("POST", "services", ["targetName": "S {login}", "ownedBy": "of-{login}"], by: groups),
        Operation("POST", "services", ["targetName": "Nobody's {login}"], by: all),
        Operation("POST", "services/S%20{login}", ["description": "x"], by: groups),
        Operation("DELETE", "services/S%20{login}", by: groups),
        Operation("GET", "incidents", by: readers), Operation("GET", "changes", by: readers),
        Operation("POST", "incidents", ["summary": "x"], by: handlers),
        Operation("POST", "incidents/INC-1000/timeline-entries", ["text": "x"], by: readers),
        Operation("POST", "changes", ["changeType": "x", "source": "x", "summary": "x"], by: senders),
        Operation("GET", "imports", by: people),
        // Absences
        Operation("POST", "temporary-absences", absence("{login}"), by: signedIn),
        Operation("POST", "temporary-absences", absence("under-{login}"), by: people),
        Operation("POST", "temporary-absences", absence("reader", ["group": "of-{login}"]), by: groups),
        Operation("POST", "temporary-absences", absence("other-{login}"), by: all),
        Operation("DELETE", "groups/of-{login}/members/reader", by: groups),
        Operation("DELETE", "groups/of-{login}", by: groups),
        // The system
        Operation("GET", "sites", by: readers), Operation("POST", "sites", site, by: all),
        Operation("POST", "sites/Site%20of%20{login}", ["city": "Paris"], by: all),
        Operation("DELETE", "sites/Site%20of%20{login}", by: all),
        Operation("GET", "notification-providers", by: readers),
        Operation("POST", "notification-providers", ["name": "P {login}", "kind": "SLACK"], by: all),
        Operation("POST", "notification-providers/P%20{login}", ["order": 3], by: all),
        Operation("DELETE", "notification-providers/P%20{login}", by: all),
        Operation("GET", "device-names", by: readers),
        Operation("POST", "device-names", ["name": "N {login}", "deviceType": "EMAIL"], by: all),
        Operation("DELETE", "device-names/N%20{login}", by: all),
        // People
        Operation("POST", "people/under-{login}", ["lastName": "New"], by: people),
        Operation("GET", "people/{login}/calendar-feed", by: []),
        Operation("POST", "people/{login}/calendar-feed", by: readers),
        Operation("POST", "people/under-{login}/calendar-feed", by: people),
        Operation("DELETE", "people/under-{login}", by: people),
    ]

    @Test func everyRoleAndOperation() async throws {
        try await RESTTestServer.run { server in
            try await Self.prepare(server)
            for operation in Self.operations {
                for (login, role) in Self.logins.sorted(by: { $0.key < $1.key }) {
                    let path = operation.path.replacingOccurrences(of: "{login}", with: login)
                    let reply = try await server.call(
                        operation.method, path, try operation.body(for: login), as: login)
                    let isAllowed = operation.roles.contains(login)
                    let told: Comment = "\(role): \(operation.method) \(path): \(reply.status) \(reply.text)"
                    if operation.path == "people/{login}/calendar-feed", operation.method == "GET" {
                        // Nobody has one yet: whoever may have one is told so.
                        #expect(
                            reply.status == (Self.readers.contains(login) ? 404 : 403), told)
                    } else if isAllowed {
                        #expect((200..<300).contains(reply.status), told)
                    } else {
                        #expect(reply.status == 403, told)
                    }
                }
            }
        }
    }

    private static func prepare(_ server: RESTTestServer) async throws {
        for (login, role) in logins { try await server.addPerson(login, roles: [role]) }
        for login in logins.keys {
            try await server.addPerson("under-\(login)", supervisors: [login])
            try await server.addPerson("other-\(login)")
            try await server.add(group: "of-\(login)", ["supervisors": [.string(login)]], members: ["reader"])
        }
        try await server.add(group: "of-other", ["supervisors": ["admin"]])
    }

    @Test func whoMayNotSignInMayNothing() async throws {
        try await RESTTestServer.run { server in
            try await server.addPerson("none", roles: ["Full Access User", "No Access User"])
            for (method, path) in [("GET", "groups"), ("POST", "people/none"), ("POST", "devices")] {
                try await server.sent(401, method, path, method == "GET" ? nil : ["owner": "none"], as: "none")
            }
        }
    }

    /// A test of a provider sends for real, by whatever has been configured.
    @Test func onlyWhoAdministersTheSystemTriesAProvider() async throws {
        try await RESTTestServer.run { server in
            try await server.addPerson("dev", roles: ["Developer"])
            try await server.sent(201, "POST", "notification-providers", ["name": "P", "kind": "SLACK"])
            try await server.sent(403, "POST", "notification-providers/P/test", ["device": "x"], as: "dev")
            let refused = try await server.sent(400, "POST", "notification-providers/P/test", ["device": "x"])
            #expect(refused.message.contains("device"))
        }
    }

    @Test func aDynamicGroupIsSeenByWhoMeetsItsCriteria() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            let criterion: JSONValue = [
                "criterionType": "BASIC_FIELD", "field": "USER_ID", "operand": "EQUALS", "value": "ann",
            ]
            try await server.sent(
                201, "POST", "groups",
                [
                    "targetName": "Anns", "groupType": "DYNAMIC", "observedByAll": false,
                    "criteria": ["operand": "OR", "criterion": [criterion]],
                ])
            try await server.sent(200, "GET", "groups/Anns", as: "ann")
            try await server.sent(404, "GET", "groups/Anns", as: "ben")
            try await server.sent(403, "POST", "groups/Anns", ["description": "x"], as: "ann")
            try await server.sent(403, "DELETE", "groups/Anns", as: "ann")
            try await server.sent(404, "POST", "groups/Anns", ["description": "x"], as: "ben")
        }
    }

    @Test func aPasswordThatHasToBeChangedOpensNoDevicesAndAbsences() async throws {
        try await RESTTestServer.run { server in
            try await server.addPerson("fresh", ["forcePasswordReset": true])
            let device: JSONValue = [
                "owner": "fresh", "name": "Mail", "deviceType": "EMAIL", "emailAddress": "x@example.com",
            ]
            for (path, body) in [("devices", device), ("temporary-absences", Self.absence("fresh"))] {
                let reply = try await server.sent(403, "POST", path, body, as: "fresh")
                #expect(reply.json?["subcode"] == "authentication.password_change_required", "\(reply.text)")
            }
        }
    }
}

/// Recipients are named without saying what they are.
@Suite(.inTurn)
struct RecipientNameTests {
    @Test(arguments: Backend.available) func areUniqueOverPeopleAndGroups(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(people: ["ann"])
            try await server.add(group: "Ops")
            func isRefused(_ path: String, _ body: JSONValue) async throws {
                let reply = try await server.sent(409, "POST", path, body)
                #expect(reply.json?["subcode"] == "validation.common.field.not_unique", "\(reply.text)")
                #expect(reply.json?.at("arguments.0") == "targetName" && reply.message.contains("targetName field"))
            }
            func person(_ name: String) -> JSONValue {
                ["targetName": .string(name), "firstName": "O", "lastName": "P"]
            }
            try await isRefused("people", person("OPS"))
            try await isRefused("people/ann", ["targetName": "ops"])
            try await isRefused("groups", ["targetName": "Ann"])
            try await isRefused("groups/Ops", ["targetName": "ANN"])
            try await isRefused("people", person("ANN"))
            #expect(try await server.sent(200, "GET", "people/ann").json?["targetName"] == "ann")
            #expect(try await server.sent(200, "GET", "groups/Ops").json?["targetName"] == "Ops")
            // Its own name is nobody else's, and one that is given up is free.
            try await server.sent(200, "POST", "groups/Ops", ["targetName": "OPS"])
            try await server.sent(200, "POST", "groups/Ops", ["targetName": "Web"])
            try await server.sent(200, "POST", "people/ann", ["targetName": "ops"])
            try await server.sent(200, "DELETE", "people/ops")
            try await server.add(group: "ops")
        }
    }
}
