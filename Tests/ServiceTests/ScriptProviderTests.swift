import AlertCore
import Crypto
import Foundation
import Logging
import OutboundHTTP
import Persistence
import Scripting
import TestSupport
import Testing

@testable import Notifier

/// Providers that are scripts, in the sandbox's own processes, against a stand-in on this machine.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct ScriptProviderTests {
    typealias Notification = AlertCore.Notification

    static let secrets = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))

    /// Posts the message to a path, and throws what the answer deserves.
    static func posting(to path: String, then: String = "output.receipt = 'r-' + response.body;") -> String {
        """
        const call = http.request({ method: 'POST', path: '\(path)', headers: { 'Content-Type': 'application/json' } });
        const { address: to, subject: what, alertNumber: n } = message;
        const response = call.write(JSON.stringify({ to, what, n }));
        if (response.statusCode === 404) throw new Error('permanent: no such user');
        if (response.statusCode >= 300) throw new Error('busy: ' + response.statusCode);
        \(then)
        """
    }

    static func provider(
        _ script: String, id: String = "x", url: String, order: Int = 1
    ) -> NotificationProvider {
        NotificationProvider(
            id: id, name: id.uppercased(), kind: .script, deviceTypes: [.email], order: order, url: url,
            account: "user", sealedSecret: secrets.seal("pass", for: .provider(id)), script: script)
    }

    static func run(
        _ database: (any SQLDatabase)? = nil,
        _ test: @Sendable (ProviderChannels, ProviderStandIn, String) async throws -> Void
    ) async throws {
        let pool = SandboxPool(
            executable: BuiltProduct.scriptSandbox, settings: SandboxPool.Settings(workers: 1),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await ChannelSendingTests.run(engine: pool, database: database, test)
        } catch {
            await pool.shutdown()
            throw error
        }
        await pool.shutdown()
    }

    @Test func asksItsServerAndAnswersAReceipt() async throws {
        try await Self.run { channels, standIn, base in
            let channel = try await channels.channel(
                for: Self.provider(Self.posting(to: "/send?x=1"), url: "\(base)/api"))
            #expect(try await channel.send(ChannelSendingTests.message("bob@example.org")) == "r-said so")
            let arrival = try #require(await standIn.arrivals.first)
            #expect(arrival.path == "/api/send" && arrival.query == "x=1")
            #expect(arrival.headers["Authorization"] == "Basic \(Data("user:pass".utf8).base64EncodedString())")
            #expect(
                String(decoding: arrival.body, as: UTF8.self)
                    == #"{"to":"bob@example.org","what":"db1 is *down*","n":4711}"#)
            #expect(await standIn.arrivals.count == 1)
        }
    }

    struct Failure: CustomTestStringConvertible {
        let testDescription: String
        let script: String
        var isPermanent = false
        var isInDoubt = false
        let says: String
    }

    @Test(arguments: [
        Failure(
            testDescription: "says that another try is pointless", script: posting(to: "/status/404"),
            isPermanent: true, says: "X: Error: permanent: no such user (line 4)"),
        Failure(
            testDescription: "says that it is busy", script: posting(to: "/status/503"),
            says: "X: Error: busy: 503 (line 5)"),
        Failure(
            testDescription: "has lost the answer", script: posting(to: "/lost"), isInDoubt: true, says: "X: "),
        Failure(
            testDescription: "has lost the answer, and says something else of it",
            script: "try { http.request({ method: 'POST', path: '/lost' }).write('x') } "
                + "catch (error) { throw new Error('nothing came') }",
            isInDoubt: true, says: "X: Error: nothing came"),
        Failure(testDescription: "is no script", script: "let let = 1;", isPermanent: true, says: "X: "),
        Failure(
            testDescription: "wants the endpoint of a workflow",
            script: "http.request({ endpoint: 'Jira', path: '/' }).write('x')", says: "no endpoint but its own url"),
        Failure(
            testDescription: "asks too often",
            script: "for (;;) http.request({ method: 'POST', path: '/again' }).write('x')", isInDoubt: true,
            says: "X: "),
        Failure(
            testDescription: "needs more memory than there is",
            script: "const all = []; for (;;) all.push('x'.repeat(1 << 20) + all.length)", says: "X: "),
    ])
    func failsAsItSays(_ row: Failure) async throws {
        try await Self.run { channels, _, base in
            let channel = try await channels.channel(for: Self.provider(row.script, url: base))
            let error = await #expect(throws: ChannelError.self) {
                try await channel.send(ChannelSendingTests.message("bob@example.org"))
            }
            #expect(
                error?.isPermanent == row.isPermanent && error?.isInDoubt == row.isInDoubt, "\(error?.reason ?? "")")
            #expect(error?.reason.contains(row.says) == true, "\(error?.reason ?? "")")
            // The next message finds the sandbox as it was.
            let sound = try await channels.channel(for: Self.provider(Self.posting(to: "/send"), id: "y", url: base))
            #expect(try await sound.send(ChannelSendingTests.message("a@b.c")) == "r-said so")
        }
    }

    /// A path that looks like an address does not leave the server that the secret is for.
    @Test func reachesNoOtherServer() async throws {
        try await Self.run { channels, standIn, base in
            for path in ["//evil.example/x", "http://evil.example/x", "@evil.example/x"] {
                let channel = try await channels.channel(
                    for: Self.provider("http.request({ method: 'POST', path: '\(path)' }).write('x')", url: base))
                #expect(try await channel.send(ChannelSendingTests.message("a@b.c")) == "sent")
            }
            #expect(
                await standIn.arrivals.map(\.path) == [
                    "//evil.example/x", "/http://evil.example/x", "/@evil.example/x",
                ])
        }
    }

    // MARK: - From the plan on

    /// - Parameter first: What the first of two providers does.
    private static func world(
        _ database: any SQLDatabase, first: String,
        _ test: @escaping @Sendable (DeliveryWorld, ProviderStandIn) async throws -> Void
    ) async throws {
        try await run(database) { channels, standIn, base in
            let world = DeliveryWorld(database: database, channels: channels)
            let origin = Origin(actor: "t", causation: "c", correlation: "r")
            try await database.transaction { connection in
                for provider in [
                    provider(first, id: "one", url: base, order: 1),
                    provider(posting(to: "/two"), id: "two", url: base, order: 2),
                ] {
                    try Directory(connection).put(provider, by: origin, at: DeliveryWorld.start)
                }
            }
            try await world.plan(1...1)
            try await world.running { try await test(world, standIn) }
        }
    }

    @Test(arguments: Backend.available) func theNextOneTakesOver(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await Self.world(database, first: Self.posting(to: "/status/404")) { world, standIn in
                try await eventually { try await world.reports()["n-1"] == .delivered }
                #expect(await standIn.arrivals.map(\.path) == ["/status/404", "/two"])
                let one = NamedReference(id: "one", name: "ONE")
                let two = NamedReference(id: "two", name: "TWO")
                let at = DeliveryWorld.start
                #expect(
                    try await world.events(of: "n-1").dropFirst() == [
                        .attemptBegun(number: 1, isRepetition: false, provider: one, at: at),
                        .failedOver(
                            from: one, to: two, reason: "ONE: Error: permanent: no such user (line 4)", at: at),
                        .attemptBegun(number: 2, isRepetition: false, provider: two, at: at),
                        .delivered(receipt: "r-said so", at: at),
                    ])
            }
        }
    }

    @Test func afterALostAnswerTheNextOneWaits() async throws {
        try await Backend.sqlite.withDatabase { database in
            try await Self.world(database, first: Self.posting(to: "/lost")) { world, standIn in
                try await eventually { try await world.row("n-1")?.status == .inDoubt }
                #expect(await standIn.arrivals.map(\.path) == ["/lost"])
                world.clock.advance(by: .seconds(60))
                try await eventually { try await world.reports()["n-1"] == .delivered }
                #expect(await standIn.arrivals.map(\.path) == ["/lost", "/two"])
                #expect(try await world.row("n-1")?.isInDoubt == true)
            }
        }
    }
}
