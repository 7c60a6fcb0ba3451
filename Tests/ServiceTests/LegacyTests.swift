import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// The interface before `/api/xm/1`, as scripts still call it, and signals.
@Suite(.inTurn) struct LegacyTests {
    private static func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, as login: String = "admin", key: String? = nil,
        on world: ConsoleWorld
    ) async throws -> Answer {
        let credentials = Data("\(login):\(ConsoleWorld.password)".utf8).base64EncodedString()
        return try await world.send(
            method, "/reapi/\(path)", json: body,
            headers: ["Authorization": "Basic \(credentials)"].merging(key.map { ["Idempotency-Key": $0] } ?? [:]) {
                $1
            })
    }

    @Test func aRepetitionIsAnsweredAlike() async throws {
        try await ConsoleWorld.run { world in
            try await world.addAlert(1)
            let (path, end): (String, JSONValue) = ("2015-04-01/events/1", ["status": "TERMINATED"])
            let first = try await Self.call("PUT", path, end, key: "k", on: world)
            let again = try await Self.call("PUT", path, end, key: "k", on: world)
            #expect(first.status == 200 && again.status == 200 && first.body == again.body)
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(try await Self.call("PUT", path, ["status": "SUSPENDED"], key: "k", on: world).status == 422)
            #expect(try await Self.call("PUT", path, end, key: "other", on: world).status == 409)
        }
    }

    @Test func findsAndEndsEvents() async throws {
        try await ConsoleWorld.run { world in
            try await world.addAlert(1)
            world.clock.advance(by: .seconds(60))
            try await world.addAlert(2, properties: ["Summary": "printer", "Count": 9])
            for (query, found) in [
                ("", ["2", "1"]), ("status=ACTIVE", ["2", "1"]), ("status=TERMINATED", []),
                ("status=ACTIVE&properties=Summary%3Dprinter", ["2"]),
                ("properties=Summary%3Dprinter,Count%3D9", ["2"]), ("properties=Summary%3Dprinter,Count%3D1", []),
                ("properties%5B%22Summary%22%5D=printer&&status=ACTIVE", ["2"]), ("properties[Summary]=none", []),
                ("range=2026-03-09T13:00:00Z/2026-03-09T14:00:30Z", ["1"]), ("range=2026-03-09T14:00:30Z/", ["2"]),
            ] {
                let answer = try await Self.call("GET", "2015-01-01/events?\(query)", on: world)
                #expect(answer.status == 200, "\(query): \(answer.body)")
                let json = try answer.json
                let numbers = json["records"]?.array?.compactMap { $0["identifier"]?.string }
                #expect(numbers == found && json["total"] == .integer(Int64(found.count)), "\(query)")
            }
            let list = try await Self.call("GET", "2015-04-01/events?status=ACTIVE", on: world).json
            let href = try #require(list.at("records.1.href")?.string)
            #expect(href == "/reapi/2015-04-01/events/1")
            let path = String(href.dropFirst("/reapi/".count))
            let refused = try await Self.call("PUT", path, ["status": "TERMINATED"], as: "watcher", on: world)
            #expect(refused.status == 403)
            #expect(try refused.json["type"] != nil && refused.json["message"] != nil)
            let ended = try await Self.call("PUT", path, ["status": "terminated"], on: world)
            #expect(ended.status == 200, "\(ended.body)")
            #expect(try ended.json["status"] == "TERMINATED")
            let again = try await Self.call("PUT", path, ["status": "TERMINATED"], on: world)
            #expect(again.status == 409)
            #expect(try await Self.call("GET", "\(path)/", on: world).json["status"] == "TERMINATED")
            for (query, status) in [("status=LOST", 400), ("range=x", 400), ("properties=Summary", 400)] {
                #expect(
                    try await Self.call("GET", "2015-04-01/events?\(query)", on: world).status == status, "\(query)")
            }
            #expect(try await Self.call("GET", "2015-04-01/events/99", on: world).status == 404)
            #expect(try await Self.call("DELETE", path, on: world).status == 405)
        }
    }

    @Test func findsPeople() async throws {
        try await ConsoleWorld.run { world in
            let found = try await Self.call("GET", "2015-04-01/people?targetName=ONCALL", on: world)
            #expect(found.status == 200)
            let json = try found.json
            #expect(json["total"] == 1 && json.at("records.0.identifier") == "id-oncall")
            #expect(json.at("records.0.href") == "/reapi/2015-04-01/people/id-oncall")
            let none = try await Self.call("GET", "2013-01-01//people/?targetName=ghost", on: world)
            #expect(none.status == 404)
            #expect(try none.json["message"]?.string?.contains("ghost") == true)
            let nowhere = try await Self.call("GET", "2015-04-01/unheard/of", on: world)
            #expect(nowhere.status == 404 && nowhere.body.contains("\"type\""))
            let unknown = try await world.send("GET", "/reapi/2015-04-01/people?targetName=x")
            #expect(unknown.status == 401 && unknown.body.contains("\"type\""))
        }
    }

    @Test func setsValuesOfProperties() async throws {
        try await ConsoleWorld.run { world in
            let plan = ConsoleWorld.plan.id
            func make(_ body: JSONValue) async throws -> String {
                let made = try await world.call("POST", "/plans/\(plan)/property-definitions", body)
                #expect(made.status == 201, "\(made.body)")
                return try made.json["id"]?.string ?? ""
            }
            func read(_ id: String) async throws -> JSONValue {
                try await world.call("GET", "/plans/\(plan)/property-definitions/\(id)").json
            }
            let list = try await make([
                "name": "City", "propertyType": "LIST_TEXT_SINGLE_SELECT", "items": ["x"], "default": "x",
            ])
            let values = "2015-01-01/properties/\(list)/values"
            let set = try await Self.call("PUT", values, ["Paris", "Rome*"], on: world)
            #expect(set.status == 200, "\(set.body)")
            let city = try await read(list)
            #expect(city["items"] == ["Paris", "Rome"] && city["default"] == "Rome")
            #expect(try await Self.call("PUT", values, ["Oslo"], on: world).status == 200)
            let bare = try await read(list)
            #expect(bare["items"] == ["Oslo"] && bare["default"] == nil)
            let tree = try await make([
                "name": "Place", "propertyType": "HIERARCHY", "categories": ["Country", "City"],
            ])
            let nodes: JSONValue = [
                ["name": "France", "childNodes": [["name": "Paris", "isDefault": true], ["name": "Nice"]]],
                ["name": "Malta"],
            ]
            let hierarchy = try await Self.call("PUT", "2015-01-01/properties/\(tree)/values", nodes, on: world)
            #expect(hierarchy.status == 200, "\(hierarchy.body)")
            let place = try await read(tree)
            #expect(place["paths"]?.array?.count == 3 && place.at("paths.0.1.value") == "Paris")
            #expect(place["default"] != nil)
            #expect(try await Self.call("PUT", values, ["a": "b"], on: world).status == 400)
            #expect(try await Self.call("PUT", values, ["a", "a"], on: world).status == 400)
            #expect(try await Self.call("PUT", values, ["a"], as: "watcher", on: world).status == 403)
            #expect(try await Self.call("PUT", "2015-01-01/properties/none/values", ["a"], on: world).status == 404)
        }
    }

    @Test func keepsSites() async throws {
        try await ConsoleWorld.run { world in
            let body: JSONValue = [
                "name": "Retail Store 1", "status": "ACTIVE", "language": "English", "timezone": "US/Pacific",
                "address1": "12647 Alcosta Blvd", "city": "San Ramon", "country": "United States",
                "latitude": "37.773085", "longitude": "-121.959379",
            ]
            let made = try await Self.call("POST", "2015-04-01/sites", body, on: world)
            #expect(made.status == 200, "\(made.body)")
            let id = try made.json["identifier"]?.string ?? ""
            let changed = try await Self.call("POST", "2015-04-01/sites/\(id)", ["city": "Dublin"], on: world)
            let site = try changed.json
            #expect(site["city"] == "Dublin" && site["latitude"] == "37.773085" && site["cluster"] == .null)
            #expect(try await Self.call("POST", "2015-04-01/sites", ["name": "x"], on: world).status == 400)
            #expect(try await Self.call("POST", "2015-04-01/sites", ["latitude": "north"], on: world).status == 400)
            #expect(try await Self.call("DELETE", "2015-04-01/sites/\(id)", as: "watcher", on: world).status == 403)
            #expect(try await Self.call("DELETE", "2015-04-01/sites/\(id)", on: world).json["name"] == "Retail Store 1")
            #expect(try await Self.call("DELETE", "2015-04-01/sites/\(id)", on: world).status == 404)
        }
    }

    // MARK: Signals

    @Test func showsSignals() async throws {
        try await ConsoleWorld.run { world in
            let start = world.clock.now
            try await world.database.transaction { connection in
                for (index, rerunOf) in [nil, nil, "s1"].enumerated() {
                    var activity = Activity(
                        requestId: "s\(index)", integration: index == 1 ? ConsoleWorld.integration : "",
                        receivedAt: start.advanced(by: .seconds(index)), status: .completed, method: "POST",
                        headers: ["Content-Type": "application/json"], parameters: [:], body: "{}",
                        remoteAddress: "192.0.2.1", by: "oncall", alerts: [.init(id: "a", number: 7)],
                        outputs: ["host": "db1"], form: index == 0 ? ConsoleWorld.form.id : nil)
                    if let rerunOf { activity.run = RequestedRun(attempt: .rerun, by: "admin", rerunOf: rerunOf) }
                    try Activities(connection).put(activity)
                }
            }
            world.clock.advance(by: .seconds(60))
            func ids(_ query: String) async throws -> [String] {
                let answer = try await world.call("GET", "/signals?\(query)")
                #expect(answer.status == 200, "\(answer.body)")
                return try answer.json["data"]?.array?.compactMap { $0["id"]?.string } ?? []
            }
            #expect(try await ids("") == ["s1", "s0"])
            #expect(try await ids("sortBy=RECEIVED&sortOrder=ASCENDING") == ["s0", "s1"])
            #expect(try await ids("correlation=s1") == ["s2", "s1"])
            #expect(try await ids("response=202") == ["s1", "s0"])
            #expect(try await ids("response=404") == [])
            #expect(try await ids("to=\(start.advanced(by: .seconds(1)).iso)") == ["s0"])
            let one = try await world.call("GET", "/signals/s1?embed=triggerOutputs,events").json
            #expect(one["triggerType"] == "HTTP" && one["triggerLabel"] == "Prometheus")
            #expect(one.at("workflow.name") == "Monitoring" && one.at("trigger.plan.name") == "Monitoring")
            #expect(one.at("authenticatedUser.targetName") == "oncall" && one["payloadType"] == "JSON")
            #expect(one.at("triggerOutputs.host") == "db1" && one.at("events.0.eventId") == "7")
            #expect(try await world.call("GET", "/signals/s0").json["triggerLabel"] == "Server down")
            #expect(try await world.call("GET", "/signals/none").status == 404)
            #expect(try await world.call("GET", "/signals?embed=colour").status == 400)

            // The next page goes on where this one ends, whatever has come in since.
            let page = try await world.call("GET", "/signals?limit=1").json
            let next = try #require(page.at("links.next")?.string)
            try await world.database.transaction { connection in
                try Activities(connection).put(
                    Activity(
                        requestId: "s9", integration: "", receivedAt: start.advanced(by: .seconds(120)),
                        status: .running, method: "POST", headers: [:], parameters: [:], body: "", remoteAddress: "",
                        by: "oncall"))
            }
            world.clock.advance(by: .seconds(600))
            let second = try await world.call("GET", String(next.dropFirst("/api/xm/1".count))).json
            #expect(second.at("data.0.id") == "s0" && second["total"] == 2)
        }
    }
}
