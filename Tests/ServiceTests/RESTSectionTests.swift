import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Sections of every kind, and what takes effect of them.
@Suite(.inTurn)
struct RESTSectionTests {
    static let kinds: [(type: String, fields: [String: JSONValue])] = [
        ("CONFERENCE_BRIDGE", ["bridgeType": "XMATTERS_AND_EXTERNAL_BRIDGES"]),
        ("ATTACHMENTS", ["somethingElse": ["a": [1, 2]]]), ("DOCUMENT_UPLOAD", ["folder": "x"]),
        (
            "INCIDENT",
            [
                "summary": ["value": "S", "orderNum": 1, "visible": true, "required": true],
                "severity": ["value": "HIGH", "orderNum": 2, "visible": false, "required": false],
            ]
        ),
        ("RESPONSE_CHOICES", ["layout": "wide"]),
        (
            "RECIPIENTS",
            ["searchableTypes": ["devices": true, "groups": false, "services": true, "sites": false, "users": true]]
        ),
        (
            "SENDER_OVERRIDES",
            [
                "displayName": ["value": "Ops", "visible": true],
                "callerId": ["value": "+12505550100", "visible": false],
            ]
        ),
    ]

    @Test(arguments: kinds.indices)
    func lives(kind: Int) async throws {
        let (type, fields) = Self.kinds[kind]
        try await RESTTestServer.run { server in
            let form = try await server.makeForm().form
            let common: [String: JSONValue] = [
                "type": .string(type), "title": "T", "visible": false, "collapsed": true, "orderNum": 4,
            ]
            let path = "forms/\(form)/sections"
            try await server.expectLife(
                in: path, fields.merging(common) { $1 }, change: ["title": "U", "visible": true])
            let first = try await server.call("POST", path, ["type": .string(type)])
            #expect(first.status == 201)
            let second = try await server.call("POST", path, ["type": .string(type), "title": "Same"])
            #expect(second.status == 200 && second.id == first.id, "there is one of each kind")
        }
    }

    @Test func handlesAsTheFormSays() async throws {
        try await RESTTestServer.run { server in
            let form = try await server.makeForm().form
            let path = "forms/\(form)/sections"
            func option(_ value: JSONValue, _ order: Int64) -> JSONValue {
                ["value": value, "visible": false, "orderNum": .integer(order)]
            }
            let options: [String: JSONValue] = [
                "priority": option("HIGH", 3), "overrideDeviceRestrictions": option(true, 4),
                "escalationOverride": option(true, 5), "bypassPhoneIntro": option(true, 6),
                "requirePhonePassword": option(false, 7), "otherResponseCountThreshold": ["value": 5, "visible": true],
                "expiration": ["duration": 2, "unit": "HOURS", "visible": false, "orderNum": 1],
                "enableResponseCounts": true, "expandableGroups": true,
            ]
            let voicemail: JSONValue = [
                "retry": 2, "every": 90, "leave": "callbackandmessage",
                "leaveOptions": [["name": "hangup", "selected": false, "visible": false]],
            ]
            let made = try await server.call(
                "POST", path,
                .object(options.merging(["type": "HANDLING_OPTIONS", "voicemailOptions": voicemail]) { $1 }))
            #expect(made.status == 201, "\(made.text)")
            for (name, value) in options { #expect(made.json?[name] == value, "\(name): \(made.text)") }
            #expect(made.json?["expirationInMinutes"]?["value"] == 120)
            let answered = made.json?["voicemailOptions"]
            #expect(answered?["retry"] == 2 && answered?["every"] == 90 && answered?["leave"] == "callbackandmessage")
            let leave = answered?["leaveOptions"]?.array ?? []
            #expect(leave.map { $0["selected"] } == [false, true, false, false])
            #expect(leave.last == ["name": "hangup", "selected": false, "visible": false])

            let stored = try await server.stored(form)
            #expect(stored.priority == .high && stored.expirationInMinutes == 120)
            #expect(stored.handling.overrideDeviceRestrictions && stored.handling.escalationOverride)
            #expect(stored.handling.bypassPhoneIntro && !stored.handling.requirePhonePassword)
            #expect(
                stored.handling.voicemailOptions
                    == VoicemailOptions(retry: 2, every: 90, leave: .callbackAndMessage))
            #expect(stored.responseCountsEnabled && stored.otherResponseCountThreshold == 5)

            let plain: JSONValue = [
                "type": "HANDLING_OPTIONS", "expirationInMinutes": 45, "priority": "low",
                "voicemailOptions": ["leaveOptions": [["name": "HANGUP", "selected": true]]],
            ]
            let changed = try await server.call("POST", path, plain)
            #expect(changed.status == 200)
            #expect(changed.json?["expiration"]?["duration"] == 45 && changed.json?["expiration"]?["unit"] == "MINUTES")
            #expect(changed.json?["priority"]?["value"] == "LOW")
            #expect(changed.json?["voicemailOptions"]?["leave"] == "hangup")
            try await server.expectRefused(
                [
                    handling(["priority": "URGENT"], "priority"), handling(["priority": 7], "priority.value"),
                    handling(["expiration": ["unit": "HOURS"]], "expiration.duration"),
                    handling(["expiration": ["duration": 1, "unit": "MOONS"]], "expiration.unit"),
                    handling(["expiration": ["duration": 9999, "unit": "DAYS"]], "expiration.duration"),
                    handling(["expirationInMinutes": 0], "expirationInMinutes"),
                    handling(["bypassPhoneIntro": ["value": "yes"]], "bypassPhoneIntro.value"),
                    handling(["voicemailOptions": ["retry": -1]], "voicemailOptions.retry"),
                    handling(["voicemailOptions": ["every": "long"]], "voicemailOptions.every"),
                    handling(["voicemailOptions": ["leave": "flowers"]], "voicemailOptions.leave"),
                    handling(
                        ["voicemailOptions": ["leave": "messageonly"], "requirePhonePassword": true],
                        "voicemailOptions.leave"),
                    handling(["otherResponseCountThreshold": 0], "otherResponseCountThreshold"),
                    handling(["enableResponseCounts": 1], "enableResponseCounts"),
                ], at: path)
            #expect(try await server.call("DELETE", "\(path)/\(made.id)").status == 200)
            let after = try await server.stored(form)
            #expect(after.priority == .medium && after.expirationInMinutes == 180 && !after.responseCountsEnabled)
            #expect(after.handling == HandlingDefaults())
        }
    }

    private func handling(_ fields: [String: JSONValue], _ field: String) -> Refused {
        Refused(.object(fields.merging(["type": "HANDLING_OPTIONS"]) { $1 }), field)
    }

    @Test func filtersDevices() async throws {
        try await RESTTestServer.run { server in
            let form = try await server.makeForm().form
            let path = "forms/\(form)/sections"
            let all = try await server.call("POST", path, ["type": "DEVICE_FILTER"])
            #expect(all.json?["targetDeviceNames"]?["total"] == 14)
            #expect(try await server.stored(form).targetDeviceNames == [])
            let names: JSONValue = [
                ["name": "Work Email", "selected": true, "visible": true],
                ["name": "Home Phone", "selected": false, "visible": false],
            ]
            let some = try await server.call("POST", path, ["type": "DEVICE_FILTER", "targetDeviceNames": names])
            #expect(some.status == 200)
            #expect(some.json?["targetDeviceNames"]?["data"] == names)
            #expect(try await server.stored(form).targetDeviceNames == ["Work Email"])
            let same: JSONValue = ["id": .string(all.id), "targetDeviceNames": all.json?["targetDeviceNames"] ?? .null]
            #expect(try await server.call("POST", path, same).status == 200, "a page, as it is answered")
            #expect(try await server.stored(form).targetDeviceNames == [], "every name is no restriction")
            _ = try await server.call("POST", path, ["type": "DEVICE_FILTER", "targetDeviceNames": names])
            try await server.expectRefused(
                [
                    Refused(
                        ["type": "DEVICE_FILTER", "targetDeviceNames": [["name": "A", "selected": false]]],
                        "targetDeviceNames"),
                    Refused(
                        ["type": "DEVICE_FILTER", "targetDeviceNames": [["selected": true]]],
                        "targetDeviceNames[0].name"),
                    Refused(["type": "DEVICE_FILTER", "targetDeviceNames": ["A"]], "targetDeviceNames[0]"),
                ], at: path)
            #expect(try await server.call("DELETE", "\(path)/\(all.id)").status == 200)
            #expect(try await server.stored(form).targetDeviceNames == [])
        }
    }

    @Test func overridesSendersAndTellsRecipients() async throws {
        try await RESTTestServer.run { server in
            let form = try await server.makeForm().form
            let path = "forms/\(form)/sections"
            let plain: JSONValue = ["type": "SENDER_OVERRIDES", "displayName": "Ops", "callerId": "+12505550100"]
            let made = try await server.call("POST", path, plain)
            #expect(made.json?["displayName"]?["value"] == "Ops", "\(made.text)")
            #expect(
                try await server.stored(form).senderOverrides
                    == SenderOverrides(displayName: "Ops", callerId: "+12505550100"))
            _ = try await server.call("POST", path, ["type": "SENDER_OVERRIDES", "callerId": ""])
            #expect(try await server.call("GET", "forms/\(form)").json?["senderOverrides"] == ["displayName": "Ops"])
            let told: JSONValue = ["type": "RECIPIENTS", "recipients": [["targetName": "reader"]]]
            let section = try await server.call("POST", path, told)
            #expect(section.json?["recipients"]?["total"] == 1)
            #expect(try await server.stored(form).recipients == ["id-reader"])
            try await server.expectRefused(
                [
                    Refused(["type": "SENDER_OVERRIDES", "callerId": "0800"], "callerId"),
                    Refused(["type": "SENDER_OVERRIDES", "displayName": ["value": "a\nb"]], "displayName"),
                    Refused(["type": "RECIPIENTS", "recipients": ["nobody"]], "recipients"),
                    Refused(["type": "RECIPIENTS", "searchableTypes": ["users": 1]], "searchableTypes.users"),
                    Refused(["type": "CONFERENCE_BRIDGE", "bridgeType": "any kind"], "bridgeType"),
                    Refused(["type": "INCIDENT", "severity": ["visible": 1]], "severity.visible"),
                    Refused(["type": "GARDEN"], "DEVICE_FILTER"), Refused(["title": "T"], "type"),
                    Refused(["id": "none"], "none", status: 404),
                    Refused(["id": .string(made.id), "type": "RECIPIENTS"], "type"),
                    Refused(["type": "ATTACHMENTS", "orderNum": -1], "orderNum"),
                    Refused(
                        ["type": "ATTACHMENTS", "x": .string(String(repeating: "a", count: 70_000))], "65536"),
                    Refused(["type": "CUSTOM_SECTION", "items": [["required": true]]], "items[0].propertyDefinition"),
                    Refused(
                        ["type": "CUSTOM_SECTION", "items": [["propertyDefinition": "none"]]],
                        "items[0].propertyDefinition"),
                ], at: path)
        }
    }

    @Test func aDeletedPropertyLeavesItsForms() async throws {
        try await RESTTestServer.run { server in
            let (plan, form) = try await server.makeForm()
            let property: JSONValue = ["name": "P", "propertyType": "TEXT"]
            let id = try await server.call("POST", "plans/\(plan)/property-definitions", property).id
            let section: JSONValue = ["type": "CUSTOM_SECTION", "items": [["propertyDefinition": "P"]]]
            let path = "forms/\(form)/sections"
            #expect(try await server.call("POST", path, section).json?["items"]?.array?.count == 1)
            let other = try await server.call("POST", path, ["type": "CUSTOM_SECTION", "title": "More"])
            #expect(other.status == 201, "there may be several custom sections")
            #expect(try await server.call("DELETE", "plans/\(plan)/property-definitions/\(id)").status == 200)
            let rest = try await server.call("GET", path)
            #expect(rest.json?["data"]?.array?.map { $0["items"] } == [[], []])
        }
    }
}

extension RESTTestServer {
    fileprivate func stored(_ form: String) async throws -> Form {
        let form = try await database.reading { try Directory($0).get(Form.self, id: form) }
        return try #require(form)
    }
}
