import AlertCore
import Foundation
import Logging
import Messaging
import Persistence
import TestSupport
import Testing

/// What people and their tools see while the broker is away: nothing but the way being a little longer.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct BrokerAwayTests {
    /// The broker of a world, and how much its spool may hold.
    private final class Broker: @unchecked Sendable {  // set once, before the services begin
        private(set) var bus: FlakyBus?

        func options(limit: Int = 1000, patience: Duration) -> DoorWorld.Options {
            var options = DoorWorld.Options()
            options.bus = { table, database in
                let flaky = FlakyBus(table)
                self.bus = flaky
                return SpoolingBus(
                    flaky, database: database,
                    settings: SpoolSettings(
                        limits: Spool.Limits(messages: limit, bytes: 10_000_000), patience: patience,
                        pulse: .milliseconds(20), lease: .seconds(2)),
                    now: { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) },
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            }
            return options
        }

        func become(_ mood: FlakyBus.Mood) { bus?.mood = mood }
    }

    /// 202 at once; the alert is made, and people are told, when the broker is back: once, also where the broker had
    /// taken the request and its word was lost.
    @Test(arguments: Backend.available, [FlakyBus.Mood.away, .silent])
    func whatIsTakenMeanwhileBecomesOneAlert(on backend: Backend, mood: FlakyBus.Mood) async throws {
        let broker = Broker()
        try await DoorWorld.run(broker.options(patience: .seconds(600)), on: backend) { world in
            broker.become(mood)
            var requests: [Answer] = []
            for index in 0..<3 {
                let answer = try await world.trigger("simple", body(index))
                #expect(answer.status == 202)
                requests.append(answer)
            }
            broker.become(.there)
            for request in requests {
                let activity = try await world.activity(request)
                #expect(activity.status == .completed)
                #expect(activity.alerts.count == 1)
            }
            try await eventually("three messages") { world.mailbox.all.count == 3 }
            try await eventually("an empty spool") {
                try await world.database.reading { try Spool($0).content().count } == 0
            }
            #expect(try await alerts(in: world) == 3)
            #expect(world.mailbox.all.count == 3)
        }
    }

    /// Away for long: new alerts are made, people are told, and answers take effect, all without a broker.
    @Test(arguments: Backend.available)
    func pagingGoesOnWithoutABroker(on backend: Backend) async throws {
        let broker = Broker()
        try await DoorWorld.run(broker.options(patience: .milliseconds(300)), on: backend) { world in
            let before = try await world.activity(try await world.trigger("simple", body(0)))
            try await eventually("the first message") { world.mailbox.all.count == 1 }
            broker.become(.away)
            let meanwhile = try await world.activity(try await world.trigger("simple", body(1)))
            let published = broker.bus?.published
            try await eventually("the second message") { world.mailbox.all.count == 2 }
            for activity in [before, meanwhile] {
                let answer = try await world.send(
                    "POST", "/api/xm/1/events",
                    Data(#"{"id":"\#(activity.alerts[0].id)","status":"TERMINATED"}"#.utf8),
                    headers: DoorWorld.basic("admin").merging(["Content-Type": "application/json"]) { $1 })
                #expect(answer.status == 200, "\(answer.body)")
            }
            #expect(broker.bus?.published == published, "nothing has been near the broker")
            broker.become(.there)
            _ = try await world.activity(try await world.trigger("simple", body(2)))
            try await eventually("the third message") { world.mailbox.all.count >= 3 }
            let ended = try await world.database.reading { connection in
                try EventLog(connection).read(streams: [before, meanwhile].map { "alert-\($0.alerts[0].id)" })
            }
            #expect(ended.filter { $0.type == "alert.terminated" }.count == 2)
            #expect(try await alerts(in: world) == 3)
            #expect(world.mailbox.all.count == 3)
        }
    }

    @Test func aFullSpoolIsSaidClearly() async throws {
        let broker = Broker()
        try await DoorWorld.run(broker.options(limit: 2, patience: .seconds(600))) { world in
            broker.become(.away)
            #expect(try await world.trigger("simple", body(0)).status == 202)
            #expect(try await world.trigger("simple", body(1)).status == 202)
            let refused = try await world.trigger("simple", body(2))
            #expect(refused.status == 503)
            #expect(refused.headers["retry-after"] == "30")
            #expect(try refused.json["subcode"]?.string == "store.full")
            broker.become(.there)
            try await eventually("two alerts") { try await alerts(in: world) == 2 }
            try await eventually("room again") { try await world.trigger("simple", body(3)).status == 202 }
        }
    }

    private func alerts(in world: DoorWorld) async throws -> Int {
        try await world.database.reading { Int(try $0.execute("SELECT count(*) FROM alerts")[0].integer(0)) }
    }
}

/// Different ones: they are no flood.
private func body(_ index: Int) -> String { #"{"properties":{"Host":"db\#(index)"}}"# }
