import AlertCore
import Crypto
import Foundation
import Persistence
import TestSupport
import Testing

/// How an integration delivers, by REST: its settings, its keys, and a try.
@Suite(.inTurn)
struct RESTDeliveryTests {
    /// An outbound integration to a port of this machine.
    private func make(
        _ server: RESTTestServer, port: Int = 1, path: String = "/hook", _ fields: [String: JSONValue] = [:]
    ) async throws -> (collection: String, id: String, answer: RESTTestServer.Reply) {
        let (plan, form) = try await server.makeForm()
        _ = try await server.call(
            "POST", "plans/\(plan)/endpoints",
            [
                "name": "Sink", "url": .string("http://127.0.0.1:\(port)"), "authenticationType": "BASIC",
                "authentication": ["username": "u", "password": "very secret"],
            ])
        let base: [String: JSONValue] = [
            "name": "Out", "integrationType": "OUTBOUND_WEBHOOK", "triggeredBy": "STATUS", "endpoint": "Sink",
            "form": .string(form), "path": .string(path),
        ]
        let collection = "plans/\(plan)/integrations"
        let answer = try await server.call("POST", collection, .object(base.merging(fields) { $1 }))
        #expect(answer.status == 200, "\(answer.text)")
        return (collection, answer.id, answer)
    }

    @Test func settingsAreKeptAndChanged() async throws {
        try await RESTTestServer.run { server in
            let (collection, id, made) = try await make(server)
            #expect(made.json?["delivery"] == ["order": "ALERT", "payloadVersion": 1])
            func change(_ delivery: JSONValue) async throws -> JSONValue? {
                let answer = try await server.call("POST", collection, ["id": .string(id), "delivery": delivery])
                #expect(answer.status == 200, "\(answer.text)")
                #expect(try await server.call("GET", "\(collection)/\(id)").json == answer.json)
                return answer.json?["delivery"]
            }
            let all: JSONValue = [
                "timeoutSeconds": 5, "concurrency": 2, "requestsPerSecond": .number(0.5), "order": "NONE",
                "filter": #"properties.severity == "high""#, "payloadVersion": 1,
            ]
            #expect(try await change(all) == all)
            // What is absent stays; nothing is said by 0 and by an empty text.
            #expect(try await change([:]) == all)
            #expect(
                try await change(["requestsPerSecond": 0, "filter": " "]) == [
                    "timeoutSeconds": 5, "concurrency": 2, "order": "NONE", "payloadVersion": 1,
                ])
            #expect(try await change(["requestsPerSecond": 10])?["requestsPerSecond"] == 10)
        }
    }

    @Test func refusesSettingsByTheirNames() async throws {
        try await RESTTestServer.run { server in
            let (collection, id, _) = try await make(server)
            func refused(_ delivery: JSONValue, _ words: String) -> Refused {
                Refused(["id": .string(id), "name": "Changed", "delivery": delivery], words)
            }
            try await server.expectRefused(
                [
                    refused("fast", "delivery"), refused(["timeoutSeconds": 0], "delivery.timeoutSeconds"),
                    refused(["timeoutSeconds": 61], "from 1 to 60"),
                    refused(["timeoutSeconds": "5"], "delivery.timeoutSeconds"),
                    refused(["concurrency": 0], "delivery.concurrency"),
                    refused(["concurrency": 33], "from 1 to 32"),
                    refused(["requestsPerSecond": -1], "delivery.requestsPerSecond"),
                    refused(["requestsPerSecond": 1001], "from 0.01 to 1000"),
                    refused(["requestsPerSecond": true], "delivery.requestsPerSecond"),
                    refused(["order": "LIFO"], "ALERT, NONE"),
                    refused(["payloadVersion": 2], "delivery.payloadVersion"),
                    refused(["payloadVersion": "1"], "delivery.payloadVersion"),
                    refused(["filter": "severity == 1"], "delivery.filter"),
                    refused(["filter": "properties.a == "], "at character 17, a value"),
                    refused(["filter": 5], "delivery.filter"),
                    refused(["filter": .string(String(repeating: "x", count: 5000))], "delivery.filter"),
                ], at: collection)
        }
    }

    @Test func keysOverlapWhenTheyAreRotated() async throws {
        try await RESTTestServer.run { server in
            let (collection, id, made) = try await make(server)
            let path = "\(collection)/\(id)/signing-secrets/rotate"
            #expect(made.json?["signingKeys"] == [["scheme": "v1"]])
            let first = try #require(made.json?["signingSecret"]?.string)
            let second = try await server.call("POST", path, ["overlapSeconds": 3600])
            #expect(second.status == 200, "\(second.text)")
            #expect(second.json?["signingSecret"]?.string != first)
            let keys = second.json?["signingKeys"]?.array ?? []
            #expect(keys.count == 2 && keys[0]["expiresAt"] == nil && keys[1]["expiresAt"]?.string != nil)
            let third = try await server.call("POST", path, ["scheme": "v1a"])
            #expect(third.json?["signingSecret"] == nil)
            #expect(third.json?["signingPublicKey"]?.string?.hasPrefix("whpk_") == true, "\(third.text)")
            #expect(third.json?["signingKeys"]?.array?.map { $0["scheme"]?.string } == ["v1a", "v1", "v1"])
            #expect(!third.text.contains("whsk_"))
            // Without an overlap, what was there signs no more. A rotation keeps the kind of key.
            let alone = try await server.call("POST", path, ["overlapSeconds": 0])
            #expect(alone.json?["signingKeys"]?.array?.map { $0["scheme"]?.string } == ["v1a"])
            #expect(try await server.call("GET", "\(collection)/\(id)", as: "reader").json?["signingKeys"] == nil)
            #expect(try await server.call("POST", path, [:], as: "reader").status == 403)
            try await server.expectRefused(
                [
                    Refused(["overlapSeconds": -1], "overlapSeconds"), Refused(["scheme": "v2"], "v1, v1a"),
                    Refused(["overlapSeconds": 2_592_001], "overlapSeconds"),
                ], at: path, unchanged: "\(collection)/\(id)")
            for _ in 1..<Integration.signingKeyLimit {
                #expect(try await server.call("POST", path, [:]).status == 200)
            }
            #expect(try await server.call("POST", path, [:]).status == 409)
        }
    }

    @Test func aTrySendsASampleAndShowsAll() async throws {
        let sink = TestSink()
        let port = try await sink.start()
        try await RESTTestServer.run { server in
            let filter: JSONValue = ["filter": #"payload.status == "terminated""#]
            let (collection, id, made) = try await make(server, port: port, ["delivery": filter])
            let before = try await server.call("GET", "\(collection)/\(id)").text
            let answer = try await server.call("POST", "\(collection)/\(id)/test", [:])
            #expect(answer.status == 200, "\(answer.text)")
            let json = try #require(answer.json)
            #expect(json["success"] == true && json["error"] == nil && json["inDoubt"] == false)
            #expect(json["response"]?["status"] == 204 && (json["durationMilliseconds"]?.integer ?? -1) >= 0)
            #expect(json["filtered"] == #"the filter is not met: payload.status is "active""#)
            #expect(json["request"]?["url"] == .string("http://127.0.0.1:\(port)/hook"))
            let headers = Dictionary(
                (json["request"]?["headers"]?.array ?? []).map {
                    ($0["name"]?.string ?? "", $0["value"]?.string ?? "")
                }, uniquingKeysWith: { first, _ in first })
            #expect(headers["Authorization"] == "***" && headers["Host"] == "127.0.0.1:\(port)")
            #expect(headers["User-Agent"] == "Tocsin/test" && headers["webhook-id"] == json["webhookId"]?.string)
            #expect(!answer.text.contains("very secret"))
            // It arrived as it is shown, and the signature fits.
            let arrivals = await sink.arrivals
            #expect(arrivals.map(\.path) == ["/hook"])
            let body = try #require(json["request"]?["body"]?.string)
            #expect(arrivals.first?.body == body && arrivals.first?.authorization?.hasPrefix("Basic ") == true)
            let secret = try #require(made.json?["signingSecret"]?.string?.dropFirst("whsec_".count))
            let key = SymmetricKey(data: try #require(Data(base64Encoded: String(secret))))
            let text = "\(headers["webhook-id"] ?? "").\(headers["webhook-timestamp"] ?? "").\(body)"
            let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
            #expect(headers["webhook-signature"] == "v1," + Data(code).base64EncodedString())
            // And nothing else has happened.
            #expect(try await server.call("GET", "\(collection)/\(id)").text == before)
            #expect(try await server.call("POST", "\(collection)/\(id)/test", [:], as: "reader").status == 403)
        }
        await sink.stop()
    }

    @Test func aTryThatFailsChangesNothing() async throws {
        let sink = TestSink()
        let port = try await sink.start()
        try await RESTTestServer.run { server in
            let (collection, id, _) = try await make(server, port: port, path: "/gone")
            let gone = try await server.call("POST", "\(collection)/\(id)/test", [:])
            #expect(gone.json?["success"] == false && gone.json?["response"]?["status"] == 410)
            #expect(try await server.call("GET", "\(collection)/\(id)").json?["disabledReason"] == nil)
            #expect(try await server.call("POST", "\(collection)/nobody/test", [:]).status == 404)
            await sink.stop()
            let dead = try await server.call(
                "POST", "plans/\(collection.split(separator: "/")[1])/endpoints",
                [
                    "name": "Dead", "url": "http://127.0.0.1:1",
                ])
            _ = try await server.call("POST", collection, ["id": .string(id), "endpoint": .string(dead.id)])
            let none = try await server.call("POST", "\(collection)/\(id)/test", [:])
            #expect(none.json?["success"] == false && none.json?["response"] == nil, "\(none.text)")
            #expect(none.json?["error"]?.string?.isEmpty == false && none.json?["inDoubt"] == false)
            let script: JSONValue = ["id": .string(id), "operation": "RUN_SCRIPT", "script": base64("1")]
            _ = try await server.call("POST", collection, script)
            let refused = try await server.call("POST", "\(collection)/\(id)/test", [:])
            #expect(refused.status == 409 && refused.text.contains("SEND_WEBHOOK"), "\(refused.text)")
        }
    }

    /// The time of failures before does not count when somebody puts it back into service.
    @Test func puttingItBackIsWrittenDown() async throws {
        try await RESTTestServer.run { server in
            let (collection, id, _) = try await make(server)
            func integration() async throws -> Integration? {
                try await server.database.reading { try Directory($0).get(Integration.self, id: id) }
            }
            _ = try await server.call("POST", collection, ["id": .string(id), "deployed": true])
            #expect(try await integration()?.inServiceSince == nil)
            for deployed in [false, true] {
                _ = try await server.call("POST", collection, ["id": .string(id), "deployed": .bool(deployed)])
            }
            #expect(try await integration()?.inServiceSince != nil)
        }
    }
}
