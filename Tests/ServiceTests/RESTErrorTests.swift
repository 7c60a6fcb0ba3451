import AlertCore
import Foundation
import TestSupport
import Testing

/// Each kind of error in its shape (spec §4.1).
@Suite(.inTurn)
struct RESTErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var method = "POST"
        var path = "people"
        let body: String
        let status: Int
        let subcode: String
        let says: [String]
    }

    @Test(arguments: [
        Case(
            testDescription: "malformed JSON", body: "{\"targetName\": \"a\",\n oops}", status: 400,
            subcode: "request.malformed_json", says: ["character 21"]),
        Case(
            testDescription: "no object", body: "[1]", status: 400, subcode: "request.body_invalid",
            says: ["an array"]),
        Case(testDescription: "no body", body: "", status: 400, subcode: "request.body_missing", says: []),
        Case(
            testDescription: "a missing field", body: "{\"targetName\":\"a\"}", status: 400,
            subcode: "validation.common.field.missing", says: ["firstName"]),
        Case(
            testDescription: "a wrong type", body: "{\"targetName\":7}", status: 400,
            subcode: "validation.common.field.invalid.type", says: ["targetName", "a string", "a number"]),
        Case(
            testDescription: "an unknown enum value",
            body: "{\"targetName\":\"a\",\"firstName\":\"a\",\"lastName\":\"a\",\"status\":\"ASLEEP\"}", status: 400,
            subcode: "validation.common.field.invalid.enum", says: ["status", "ASLEEP", "ACTIVE, INACTIVE"]),
        Case(
            testDescription: "a name that is taken",
            body: "{\"targetName\":\"ADMIN\",\"firstName\":\"a\",\"lastName\":\"a\"}", status: 409,
            subcode: "validation.common.field.not_unique", says: ["targetName"]),
        Case(
            testDescription: "an unknown time zone",
            body: "{\"targetName\":\"a\",\"firstName\":\"a\",\"lastName\":\"a\",\"timezone\":\"Mars/Base\"}",
            status: 400, subcode: "validation.common.field.invalid.value", says: ["timezone"]),
        Case(
            testDescription: "a change of what is not there", body: "{\"id\":\"nobody\"}", status: 404,
            subcode: "validation.common.not_found", says: ["nobody"]),
        Case(
            testDescription: "a bad address", path: "devices",
            body: "{\"name\":\"Work Email\",\"owner\":\"admin\",\"deviceType\":\"EMAIL\",\"emailAddress\":\"a\"}",
            status: 400, subcode: "validation.common.field.invalid.value", says: ["emailAddress"]),
        Case(
            testDescription: "an unknown route", method: "GET", path: "nothing-here", body: "", status: 404,
            subcode: "request.route_not_found", says: ["/api/xm/1/nothing-here"]),
        Case(
            testDescription: "a method that is not there", method: "PUT", path: "people", body: "{}", status: 405,
            subcode: "request.method_not_allowed", says: ["GET, POST"]),
        Case(
            testDescription: "too small a limit", method: "GET", path: "people?limit=0", body: "", status: 400,
            subcode: "validation.common.field.invalid.value", says: ["limit", "1 to 1000"]),
    ])
    func answers(_ row: Case) async throws {
        try await RESTTestServer.run { server in
            let reply = try await server.call(row.method, row.path, text: row.body.isEmpty ? nil : row.body)
            #expect(reply.status == row.status)
            #expect(reply.json?["code"]?.integer == Int64(row.status))
            #expect(reply.json?["subcode"]?.string == row.subcode)
            #expect(reply.json?["reason"]?.string?.isEmpty == false)
            for word in row.says { #expect(reply.json?["message"]?.string?.contains(word) == true, "\(reply.text)") }
            #expect(reply.headers["content-type"] == "application/json;charset=utf-8")
        }
    }

    @Test func refusesTooLargeABody() async throws {
        try await RESTTestServer.run { server in
            let text = "{\"description\":\"" + String(repeating: "a", count: 5 << 20) + "\"}"
            let reply = try await server.call("POST", "plans", text: text)
            #expect(reply.status == 413)
            #expect(reply.json?["subcode"]?.string == "request.body_too_large")
        }
    }

    @Test func asksWhoItIs() async throws {
        try await RESTTestServer.run { server in
            let nobody = try await server.call("GET", "people", as: nil)
            #expect(nobody.status == 401)
            #expect(nobody.json?["code"] == 401)
            #expect(nobody.headers["www-authenticate"]?.hasPrefix("Basic realm=\"Tocsin\"") == true)
            #expect(try await server.call("GET", "people", password: "wrong").status == 401)
        }
    }

    @Test func mindsRoles() async throws {
        try await RESTTestServer.run { server in
            #expect(try await server.call("GET", "people", as: "reader").status == 200)
            let write = try await server.call("POST", "plans", ["name": "P"], as: "reader")
            #expect(write.status == 403)
            #expect(write.json?["message"]?.string?.contains("Full Access User") == true)
            #expect(try await server.call("DELETE", "people/admin", as: "reader").status == 403)
            #expect(try await server.call("GET", "people", as: "outsider").status == 403)
            #expect(try await server.call("DELETE", "people/admin").status == 409)
        }
    }

    @Test func saysWhatIsNotSupportedYet() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let recipients: JSONValue = [["id": "Database", "recipientType": "GROUP"]]
            let group = try await server.call("PUT", "forms/\(form)/recipients", recipients)
            #expect(group.status == 400 && group.json?["message"]?.string?.contains("Database") == true)
            let incident: JSONValue = ["id": .string(form), "triggerType": "INCIDENT"]
            let changed = try await server.call("POST", "plans/\(plan)/forms", incident)
            #expect(changed.json?["subcode"] == "validation.common.field.unsupported")
        }
    }
}
