import AlertCore
import Foundation
import TestSupport
import Testing

/// Forms: what is told to whom, by whom, in which words, with which answers.
@Suite(.inTurn)
struct RESTFormTests {
    @Test func formsLive() async throws {
        try await RESTTestServer.run { server in
            let plan = try await server.call("POST", "plans", ["name": "P"]).id
            try await server.expectLife(
                in: "plans/\(plan)/forms",
                [
                    "name": "Down", "description": "d", "mobileEnabled": true, "uiEnabled": false, "apiEnabled": false,
                    "triggerType": "MESSAGING", "position": 3,
                    "senderOverrides": ["displayName": "Ops", "callerId": "+12505550100"],
                ], change: ["name": "Up", "apiEnabled": true], item: "forms")
            _ = try await server.call("POST", "plans/\(plan)/forms", ["name": "Down"])
            try await server.expectRefused(
                [
                    Refused([:], "name"), Refused(["name": "A", "uiEnabled": 1], "uiEnabled"),
                    Refused(["name": "down"], "name", status: 409),
                    Refused(["name": "A", "position": "first"], "position"),
                    Refused(["name": "A", "senderOverrides": ["callerId": "12"]], "senderOverrides.callerId"),
                ], at: "plans/\(plan)/forms")
        }
    }

    @Test func formsAreFound() async throws {
        try await RESTTestServer.run { server in
            _ = try await server.call("POST", "plans", ["name": "P"])
            for (name, mobile) in [("Beta", true), ("alpha", false)] {
                let form: JSONValue = ["name": .string(name), "mobileEnabled": .bool(mobile), "description": "servers"]
                _ = try await server.call("POST", "plans/P/forms", form)
            }
            let rows: [(String, [String])] = [
                ("", ["alpha", "Beta"]), ("sortBy=NAME&sortOrder=DESCENDING", ["Beta", "alpha"]),
                ("sortBy=USER_DEFINED", ["Beta", "alpha"]), ("sortBy=NAME,USER_DEFINED", ["alpha", "Beta"]),
                ("search=ser", ["alpha", "Beta"]), ("search=ser&fields=NAME", []), ("enabledFor=MOBILE", ["Beta"]),
                ("triggerType=MESSAGING", ["alpha", "Beta"]), ("triggerType=INCIDENT", []),
                ("plans.planType=BUILT_IN", []), ("limit=1&offset=1", ["Beta"]),
            ]
            for (query, names) in rows {
                #expect(try await server.call("GET", "plans/P/forms?\(query)").names == names, "\(query)")
                #expect(try await server.call("GET", "forms?\(query)").names == names, "\(query)")
            }
            let form = try await server.call("GET", "plans/P/forms/Beta").id
            let embed = "recipients,responseOptions,sections,messageTemplates,senderPermissions"
            let whole = try await server.call("GET", "forms/\(form)?embed=\(embed)")
            for name in ["recipients", "responseOptions", "sections", "senderPermissions"] {
                #expect(whole.json?[name]?["total"] == 0, "\(name)")
            }
            #expect(whole.json?["messageTemplates"]?["email"] == [])
        }
    }

    @Test func onlySendersMaySend() async throws {
        try await RESTTestServer.run { server in
            let form = try await server.makeForm().form
            let path = "forms/\(form)/sender-permissions"
            #expect(try await server.call("GET", path).json?["total"] == 0)
            #expect(try await server.call("GET", "forms?enabledFor=USER", as: "reader").names == ["Down"])
            let body: JSONValue = [
                ["senderType": "PERSON", "sender": ["targetName": "ADMIN"], "manageScenarios": true],
                ["senderType": "ROLE", "sender": ["name": "group supervisor"]],
            ]
            let put = try await server.call("PUT", path, body)
            #expect(put.status == 200, "\(put.text)")
            let rows = put.json?["data"]?.array ?? []
            #expect(rows.map { $0["senderType"] } == ["PERSON", "ROLE"])
            #expect(rows.first?["sender"]?["targetName"] == "admin")
            #expect(rows.first?["manageScenarios"] == true)
            #expect(rows.last?["sender"]?["name"] == "Group Supervisor")
            #expect(try await server.call("GET", "forms?enabledFor=USER", as: "reader").names == [])
            #expect(try await server.call("GET", "forms?enabledFor=USER").names == ["Down"])
            try await server.expectRefused(
                [
                    Refused([["sender": "admin"]], "senderPermissions[0].senderType"),
                    Refused([["senderType": "PERSON"]], "senderPermissions[0].sender"),
                    Refused([["senderType": "CAT", "sender": "admin"]], "senderPermissions[0].senderType"),
                    Refused([["senderType": "PERSON", "sender": "nobody"]], "nobody"),
                    Refused([["senderType": "ROLE", "sender": "King"]], "King"),
                    Refused(["other": []], "senderPermissions"), Refused([7], "senderPermissions[0]"),
                ], "PUT", at: path)
            #expect(try await server.call("PUT", path, [], as: "reader").status == 403)
            #expect(try await server.call("PUT", path, put.json).json?["total"] == 2, "a page, as it is answered")
            #expect(try await server.call("PUT", path, []).json?["total"] == 0)
            #expect(try await server.call("PUT", "forms/none/sender-permissions", []).status == 404)
        }
    }

    @Test func responseOptionsLive() async throws {
        try await RESTTestServer.run { server in
            let form = try await server.makeForm().form
            let path = "forms/\(form)/response-options"
            let actions = [
                "RECORD_RESPONSE", "STOP_NOTIFYING_USER", "STOP_NOTIFYING_TARGET", "ESCALATE", "ASSIGN_TO_USER", "END",
                "COUNT_RESPONSE", "OMIT_RESPONSE_COUNT",
            ]
            for action in actions {
                let option: JSONValue = ["text": .string(action), "action": .string(action)]
                let made = try await server.call("POST", path, option)
                #expect(made.status == 201, "\(made.text)")
                #expect(made.json?["action"] == .string(action))
            }
            let whole: [String: JSONValue] = [
                "text": "Yes", "number": 9, "action": "END", "description": "d", "prompt": "p",
                "contribution": "POSITIVE", "joinConference": true, "allowComments": false,
                "redirectUrl": "https://example.com/x",
            ]
            let german: JSONValue = ["language": "de", "text": "Ja", "prompt": "Ja!", "description": "j"]
            let made = try await server.call("POST", path, .object(whole.merging(["translations": [german]]) { $1 }))
            for (name, value) in whole { #expect(made.json?[name] == value, "\(name)") }
            let translation = made.json?["translations"]?["data"]?.array?.first
            for name in ["language", "text", "prompt", "description"] { #expect(translation?[name] == german[name]) }
            #expect(translation?["id"]?.string?.isEmpty == false)
            #expect(made.json?["links"]?["self"] == .string("/api/xm/1/\(path)"))
            let again: JSONValue = ["id": .string(made.id), "translations": made.json?["translations"] ?? .null]
            #expect(try await server.call("POST", path, again).json == made.json, "a page, as it is answered")
            let id = JSONValue.string(made.id)
            try await server.expectRefused(
                [
                    Refused(["text": "Ten", "action": "END"], "at most 9"), Refused(["action": "END"], "text"),
                    Refused(["id": id, "number": 1], "number"), Refused(["id": id, "number": 10], "number"),
                    Refused(["id": id, "action": "CRY"], "action"), Refused(["id": id, "text": ""], "text"),
                    Refused(["id": id, "contribution": "GOOD"], "contribution"),
                    Refused(["id": id, "redirectUrl": "ftp://x"], "redirectUrl"),
                    Refused(["id": id, "translations": [["text": "Ja"]]], "translations[0].language"),
                    Refused(["id": id, "translations": [["language": "de"]]], "translations[0].text"),
                    Refused(["id": id, "translations": [german, german]], "translations[1].language"),
                    Refused(["id": "nobody", "text": "x"], "nobody", status: 404),
                ], at: path)
            let plain: JSONValue = ["id": id, "redirectUrl": "", "translations": []]
            let changed = try await server.call("POST", path, plain)
            #expect(changed.json?["redirectUrl"] == "" && changed.json?["translations"]?["total"] == 0)
            #expect(try await server.call("GET", "plans/Servers/forms/Down/response-options").json?["total"] == 9)
            #expect(try await server.call("DELETE", "\(path)/\(made.id)", as: "reader").status == 403)
            #expect(try await server.call("DELETE", "\(path)/\(made.id)").id == made.id)
            #expect(try await server.call("DELETE", "\(path)/\(made.id)").status == 204)
            #expect(try await server.call("GET", path).json?["total"] == 8)
        }
    }

    @Test func templatesOfEveryChannel() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let property: JSONValue = ["name": "Service", "propertyType": "TEXT"]
            _ = try await server.call("POST", "plans/\(plan)/property-definitions", property)
            let path = "forms/\(form)/message-templates"
            let steps: JSONValue = [
                ["id": "1", "stepType": "PHRASE", "playback": "TTS", "phrase": "Down is"],
                ["id": "2", "stepType": "PROPERTY", "playback": "CHARACTERS", "formProperty": ["name": "Service"]],
                ["id": "3", "stepType": "COMMON", "playback": "TTS", "commonProperty": "PRIORITY"],
            ]
            let body: JSONValue = [
                "email": [["language": "en", "subject": "S", "body": "<b>B</b>"]],
                "sms": [["language": "en", "text": "Down"], ["language": "de", "text": "Kaputt"]],
                "voice": [["language": "en", "steps": steps]],
            ]
            let made = try await server.call("POST", path, body)
            #expect(made.status == 200, "\(made.text)")
            for channel in ["email", "sms", "voice"] { #expect(made.json?[channel] == body[channel], "\(channel)") }
            let german: JSONValue = ["sms": [["language": "de", "text": "Aus"]]]
            let changed = try await server.call("POST", path, german)
            #expect(changed.json?["sms"]?.array?.count == 2)
            #expect(changed.json?["email"] == body["email"])
            try await server.expectRefused(
                [
                    Refused([:], "email"), Refused(["email": [["body": "B"]]], "email[0].subject"),
                    Refused(["email": [["subject": "S"]]], "email[0].body"),
                    Refused(["email": [["subject": "S\r\nBcc: x", "body": "B"]]], "email[0].subject"),
                    Refused(["sms": [["language": "en"]]], "sms[0].text"), Refused(["sms": [7]], "sms[0]"),
                    Refused(["voice": [["language": "en"]]], "voice[0].steps"),
                    Refused(["voice": [["steps": [["phrase": "x"]]]]], "voice[0].steps[0].stepType"),
                    Refused(["voice": [["steps": [["stepType": "PHRASE"]]]]], "voice[0].steps[0].phrase"),
                    Refused(
                        ["voice": [["steps": [["stepType": "PROPERTY", "formProperty": ["name": "None"]]]]]],
                        "voice[0].steps[0].formProperty"),
                ], at: path)
            #expect(try await server.call("POST", path, german, as: "reader").status == 403)
            #expect(try await server.call("GET", "forms/none/message-templates").status == 404)
        }
    }
}
