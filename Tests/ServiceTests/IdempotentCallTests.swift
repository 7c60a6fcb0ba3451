import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Writes that are sent again with the same key.
@Suite(.inTurn)
struct IdempotentCallTests {
    private static let constant: JSONValue = ["name": "Host", "value": "a"]

    @Test(arguments: Backend.available) func areCarriedOutOnceAndAnsweredAlike(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let plan = try await server.call("POST", "plans", ["name": "P"]).id
            let path = "plans/\(plan)/constants"
            let first = try await server.call("POST", path, Self.constant, headers: ["Idempotency-Key": "k1"])
            let again = try await server.call("POST", path, Self.constant, headers: ["Idempotency-Key": "k1"])
            #expect(first.status == 201 && again.status == 201)
            let isAlike = first.text == again.text && !first.id.isEmpty
            #expect(isAlike)
            let isMarked = first.headers["idempotent-replayed"] == nil && again.headers["idempotent-replayed"] == "true"
            #expect(isMarked)
            let total = try await server.call("GET", path).json?["total"]?.integer
            #expect(total == 1)
            // Without the key, or with another, it is another request.
            let other = try await server.call("POST", path, Self.constant, headers: ["Idempotency-Key": "k2"])
            #expect(other.status == 409, "the name is taken: \(other.text)")
        }
    }

    @Test func belongToOneRequestOfOneCaller() async throws {
        try await RESTTestServer.run { server in
            let plan = try await server.call("POST", "plans", ["name": "P"]).id
            let path = "plans/\(plan)/constants"
            let key = ["Idempotency-Key": "k"]
            _ = try await server.call("POST", path, Self.constant, headers: key)
            let otherBody = try await server.call("POST", path, ["name": "Port", "value": "1"], headers: key)
            let otherPath = try await server.call("POST", "\(path)?x=1", Self.constant, headers: key)
            let otherMethod = try await server.call("DELETE", "\(path)/Host", headers: key)
            let areRefused = [otherBody, otherPath, otherMethod].allSatisfy { $0.status == 422 }
            #expect(areRefused, "\(otherBody.text)")
            #expect(otherBody.json?["subcode"]?.string == "idempotency.key_reused")
            try await server.addPerson("dev", roles: ["Developer"])
            let ofSomebodyElse = try await server.call(
                "POST", path, ["name": "Port", "value": "1"], as: "dev", headers: key)
            #expect(ofSomebodyElse.status == 201, "\(ofSomebodyElse.text)")
            let reading = try await server.call("GET", path, headers: key)
            let isPlain = reading.status == 200 && reading.headers["idempotent-replayed"] == nil
            #expect(isPlain)
        }
    }

    @Test func thatAreRefusedGiveTheirKeyBack() async throws {
        try await RESTTestServer.run { server in
            let key = ["Idempotency-Key": "k"]
            let refused = try await server.call("POST", "plans", ["name": ""], headers: key)
            let made = try await server.call("POST", "plans", ["name": "P"], headers: key)
            #expect(refused.status == 400 && made.status == 201, "\(made.text)")
            let bad = try await server.call("POST", "plans", ["name": "Q"], headers: ["Idempotency-Key": "a b"])
            #expect(bad.status == 400 && bad.text.contains("Idempotency-Key"))
        }
    }

    @Test func thatWereNeverAnsweredAreNotCarriedOutAgain() async throws {
        try await RESTTestServer.run { server in
            let body: JSONValue = ["name": "P"]
            let key = ["Idempotency-Key": "k"]
            let made = try await server.call("POST", "plans", body, headers: key)
            // As after a crash between the effect and the record.
            try await server.database.transaction { try $0.execute("UPDATE idempotency_keys SET status = NULL") }
            let underWay = try await server.call("POST", "plans", body, headers: key)
            try await server.database.transaction {
                try $0.execute("UPDATE idempotency_keys SET begun_at = begun_at - 600000")
            }
            let unknown = try await server.call("POST", "plans", body, headers: key)
            #expect(made.status == 201 && underWay.status == 409 && unknown.status == 409)
            #expect(underWay.json?["subcode"]?.string == "idempotency.under_way")
            #expect(underWay.headers["retry-after"] == "1")
            #expect(unknown.json?["subcode"]?.string == "idempotency.outcome_unknown", "\(unknown.text)")
        }
    }

    @Test func areKeptSealed() async throws {
        try await RESTTestServer.run { server in
            let made = try await server.call(
                "POST", "api-keys", ["name": "k"], headers: ["Idempotency-Key": "k"])
            let secret = try #require(made.json?["secret"]?.string)
            let kept = try await server.database.reading {
                try $0.execute("SELECT answer FROM idempotency_keys")[0].text(0)
            }
            #expect(!kept.contains(secret) && SecretBox.isSealed(kept))
            let again = try await server.call(
                "POST", "api-keys", ["name": "k"], headers: ["Idempotency-Key": "k"])
            let secretAgain = again.json?["secret"]?.string
            #expect(secretAgain == secret)
        }
    }
}

/// How many calls a caller is answered.
@Suite(.inTurn)
struct CallRateTests {
    @Test func areCountedForEachCaller() async throws {
        try await RESTTestServer.run(callsPerMinute: 20) { server in
            var codes: [Int] = []
            var last: RESTTestServer.Reply?
            for _ in 1...22 {
                let reply = try await server.call("GET", "roles", as: "reader")
                codes.append(reply.status)
                last = reply
            }
            #expect(codes.filter { $0 == 200 }.count >= 20 && codes.contains(429), "\(codes)")
            #expect(last?.json?["subcode"]?.string == "request.rate_limited")
            let pause = Int(last?.headers["retry-after"] ?? "") ?? 0
            #expect((1...3).contains(pause))
            let ofSomebodyElse = try await server.call("GET", "roles", as: "admin")
            #expect(ofSomebodyElse.status == 200)
        }
    }
}
