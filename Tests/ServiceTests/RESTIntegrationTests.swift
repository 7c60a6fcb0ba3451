import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Integrations: those that run, and those that are only kept.
@Suite(.inTurn)
struct RESTIntegrationTests {
    @Test func integrationsLive() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let reference = try await server.reference(of: form)
            try await server.expectLife(
                in: "plans/\(plan)/integrations",
                [
                    "name": "In", "integrationType": "INBOUND_WEBHOOK", "operation": "RUN_SCRIPT",
                    "environment": "HOSTED", "authenticationType": "BASIC", "createdBy": "FLOW", "deployed": false,
                    "script": base64("1"), "form": reference, "floodControl": true,
                ], change: ["deployed": true, "script": base64("2"), "floodControl": false], created: 200)
        }
    }

    /// What differs from an outbound integration that runs, and what its answer says of not running.
    static let kept: [(fields: [String: JSONValue], says: String?)] = [
        ([:], nil), (["triggeredBy": "STATUS"], nil), (["triggeredBy": "ANNOTATION"], nil),
        (["triggeredBy": "DELIVERYSTATUS"], nil), (["triggeredBy": "RESPONSE", "responseChoice": "Accept"], nil),
        (["triggeredBy": "ESCALATION"], nil),
        (["triggeredBy": "TARGETEDRECIPIENTFAILURE"], nil),
        (["operation": "RUN_SCRIPT", "script": base64("1")], nil),
        (
            ["operation": "SEND_TO_IA", "integrationService": "remedy", "integrationAgentId": "agent-1"],
            "Integration Agent"
        ),
        (["environment": "ONPREMISE"], nil),
    ]

    @Test(arguments: kept.indices)
    func keepsWhatItDoesNotRun(row: Int) async throws {
        let (fields, says) = Self.kept[row]
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            _ = try await server.call("POST", "plans/\(plan)/endpoints", ["name": "Sink", "url": "http://127.0.0.1:1"])
            let base: [String: JSONValue] = [
                "name": "Out", "integrationType": "OUTBOUND_WEBHOOK", "operation": "SEND_WEBHOOK",
                "triggeredBy": "STATUS", "form": .string(form), "endpoint": "Sink",
            ]
            let path = "plans/\(plan)/integrations"
            let made = try await server.call("POST", path, .object(base.merging(fields) { $1 }))
            #expect(made.status == 200, "\(made.text)")
            for (name, value) in fields { #expect(made.json?[name] == value, "\(name): \(made.text)") }
            let reason = made.json?["notExecuted"]?.string
            #expect((reason == nil) == (says == nil), "\(made.text)")
            if let says { #expect(reason?.contains(says) == true, "\(made.text)") }
            let changed = try await server.call("POST", path, ["id": .string(made.id), "name": "Away"])
            #expect(changed.json?["notExecuted"] == made.json?["notExecuted"])
        }
    }

    @Test func refusesWhatIsNotWhole() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let path = "plans/\(plan)/integrations"
            func outbound(_ fields: [String: JSONValue], _ field: String) -> Refused {
                let base: [String: JSONValue] = [
                    "name": "Out", "integrationType": "OUTBOUND_WEBHOOK", "triggeredBy": "STATUS",
                    "form": .string(form),
                ]
                return Refused(.object(base.merging(fields) { $1 }), field)
            }
            try await server.expectRefused(
                [
                    Refused(["integrationType": "INBOUND_WEBHOOK"], "name"),
                    Refused(["name": "A"], "integrationType"),
                    Refused(["name": "A", "integrationType": "SIDEWAYS"], "integrationType"),
                    Refused(["name": "A", "integrationType": "INBOUND_WEBHOOK"], "form"),
                    Refused(["name": "A", "integrationType": "INBOUND_WEBHOOK", "form": "none"], "form"),
                    Refused(["name": "A", "integrationType": "INBOUND_WEBHOOK", "operation": "RUN_SCRIPT"], "script"),
                    Refused(
                        ["name": "A", "integrationType": "INBOUND_WEBHOOK", "operation": "SEND_WEBHOOK"],
                        "CREATE_EVENT_SIMPLE"),
                    outbound([:], "endpoint"), outbound(["endpoint": "none"], "endpoint"),
                    outbound(["triggeredBy": .null], "triggeredBy"), outbound(["form": .null], "form"),
                    outbound(["triggeredBy": "WEATHER"], "TARGETEDRECIPIENTFAILURE"),
                    outbound(["operation": "RUN_SCRIPT"], "script"),
                    outbound(["operation": "SEND_TO_IA"], "integrationService"),
                    outbound(["operation": "CREATE_EVENT"], "operation"),
                    outbound(["responseChoice": "Yes"], "responseChoice"),
                    outbound(["environment": "MOON"], "HOSTED, ONPREMISE"),
                    outbound(["createdBy": "HOSTED"], "IB, FLOW"), outbound(["floodControl": "on"], "floodControl"),
                    Refused(["id": "nobody", "name": "A"], "nobody", status: 404),
                ], at: path)
        }
    }

    /// As a file can hold it: without what REST asks for.
    @Test func whatCameFromAFileCanBeChanged() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let origin = Origin(actor: "t", causation: "c", correlation: "r")
            let imported = [
                Integration(
                    id: "webhook", plan: plan, form: form, name: "W", integrationType: .outbound,
                    operation: .sendWebhook, triggeredBy: .status),
                Integration(
                    id: "script", plan: plan, form: nil, name: "S", integrationType: .outbound, operation: .runScript,
                    triggeredBy: .response, scriptStep: "gone"),
            ]
            try await server.database.transaction { connection in
                for integration in imported {
                    try Directory(connection).put(integration, by: origin, at: Timestamp(milliseconds: 1))
                }
            }
            let path = "plans/\(plan)/integrations"
            for integration in imported {
                let change: JSONValue = ["id": .string(integration.id), "deployed": false]
                let changed = try await server.call("POST", path, change)
                #expect(changed.status == 200, "\(changed.text)")
                #expect(changed.json?["deployed"] == false)
            }
            let script: JSONValue = ["id": "webhook", "operation": "RUN_SCRIPT"]
            #expect(try await server.call("POST", path, script).status == 400)
            let step: JSONValue = ["name": "Step", "script": base64("1")]
            let id = try await server.call("POST", "plans/\(plan)/script-steps", step).id
            let byStep: JSONValue = ["id": "webhook", "operation": "RUN_SCRIPT", "scriptStep": "Step"]
            let changed = try await server.call("POST", path, byStep)
            #expect(changed.json?["scriptStep"]?["id"] == .string(id), "\(changed.text)")
            let none: JSONValue = ["id": "webhook", "scriptStep": "None"]
            #expect(try await server.call("POST", path, none).status == 400)
        }
    }

    @Test func integrationsAreFound() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let path = "plans/\(plan)/integrations"
            let sink: JSONValue = ["name": "Sink", "url": "http://127.0.0.1:1"]
            _ = try await server.call("POST", "plans/\(plan)/endpoints", sink)
            let bodies: [JSONValue] = [
                ["name": "In", "integrationType": "INBOUND_WEBHOOK", "form": .string(form)],
                [
                    "name": "Out", "integrationType": "OUTBOUND_WEBHOOK", "triggeredBy": "RESPONSE",
                    "endpoint": "sink", "form": .string(form), "deployed": false, "responseChoice": "Yes",
                ],
            ]
            for body in bodies { #expect(try await server.call("POST", path, body).status == 200) }
            let rows: [(String, [String])] = [
                ("", ["In", "Out"]), ("integrationType=INBOUND_WEBHOOK", ["In"]), ("deployed=false", ["Out"]),
                ("deployed=true&integrationType=OUTBOUND_WEBHOOK", []),
            ]
            for (query, names) in rows {
                #expect(try await server.call("GET", "\(path)?\(query)").names == names, "\(query)")
            }
            #expect(try await server.call("GET", "\(path)?deployed=perhaps").status == 400)
            let out = try await server.call("GET", "\(path)/Out?embed=endpoint,form")
            #expect(out.json?["endpoint"]?["url"] == "http://127.0.0.1:1")
            #expect(out.json?["form"]?["formId"] == "1000")
            let any: JSONValue = ["id": .string(out.id), "responseChoice": ""]
            #expect(try await server.call("POST", path, any).json?["responseChoice"] == nil)
        }
    }
}

extension RESTTestServer {
    /// How other objects name the form.
    fileprivate func reference(of form: String) async throws -> JSONValue {
        let whole = try await call("GET", "forms/\(form)").json
        return ["id": .string(form), "name": whole?["name"] ?? .null, "links": whole?["links"] ?? .null]
    }
}
