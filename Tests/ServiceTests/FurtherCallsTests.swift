import AlertCore
import Answers
import Foundation
import Logging
import OutboundHTTP
import Persistence
import TestSupport
import Testing

@testable import Notifier

/// The calls that follow when nobody takes the first one.
@Suite(.inTurn, .timeLimit(.minutes(30))) struct FurtherCallsTests {
    private struct Scene: Sendable {
        let world: AnswerWorld
        let calls: FurtherCalls
        let standIn: ProviderStandIn
        let composer: MessageComposer
        let base: String

        /// Anna's telephone was called, and nobody took it.
        func unanswered(
            retry: Int = 2, at path: String = "", _ change: @Sendable (inout AlertDetails) -> Void = { _ in }
        ) async throws -> String {
            let id = try await world.tellAnna(4711, on: "voice") {
                $0.voicemailOptions = VoicemailOptions(retry: retry, every: 90, leave: .callbackOnly)
                $0.senderOverrides = SenderOverrides(displayName: nil, callerId: "+16045550155")
                change(&$0)
            }
            try await provider(url: base + path)
            let said = try await world.provider("status?n=\(id)&a=0", ["CallSid": "CA1", "CallStatus": "no-answer"])
            #expect(said.status == 204)
            return id
        }

        func provider(url: String) async throws {
            let (box, now) = (world.secrets, world.clock.now)
            try await world.database.transaction { connection in
                let provider = NotificationProvider(
                    id: AnswerWorld.provider, name: "Phones", kind: .twilio, deviceTypes: [.textPhone, .voice],
                    url: url, account: "AC1",
                    sealedSecret: box.seal(AnswerWorld.token, for: .provider(AnswerWorld.provider)),
                    from: "+16045550100")
                try Directory(connection).put(
                    provider, by: Origin(actor: "<test>", causation: "test", correlation: "test"), at: now)
            }
        }

        /// What is scheduled: seconds from now, and which call it is.
        func scheduled() async throws -> (seconds: Int64, call: CallAgain)? {
            let now = world.clock.now
            return try await world.database.reading { connection in
                let row = try connection.execute(
                    "SELECT due_at, payload FROM due_work WHERE kind = \(CallAgain.dueKind)"
                ).first
                return try row.map { row in
                    ((row.integer(0) - now.milliseconds) / 1000, try JSON.decode(row.text(1)))
                }
            }
        }

        /// Makes what is due after so many seconds.
        func make(after seconds: Int) async throws {
            let at = world.clock.now.advanced(by: .seconds(seconds))
            let items = try await world.database.transaction { connection in
                try DueWork(connection).claim(
                    kind: CallAgain.dueKind, partition: 0, now: at, lease: .seconds(1), limit: 10)
            }
            try await calls.make(items, partition: 0, compose: composer.compose)
        }

        /// What the provider was asked for.
        func forms() async -> [[String: String]] {
            await standIn.arrivals.map { arrival in
                let pairs = String(decoding: arrival.body, as: UTF8.self).split(separator: "&")
                    .map { $0.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" } }
                return Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") })
            }
        }

        func words(about id: String) async throws -> [String] {
            try await world.database.reading { try EventLog($0).read(streams: ["notification-\(id)"]) }
                .dropFirst(3).map(\.type)
        }
    }

    private static func run(on backend: Backend = .sqlite, _ test: (Scene) async throws -> Void) async throws {
        try await AnswerWorld.run(on: backend) { world in
            let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let client = OutboundHTTPClient(
                policy: OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")]), userAgent: "test", logger: quiet)
            let standIn = ProviderStandIn()
            let port = try await standIn.start()
            let calls = FurtherCalls(
                desk: world.desk, secrets: world.secrets, client: client, publicURL: AnswerWorld.publicURL,
                logger: quiet)
            let composer = MessageComposer(
                database: world.database, directory: DirectoryCache(database: world.database, interval: .zero),
                secrets: world.secrets, linkKey: { .init(data: [UInt8](repeating: 1, count: 32)) },
                publicURL: AnswerWorld.publicURL)
            let scene = Scene(
                world: world, calls: calls, standIn: standIn, composer: composer, base: "http://127.0.0.1:\(port)")
            try await test(scene)
            await standIn.stop()
            await client.shutdown()
        }
    }

    @Test(arguments: Backend.available)
    func followInTheirTime(on backend: Backend) async throws {
        try await Self.run(on: backend) { scene in
            let id = try await scene.unanswered()
            #expect(try await scene.scheduled()?.seconds == 90)
            try await scene.make(after: 89)
            #expect(await scene.standIn.arrivals.isEmpty)
            try await scene.make(after: 90)
            let form = try #require(await scene.forms().first)
            #expect(form["To"] == AnswerWorld.phone && form["From"] == "+16045550155")
            #expect(form["Url"]?.hasSuffix("/voice?n=\(id)&a=1") == true && form["MachineDetection"] == "Enable")
            #expect(await scene.standIn.arrivals.first?.path == "/2010-04-01/Accounts/AC1/Calls.json")
            // What comes next, the provider's word on this call says.
            #expect(try await scene.scheduled() == nil)
            _ = try await scene.world.provider("status?n=\(id)&a=1", ["CallSid": "CA2", "CallStatus": "busy"])
            try await scene.make(after: 90)
            #expect(await scene.forms().last?["MachineDetection"] == "DetectMessageEnd")
            _ = try await scene.world.provider("status?n=\(id)&a=2", ["CallSid": "CA3", "CallStatus": "busy"])
            #expect(try await scene.scheduled() == nil)
            #expect(await scene.standIn.arrivals.count == 2)
            #expect(try await scene.words(about: id) == ["notification.refused"])
        }
    }

    @Test func endWithAnAnswerOrTheAlert() async throws {
        for isAnswered in [true, false] {
            try await Self.run { scene in
                _ = try await scene.unanswered()
                if isAnswered {
                    try await scene.world.tellAnna(4711, on: "sms")
                    _ = try await scene.world.provider(
                        "sms", ["MessageSid": "SM1", "From": AnswerWorld.phone, "Body": "1"])
                } else {
                    try await scene.world.end(4711)
                }
                try await scene.make(after: 90)
                #expect(await scene.standIn.arrivals.isEmpty)
                #expect(try await scene.scheduled() == nil)
            }
        }
    }

    @Test func waitWhileTheAlertIsSuspended() async throws {
        try await Self.run { scene in
            _ = try await scene.unanswered()
            let alert = DerivedID.uuid("alert", "4711")
            try await scene.world.carryOut(.suspend(by: AnswerWorld.anna), on: alert)
            try await scene.make(after: 90)
            #expect(await scene.standIn.arrivals.isEmpty)
            let next = try #require(try await scene.scheduled())
            #expect(next.seconds == 60 && next.call.attempt == 1)
            try await scene.world.carryOut(.resume(by: AnswerWorld.anna), on: alert)
            try await scene.make(after: 90)
            #expect(await scene.standIn.arrivals.count == 1)
        }
    }

    /// A provider that cannot be reached costs a call; one that refuses, as a number that is not the account's, ends
    /// them all. Either way the provider's words are kept.
    @Test(arguments: [(503, 1 as Int?), (429, 1), (400, nil), (401, nil)])
    func countWhatCouldNotBeMade(_ status: Int, _ goesOn: Int?) async throws {
        try await Self.run { scene in
            let id = try await scene.unanswered(at: "/status/\(status)")
            try await scene.make(after: 90)
            #expect(await scene.standIn.arrivals.count == 1)
            let next = try await scene.scheduled()
            #expect(next?.seconds == goesOn.map { _ in 90 } && next?.call.attempt == goesOn.map { $0 + 1 })
            #expect(try await scene.world.remarks(on: 4711) == ["call.unanswered", "call.failed"])
            #expect(try await scene.words(about: id) == (goesOn == nil ? ["notification.refused"] : []))
        }
    }

    @Test func theLastOneThatFailsIsTheEnd() async throws {
        try await Self.run { scene in
            let id = try await scene.unanswered(retry: 1, at: "/status/503")
            try await scene.make(after: 90)
            #expect(try await scene.scheduled() == nil)
            #expect(try await scene.words(about: id) == ["notification.refused"])
        }
    }

    @Test func aProviderThatIsGoneCallsNobody() async throws {
        try await Self.run { scene in
            let id = try await scene.unanswered()
            let now = scene.world.clock.now
            try await scene.world.database.transaction { connection in
                try Directory(connection).delete(
                    NotificationProvider.self, id: AnswerWorld.provider,
                    by: Origin(actor: "<test>", causation: "test", correlation: "test"), at: now)
            }
            try await scene.make(after: 90)
            #expect(await scene.standIn.arrivals.isEmpty)
            #expect(try await scene.scheduled() == nil)
            #expect(try await scene.words(about: id) == ["notification.refused"])
        }
    }
}
