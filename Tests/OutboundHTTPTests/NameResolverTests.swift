import Foundation
import Logging
import Testing

@testable import OutboundHTTP

/// How long names are kept, and what is made of the addresses.
@Suite(.timeLimit(.minutes(1)))
struct NameResolverTests {
    private let server: TestNameServer
    private let clock = MovableClock()
    private let names: NameResolver

    init() throws {
        server = try TestNameServer()
        names = NameResolver(servers: server.servers, now: { [clock] in clock.now })
    }

    private func addresses(_ name: String) async throws -> [String] {
        try await names.addresses(of: name, within: .seconds(10)).map(\.description)
    }

    struct Lifetime: CustomTestStringConvertible {
        let testDescription: String
        let seconds: UInt32
        /// Whether it is asked for again after so many seconds.
        let asksAgain: [(after: Double, Bool)]
        var alias: UInt32?
    }

    @Test(arguments: [
        Lifetime(testDescription: "a second", seconds: 1, asksAgain: [(0.9, false), (1, true)]),
        Lifetime(testDescription: "a minute", seconds: 60, asksAgain: [(1.1, false), (59, false), (60, true)]),
        Lifetime(testDescription: "none: a burst asks once", seconds: 0, asksAgain: [(0.9, false), (1, true)]),
        Lifetime(testDescription: "a week: an hour", seconds: 604_800, asksAgain: [(3599, false), (3600, true)]),
        Lifetime(
            testDescription: "an alias with less than its address", seconds: 60, asksAgain: [(4, false), (5, true)],
            alias: 5),
    ])
    func keepsNamesAsLongAsTheySay(_ row: Lifetime) async throws {
        server.set(
            "a.test",
            .init(addresses: ["192.0.2.1"], seconds: row.seconds, alias: row.alias.map { ("b.test", $0) }))
        #expect(try await addresses("a.test") == ["192.0.2.1"])
        #expect(server.count("a.test") == 1)
        server.set("a.test", .init(addresses: ["192.0.2.2"], seconds: 60))
        let start = clock.now
        for (after, asksAgain) in row.asksAgain {
            clock.now = start + .seconds(after)
            #expect(try await addresses("A.test") == [asksAgain ? "192.0.2.2" : "192.0.2.1"], "after \(after) s")
            #expect(server.count("a.test") == (asksAgain ? 2 : 1), "after \(after) s")
        }
    }

    @Test func anAbsenceIsKeptForAShortWhile() async throws {
        for (after, count) in [(0.0, 1), (4.9, 1), (5, 2)] {
            clock.now = clock.start + .seconds(after)
            let error = await #expect(throws: OutboundError.self) { try await addresses("nobody.test") }
            #expect(error?.code == .unresolved && error?.isRetryable == true)
            #expect(error?.detail.contains("nobody.test") == true)
            #expect(server.count("nobody.test") == count, "after \(after) s")
        }
        server.set("nobody.test", .init(addresses: ["192.0.2.9"], seconds: 60))
        clock.now = clock.start + .seconds(10)
        #expect(try await addresses("nobody.test") == ["192.0.2.9"])
    }

    @Test func manyShareAQuestion() async throws {
        server.set("many.test", .init(addresses: ["192.0.2.1", "192.0.2.2"], seconds: 60))
        let answers = try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for _ in 0..<200 { group.addTask { Set(try await addresses("many.test")) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(answers == [["192.0.2.1", "192.0.2.2"]])
        // One, which is sent again where the answer is late; each for itself, it would be 200.
        #expect((1...3).contains(server.count("many.test")))
    }

    @Test func aServerThatIsSilentHoldsUpOnlyItsOwn() async throws {
        server.set("silent.test", .init(addresses: [], seconds: 0, isSilent: true))
        server.set("a.test", .init(addresses: ["192.0.2.1"], seconds: 60))
        let error = await #expect(throws: OutboundError.self) {
            try await names.addresses(of: "silent.test", within: .milliseconds(50))
        }
        #expect(error?.code == .unresolved && error?.detail.contains("in time") == true)
        #expect(try await addresses("a.test") == ["192.0.2.1"])
        let waiting = Task { [names] in try await names.addresses(of: "silent.test", within: .seconds(30)) }
        waiting.cancel()
        let cancelled = await #expect(throws: OutboundError.self) { try await waiting.value }
        #expect(cancelled?.code == .cancelled)
    }

    @Test func whatIsAnAddressIsNotAskedFor() async throws {
        #expect(try await addresses("192.0.2.7") == ["192.0.2.7"])
        #expect(try await addresses("[2001:db8::7]") == ["2001:db8::7"])
        #expect(try await addresses("localhost").contains("127.0.0.1"))  // by /etc/hosts
        #expect(server.count("localhost") == 0)
    }

    @Test func theMemoryIsBounded() {
        var cache = NameCache()
        let now = ContinuousClock.now
        for number in 0..<NameCache.limit {
            cache.keep(.success([]), for: "n\(number)", lifetime: .seconds(number == 0 ? 100 : 10), at: now)
        }
        cache.keep(.success([]), for: "late", lifetime: .seconds(10), at: now + .seconds(20))
        #expect(cache.answer(for: "n0", at: now + .seconds(20)) != nil)
        #expect(cache.answer(for: "n1", at: now) == nil)
        for number in 0..<NameCache.limit {
            cache.keep(.success([]), for: "m\(number)", lifetime: .seconds(10), at: now + .seconds(20))
        }
        #expect(cache.answer(for: "n0", at: now + .seconds(20)) == nil)
    }
}

/// The client asks these names: the whole way from DNS to the socket.
@Suite(.timeLimit(.minutes(1)))
struct NamedTargetTests {
    private let names: TestNameServer
    private let clock = MovableClock()
    private let target: TestHTTPServer
    private let client: OutboundHTTPClient

    init() throws {
        names = try TestNameServer()
        target = try TestHTTPServer()
        client = OutboundHTTPClient(
            policy: OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.1/32")]), userAgent: "test",
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), resolver: nil,
            names: NameResolver(servers: names.servers, now: { [clock] in clock.now }))
    }

    @Test(arguments: ["target.test", "TARGET.test"])
    func isReached(_ name: String) async throws {
        names.set("target.test", .init(addresses: ["127.0.0.1"], seconds: 60))
        let response = try await client.send(OutboundRequest(url: "http://\(name):\(target.port)/status/204"))
        #expect(response.status == 204 && response.remoteAddress == "127.0.0.1")
        #expect(names.count("target.test") == 1)
    }

    /// A name that leads inside after its time is over is refused, whatever it led to before.
    @Test func isJudgedByWhereItIsNow() async throws {
        func send() async throws -> Int {
            try await client.send(OutboundRequest(url: "http://moves.test:\(target.port)/last")).status
        }
        names.set("moves.test", .init(addresses: ["127.0.0.1"], seconds: 1))
        #expect(try await send() == 200)
        names.set("moves.test", .init(addresses: ["10.0.0.7"], seconds: 1))
        #expect(try await send() == 200)  // not asked again yet
        clock.now += .seconds(1)
        let error = await #expect(throws: OutboundError.self) { try await send() }
        #expect(error?.code == .refused && error?.detail.contains("moves.test leads to 10.0.0.7") == true)
        #expect(names.count("moves.test") == 2)
    }

    @Test func whatTheLookUpTakesIsPartOfTheTime() async throws {
        names.set("silent.test", .init(addresses: [], seconds: 0, isSilent: true))
        let request = OutboundRequest(
            url: "http://silent.test:\(target.port)/", timeout: .seconds(5), connectTimeout: .milliseconds(50))
        let error = await #expect(throws: OutboundError.self) { try await client.send(request) }
        #expect(error?.code == .unresolved && error?.isInDoubt == false)
    }
}

/// A clock that a test moves by hand.
final class MovableClock: @unchecked Sendable {  // `time` under `lock` only
    let start = ContinuousClock.now
    private let lock = NSLock()
    private var time: ContinuousClock.Instant

    init() { time = start }

    var now: ContinuousClock.Instant {
        get { lock.withLock { time } }
        set { lock.withLock { time = newValue } }
    }
}
