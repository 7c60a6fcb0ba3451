import AlertCore
import Foundation
import TestSupport
import Testing

/// Plans and what stands by itself in them.
@Suite(.inTurn)
struct RESTPlanTests {
    @Test func plansLive() async throws {
        try await RESTTestServer.run { server in
            try await server.expectLife(
                in: "plans",
                [
                    "name": "Servers", "description": "All of them", "enabled": false, "accessibleByAll": false,
                    "floodControl": true, "loggingLevel": "DEBUG", "position": 7, "planType": "PLAN",
                ], change: ["name": "Machines", "position": 2, "floodControl": false])
            try await server.expectRefused(
                [
                    Refused(["name": " "], "name"), Refused([:], "name"), Refused(["name": 7], "name"),
                    Refused(["name": "P", "loggingLevel": "LOUD"], "loggingLevel"),
                    Refused(["name": "P", "position": -1], "position"),
                    Refused(["name": "P", "floodControl": "yes"], "floodControl"),
                    Refused(["name": "P", "planType": "BUILT_IN"], "planType"),
                ], at: "plans")
        }
    }

    @Test func plansAreFound() async throws {
        try await RESTTestServer.run { server in
            for (name, description, enabled) in [("Beta", "servers", true), ("alpha", "disks", false)] {
                let plan: JSONValue = [
                    "name": .string(name), "description": .string(description), "enabled": .bool(enabled),
                ]
                _ = try await server.call("POST", "plans", plan)
            }
            _ = try await server.call("POST", "plans/Beta/forms", ["name": "F", "uiEnabled": false])
            let rows: [(String, [String])] = [
                ("", ["alpha", "Beta"]), ("sortBy=name&sortOrder=DESCENDING", ["Beta", "alpha"]),
                ("sortBy=USER_DEFINED", ["Beta", "alpha"]), ("enabled=true", ["Beta"]), ("search=serv", ["Beta"]),
                ("search=serv&fields=NAME", []), ("search=alpha+disks&operand=AND", ["alpha"]),
                ("planType=PLAN", ["alpha", "Beta"]), ("planType=BUILT_IN", []), ("enabledFor=API", ["Beta"]),
                ("enabledFor=UI", []), ("enabledFor=USER", ["Beta"]), ("enabledFor=DEVELOPER", ["alpha", "Beta"]),
            ]
            for (query, names) in rows {
                #expect(try await server.call("GET", "plans?\(query)").names == names, "\(query)")
            }
            #expect(try await server.call("GET", "plans?enabledFor=DEVELOPER", as: "reader").names == [])
            for query in ["sortBy=COLOUR", "sortOrder=UP", "enabledFor=CATS", "planType=X", "fields=ID", "operand=NOR"]
            {
                let reply = try await server.call("GET", "plans?\(query)")
                #expect(reply.status == 400, "\(query)")
                #expect(reply.json?["message"]?.string?.contains(query.prefix { $0 != "=" }) == true)
            }
            let changed = try await server.call("POST", "plans/alpha", ["description": "tapes"])
            #expect(changed.status == 200)
            #expect(changed.json?["description"] == "tapes")
        }
    }

    @Test func plansShowTheirParts() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let parts: [(collection: String, embed: String, body: JSONValue)] = [
                ("constants", "constants", ["name": "URL", "value": "x"]),
                ("endpoints", "endpoints", ["name": "Sink", "url": "http://127.0.0.1:1"]),
                ("property-definitions", "propertyDefinitions", ["name": "P", "propertyType": "TEXT"]),
                ("shared-libraries", "sharedLibraries", ["name": "L", "script": base64("x")]),
                ("script-steps", "scriptSteps", ["name": "S", "script": base64("x")]),
                ("canvases", "canvases", ["name": "C", "canvas": ["blocks": [], "edges": []]]),
                ("trigger-filters", "triggerFilters", ["flowId": "f"]),
                (
                    "integrations", "integrations",
                    ["name": "In", "integrationType": "INBOUND_WEBHOOK", "form": .string(form)]
                ),
            ]
            for part in parts {
                let made = try await server.call("POST", "plans/\(plan)/\(part.collection)", part.body)
                #expect([200, 201].contains(made.status), "\(part.collection): \(made.text)")
            }
            let all = parts.map(\.embed).joined(separator: ",")
            let got = try await server.call("GET", "plans/\(plan)?embed=creator,forms,\(all)")
            for name in parts.map(\.embed) + ["forms"] {
                #expect(got.json?[name]?["total"] == 1, "\(name): \(got.text)")
                #expect(got.json?[name]?["links"]?["self"]?.string?.hasPrefix("/api/xm/1/plans/\(plan)/") == true)
            }
            let key = try #require(got.json?["integrations"]?["data"]?.array?.first?["triggerUrl"]?.string)
            let seen = try await server.call("GET", "plans/\(plan)?embed=integrations", as: "reader")
            #expect(!seen.text.contains(key))
            #expect(try await server.call("GET", "plans/\(plan)").json?["constants"] == nil)
        }
    }

    @Test func constantsAndLibrariesLive() async throws {
        try await RESTTestServer.run { server in
            let plan = try await server.makeForm().plan
            let constants = "plans/\(plan)/constants"
            try await server.expectLife(
                in: constants, ["name": "URL", "value": "https://a", "description": "d"], change: ["value": "b"])
            _ = try await server.call("POST", constants, ["name": "URL"])
            #expect(try await server.call("POST", constants, ["name": "url"]).status == 201, "case counts")
            try await server.expectRefused(
                [
                    Refused(["value": "x"], "name"), Refused(["name": "A", "value": 7], "value"),
                    Refused(["name": "URL"], "name", status: 409),
                ], at: constants)

            let libraries = "plans/\(plan)/shared-libraries"
            try await server.expectLife(
                in: libraries, ["name": "Util", "script": base64("exports.a = 'ü';")],
                change: ["script": base64("exports.b = 2;")], item: "shared-libraries")
            try await server.expectLife(
                in: "shared-libraries", ["name": "Util", "script": base64("1")], change: ["name": "Tools"],
                plan: plan)
            _ = try await server.call("POST", libraries, ["name": "Util", "script": base64("1")])
            try await server.expectRefused(
                [
                    Refused(["name": "A"], "script"), Refused(["script": base64("1")], "name"),
                    Refused(["name": "A", "script": "%%%"], "script"),
                    Refused(["name": "Util", "script": base64("1")], "name", status: 409),
                ], at: libraries)
            let other = try await server.call("POST", "plans", ["name": "Other"]).id
            let id = try await server.call("GET", "\(libraries)/Util").id
            try await server.expectRefused(
                [
                    Refused(["name": "A", "script": base64("1")], "plan"),
                    Refused(["name": "A", "script": base64("1"), "plan": "none"], "plan"),
                    Refused(["id": .string(id), "plan": ["id": .string(other)]], "plan"),
                    Refused(["id": "nobody", "plan": .string(plan)], "nobody", status: 404),
                ], at: "shared-libraries")
        }
    }
}

extension RESTTestServer {
    /// Of something that names its plan in the body.
    fileprivate func expectLife(
        in collection: String, _ body: [String: JSONValue], change: [String: JSONValue], plan: String
    ) async throws {
        let reference = try await call("GET", "plans/\(plan)").json
        let named: JSONValue = [
            "id": .string(plan), "name": reference?["name"] ?? .null, "planType": "PLAN",
            "links": reference?["links"] ?? .null,
        ]
        try await expectLife(in: collection, body.merging(["plan": named]) { $1 }, change: change)
    }
}
