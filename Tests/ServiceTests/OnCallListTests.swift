import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Who is on call, as clients ask (spec §4.6).
@Suite(.inTurn)
struct OnCallListTests {
    @Test(arguments: Backend.available) func saysWhoIsOnCall(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(people: ["ann", "ben", "cid"])
            let group = try await server.add(group: "Ops, Night", ["timezone": "US/Eastern"])
            try await server.add(group: "Web")
            try await server.stand(["ann", "ben"], in: group)
            try await server.sent(
                201, "POST", "temporary-absences",
                [
                    "member": "ann", "replacement": "cid", "start": "2090-01-02T00:00:00Z",
                    "end": "2090-01-03T00:00:00Z",
                ])
            let now = try await server.sent(200, "GET", "/api/xm/1//on-call?groups=\(group)")
            #expect(now.json?["total"] == 1 && now.json?.at("data.0.members.total") == 2)
            let away = try await server.sent(
                200, "GET", "on-call?groups=ops%2C%20night&at=2090-01-02T12:00:00Z&embed=members.owner")
            let row = try #require(away.data.first)
            #expect(row["start"] == "2090-01-02T05:00:00Z" && row["end"] == "2090-01-03T05:00:00Z")
            #expect(row.at("group.targetName") == "Ops, Night" && row.at("shift.name") == "Default Shift")
            #expect(row.at("members.data.0.member.targetName") == "ann" && row.at("members.data.1.delay") == 5)
            #expect(row.at("members.data.0.replacements.data.0.replacement.targetName") == "cid")
            #expect(row.at("members.data.0.notified.targetName") == "cid")
            #expect(row.at("members.data.1.replacements.total") == 0)
            #expect(row.at("notifyEndOfEscalation.notifyEnabled") == false)
            let link = try #require(row.at("members.links.self")?.string)
            #expect(link.hasSuffix("/occurrences/2090-01-02T05:00:00.000Z/members?offset=0&limit=100"))
            let members = try await server.sent(200, "GET", link)
            #expect(members.data.compactMap { $0.at("member.targetName") } == ["ann", "ben"])

            let span = "from=2090-04-24T04:00:00Z&to=2090-07-23T04:00:00Z"
            let quarter = try await server.sent(200, "GET", "on-call?groups=\(group),Web&\(span)&limit=1000")
            #expect(quarter.data.count { $0.at("group.targetName") == "Ops, Night" } == 90)
            let page = try await server.sent(200, "GET", "on-call?groups=\(group)&\(span)&limit=10&offset=80")
            #expect(page.json?["count"] == 10 && page.json?["total"] == 90 && page.json?.at("links.next") == nil)
            let one = try await server.sent(200, "GET", "on-call?groups=\(group)&membersPerShift=1&embed=shift")
            #expect(one.json?.at("data.0.members.count") == 1 && one.json?.at("data.0.members.total") == 2)
            #expect(one.json?.at("data.0.members.links.next") != nil)
            #expect(one.json?.at("data.0.shift.recurrence.frequency") == "WEEKLY")
        }
    }

    @Test func theSummaryIsABareArray() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben", "cid", "dan"])
            let group = try await server.add(group: "Ops")
            try await server.stand(["ann", "ben"], in: "Ops", delay: 0)
            try await server.stand(["ann", "ben", "cid"], in: "Ops")
            try await server.sent(
                200, "POST", "groups/Ops/shifts/Default%20Shift/members", ["recipient": "ben", "delay": 0])
            try await server.sent(
                201, "POST", "temporary-absences",
                [
                    "member": "cid", "replacement": "dan", "start": "2090-01-02T00:00:00Z",
                    "end": "2090-01-03T00:00:00Z",
                ])
            let rows = try #require(
                try await server.sent(200, "GET", "on-call-summary?groups=Ops&at=2090-01-02T12:00:00Z").json?.array)
            #expect(rows.map { $0["escalationLevel"] } == [1, 1, 2])
            #expect(rows.map { $0["delay"] } == [0, 0, 5])
            #expect(rows[0]["group"] == ["name": "Ops", "id": .string(group)])
            #expect(rows[0].at("recipient.displayName") == "Ann Test" && rows[0].at("recipient.lastName") == "Test")
            #expect(rows[0]["absence"] == nil && rows[2].at("absence.replacement.targetName") == "dan")
            let first = try await server.sent(200, "GET", "on-call-summary?groups=Ops&escalationOrder=PRIMARY")
            #expect(first.json?.array?.count == 2)
            let few = try await server.sent(200, "GET", "on-call-summary?groups=\(group)&recipientsPerShift=1")
            #expect(few.json?.array?.count == 1)
        }
    }

    @Test func refusesWhatCannotBeAsked() async throws {
        try await RESTTestServer.run { server in
            try await server.add(group: "Ops")
            for (path, status, field) in [
                ("on-call", 400, "groups"), ("on-call?groups=", 400, "groups"),
                ("on-call?groups=Nobody", 404, "Nobody"),
                ("on-call?groups=Ops&membersPerShift=0", 400, "membersPerShift"),
                ("on-call?groups=Ops&membersPerShift=101", 400, "membersPerShift"),
                ("on-call?groups=Ops&at=soon", 400, "at"),
                ("on-call?groups=Ops&at=2031-01-01&from=2031-01-01", 400, "at"),
                ("on-call?groups=Ops&from=2031-01-02&to=2031-01-01", 400, "to"),
                ("on-call?groups=Ops&from=2031-01-01&to=2033-01-01", 400, "to"),
                ("on-call-summary", 400, "groups"),
                ("on-call-summary?groups=Ops&escalationOrder=LAST", 400, "escalationOrder"),
                ("groups/Ops/occurrences?shifts=Nothing", 404, "Nothing"),
                ("groups/Ops/gaps?from=x", 400, "from"),
            ] {
                let reply = try await server.sent(status, "GET", path)
                #expect(reply.message.contains(field), "\(path): \(reply.text)")
            }
        }
    }

    @Test func showsWhenNobodyWouldBeNotified() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann"])
            try await server.add(group: "Ops")
            let body = OnCallShiftTests.shift(["recurrence": ["frequency": "ONCE"], "members": [["recipient": "ann"]]])
            try await server.sent(201, "POST", "groups/Ops/shifts", body)
            try await server.sent(200, "DELETE", "groups/Ops/shifts/Default%20Shift")
            let span = "from=2031-01-06T00:00:00Z&to=2031-01-07T00:00:00Z"
            let gaps = try await server.sent(200, "GET", "groups/Ops/gaps?\(span)").data
            #expect(gaps.map { $0["start"] } == ["2031-01-06T00:00:00Z", "2031-01-06T22:00:00Z"])
            #expect(gaps.map { $0["end"] } == ["2031-01-06T13:00:00Z", "2031-01-07T00:00:00Z"])
            #expect(gaps.allSatisfy { $0["cause"] == "noShift" })
        }
    }

    /// Whatever is changed later: who was on call stays as it was.
    @Test(arguments: Backend.available) func saysWhoWasOnCall(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(people: ["ann", "ben"])
            try await server.add(group: "Ops")
            try await server.stand(["ann"], in: "Ops")
            try await Task.sleep(for: .milliseconds(20))
            let then = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)).iso
            try await Task.sleep(for: .milliseconds(20))
            try await server.sent(200, "POST", "groups/Ops", ["targetName": "Operations"])
            try await server.stand(["ben"], in: "Operations")
            try await server.sent(200, "DELETE", "people/ann")
            try await server.add(group: "Later")
            for (query, names) in [
                ("groups=Operations", ["ben"]), ("groups=Operations,Later&at=\(then)", ["ann"]),
                ("groups=Ops&at=\(then)", ["ann"]), ("groups=Later&at=\(then)", []),
            ] {
                let rows = try await server.sent(200, "GET", "on-call-summary?\(query)").json?.array ?? []
                #expect(rows.compactMap { $0.at("recipient.targetName")?.string } == names, "\(query)")
            }
            let row = try await server.sent(200, "GET", "on-call?groups=Ops&at=\(then)").data.first
            #expect(row?.at("members.data.0.member.lastName") == "Test" && row?.at("group.targetName") == "Ops")
            // Whoever may not see the group now does not see what it was.
            try await server.sent(200, "POST", "groups/Operations", ["observedByAll": false])
            try await server.sent(404, "GET", "on-call?groups=Operations&at=\(then)", as: "reader")
            try await server.sent(404, "GET", "on-call?groups=Ops", as: "reader")
        }
    }

    @Test func rotationsByAlertsTurnWithTheirCount() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            try await server.add(group: "Ops")
            try await server.stand(["ann", "ben"], in: "Ops")
            let shift = "groups/Ops/shifts/Default%20Shift"
            let id = try await server.sent(200, "POST", shift, ["rotationType": "ALERTS"]).id
            func first() async throws -> String? {
                let summary = try await server.sent(200, "GET", "on-call-summary?groups=Ops&escalationOrder=PRIMARY")
                return summary.json?.at("0.recipient.targetName")?.string
            }
            #expect(try await first() == "ann")
            try await server.database.transaction { connection in
                _ = try RotationCounts(connection).count(alert: "a", for: [id], at: Timestamp(milliseconds: 1000))
            }
            #expect(try await first() == "ben")
        }
    }
}
