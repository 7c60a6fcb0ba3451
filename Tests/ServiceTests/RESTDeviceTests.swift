import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Devices by REST: each type's fields, order, timeframes, names (spec §4.5).
@Suite(.inTurn)
struct RESTDeviceTests {
    struct Kind: CustomTestStringConvertible {
        let type: String
        let fields: [String: JSONValue]
        let shown: [String: JSONValue?]
        var testDescription: String { "\(type) \(fields)" }
    }

    static let kinds = [
        Kind(
            type: "EMAIL", fields: ["emailAddress": "a@example.com"],
            shown: ["emailAddress": "a@example.com", "description": "a@example.com", "phoneNumber": nil]),
        Kind(
            type: "VOICE", fields: ["phoneNumber": "+1 604-555-1212;ext=42"],
            shown: ["phoneNumber": "+16045551212;ext=42", "description": "(604)5551212 x42"]),
        Kind(
            type: "TEXT_PHONE", fields: ["phoneNumber": "+43 (1) 234.567"],
            shown: ["phoneNumber": "+431234567", "description": "+431234567"]),
        Kind(type: "VOICE_IVR", fields: ["phoneNumber": "+16045551212"], shown: ["phoneNumber": "+16045551212"]),
        Kind(
            type: "FAX", fields: ["phoneNumber": "6045551212", "country": "CA"],
            shown: ["phoneNumber": "6045551212", "country": "CA"]),
        Kind(
            type: "TEXT_PAGER", fields: ["pin": "12345", "twoWayDevice": true],
            shown: ["pin": "12345", "twoWayDevice": true]),
        Kind(
            type: "GENERIC", fields: ["pin": "https://discord.example/webhooks/SECRET", "provider": "Discord"],
            shown: ["pin": "***", "description": "", "provider": ["id": "discord"]]),
        Kind(type: "GENERIC", fields: ["pin": "SECRET-topic"], shown: ["pin": "***", "description": ""]),
        Kind(
            type: "SLACK", fields: ["pin": "https://hooks.example/services/SECRET"],
            shown: ["pin": "***", "description": ""]),
        Kind(type: "MS_TEAMS", fields: ["pin": "https://teams.example/SECRET"], shown: ["pin": "***"]),
        Kind(
            type: "WEB_PUSH",
            fields: ["pin": ["endpoint": "https://push.example/SECRET", "keys": ["p256dh": "a", "auth": "b"]]],
            shown: ["pin": "***"]),
    ]

    @Test(arguments: kinds)
    func keepsEachKind(_ kind: Kind) async throws {
        try await RESTTestServer.run { server in
            let made = try await server.addDevice(
                "admin", "One", kind.fields.merging(["deviceType": .string(kind.type)]) { $1 })
            for (name, value) in kind.shown { #expect(made.json?[name] == value, "\(name)") }
            #expect(made.json?["provider"]?["id"]?.string?.isEmpty == false)
            #expect(made.json?["privileged"] == false && made.json?["testStatus"] == "UNTESTED")
            let same = try await server.call("POST", "devices", ["id": .string(made.id), "delay": 3])
            #expect(same.status == 200 && same.json?["delay"] == 3 && same.json?["pin"] == made.json?["pin"])
            let text = made.text + same.text + (try await server.auditText())
            #expect(!text.contains("SECRET"))
            let stored = try await server.database.reading { try Directory($0).get(Device.self, id: made.id) }
            let isSecret = made.json?["pin"] == "***"
            #expect(stored?.pin.hasPrefix("v2:") == isSecret)
            let masked = try await server.call("POST", "devices/\(made.id)", ["pin": made.json?["pin"] ?? .null])
            #expect(masked.status == 200, "\(masked.text)")
            let after = try await server.database.reading { try Directory($0).get(Device.self, id: made.id) }
            #expect(after?.pin == stored?.pin)
        }
    }

    /// What was stored before pins of generic devices were sealed is not told any more, and sealed when it is saved.
    @Test func aPlainPinOfAGenericDeviceIsSealedWhenItIsSaved() async throws {
        try await RESTTestServer.run { server in
            let made = try await server.addDevice("admin", "One", ["deviceType": "GENERIC", "pin": "x"])
            func stored() async throws -> Device? {
                try await server.database.reading { try Directory($0).get(Device.self, id: made.id) }
            }
            var old = try #require(try await stored())
            (old.pin, old.description) = ("https://discord.example/SECRET", "https://discord.example/SECRET")
            let origin = Origin(actor: "t", causation: "c", correlation: "r")
            try await server.database.transaction { [old] connection in
                try Directory(connection).put(old, by: origin, at: Timestamp(milliseconds: 1))
            }
            let shown = try await server.call("GET", "devices/\(made.id)")
            #expect(shown.json?["pin"] == "***" && shown.json?["description"] == "")
            let saved = try await server.call("POST", "devices/\(made.id)", ["pin": "***", "delay": 2])
            #expect(saved.status == 200 && saved.json?["delay"] == 2, "\(saved.text)")
            let after = try #require(try await stored())
            #expect(after.pin.hasPrefix("v2:") && after.description.isEmpty)
            #expect(try server.secrets.open(after.pin, for: .devicePin(made.id)) == old.pin)
            let text = shown.text + saved.text + (try await server.auditText())
            #expect(!text.contains("SECRET"))
        }
    }

    static let wrong: [(String, [String: JSONValue], String)] = [
        ("EMAIL", [:], "emailAddress"), ("EMAIL", ["emailAddress": "nobody"], "emailAddress"),
        ("VOICE", [:], "phoneNumber"), ("VOICE", ["phoneNumber": "6045551212"], "E.164"),
        ("VOICE", ["phoneNumber": "+1604555121212345"], "E.164"), ("VOICE", ["phoneNumber": "+0123456"], "E.164"),
        ("VOICE", ["phoneNumber": "+16045551212;ext=a"], "E.164"),
        ("TEXT_PHONE", ["phoneNumber": "+16045551212;ext=1"], "extension"),
        ("FAX", ["phoneNumber": "1234", "country": "CA"], "5 to 20"), ("FAX", ["phoneNumber": "12345"], "country"),
        ("TEXT_PAGER", [:], "pin"), ("GENERIC", ["pin": " "], "pin"), ("GENERIC", [:], "pin"),
        ("GENERIC", ["pin": "***"], "pin"), ("SLACK", ["pin": "not an address"], "pin"),
        ("SLACK", ["pin": "***"], "pin"), ("WEB_PUSH", ["pin": "{}"], "keys.p256dh"),
        ("WEB_PUSH", ["pin": "no"], "JSON"),
        ("APPLE_PUSH", [:], "deviceType"), ("PIGEON", [:], "deviceType"),
        ("EMAIL", ["emailAddress": "a@b.c", "provider": "Nobody"], "provider"),
        ("EMAIL", ["emailAddress": "a@b.c", "delay": -1], "delay"),
        ("EMAIL", ["emailAddress": "a@b.c", "priorityThreshold": "URGENT"], "priorityThreshold"),
        ("EMAIL", ["emailAddress": "a@b.c", "timeframes": [["name": "x"]]], "timeframes[0].startTime"),
        (
            "EMAIL",
            ["emailAddress": "a@b.c", "timeframes": [["name": "x", "startTime": "24:00", "durationInMinutes": 5]]],
            "timeframes[0].startTime"
        ),
        (
            "EMAIL",
            ["emailAddress": "a@b.c", "timeframes": [["name": "x", "startTime": "08:00", "durationInMinutes": 1441]]],
            "timeframes[0].durationInMinutes"
        ),
        (
            "EMAIL",
            [
                "emailAddress": "a@b.c",
                "timeframes": [["name": "x", "startTime": "08:00", "durationInMinutes": 5, "days": ["XX"]]],
            ], "timeframes[0].days"
        ),
    ]

    @Test func namesTheFieldThatIsWrong() async throws {
        try await RESTTestServer.run { server in
            for (type, fields, hint) in Self.wrong {
                var body = fields
                body["deviceType"] = .string(type)
                body["owner"] = "admin"
                body["name"] = "One"
                let reply = try await server.call("POST", "devices", .object(body))
                #expect(reply.status == 400 && reply.json?["message"]?.string?.contains(hint) == true, "\(reply.text)")
            }
            #expect(try await server.call("GET", "devices").json?["total"] == 0)
        }
    }

    @Test(arguments: Backend.available)
    func movesTheOthers(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            for name in ["a", "b", "c", "d"] {
                try await server.addDevice("admin", name, ["deviceType": "EMAIL", "emailAddress": "a@b.c"])
            }
            func order() async throws -> [String] {
                let devices = try await server.call("GET", "people/admin/devices").json?["data"]?.array ?? []
                #expect(devices.map { $0["sequence"] } == (1...devices.count).map { .integer(Int64($0)) })
                return devices.compactMap { $0["name"]?.string }
            }
            #expect(try await order() == ["a", "b", "c", "d"])
            _ = try await server.call("POST", "devices/admin%7Cd", ["sequence": 2])
            #expect(try await order() == ["a", "d", "b", "c"])
            _ = try await server.call("POST", "devices/admin%7Ca", ["sequence": 99])
            #expect(try await order() == ["d", "b", "c", "a"])
            _ = try await server.call("DELETE", "devices/admin%7Cb")
            #expect(try await order() == ["d", "c", "a"])
            _ = try await server.call("POST", "devices/admin%7Cc", ["delay": 5])
            #expect(try await order() == ["d", "c", "a"])
        }
    }

    @Test func keepsTimeframes() async throws {
        try await RESTTestServer.run { server in
            let made = try await server.addDevice("admin", "a", ["deviceType": "EMAIL", "emailAddress": "a@b.c"])
            let always = made.json?["timeframes"]?["data"]?.array?.first
            #expect(always?["name"] == "24x7" && always?["durationInMinutes"] == 1440)
            #expect(always?["days"]?.array?.count == 7)
            let frame: JSONValue = [
                "name": "Work", "startTime": "08:00", "timezone": "US/Eastern", "durationInMinutes": 540,
                "excludeHolidays": true, "days": ["MO", "TU"],
            ]
            let changed = try await server.call(
                "POST", "devices/\(made.id)?embed=timeframes", ["timeframes": [frame]])
            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed.json?["timeframes"]?["data"] == [frame])
            let path = try #require(changed.json?["timeframes"]?["links"]?["self"]?.string)
            #expect(path.hasPrefix("/api/xm/1/devices/\(made.id)/timeframes"))
            #expect(try await server.call("GET", path).json?["data"] == [frame])
            let page = try await server.call("GET", "devices/\(made.id)?embed=timeframes").json?["timeframes"] ?? .null
            let again = try await server.call(
                "POST", "devices/\(made.id)?embed=timeframes", ["timeframes": page, "delay": 1])
            #expect(again.json?["timeframes"]?["data"] == [frame])
            #expect(try await server.call("GET", "devices/\(made.id)").json?["timeframes"] == nil)
            let people = try await server.call("GET", "people/admin?embed=devices,devices.timeframes")
            #expect(people.json?["devices"]?["data"]?.array?.first?["timeframes"]?["total"] == 1)
            let gone = try await server.call("POST", "devices/\(made.id)?embed=timeframes", ["timeframes": []])
            #expect(gone.json?["timeframes"]?["data"]?.array?.first?["name"] == "24x7")
        }
    }

    @Test func goesByAProvider() async throws {
        try await RESTTestServer.run { server in
            let provider = NotificationProvider(
                id: "0e0e0000-0000-4000-8000-000000000001", name: "Mailer", kind: .smtp, deviceTypes: [.email])
            try await server.put([provider])
            let made = try await server.addDevice(
                "admin", "a", ["deviceType": "EMAIL", "emailAddress": "a@b.c", "provider": ["id": "mailer"]])
            #expect(made.json?["provider"]?["id"]?.string == provider.id)
            let any = try await server.call(
                "POST", "devices/\(made.id)", ["provider": ["id": "(x)matters Email Gateway"]])
            #expect(any.json?["provider"]?["id"] == "Tocsin")
        }
    }

    @Test func filters() async throws {
        try await RESTTestServer.run { server in
            try await server.addDevice("admin", "Work Email", ["deviceType": "EMAIL", "emailAddress": "a@b.c"])
            try await server.addDevice(
                "reader", "Work Phone", ["deviceType": "VOICE", "phoneNumber": "+43123456", "status": "INACTIVE"])
            let table: [(String, [String])] = [
                ("", ["Work Email", "Work Phone"]), ("deviceType=VOICE", ["Work Phone"]),
                ("deviceType=voice,EMAIL", ["Work Email", "Work Phone"]), ("deviceStatus=ACTIVE", ["Work Email"]),
                ("deviceNames=work%20phone,other", ["Work Phone"]), ("phoneNumberFormat=E164&limit=1", ["Work Email"]),
            ]
            for (query, names) in table { #expect(try await server.call("GET", "devices?\(query)").names == names) }
            #expect(try await server.call("GET", "devices?phoneNumberFormat=ROMAN").status == 400)
            #expect(try await server.call("GET", "devices?deviceType=PIGEON").status == 400)
        }
    }

    @Test(arguments: Backend.available)
    func keepsDeviceNames(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let standard = try await server.call("GET", "device-names")
            #expect(standard.json?["total"] == 14)
            let body: JSONValue = [
                "name": "Corporate Email", "deviceType": "EMAIL", "description": "Only ours", "privileged": true,
                "domains": ["Example.com"],
            ]
            let made = try await server.call("POST", "device-names", body)
            #expect(made.status == 201 && made.json?["domains"] == ["example.com"], "\(made.text)")
            #expect(try await server.call("POST", "device-names", body).status == 409)
            let found = try await server.call("GET", "device-names?search=corp&deviceTypes=EMAIL,FAX")
            #expect(found.names == ["Corporate Email"])
            let device: JSONValue = [
                "owner": "reader", "name": "Corporate Email", "deviceType": "EMAIL", "emailAddress": "r@elsewhere.com",
            ]
            #expect(try await server.call("POST", "devices", device).text.contains("example.com"))
            let own = try await server.addDevice(
                "reader", "Corporate Email", ["deviceType": "EMAIL", "emailAddress": "r@EXAMPLE.com"])
            #expect(own.json?["privileged"] == true)
            #expect(try await server.call("POST", "devices/\(own.id)", ["delay": 1], as: "reader").status == 403)
            #expect(try await server.call("POST", "devices/\(own.id)", ["name": "x"], as: "reader").status == 403)
            #expect(try await server.call("DELETE", "devices/\(own.id)", as: "reader").status == 403)
            #expect(try await server.call("DELETE", "device-names/\(made.id)").status == 409)
            _ = try await server.call("DELETE", "devices/\(own.id)")
            #expect(try await server.call("DELETE", "device-names/\(made.id)").status == 200)
            #expect(try await server.call("DELETE", "device-names/\(made.id)").status == 204)

            let fax = try await server.call("GET", "device-names/fax")
            #expect(try await server.call("DELETE", "device-names/\(fax.id)").status == 200)
            #expect(try await server.call("GET", "device-names").json?["total"] == 13)
            let back = try await server.call("POST", "device-names", ["name": "fax", "deviceType": "FAX"])
            #expect(back.status == 201 && back.id == fax.id)
            let renamed = try await server.call("POST", "device-names", ["id": .string(fax.id), "privileged": true])
            #expect(renamed.status == 200 && renamed.json?["privileged"] == true)
            #expect(try await server.call("GET", "device-names").json?["total"] == 14)
        }
    }
}
