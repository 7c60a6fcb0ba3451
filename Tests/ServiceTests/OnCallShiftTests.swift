import AlertCore
import Foundation
import TestSupport
import Testing

/// Shifts, who stands in them, and when for once they do not take place (spec §4.6).
@Suite(.inTurn)
struct OnCallShiftTests {
    static let day: [String: JSONValue] = [
        "name": "Day", "start": "2031-01-06T13:00:00.000Z", "end": "2031-01-06T22:00:00.000Z",
        "timezone": "US/Eastern",
    ]

    static func shift(_ more: [String: JSONValue]) -> JSONValue { .object(day.merging(more) { $1 }) }

    /// What is sent, and what is answered when that is more.
    static let recurrences: [(sent: JSONValue, answered: JSONValue)] = [
        (["frequency": "ONCE"], ["frequency": "ONCE", "end": ["endBy": "NEVER"]]),
        (["frequency": "DAILY", "repeatEvery": 3], ["frequency": "DAILY", "repeatEvery": 3]),
        (
            ["frequency": "WEEKLY", "repeatEvery": "2", "onDays": ["FR", "MO"]],
            ["frequency": "WEEKLY", "repeatEvery": 2, "onDays": ["MO", "FR"]]
        ),
        (["frequency": "EVERY_WEEKDAY"], ["frequency": "EVERY_WEEKDAY", "repeatEvery": 1]),
        (["frequency": "EVERY_WEEKEND_DAY"], ["frequency": "EVERY_WEEKEND_DAY"]),
        (
            [
                "frequency": "MONTHLY", "on": "DAY_OF_WEEK", "months": ["DEC", "MAR"], "dayOfWeekClassifier": "FIRST",
                "dayOfWeek": "MO", "end": ["endBy": "NEVER"],
            ],
            ["on": "DAY_OF_WEEK", "months": ["MAR", "DEC"], "dayOfWeekClassifier": "FIRST", "dayOfWeek": "MO"]
        ),
        (
            ["frequency": "MONTHLY", "on": "DATE_OF_MONTH", "dateOfMonth": 31],
            ["on": "DATE_OF_MONTH", "dateOfMonth": 31]
        ),
        (["frequency": "MONTHLY", "on": 15], ["on": "DATE_OF_MONTH", "dateOfMonth": 15]),
        (
            ["frequency": "YEARLY", "on": "DATE_OF_MONTH", "months": ["FEB"], "dateOfMonth": 29],
            ["frequency": "YEARLY", "months": ["FEB"], "dateOfMonth": 29]
        ),
        (
            ["frequency": "HOLIDAY", "end": ["endBy": "REPETITIONS", "repetitions": 4]],
            ["frequency": "HOLIDAY", "end": ["endBy": "REPETITIONS", "repetitions": 4]]
        ),
        (
            ["frequency": "DAILY", "end": ["endBy": "DATE", "date": "2031-02-01T00:00:00Z"]],
            ["end": ["endBy": "DATE", "date": "2031-02-01T00:00:00.000Z"]]
        ),
    ]

    @Test func keepsEveryRecurrence() async throws {
        try await RESTTestServer.run { server in
            try await server.add(group: "Ops")
            for (sent, answered) in Self.recurrences {
                let made = try await server.sent(
                    201, "POST", "groups/Ops/shifts", Self.shift(["recurrence": sent]))
                for (name, value) in answered.object ?? [:] {
                    #expect(made.json?["recurrence"]?[name] == value, "\(sent): \(made.text)")
                }
                let read = try await server.sent(200, "GET", "groups/Ops/shifts/\(made.id)")
                #expect(read.json == made.json)
                // What is read can be sent again and changes nothing.
                let again = try await server.sent(200, "POST", "groups/Ops/shifts", read.json)
                #expect(again.json == made.json)
                try await server.sent(200, "DELETE", "groups/Ops/shifts/day")
                try await server.sent(204, "DELETE", "groups/Ops/shifts/day")
            }
        }
    }

    @Test(arguments: Backend.available) func keepsHowTheEscalationGoesOn(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(people: ["ann", "ben"])
            try await server.add(group: "Ops")
            let body = Self.shift([
                "description": "By day", "recurrence": ["frequency": "EVERY_WEEKDAY"],
                "rotation": [
                    "type": "TIME", "direction": "LAST_TO_FIRST", "interval": 2, "intervalUnit": "WEEKS",
                    "nextRotationTime": "2031-01-13T13:00:00Z",
                ],
                "repeatEscalation": [
                    "repeatEnabled": true, "delay": "10", "repetitions": "3", "escalationType": "Peer",
                ],
                "notifyEndOfEscalation": ["notifyEnabled": true, "recipient": ["id": "ann"], "waitInSeconds": 90],
                "members": [
                    ["position": 2, "delay": 15, "escalationType": "Management", "recipient": ["id": "ben"]],
                    ["position": 1, "recipient": ["id": "ann", "recipientType": "PERSON"], "inRotation": false],
                ],
            ])
            let made = try await server.sent(201, "POST", "groups/Ops/shifts/", body)
            let json = try #require(made.json)
            #expect(json.at("rotation.direction") == "LAST_TO_FIRST" && json["rotationType"] == "TIME")
            #expect(json.at("rotation.nextRotationTime") == "2031-01-13T13:00:00.000Z")
            #expect(json.at("repeatEscalation.waitInSeconds") == 600 && json.at("repeatEscalation.delay") == 10)
            #expect(json.at("repeatEscalation.repetitions") == 3)
            #expect(json.at("notifyEndOfEscalation.recipient.targetName") == "ann")
            #expect(json.at("notifyEndOfEscalation.waitInSeconds") == 90)
            #expect(json.at("members.0.recipient.targetName") == "ann" && json.at("members.0.inRotation") == false)
            #expect(json.at("members.1.delay") == 15 && json.at("members.1.escalationType") == "Management")
            #expect(json.at("group.targetName") == "Ops" && json["start"] == "2031-01-06T13:00:00.000Z")
            #expect(json.at("links.self")?.string?.hasSuffix("/shifts/\(made.id)") == true)
            #expect(try await server.sent(200, "GET", "groups/Ops/recipients").targetNames == ["ann", "ben"])

            let kept = try await server.sent(200, "POST", "groups/Ops/shifts/Day", ["description": "d"])
            #expect(kept.json?["rotation"] == json["rotation"] && kept.json?["members"] == json["members"])
            let ended = try await server.sent(
                200, "POST", "groups/Ops/shifts/\(made.id)",
                [
                    "rotationType": "NONE", "repeatEscalation": ["repeatEnabled": "false"],
                    "notifyEndOfEscalation": ["notifyEnabled": false], "members": [],
                ])
            #expect(ended.json?["rotation"] == nil && ended.json?["members"] == [])
            #expect(ended.json?["repeatEscalation"] == ["repeatEnabled": false])
            #expect(ended.json?["notifyEndOfEscalation"] == ["notifyEnabled": false])
        }
    }

    /// As a script that copies groups does: what the one answers is sent to the other.
    @Test func shiftsAreCopiedByWhatIsRead() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann"])
            try await server.add(group: "Ops")
            try await server.add(group: "Copy")
            let body = Self.shift([
                "recurrence": ["frequency": "WEEKLY", "onDays": ["MO"]], "members": [["recipient": "ann", "delay": 3]],
                "repeatEscalation": ["repeatEnabled": true, "waitInSeconds": 60, "repetitions": 2],
            ])
            let first = try await server.sent(201, "POST", "groups/Ops/shifts", body)
            var copy = try #require(first.json?.object)
            copy["id"] = nil
            let second = try await server.sent(201, "POST", "groups/Copy/shifts", .object(copy))
            for field in ["name", "start", "end", "timezone", "recurrence", "repeatEscalation", "rotation"] {
                #expect(second.json?[field] == first.json?[field], "\(field)")
            }
            #expect(second.json?.at("members.0.recipient") == first.json?.at("members.0.recipient"))
            #expect(second.json?.at("group.targetName") == "Copy")
        }
    }

    @Test func aNameAloneMakesAShiftThatIsAlwaysOn() async throws {
        try await RESTTestServer.run { server in
            try await server.add(group: "Ops", ["timezone": "Asia/Kolkata"])
            let made = try await server.sent(201, "POST", "groups/Ops/shifts", ["name": "New", "description": "n"])
            #expect(made.json?.at("recurrence.frequency") == "WEEKLY" && made.json?["timezone"] == "Asia/Kolkata")
            #expect(made.json?["start"]?.string?.hasSuffix("T18:30:00.000Z") == true)
        }
    }

    @Test func refusesWhatIsNoShift() async throws {
        try await RESTTestServer.run { server in
            try await server.add(group: "Ops")
            try await server.add(group: "All", ["groupType": "BROADCAST"])
            func recurring(_ value: JSONValue) -> JSONValue { Self.shift(["recurrence": value]) }
            try await server.expectRefused(
                [
                    Refused(["description": "x"], "name"),
                    Refused(["name": "default shift"], "name", status: 409),
                    Refused(["name": "x", "start": "2031-01-06T13:00:00Z"], "end"),
                    Refused(["name": "x", "end": "2031-01-06T13:00:00Z"], "start"),
                    Refused(Self.shift(["end": "2031-01-06T13:00:00Z"]), "end"),
                    Refused(Self.shift(["end": "2033-01-06T13:00:00Z"]), "end"),
                    Refused(Self.shift(["start": "tomorrow"]), "start"),
                    Refused(Self.shift(["timezone": "Mars"]), "timezone"),
                    Refused(recurring(["onDays": ["MO"]]), "recurrence.frequency"),
                    Refused(recurring(["frequency": "HOURLY"]), "recurrence.frequency"),
                    Refused(recurring(["frequency": "DAILY", "repeatEvery": 0]), "recurrence.repeatEvery"),
                    Refused(recurring(["frequency": "WEEKLY", "onDays": ["XX"]]), "recurrence.onDays"),
                    Refused(recurring(["frequency": "MONTHLY", "months": ["13"]]), "recurrence.months"),
                    Refused(recurring(["frequency": "MONTHLY", "dateOfMonth": 32]), "recurrence.dateOfMonth"),
                    Refused(recurring(["frequency": "MONTHLY", "on": "DAY_OF_WEEK"]), "recurrence.dayOfWeek"),
                    Refused(
                        recurring(["frequency": "YEARLY", "on": "DAY_OF_WEEK", "dayOfWeek": "MO"]),
                        "recurrence.dayOfWeekClassifier"),
                    Refused(recurring(["frequency": "DAILY", "end": ["endBy": "DATE"]]), "recurrence.end.date"),
                    Refused(
                        recurring(["frequency": "DAILY", "end": ["endBy": "REPETITIONS", "repetitions": 0]]),
                        "recurrence.end.repetitions"),
                    Refused(Self.shift(["rotation": ["interval": 2]]), "rotation.type"),
                    Refused(Self.shift(["rotation": ["type": "MOON"]]), "rotation.type"),
                    Refused(Self.shift(["rotation": ["type": "TIME", "interval": 0]]), "rotation.interval"),
                    Refused(
                        Self.shift(["repeatEscalation": ["repeatEnabled": true, "repetitions": 101]]),
                        "repeatEscalation.repetitions"),
                    Refused(Self.shift(["repeatEscalation": ["waitInSeconds": -1]]), "repeatEscalation.waitInSeconds"),
                    Refused(
                        Self.shift(["notifyEndOfEscalation": ["recipient": "nobody"]]),
                        "notifyEndOfEscalation.recipient"),
                    Refused(Self.shift(["members": [["recipient": "nobody"]]]), "members[0].recipient"),
                    Refused(Self.shift(["members": [["delay": 5]]]), "members[0].recipient"),
                    Refused(Self.shift(["members": [["recipient": "admin", "delay": -1]]]), "members[0].delay"),
                    Refused(
                        Self.shift(["members": [["recipient": "admin"], ["recipient": ["id": "admin"]]]]),
                        "members[1].recipient"),
                    Refused(Self.shift(["members": [["recipient": "All"], ["recipient": "ops"]]]), "member of itself"),
                    Refused(["id": "nobody", "name": "x"], "nobody", status: 404),
                ], at: "groups/Ops/shifts")
            try await server.expectRefused([Refused(Self.shift([:]), "ON_CALL")], at: "groups/All/shifts")
        }
    }

    @Test func keepsPlacesInOrder() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben", "cid"])
            try await server.add(group: "Ops")
            let members = "groups/Ops/shifts/Default%20Shift/members"
            func place(_ name: String, _ more: [String: JSONValue] = [:]) async throws -> RESTTestServer.Reply {
                let body = more.merging(["recipient": ["id": .string(name), "recipientType": "PERSON"]]) { $1 }
                return try await server.sent(200, "POST", members, .object(body))
            }
            func order() async throws -> [String] {
                try await server.sent(200, "GET", members).data.compactMap { $0.at("recipient.targetName")?.string }
            }
            let first = try await place(
                "ann", ["position": 1, "delay": 15, "escalationType": "Peer", "inRotation": true, "onDuty": true])
            #expect(first.json?["position"] == 1 && first.json?["delay"] == 15)
            #expect(first.json?["escalationType"] == "Peer" && first.json?.at("shift.links.self") != nil)
            #expect(first.json?.at("recipient.recipientType") == "PERSON")
            #expect(try await place("ben", ["position": 9]).json?["position"] == 2)
            #expect(try await place("cid", ["position": 1]).json?["position"] == 1)
            #expect(try await order() == ["cid", "ann", "ben"])
            // Somebody who is there is changed and moved, not added again.
            #expect(try await place("ann", ["delay": 5]).json?["position"] == 2)
            #expect(try await place("ann", ["position": 3]).json?["delay"] == 5)
            #expect(try await order() == ["cid", "ben", "ann"])
            #expect(try await server.sent(200, "GET", "groups/Ops/recipients").targetNames == ["ann", "ben", "cid"])
            #expect(try await server.sent(200, "DELETE", "\(members)/ben").json?["position"] == 2)
            try await server.sent(204, "DELETE", "\(members)/ben")
            #expect(try await order() == ["cid", "ann"])
            try await server.expectRefused(
                [
                    Refused(["position": 1], "recipient"), Refused(["recipient": "nobody"], "recipient"),
                    Refused(["recipient": "ann", "position": 0], "position"),
                    Refused(["recipient": "ann", "delay": 10_081], "delay"),
                    Refused(["recipient": "ann", "escalationType": "Upwards"], "escalationType"),
                ], at: members)
        }
    }

    @Test func excludesAndRestoresOccurrences() async throws {
        try await RESTTestServer.run { server in
            try await server.add(group: "Ops")
            let body = Self.shift(["recurrence": ["frequency": "DAILY"]])
            try await server.sent(201, "POST", "groups/Ops/shifts", body)
            try await server.sent(200, "DELETE", "groups/Ops/shifts/Default%20Shift")
            let shift = "groups/Ops/shifts/Day"
            func starts() async throws -> [String] {
                let span = "from=2031-01-06T00:00:00Z&to=2031-01-10T00:00:00Z&shifts=Day"
                return try await server.sent(200, "GET", "groups/Ops/occurrences?\(span)").data
                    .compactMap { $0["start"]?.string.map { String($0.dropFirst(8).prefix(2)) } }
            }
            #expect(try await starts() == ["06", "07", "08", "09"])
            for day in ["07", "09"] {
                let gone = try await server.sent(200, "DELETE", "\(shift)/occurrences/2031-01-\(day)T13:00:00.000Z")
                #expect(gone.json?["end"] == .string("2031-01-\(day)T22:00:00Z"))
                try await server.sent(204, "DELETE", "\(shift)/occurrences/2031-01-\(day)T13:00:00Z")
            }
            try await server.sent(204, "DELETE", "\(shift)/occurrences/2031-01-08T12:00:00Z")
            try await server.sent(400, "DELETE", "\(shift)/occurrences/yesterday")
            #expect(try await starts() == ["06", "08"])
            #expect(try await server.sent(200, "GET", "\(shift)/exclusions").json?["total"] == 2)
            try await server.sent(404, "GET", "\(shift)/occurrences/2031-01-07T13:00:00Z/members")
            let restored = try await server.sent(
                200, "POST", "\(shift)/occurrences",
                ["startDate": "2031-01-07T00:00:00Z", "endDate": "2031-01-08T00:00:00Z"])
            #expect(restored.json?.at("data.0.start") == "2031-01-07T13:00:00Z" && restored.json?["total"] == 1)
            #expect(try await starts() == ["06", "07", "08"])
            try await server.sent(400, "POST", "\(shift)/occurrences", ["endDate": "2031-01-07T00:00:00Z"])
        }
    }
}
