import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Who may do what by REST, as whoever asks sees it.
@Suite(.inTurn)
struct RESTPermissionTests {
    /// The people that everything below is tried as and on.
    private static func run(_ test: @escaping @Sendable (RESTTestServer) async throws -> Void) async throws {
        try await RESTTestServer.run { server in
            try await server.addPerson("dev", roles: ["Developer"])
            try await server.addPerson("rest", roles: ["REST Web Service User"], supervisors: ["dev"])
            try await server.addPerson("boss", roles: ["Person Supervisor", "Standard User"])
            try await server.addPerson("team", supervisors: ["boss"])
            try await server.addPerson("other")
            try await server.addPerson("chief", roles: ["Company Supervisor"], supervisors: ["boss"])
            try await test(server)
        }
    }

    struct Attempt: CustomTestStringConvertible {
        let login: String
        let method: String
        let path: String
        let body: JSONValue?
        let status: Int
        var testDescription: String { "\(login) \(method) \(path) \(body.map { "\($0)" } ?? ""): \(status)" }

        init(_ login: String, _ method: String, _ path: String, _ body: JSONValue? = nil, _ status: Int) {
            self.login = login
            self.method = method
            self.path = path
            self.body = body
            self.status = status
        }
    }

    private static let person: JSONValue = ["targetName": "new", "firstName": "N", "lastName": "N"]
    private static func device(_ owner: String) -> JSONValue {
        ["owner": .string(owner), "name": "Mail", "deviceType": "EMAIL", "emailAddress": "x@example.com"]
    }

    static let attempts: [Attempt] = [
        // Making people
        Attempt("admin", "POST", "people", person, 201), Attempt("chief", "POST", "people", person, 201),
        Attempt("boss", "POST", "people", person, 201), Attempt("dev", "POST", "people", person, 403),
        Attempt("reader", "POST", "people", person, 403), Attempt("rest", "POST", "people", person, 403),
        Attempt("outsider", "POST", "people", person, 403),
        // Changing them
        Attempt("boss", "POST", "people/team", ["lastName": "New"], 200),
        Attempt("boss", "POST", "people/team", ["password": "password2"], 200),
        Attempt("boss", "POST", "people/other", ["lastName": "New"], 403),
        Attempt("boss", "POST", "people/chief", ["password": "password2"], 403),
        Attempt("boss", "POST", "people/team", ["roles": ["Standard User", "Person Supervisor"]], 200),
        Attempt("boss", "POST", "people/team", ["roles": ["Developer"]], 403),
        Attempt("boss", "POST", "people/team", ["roles": ["Full Access User"]], 403),
        Attempt("boss", "POST", "people/boss", ["roles": ["Full Access User"]], 403),
        Attempt("chief", "POST", "people/other", ["roles": ["Full Access User"]], 200),
        Attempt("dev", "POST", "people/rest", ["lastName": "New"], 403),
        // Oneself
        Attempt("team", "POST", "people/team", ["language": "de", "timezone": "Europe/Vienna"], 200),
        Attempt("team", "POST", "people/team", ["phonePin": "1234", "phoneLogin": "7"], 200),
        Attempt("team", "POST", "people/team", ["password": "password2"], 200),
        Attempt("team", "POST", "people/team", ["lastName": "Someone"], 403),
        Attempt("team", "POST", "people/team", ["supervisors": ["team"]], 403),
        Attempt("team", "POST", "people/team", ["status": "INACTIVE"], 403),
        Attempt("team", "POST", "people/other", ["language": "de"], 403),
        // Deleting
        Attempt("boss", "DELETE", "people/team", nil, 200), Attempt("boss", "DELETE", "people/other", nil, 403),
        Attempt("team", "DELETE", "people/other", nil, 403), Attempt("admin", "DELETE", "people/admin", nil, 409),
        Attempt("chief", "DELETE", "people/admin", nil, 200),
        // Devices
        Attempt("team", "POST", "devices", device("team"), 201),
        Attempt("boss", "POST", "devices", device("team"), 201),
        Attempt("team", "POST", "devices", device("other"), 403),
        Attempt("boss", "POST", "devices", device("chief"), 403),
        Attempt("outsider", "POST", "devices", device("outsider"), 201),
        Attempt("dev", "POST", "devices", device("team"), 403),
        // Keys
        Attempt("team", "POST", "api-keys", ["name": "k"], 201),
        Attempt("dev", "POST", "api-keys", ["name": "k", "person": "admin"], 403),
        Attempt("boss", "POST", "api-keys", ["name": "k", "person": "team"], 201),
        // The system, and workflows
        Attempt("dev", "POST", "conference-bridges", ["name": "b", "meetingLink": "https://meet.example/1"], 403),
        Attempt("chief", "POST", "conference-bridges", ["name": "b", "meetingLink": "https://meet.example/1"], 201),
        Attempt("boss", "POST", "device-names", ["name": "n", "deviceType": "EMAIL"], 403),
        Attempt("dev", "POST", "plans", ["name": "P"], 201), Attempt("boss", "POST", "plans", ["name": "P"], 403),
    ]

    @Test func everyAttempt() async throws {
        for attempt in Self.attempts {
            try await Self.run { server in
                let reply = try await server.call(attempt.method, attempt.path, attempt.body, as: attempt.login)
                #expect(reply.status == attempt.status, "\(attempt.testDescription): \(reply.text)")
            }
        }
    }

    @Test func integrationsActAsThoseWhomOneSupervises() async throws {
        try await Self.run { server in
            let (plan, form) = try await server.makeForm()
            func save(_ user: String, as login: String) async throws -> RESTTestServer.Reply {
                let body: JSONValue = [
                    "name": "In", "form": ["id": .string(form)], "integrationType": "INBOUND_WEBHOOK",
                    "operation": "CREATE_EVENT", "createdBy": "IB", "authenticatingUser": .string(user),
                    "script": .string(Data("form.post(trigger);".utf8).base64EncodedString()),
                ]
                return try await server.call("POST", "plans/\(plan)/integrations", body, as: login)
            }
            let own = try await save("rest", as: "dev")
            #expect(own.status == 200, "\(own.text)")
            let refused = try await save("admin", as: "dev")
            #expect(refused.status == 403 && refused.text.contains("authenticatingUser"), "\(refused.text)")
            #expect(try await save("team", as: "dev").status == 403)
            let admins = try await save("admin", as: "admin")
            let change: JSONValue = ["id": .string(admins.id), "authenticatingUser": "admin", "name": "Renamed"]
            let changed = try await server.call("POST", "plans/\(plan)/integrations", change, as: "dev")
            #expect(changed.status == 200, "it was so before: \(changed.text)")
        }
    }

    @Test func lockedFieldsStay() async throws {
        try await Self.run { server in
            try await server.addPerson("ldap", ["externallyOwned": true, "locked": ["language"]])
            let refused = try await server.call("POST", "people/ldap", ["language": "de"], as: "ldap")
            #expect(refused.status == 403 && refused.text.contains("language"))
            #expect(try await server.call("POST", "people/ldap", ["timezone": "UTC"], as: "ldap").status == 200)
            #expect(try await server.call("POST", "people/ldap", ["language": "de"]).status == 200)
        }
    }

    @Test func aPasswordThatHasToBeChangedOpensNothingElse() async throws {
        try await Self.run { server in
            try await server.addPerson("fresh", roles: ["Developer"], ["forcePasswordReset": true])
            let refused = try await server.call("GET", "people", as: "fresh")
            #expect(refused.status == 403 && refused.json?["subcode"] == "authentication.password_change_required")
            #expect(try await server.call("POST", "people/fresh", ["language": "de"], as: "fresh").status == 403)
            #expect(try await server.call("POST", "people/fresh", ["password": "password"], as: "fresh").status == 400)
            let both: JSONValue = ["password": "password2", "roles": ["Full Access User"]]
            #expect(try await server.call("POST", "people/fresh", both, as: "fresh").status == 403)
            #expect(try await server.call("POST", "api-keys", ["name": "k"], as: "fresh").status == 403)
            #expect(try await server.call("POST", "people/fresh", ["password": "password2"], as: "fresh").status == 200)
            #expect(try await server.call("GET", "people", as: "fresh", password: "password2").status == 200)
        }
    }

    @Test func keysAreSeenByWhoMayHaveThem() async throws {
        try await Self.run { server in
            _ = try await server.call("POST", "api-keys", ["name": "mine"], as: "team")
            _ = try await server.call("POST", "api-keys", ["name": "theirs"], as: "other")
            #expect(try await server.call("GET", "api-keys", as: "team").names == ["mine"])
            #expect(try await server.call("GET", "api-keys", as: "boss").names == ["mine"])
            #expect(try await server.call("GET", "api-keys").names == ["mine", "theirs"])
        }
    }
}
