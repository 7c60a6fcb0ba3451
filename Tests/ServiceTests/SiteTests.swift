import AlertCore
import TestSupport
import Testing

@Suite(.inTurn)
struct SiteTests {
    private static let body: [String: JSONValue] = [
        "name": "Head Office", "country": "Canada", "language": "en", "timezone": "US/Pacific", "city": "Vancouver",
        "address1": "1 Main St", "latitude": .number(49.25), "longitude": .number(-123.5), "status": "ACTIVE",
        "holidays": [["name": "Canada Day", "date": "2026-07-01", "days": 1, "isYearly": true]],
    ]

    @Test func keepsSites() async throws {
        try await RESTTestServer.run { server in
            try await server.expectLife(
                in: "sites", Self.body,
                change: ["city": "Victoria", "holidays": [], "timezone": "US/Eastern", "externalKey": "7"])
        }
    }

    @Test func findsSites() async throws {
        try await RESTTestServer.run { server in
            try await server.sent(201, "POST", "sites", .object(Self.body))
            let plain: JSONValue = [
                "name": "Annex", "country": "Kenya", "language": "en", "timezone": "UTC", "status": "INACTIVE",
            ]
            try await server.sent(201, "POST", "sites", plain)
            for (query, names) in [
                ("", ["Annex", "Head Office"]), ("search=van", ["Head Office"]), ("search=van&fields=NAME", []),
                ("country=kenya", ["Annex"]), ("geocoded=true", ["Head Office"]), ("status=INACTIVE", ["Annex"]),
                ("search=main+head&operand=AND", ["Head Office"]), ("geocoded=false&search=head", []),
            ] {
                #expect(try await server.sent(200, "GET", "sites?\(query)").names == names, "\(query)")
            }
            #expect(try await server.sent(200, "GET", "sites/head%20office").json?["city"] == "Vancouver")
        }
    }

    @Test func refusesWhatIsNoSite() async throws {
        try await RESTTestServer.run { server in
            func with(_ change: [String: JSONValue]) -> JSONValue { .object(Self.body.merging(change) { $1 }) }
            var rows = ["name", "country", "language", "timezone"].map { field in
                Refused(.object(Self.body.filter { $0.key != field }), field)
            }
            rows += [
                Refused(with(["timezone": "Mars"]), "timezone"), Refused(with(["latitude": 91]), "latitude"),
                Refused(with(["longitude": "west"]), "longitude"), Refused(with(["status": "OPEN"]), "status"),
                Refused(with(["holidays": [["name": "x"]]]), "holidays[0].date"),
                Refused(with(["holidays": [["name": "x", "date": "2026-02-30"]]]), "holidays[0].date"),
                Refused(with(["holidays": [["name": "x", "date": "2026-02-03T10:00"]]]), "holidays[0].date"),
                Refused(with(["holidays": [["date": "2026-02-03"]]]), "holidays[0].name"),
                Refused(with(["holidays": [["name": "x", "date": "2026-02-03", "days": 0]]]), "holidays[0].days"),
            ]
            try await server.expectRefused(rows, at: "sites")
        }
    }

    @Test func aSiteInUseStays() async throws {
        try await RESTTestServer.run { server in
            try await server.sent(201, "POST", "sites", .object(Self.body))
            try await server.add(group: "Ops", ["site": "head office"])
            let refused = try await server.sent(409, "DELETE", "sites/Head%20Office")
            #expect(refused.message.contains("Ops"))
            try await server.sent(200, "POST", "groups/Ops", ["site": ""])
            try await server.sent(200, "DELETE", "sites/Head%20Office")
        }
    }
}
