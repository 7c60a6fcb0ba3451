import AlertCore
import Foundation
import TestSupport
import Testing

/// Each route's way as its clients take it.
@Suite(.inTurn)
struct RESTTests {
    @Test func keepsPeople() async throws {
        try await RESTTestServer.run { server in
            let body: JSONValue = [
                "targetName": "bsmith", "firstName": "Bob", "lastName": "Smith", "recipientType": "PERSON",
                "roles": ["standard user"], "password": "correct horse", "timezone": "US/Eastern",
                "properties": ["Building": "7"],
            ]
            let made = try await server.call("POST", "people", body)
            #expect(made.status == 201, "\(made.text)")
            #expect(made.json?["webLogin"] == "bsmith")
            #expect(made.json?["links"]?["self"] == .string("/api/xm/1/people/\(made.id)"))
            #expect(made.json?["whenCreated"]?.string?.hasSuffix("Z") == true)
            #expect(try await server.call("GET", "plans", as: "bsmith", password: "correct horse").status == 200)

            let changed = try await server.call("POST", "people", ["id": .string(made.id), "lastName": "Jones"])
            #expect(changed.status == 200)
            #expect(changed.json?["firstName"] == "Bob")
            #expect(changed.json?["lastName"] == "Jones")
            #expect(try await server.call("GET", "plans", as: "bsmith", password: "correct horse").status == 200)

            let whole = try await server.call("GET", "people/BSMITH?embed=roles,supervisors,devices")
            #expect(whole.json?["roles"]?["data"]?.array?.first?["name"] == "Standard User")
            #expect(whole.json?["supervisors"]?["data"]?.array?.first?["targetName"] == "admin")
            #expect(whole.json?["devices"]?["total"] == 0)
            #expect(try await server.call("GET", "people/bsmith/supervisors").json?["total"] == 1)

            let text = try await server.auditText() + whole.text + made.text
            #expect(!text.contains("correct horse") && !text.contains("scrypt$"))
            #expect(try await server.call("DELETE", "people/bsmith").status == 200)
            #expect(try await server.call("DELETE", "people/bsmith").status == 204)
            #expect(try await server.call("GET", "people/bsmith").status == 404)
            #expect(try await server.call("GET", "plans", as: "bsmith", password: "correct horse").status == 401)
        }
    }

    @Test func findsPeople() async throws {
        try await RESTTestServer.run { server in
            for (name, last) in [("ann", "Young"), ("ben", "Old"), ("cid", "Young")] {
                let body: JSONValue = [
                    "targetName": .string(name), "firstName": .string(name.capitalized), "lastName": .string(last),
                ]
                _ = try await server.call("POST", "people", body)
            }
            let device: JSONValue = [
                "owner": "ben", "name": "Work Email", "deviceType": "EMAIL", "emailAddress": "ben@example.com",
            ]
            _ = try await server.call("POST", "devices", device)
            func names(_ query: String) async throws -> [String] {
                let reply = try await server.call("GET", "people?\(query)")
                return (reply.json?["data"]?.array ?? []).compactMap { $0["targetName"]?.string }
            }
            #expect(try await names("search=you") == ["ann", "cid"])
            #expect(try await names("search=ann+old") == ["ann", "ben"])
            #expect(try await names("search=ann+you&operand=AND") == ["ann"])
            #expect(try await names("search=ann&fields=LAST_NAME") == [])
            #expect(try await names("emailAddress=BEN@example.com") == ["ben"])
            #expect(try await names("targetName=Cid") == ["cid"])
            #expect(try await names("lastName=young&sortBy=TARGET_NAME&sortOrder=DESCENDING") == ["cid", "ann"])
            #expect(try await names("status=INACTIVE") == [])
            let page = try await server.call("GET", "people?lastName=Young&limit=1&offset=1&search=y%26z+you")
            #expect(page.json?["count"] == 1)
            #expect(page.json?["total"] == 2)
            #expect(page.json?["links"]?["next"] == nil)
            #expect(
                page.json?["links"]?["previous"]
                    == "/api/xm/1/people?offset=0&limit=1&lastName=Young&search=y%26z%20you")
            let first = try await server.call("GET", "/api/xm/1/people?limit=2")
            #expect(first.json?["links"]?["next"] == "/api/xm/1/people?offset=2&limit=2")
            #expect(first.json?["links"]?["previous"] == nil)
        }
    }

    @Test func keepsDevicesInOrder() async throws {
        try await RESTTestServer.run { server in
            func add(_ name: String, _ sequence: Int64) async throws -> RESTTestServer.Reply {
                let body: JSONValue = [
                    "owner": "admin", "name": .string(name), "deviceType": "EMAIL", "sequence": .integer(sequence),
                    "emailAddress": "a@example.com", "recipientType": "DEVICE", "delay": 5,
                ]
                return try await server.call("POST", "devices", body)
            }
            let made = try await add("Work Email", 9)
            #expect(made.status == 201)
            #expect(made.json?["sequence"] == 1)
            #expect(made.json?["targetName"] == "admin|Work Email")
            #expect(made.json?["owner"]?["targetName"] == "admin")
            #expect(try await add("Home Email", 1).json?["sequence"] == 1)
            #expect(try await server.call("GET", "people/admin/devices").names == ["Home Email", "Work Email"])
            #expect(try await server.call("GET", "devices/admin%7CWork%20Email").json?["sequence"] == 2)
            #expect(try await server.call("POST", "devices/\(made.id)", ["delay": 7]).json?["delay"] == 7)
            #expect(try await server.call("GET", "devices?deviceNames=work+email").json?["total"] == 1)
            #expect(try await server.call("DELETE", "devices/\(made.id)").status == 200)
            #expect(try await server.call("DELETE", "devices/\(made.id)").status == 204)
        }
    }

    @Test func answersWhatIsTheSameEverywhere() async throws {
        try await RESTTestServer.run { server in
            #expect(try await server.call("GET", "roles").names.contains("REST Web Service User"))
            let types = try await server.call("GET", "device-types")
            #expect(types.json?["data"]?.array?.contains("EMAIL") == true)
            let names = try await server.call("GET", "device-names?deviceTypes=EMAIL").names
            #expect(names == ["Home Email", "Work Email"])
        }
    }

    @Test func keepsPlansAndTheirParts() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            #expect(try await server.call("POST", "plans", ["name": "servers"]).status == 409)
            #expect(try await server.call("POST", "plans", ["id": .string(plan), "enabled": false]).status == 200)
            #expect(try await server.call("GET", "//api//xm/1/plans/Servers/").json?["enabled"] == false)

            let constant: JSONValue = ["name": "URL", "value": "https://example.com", "description": "d"]
            #expect(try await server.call("POST", "plans/\(plan)/constants", constant).status == 201)
            #expect(try await server.call("GET", "plans/\(plan)/constants/URL").json?["value"] == constant["value"])
            let property: JSONValue = [
                "name": "Level", "propertyType": "LIST_TEXT_SINGLE_SELECT", "items": ["a", "b"], "default": "a",
            ]
            let defined = try await server.call("POST", "plans/\(plan)/property-definitions", property)
            #expect(defined.status == 201, "\(defined.text)")
            #expect(defined.json?["items"] == ["a", "b"])

            let endpoint: JSONValue = [
                "name": "Sink", "url": "https://example.com/base", "authenticationType": "BASIC",
                "authentication": ["username": "u", "password": "hunter2hunter2"],
            ]
            let made = try await server.call("POST", "plans/\(plan)/endpoints", endpoint)
            #expect(made.status == 201)
            #expect(made.json?["authentication"] == ["username": "u"])
            let change: JSONValue = ["id": .string(made.id), "trustSelfSigned": true]
            #expect(try await server.call("POST", "plans/\(plan)/endpoints", change).status == 200)
            for url in ["ftp://x", "http://u:p@x", "http://", "x", "http://x#f"] {
                let bad: JSONValue = ["name": "Bad", "url": .string(url)]
                #expect(try await server.call("POST", "plans/\(plan)/endpoints", bad).status == 400, "\(url)")
            }
            let all = try await server.call("GET", "plans?embed=creator,constants,endpoints,forms")
            #expect(all.json?["data"]?.array?.first?["endpoints"]?["total"] == 1)
            #expect(all.json?["data"]?.array?.first?["creator"]?["targetName"] == "admin")
            let text = try await server.auditText() + all.text + made.text
            #expect(!text.contains("hunter2"))

            #expect(try await server.call("DELETE", "plans/\(plan)").status == 200)
            #expect(try await server.call("GET", "forms/\(form)").status == 404)
            #expect(try await server.call("GET", "plans/\(plan)/constants").status == 404)
        }
    }

    @Test func keepsFormsAndTheirParts() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let got = try await server.call("GET", "forms/\(form)")
            #expect(got.json?["formId"] == "1000")
            #expect(got.json?["plan"]?["name"] == "Servers")
            #expect(try await server.call("GET", "plans/\(plan)/forms/down").id == form)
            #expect(try await server.call("GET", "forms").names == ["Down"])

            let property: JSONValue = ["name": "Service", "propertyType": "TEXT"]
            let definition = try await server.call("POST", "plans/\(plan)/property-definitions", property).id
            let section: JSONValue = [
                "type": "CUSTOM_SECTION", "title": "What",
                "items": [["propertyDefinition": ["id": .string(definition)], "includeInCallback": true]],
            ]
            let made = try await server.call("POST", "forms/\(form)/sections", section)
            #expect(made.status == 201, "\(made.text)")
            let item = made.json?["items"]?.array?.first
            #expect(item?["includeInCallback"] == true)
            #expect(item?["required"] == false)
            #expect(item?["propertyDefinition"]?["name"] == "Service")
            #expect(try await server.call("POST", "forms/\(form)/sections", section).status == 400)
            let change: JSONValue = ["id": .string(made.id), "title": "Which"]
            let changed = try await server.call("POST", "forms/\(form)/sections", change)
            #expect(changed.status == 200)
            #expect(changed.json?["items"]?.array?.count == 1)
            let handling: JSONValue = [
                "type": "HANDLING_OPTIONS", "priority": ["value": "high"],
                "expiration": ["duration": 2, "unit": "Hours"],
            ]
            let handled = try await server.call("POST", "forms/\(form)/sections", handling)
            #expect(handled.json?["priority"]?["value"] == "HIGH")
            #expect(handled.json?["expiration"]?["duration"] == 2)
            #expect(handled.json?["expirationInMinutes"]?["value"] == 120)
            #expect(try await server.call("POST", "forms/\(form)/sections", handling).status == 200)
            #expect(try await server.call("GET", "forms/\(form)/sections").json?["total"] == 2)
        }
    }

    @Test func keepsWhoIsToldAndHow() async throws {
        try await RESTTestServer.run { server in
            let (_, form) = try await server.makeForm()
            let recipients: JSONValue = [["id": "reader", "recipientType": "PERSON"], "admin"]
            let told = try await server.call("PUT", "forms/\(form)/recipients", recipients)
            #expect(told.status == 200, "\(told.text)")
            #expect(try await server.call("GET", "forms/\(form)/recipients").json?["total"] == 2)
            #expect(try await server.call("PUT", "forms/\(form)/recipients", ["nobody"]).status == 400)

            let options: JSONValue = [
                ["text": "Accept", "action": "ASSIGN_TO_USER"], ["text": "Done", "action": "END", "number": 5],
            ]
            #expect(try await server.call("POST", "forms/\(form)/response-options", options).status == 201)
            let single: JSONValue = ["text": "No", "action": "ESCALATE", "contribution": "NEGATIVE"]
            let one = try await server.call("POST", "forms/\(form)/response-options", single)
            #expect(one.json?["number"] == 2)
            let change: JSONValue = ["id": .string(one.id), "text": "Never"]
            #expect(try await server.call("POST", "forms/\(form)/response-options", change).status == 200)
            let list = try await server.call("GET", "forms/\(form)/response-options")
            #expect(list.json?["data"]?.array?.map { $0["text"] } == ["Accept", "Never", "Done"])

            let templates: JSONValue = ["email": [["language": "en", "subject": "S", "body": "<b>B</b>"]]]
            #expect(try await server.call("POST", "forms/\(form)/message-templates", templates).status == 200)
            let got = try await server.call("GET", "forms/\(form)/message-templates")
            #expect(got.json?["email"] == templates["email"])
        }
    }

    @Test func keepsIntegrations() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let path = "plans/\(plan)/integrations"
            let script = "form.post(trigger);\n// ✓"
            let inbound: JSONValue = [
                "name": "In", "integrationType": "INBOUND_WEBHOOK", "operation": "CREATE_EVENT",
                "createdBy": "IB", "form": ["id": .string(form)],
                "script": .string(Data(script.utf8).base64EncodedString()),
            ]
            let made = try await server.call("POST", path, inbound)
            #expect(made.status == 200, "\(made.text)")
            #expect(made.json?["script"] == inbound["script"])
            #expect(made.json?["authenticatingUser"]?["targetName"] == "admin")
            let url = try #require(made.json?["triggerUrl"]?.string)
            #expect(url.hasPrefix("/api/integration/1/functions/\(made.id)/triggers?apiKey="))
            let key = url.suffix(36)
            let changed = try await server.call("POST", path, ["id": .string(made.id), "name": "Into"])
            #expect(changed.json?["triggerUrl"]?.string == url)
            #expect(try await server.call("GET", "\(path)/\(made.id)", as: "reader").json?["triggerUrl"] == nil)

            let sink: JSONValue = ["name": "Sink", "url": "http://127.0.0.1:1"]
            let endpoint = try await server.call("POST", "plans/\(plan)/endpoints", sink).id
            func outbound(_ name: String, _ endpoint: String) -> JSONValue {
                [
                    "name": .string(name), "integrationType": "OUTBOUND_WEBHOOK", "operation": "SEND_WEBHOOK",
                    "triggeredBy": "STATUS", "endpoint": .string(endpoint), "path": "/hook?a=b",
                    "form": .string(form), "retrySchedule": [1, 2, 3],
                ]
            }
            let first = try await server.call("POST", path, outbound("Out 1", "sink"))
            #expect(first.status == 200, "\(first.text)")
            #expect(first.json?["path"] == "/hook?a=b")
            #expect(first.json?["retrySchedule"] == [1, 2, 3])
            let secret = try #require(first.json?["signingSecret"]?.string)
            #expect(Data(base64Encoded: String(secret.dropFirst(6)))?.count == 32)
            #expect(try await server.call("POST", path, outbound("Out 2", endpoint)).status == 200)
            #expect(try await server.call("GET", "\(path)?integrationType=OUTBOUND_WEBHOOK").json?["total"] == 2)
            let seen = try await server.call("GET", path, as: "reader").text + server.auditText()
            #expect(!seen.contains(key) && !seen.contains(secret))
            #expect(try await server.call("DELETE", "plans/\(plan)/endpoints/\(endpoint)").status == 409)

            #expect(try await server.call("DELETE", "\(path)/\(made.id)").status == 200)
            #expect(try await server.call("DELETE", "\(path)/\(made.id)").status == 204)
        }
    }

    @Test func makesKeysThatLetIn() async throws {
        try await RESTTestServer.run { server in
            let made = try await server.call("POST", "api-keys", ["name": "CI", "person": "reader"])
            #expect(made.status == 201)
            let key = try #require(made.json?["key"]?.string)
            let secret = try #require(made.json?["secret"]?.string)
            #expect(key.hasPrefix("x-api-key-"))
            #expect(try await server.call("GET", "plans", as: key, password: secret).status == 200)
            #expect(try await server.call("POST", "plans", ["name": "P"], as: key, password: secret).status == 403)
            let list = try await server.call("GET", "api-keys")
            #expect(list.names == ["CI"])
            let text = try await server.auditText() + list.text
            #expect(!text.contains(secret))
            #expect(try await server.call("DELETE", "api-keys/\(key)").status == 200)
            #expect(try await server.call("GET", "plans", as: key, password: secret).status == 401)
        }
    }
}
