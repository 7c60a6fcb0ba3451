import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Files that go with alerts, by REST, and the bridges that alerts point to.
@Suite(.inTurn) struct AttachmentTests {
    private static func upload(
        _ content: Data, name: String? = "plan (1).txt", type: String = "text/plain", as login: String = "admin",
        on world: ConsoleWorld
    ) async throws -> Answer {
        var body = Data("--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Raw.txt\"\r\n".utf8)
        body += Data("Content-Type: \(type)\r\n\r\n".utf8) + content
        if let name {
            body += Data("\r\n--b0\r\nContent-Disposition: form-data; name=\"fileName\"\r\n\r\n\(name)".utf8)
        }
        body += Data("\r\n--b0--\r\n".utf8)
        let credentials = Data("\(login):\(ConsoleWorld.password)".utf8).base64EncodedString()
        let head =
            "POST /api/xm/1/attachments HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            + "Authorization: Basic \(credentials)\r\nContent-Type: multipart/form-data; boundary=b0\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        return Answer(try await Exchange(port: world.port).send(Data(head.utf8) + body))
    }

    @Test func goWithAnAlert() async throws {
        try await ConsoleWorld.run { world in
            let made = try await Self.upload(Data("Step 1\r\nStep 2".utf8), on: world)
            #expect(made.status == 201, "\(made.body)")
            let file = try made.json
            #expect(file["name"] == "plan (1).txt" && file["size"] == 14)
            let path = try #require(file["path"]?.string)
            #expect(file["links"]?["self"]?.string == "/api/xm/1\(path)")
            let back = try await world.call("GET", path, as: "watcher")
            #expect(back.status == 200 && back.body == "Step 1\r\nStep 2")
            #expect(back.headers["content-type"] == "text/plain")
            #expect(back.headers["content-disposition"]?.hasPrefix("attachment; filename=\"plan (1).txt\"") == true)

            var details = AlertDetails(
                number: 7, plan: ConsoleWorld.plan, form: ConsoleWorld.form, requestId: DerivedID.uuid("request", "7"),
                submitter: ConsoleWorld.anna, priority: .high)
            details.attachments = [
                AlertAttachment(name: "Plan", path: path), AlertAttachment(name: "gone", path: "/elsewhere/x"),
            ]
            try await world.carryOut(.create(details), on: DerivedID.uuid("alert", "7"))
            let event = try await world.call("GET", "/events/7?embed=attachments").json
            let attachments = event["attachments"]?["data"]?.array ?? []
            #expect(attachments.map { $0["size"] } == [14, nil] && attachments.first?["name"] == "Plan")
            #expect(try await world.call("GET", "/events/7/attachments").json["total"] == 2)
            let link = try #require(attachments.first?["links"]?["self"]?.string)
            let one = try await world.call("GET", String(link.dropFirst("/api/xm/1".count)))
            #expect(one.status == 200 && one.body == "Step 1\r\nStep 2")
            #expect(try await world.call("GET", "/events/7/attachments/gone").status == 404)
            #expect(try await world.call("GET", "/events/7/attachments/none").status == 404)
            #expect(try await world.call("GET", "/attachments/\(DerivedID.uuid("x"))/plan").status == 404)
        }
    }

    @Test func takesTheFilesOwnName() async throws {
        try await ConsoleWorld.run { world in
            let made = try await Self.upload(Data("x".utf8), name: nil, type: "nonsense", on: world)
            #expect(try made.json["name"] == "Raw.txt")
            let back = try await world.call("GET", try made.json["path"]?.string ?? "")
            #expect(back.headers["content-type"] == "application/octet-stream")
        }
    }

    @Test func refusesWhatIsNoFile() async throws {
        try await ConsoleWorld.run { world in
            #expect(try await Self.upload(Data("x".utf8), as: "watcher", on: world).status == 403)
            #expect(try await Self.upload(Data(), on: world).status == 400)
            for name in ["a/b", "a\\b", "a\u{1}b", String(repeating: "x", count: 256)] {
                let refused = try await Self.upload(Data("x".utf8), name: name, on: world)
                #expect(refused.status == 400 && refused.body.contains("fileName"), "\(refused.body)")
            }
            let large = Data(repeating: 65, count: Attachments.sizeLimit + 1)
            #expect(try await Self.upload(large, on: world).status == 413)
            let largest = Data(repeating: 65, count: Attachments.sizeLimit)
            #expect(try await Self.upload(largest, on: world).status == 201)
            #expect(try await world.call("POST", "/attachments", ["file": "x"]).status == 400)
        }
    }

    @Test func keepsBridges() async throws {
        try await ConsoleWorld.run { world in
            let body: JSONValue = [
                "name": "War Room", "description": "For the worst", "tollNumber": "+1 604 555 1212",
                "tollFreeNumber": "+18005551212", "preferredConnectionType": "TOLL_FREE", "pauseBeforeBridgePrompt": 2,
                "staticBridgeNumber": true, "bridgeNumber": "1234", "dialAfterBridge": "#,1",
                "meetingLink": "https://meet.example/1",
            ]
            let made = try await world.call("POST", "/conference-bridges", body)
            #expect(made.status == 201, "\(made.body)")
            let bridge = try made.json
            for (name, value) in body.object ?? [:] where name != "tollNumber" { #expect(bridge[name] == value) }
            #expect(bridge["tollNumber"] == "+16045551212")
            let id = bridge["id"] ?? .null
            let changed = try await world.call("POST", "/conference-bridges", ["id": id, "meetingLink": ""])
            #expect(changed.status == 200)
            #expect(try changed.json["meetingLink"] == nil)
            for (query, total) in [("search=war", 1), ("search=worst&fields=NAME", 0), ("search=worst", 1)] {
                let found = try await world.call("GET", "/conference-bridges?\(query)").json
                #expect(found["total"] == .integer(Int64(total)), "\(query)")
            }
            #expect(try await world.call("GET", "/conference-bridges/war%20room").json["id"] == id)
            for (field, value) in [
                ("tollNumber", "5551212"), ("meetingLink", "http://x"), ("bridgeNumber", "12a"),
                ("preferredConnectionType", "CARRIER_PIGEON"),
            ] {
                let refused = try await world.call("POST", "/conference-bridges", ["id": id, field: .string(value)])
                #expect(refused.status == 400 && refused.body.contains(field), "\(refused.body)")
            }
            #expect(try await world.call("POST", "/conference-bridges", ["name": "Empty"]).status == 400)
            #expect(try await world.call("POST", "/conference-bridges", body).status == 409)
            #expect(try await world.call("DELETE", "/conference-bridges/war%20room").status == 200)
            #expect(try await world.call("DELETE", "/conference-bridges/war%20room").status == 204)
        }
    }
}
