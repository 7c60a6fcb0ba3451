import AlertCore
import Foundation
import TestSupport
import Testing

/// Duties as other programs read them.
@Suite(.inTurn)
struct CalendarTests {
    private static let span = "from=2090-01-02T00:00:00Z&to=2090-01-04T00:00:00Z"

    @Test func exportsCalendars() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            try await server.add(group: "Ops")
            try await server.stand(["ann"], in: "Ops")
            for (path, login) in [
                ("groups/Ops", "reader"), ("people/ann", "reader"), ("people/ann", "ann"),
            ] {
                let reply = try await server.sent(200, "GET", "\(path)/calendar.ics?\(Self.span)", as: login)
                #expect(reply.headers["content-type"] == "text/calendar; charset=utf-8")
                #expect(reply.text.hasPrefix("BEGIN:VCALENDAR\r\n") && reply.text.hasSuffix("END:VCALENDAR\r\n"))
                #expect(reply.text.components(separatedBy: "BEGIN:VEVENT").count == 3, "\(reply.text)")
                #expect(reply.text.contains("DTSTART:20900102T000000Z"))
            }
            let idle = try await server.sent(200, "GET", "people/ben/calendar.ics")
            #expect(!idle.text.contains("VEVENT"))
            try await server.sent(404, "GET", "people/nobody/calendar.ics")
            try await server.sent(400, "GET", "groups/Ops/calendar.ics?from=2030-01-01&to=2033-01-01")

            // Of a group that the caller may not see, somebody else's calendar shows nothing; one's own does.
            try await server.sent(200, "POST", "groups/Ops", ["observedByAll": false])
            for (login, shows) in [("reader", false), ("ann", true)] {
                let reply = try await server.sent(200, "GET", "people/ann/calendar.ics?\(Self.span)", as: login)
                #expect(reply.text.contains("VEVENT") == shows)
            }
        }
    }

    @Test func aFeedNeedsNoLoginUntilItIsRevoked() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            try await server.add(group: "Ops")
            try await server.stand(["ann"], in: "Ops")
            try await server.sent(404, "GET", "people/ann/calendar-feed", as: "ann")
            try await server.sent(403, "POST", "people/ann/calendar-feed", as: "ben")
            func path(of reply: RESTTestServer.Reply) throws -> String {
                let url = try #require(reply.json?["url"]?.string)
                #expect(url.hasPrefix("https://tocsin.example.com/calendar/") && url.hasSuffix(".ics"))
                return String(url.dropFirst("https://tocsin.example.com".count))
            }
            func status(_ path: String) async throws -> Int { try await server.call("GET", path, as: nil).status }
            let made = try await server.sent(201, "POST", "people/ann/calendar-feed", as: "ann")
            let first = try path(of: made)
            let feed = try await server.call("GET", first, as: nil)
            #expect(feed.status == 200 && feed.headers["content-type"] == "text/calendar; charset=utf-8")
            #expect(feed.text.contains("On call: Ops"))
            #expect(try await server.sent(200, "GET", "people/ann/calendar-feed", as: "ann").json == made.json)
            try await server.sent(403, "GET", "people/ann/calendar-feed", as: "ben")

            let second = try path(of: try await server.sent(201, "POST", "people/ann/calendar-feed", as: "ann"))
            #expect(try await status(first) == 404)
            #expect(try await status(second) == 200)
            #expect(try await status(String(second.dropLast(5)) + "A.ics") == 404)
            #expect(try await status("/calendar/x.ics") == 404)
            try await server.sent(200, "POST", "people/ann", ["status": "INACTIVE"])
            #expect(try await status(second) == 404)
            try await server.sent(200, "POST", "people/ann", ["status": "ACTIVE"])
            try await server.sent(200, "DELETE", "people/ann/calendar-feed")
            try await server.sent(204, "DELETE", "people/ann/calendar-feed")
            #expect(try await status(second) == 404)
            // The address is not among what is kept.
            #expect(!(try await server.auditText()).contains(second.dropFirst(10).prefix(40)))
        }
    }
}
