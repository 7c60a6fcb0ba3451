import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Triggers that their senders send again, because they heard no answer.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct TriggerKeyTests {
    private static let key = ["Idempotency-Key": "disk-4711"]

    @Test(arguments: Backend.available) func aRepetitionIsTheSameRequest(on backend: Backend) async throws {
        try await DoorWorld.run(on: backend) { world in
            let first = try await world.trigger(headers: Self.key)
            let atOnce = try await world.trigger(headers: Self.key)
            let activity = try await world.activity(first)
            world.clock.advance(by: .seconds(3600))
            let later = try await world.trigger(headers: Self.key)
            #expect(first.status == 202 && later.status == 202)
            #expect(try first.json["requestId"] == atOnce.json["requestId"])
            #expect(try first.json["requestId"] == later.json["requestId"])

            // What comes after the repetitions shows that they have been read.
            let other = try await world.activity(try await world.trigger(headers: ["Idempotency-Key": "another"]))
            #expect(other.requestId != activity.requestId && activity.alerts.count == 1)
            try await eventually("everything is read") {
                let lag = try await world.database.reading { connection in
                    try connection.execute(
                        """
                        SELECT p.partition FROM bus_partitions p LEFT JOIN checkpoints c
                        ON c.consumer_group = 'transformer' AND c.partition_name = p.topic || '/' || p.partition
                        WHERE p.topic = 'inbound-requests' AND p.next_offset > coalesce(c.next_offset, 0)
                        """)
                }
                return lag.isEmpty
            }
            let alerts = try await world.get("/events")["total"]?.integer
            #expect(alerts == 2)
        }
    }

    @Test func aKeyIsForOneRequestOfOneSenderForADay() async throws {
        try await DoorWorld.run { world in
            let first = try await world.trigger(headers: Self.key)
            let other = try await world.trigger(
                "simple", #"{"properties":{"Host":"db2"}}"#, headers: Self.key)
            #expect(other.status == 422 && other.body.contains("idempotency.key_reused"))
            let elsewhere = try await world.trigger("any", headers: Self.key)
            #expect(try elsewhere.status == 202 && elsewhere.json["requestId"] != first.json["requestId"])
            let bad = try await world.trigger(headers: ["Idempotency-Key": "a b"])
            #expect(bad.status == 400 && bad.body.contains("Idempotency-Key"))
            world.clock.advance(by: .seconds(86_400))
            let tomorrow = try await world.trigger(headers: Self.key)
            #expect(try tomorrow.status == 202 && tomorrow.json["requestId"] != first.json["requestId"])
        }
    }

    @Test func formsHaveThemToo() async throws {
        try await DoorWorld.run { world in
            let refused = try await world.send(
                "POST", "/reapi/2015-04-01/forms/77/triggers", Data(#"{"priority":"URGENT"}"#.utf8),
                headers: DoorWorld.basic("rest").merging(Self.key) { first, _ in first })
            #expect(refused.status == 400)
            func send() async throws -> String {
                let answer = try await world.send(
                    "POST", "/reapi/2015-04-01/forms/77/triggers", Data(#"{"properties":{"Host":"db1"}}"#.utf8),
                    headers: DoorWorld.basic("rest").merging(Self.key) { first, _ in first })
                #expect(answer.status == 200, "\(answer.body)")
                return try answer.json["id"]?.string ?? ""
            }
            let (first, second) = (try await send(), try await send())
            #expect(first == second && !first.isEmpty)
        }
    }
}
