import AlertCore
import Crypto
import Foundation
import Persistence
import TestSupport
import Testing

/// Without a database nothing is taken, and whoever sends is told so, and when to come again.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct DatabaseAwayTests {
    @Test func isSaidClearlyAndNothingIsHalfDone() async throws {
        let database = AbsentDatabase(try await Backend.sqlite.makeDatabase())
        let secrets = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
        try await DoorWorld.addContent(to: database, secrets)
        var options = DoorWorld.Options()
        options.existing = (database, TestClock(DoorWorld.start), secrets)
        try await DoorWorld.run(options) { world in
            // What can be in memory is.
            _ = try await world.activity(try await world.trigger())
            try await eventually("the first message") { world.mailbox.all.count == 1 }
            let before = try await counts(in: world)
            database.isAbsent = true
            let body = Data(#"{"properties":{"Host":"db2"}}"#.utf8)
            let admin = DoorWorld.basic("admin")
            let requests: [(method: String, path: String, headers: [String: String])] = [
                ("POST", "\(DoorWorld.path(of: "simple"))?apiKey=the-key", [:]),
                ("POST", DoorWorld.path(of: "basic"), DoorWorld.basic("rest")),
                ("POST", "/api/xm/1/forms/77/triggers", admin),
                ("POST", "/reapi/2015-04-01/forms/77/triggers", admin),
                ("GET", "/api/xm/1/events", admin),
                ("GET", "/api/xm/1/people", admin),
                ("POST", "/api/xm/1/people", admin),
            ]
            for _ in 0..<3 {
                for request in requests {
                    let answer = try await world.send(request.method, request.path, body, headers: request.headers)
                    #expect(answer.status == 503, "\(request.method) \(request.path): \(answer.body)")
                    #expect(Int(answer.headers["retry-after"] ?? "") != nil, "\(request.path)")
                    #expect(try answer.json["code"]?.integer == 503, "\(request.path)")
                    #expect(try answer.json["subcode"]?.string == "store.unavailable", "\(request.path)")
                }
            }
            database.isAbsent = false
            #expect(try await counts(in: world) == before)
            #expect(try await world.trigger().status == 202)
        }
    }

    private func counts(in world: DoorWorld) async throws -> [Int64] {
        try await world.database.reading { connection in
            try ["alerts", "activities", "alert_numbers", "directory"].map { table in
                try connection.execute(SQL(stringLiteral: "SELECT count(*) FROM \(table)"))[0].integer(0)
            }
        }
    }
}
