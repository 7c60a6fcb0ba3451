import AlertCore
import Foundation
import Ingest
import OutboundHTTP
import Persistence
import TestSupport
import Testing

/// The door on real routes: what is taken, what is refused, and what comes of it.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct DoorTests {
    @Test func everyWayInIsForItsIntegration() async throws {
        try await DoorWorld.run { world in
            let body = Data(#"{"properties":{"Host":"db1"}}"#.utf8)
            let issued = try await world.send(
                "POST", "/api/xm/1/oauth2/token?grant_type=password&client_id=x&username=rest",
                Data("password=correct+horse".utf8))
            let token = try issued.json["access_token"]?.string ?? ""
            let password = DoorWorld.basic("rest")
            let key = DoorWorld.basic("x-api-key-1", "key-secret")
            let bearer = ["Authorization": "Bearer \(token)"]
            let cases: [(name: String, query: String, headers: [String: String], status: Int)] = [
                ("simple", "?apiKey=the-key", [:], 202), ("simple", "?apiKey=wrong", [:], 401),
                ("simple", "", password, 401), ("any", "?apiKey=the-key", [:], 202), ("any", "", password, 202),
                ("any", "", key, 202), ("any", "", bearer, 202), ("any", "", [:], 401), ("basic", "", password, 202),
                ("basic", "", key, 401), ("basic", "", bearer, 401), ("key", "", key, 202),
                ("key", "", password, 401), ("key", "", DoorWorld.basic("x-api-key-1", "no"), 401),
                ("token", "", bearer, 202), ("token", "", password, 401),
                ("token", "", ["Authorization": "Bearer a.b.c"], 401),
                // Who may not send requests, in person or as the authenticating user.
                ("basic", "", DoorWorld.basic("bob"), 403), ("nobody", "?apiKey=the-key", [:], 403),
                ("none-such", "", password, 404),
            ]
            for (name, query, headers, status) in cases {
                let answer = try await world.send(
                    "POST", DoorWorld.path(of: name) + query, body, headers: headers)
                #expect(answer.status == status, "\(name) \(query) \(headers): \(answer.body)")
            }
        }
    }

    @Test func readsBodiesAndParametersAsTheyAreSent() async throws {
        try await DoorWorld.run { world in
            func log(_ bytes: Data, _ type: String) async throws -> String {
                let answer = try await world.send(
                    "POST", "\(DoorWorld.path(of: "script"))?apiKey=the-key", bytes, headers: ["Content-Type": type])
                return try await world.activity(answer).log
            }
            #expect(try await log(Data([0x41, 0xE4]), "text/plain; charset=ISO-8859-1") == "method POST body Aä")
            #expect(try await log(Data([0x80]), "text/plain;charset=\"windows-1252\"") == "method POST body €")
            #expect(try await log(Data([0xFF, 0xFE, 0x41, 0]), "text/plain") == "method POST body A")
            #expect(try await log(Data([0x00, 0x41]), "text/plain;charset=utf-16") == "method POST body A")
            #expect(try await log(Data([0xEF, 0xBB, 0xBF, 0x41, 0xFF]), "x/y") == "method POST body A\u{FFFD}")
            #expect(try await log(Data(), "application/json") == "method POST body ")
            let form = try await world.trigger(
                "script", "payload=%7B%22a%22%3A1%7D&b=x+y", query: "&b=query&recipients=a,b%20c",
                headers: ["content-type": "Application/x-www-form-urlencoded; charset=utf-8", "x-some-ID": "7"])
            let activity = try await world.activity(form)
            #expect(activity.parameters == ["payload": #"{"a":1}"#, "b": "x y", "recipients": "a,b c"])
            #expect(activity.headers["X-Some-Id"] == "7" && activity.headers["Authorization"] == nil)
        }
    }

    @Test func refusesWithTheReason() async throws {
        try await DoorWorld.run { world in
            let path = DoorWorld.path(of: "simple") + "?apiKey=the-key"
            func answer(_ body: String, _ headers: [String: String] = [:]) async throws -> Answer {
                try await world.send("POST", path, Data(body.utf8), headers: headers)
            }
            let cases: [(Answer, Int, String)] = [
                (try await answer("{oops"), 400, "not valid JSON"),
                (try await answer("a=b", ["Content-Type": "application/x-www-form-urlencoded"]), 400, "form-encoded"),
                (try await answer(#"{"priority":"URGENT"}"#), 400, "priority"),
                (try await answer("x", ["Content-Encoding": "gzip"]), 415, "gzip"),
                (try await answer("x", ["Content-Type": "multipart/form-data; boundary=x"]), 415, "multipart"),
                (try await answer(String(repeating: " ", count: 5000)), 413, "4096"),
            ]
            for (answer, status, says) in cases {
                #expect(answer.status == status && answer.body.contains(says), "\(answer.status) \(answer.body)")
                #expect(try answer.json["code"]?.integer == Int64(status))
            }
            for method in ["GET", "PUT", "DELETE", "PATCH", "HEAD"] {
                for path in [path, "/reapi/2015-04-01/forms/77/triggers", "/api/xm/1/forms/77/triggers"] {
                    let answer = try await world.send(method, path)
                    #expect(answer.status == 405 && answer.headers["allow"] == "POST", "\(method) \(path)")
                }
            }
            #expect(try await world.database.reading { try $0.execute("SELECT 1 FROM bus_messages") }.isEmpty)
        }
    }

    @Test func takesRecipientsFromTheURL() async throws {
        try await DoorWorld.run { world in
            let made = try await world.activity(world.trigger(query: "&recipients=eve,%22bob%22")).alerts
            #expect(try await world.alert(made[0].number).details.recipients.map(\.targetName) == ["eve", "bob"])
            let json = #"{"properties":{"Host":"x"},"recipients":[]}"#
            let form = try await world.activity(
                world.trigger("simple", json, headers: ["Content-Type": "application/x-www-form-urlencoded"]))
            #expect(form.parameters.isEmpty)
            #expect(try await world.alert(form.alerts[0].number).details.recipients.map(\.targetName) == ["bob"])
        }
    }

    @Test func believesOnlyTrustedProxies() async throws {
        let header = ["X-Forwarded-For": "1.1.1.1, 203.0.113.7, 127.0.0.9"]
        try await DoorWorld.run { world in
            let headerAddress = try await world.activity(world.trigger(headers: header)).remoteAddress
            #expect(headerAddress == "127.0.0.1")
        }
        try await DoorWorld.run(.init(trustedProxies: [try CIDR(parsing: "127.0.0.0/8")])) { world in
            let headerAddress = try await world.activity(world.trigger(headers: header)).remoteAddress
            #expect(headerAddress == "203.0.113.7")
            let odd = ["X-Forwarded-For": "nonsense"]
            let oddAddress = try await world.activity(world.trigger(headers: odd)).remoteAddress
            #expect(oddAddress == "127.0.0.1")
        }
    }

    @Test func limitsTheRateAndKeepsNothingOfTheRest() async throws {
        try await DoorWorld.run(.init(rates: .init(perIntegration: 2, perPlan: 3))) { world in
            for _ in 0..<2 { #expect(try await world.trigger().status == 202) }
            let refused = try await world.trigger()
            #expect(refused.status == 429 && refused.headers["retry-after"] == "30")
            #expect(refused.body.contains("integration simple: at most 2 a minute"))
            #expect(try await world.trigger("any").status == 202)
            #expect(try await world.trigger("any").body.contains("workflow Monitoring: at most 3 a minute"))
            world.clock.advance(by: .seconds(30))
            #expect(try await world.trigger().status == 202)
            let kept = try await world.database.reading {
                try $0.execute("SELECT 1 FROM bus_messages WHERE topic = 'inbound-requests'").count
            }
            #expect(kept == 4)
        }
    }
}

/// The doors of forms.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct FormTriggerTests {
    private func post(
        _ world: DoorWorld, _ path: String, _ body: String, as login: String = "rest"
    ) async throws -> Answer {
        try await world.send("POST", path, Data(body.utf8), headers: DoorWorld.basic(login))
    }

    @Test(arguments: ["2015-04-01", "2015-01-01", "2014-12-01"])
    func theLegacyDoorAnswersTheNumber(_ version: String) async throws {
        try await DoorWorld.run { world in
            let answer = try await post(
                world, "/reapi/\(version)/forms/\(DoorWorld.form.id.uppercased())/triggers",
                #"{"properties":{"Host":"db1"},"recipients":[{"targetName":"eve"}],"priority":"high","#
                    + #""responses":["44444444-0000-4000-8000-000000000001"]}"#)
            #expect(answer.status == 200)
            let number = try answer.json["id"]?.string.flatMap { Int64($0) } ?? 0
            let row = try await world.alert(number)
            #expect(row.details.priority == .high && row.details.recipients.map(\.targetName) == ["eve"])
            #expect(row.details.submitter.targetName == "rest" && row.details.integration == nil)
            let activity = try await world.activity(of: row.details.requestId)
            #expect(activity.form == DoorWorld.form.id && activity.alerts.map(\.number) == [number])
            let found = try await world.get("/events?requestId=\(row.details.requestId)")
            #expect(found["total"] == 1)
        }
    }

    @Test func theCurrentDoorAnswersTheRequest() async throws {
        try await DoorWorld.run { world in
            let answer = try await post(world, "/api/xm/1/forms/77/triggers", #"{"properties":{"Host#en":"db1"}}"#)
            #expect(answer.status == 202)
            #expect(try await world.activity(answer).alerts.count == 1)
        }
    }

    @Test(arguments: [
        ("{}", "properties.Host"), (#"{"properties":{"Host":"12345678901"}}"#, "properties.Host"),
        (#"{"properties":{"Host":"a","Level":"medium"}}"#, "properties.Level"),
        (#"{"properties":{"Host":"a"},"recipients":["nobody-here"]}"#, "recipients[0]"),
        (#"{"properties":{"Host":"a"},"responseOptions":[{"id":"x"}]}"#, "responseOptions[0].id"),
        (#"{"properties":{"Host":"a"},"callbacks":[{"url":"ftp://x","type":"status"}]}"#, "callbacks[0].url"),
    ])
    func badInputNamesTheFieldAndChangesNothing(_ body: String, _ field: String) async throws {
        try await DoorWorld.run { world in
            let current = try await post(world, "/api/xm/1/forms/77/triggers", body)
            let legacy = try await post(world, "/reapi/2015-04-01/forms/77/triggers", body)
            for answer in [current, legacy] {
                #expect(answer.status == 400)
                #expect(try answer.json["arguments"] == [.string(field)], "\(answer.body)")
            }
            #expect(try legacy.json["type"] == "validation.common.field.invalid")
            let left = try await world.database.reading {
                try $0.execute("SELECT 1 FROM bus_messages UNION SELECT 1 FROM alert_numbers")
            }
            #expect(left.isEmpty)
        }
    }

    @Test func mindsWhoSends() async throws {
        try await DoorWorld.run { world in
            let body = #"{"properties":{"Host":"a"}}"#
            #expect(try await post(world, "/api/xm/1/forms/77/triggers", body, as: "bob").status == 403)
            #expect(try await post(world, "/api/xm/1/forms/78/triggers", body).status == 404)
            #expect(try await post(world, "/reapi/2010-01-01/forms/77/triggers", body).status == 404)
            let nobody = try await world.send("POST", "/reapi/2015-04-01/forms/77/triggers", Data(body.utf8))
            #expect(nobody.status == 401 && nobody.headers["www-authenticate"]?.isEmpty == false)
        }
    }

    @Test func showsWhatTheRequestSays() async throws {
        try await DoorWorld.run { world in
            let answer = try await post(
                world, "/reapi/2015-04-01/forms/77/triggers",
                #"{"properties":{"Host":"db1"},"senderOverrides":{"callerId":"+16045551212"},"#
                    + #""voicemailOptions":{"retry":2},"conference":{"type":"BRIDGE","bridgeId":"38"},"#
                    + #""attachments":[{"name":"a","path":"/a"}],"callbacks":[{"url":"https://x/y","type":"status","#
                    + #""authType":"basic","authUserName":"u","authPassword":"very-secret"}]}"#)
            let row = try await world.alert(try answer.json["id"]?.string.flatMap { Int64($0) } ?? 0)
            let event = try await world.get("/events/\(row.id)?embed=attachments")
            #expect(event["voicemailOptions"] == ["retry": 2, "every": 60, "leave": "callbackonly"])
            #expect(event["senderOverrides"] == ["callerId": "+16045551212"])
            let unknown = try await post(
                world, "/api/xm/1/forms/77/triggers",
                #"{"properties":{"Host":"db1"},"conference":{"type":"EXTERNAL","bridgeId":"War Room"}}"#)
            #expect(unknown.status == 400 && unknown.body.contains("conference.bridgeId"), "\(unknown.body)")
            #expect(event["conference"]?["type"] == "BRIDGE" && event["conference"]?["bridgeId"] == "38")
            #expect(event["attachments"]?["total"] == 1 && event["suppressedCount"] == 0)
            let sealed = row.details.callbacks[0].sealedPassword ?? ""
            #expect(try world.secrets.open(sealed, for: .alertCallback(row.id, 0)) == "very-secret")
        }
    }
}
