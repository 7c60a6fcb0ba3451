import AlertCore
import Persistence
import Testing

@testable import Simulation

/// What the checker makes of a broker that is away, or has lost what it had confirmed.
struct BrokerCheckerTests {
    private static let second: Int64 = 1_000_000_000

    /// The honest run's message goes out at 0; so it lies in the past when it is to be late.
    @Test(arguments: [(accepted: Int64(-100), isLate: true), (-20, false)])
    func peopleAreToldInTimeWhileTheBrokerIsAway(accepted: Int64, isLate: Bool) async throws {
        var world = try await CheckerTests.honest()
        world.patience = .seconds(15)
        world.history.outages = [.init(from: -200 * Self.second, to: 100 * Self.second)]
        world.history.accepted = [.init(requestId: "request", integration: "in-a", at: accepted * Self.second)]
        #expect(try world.violations().contains { $0.contains("the broker was away, and the first message") } == isLate)
        world.history.disturbances = [.init(from: -99 * Self.second, to: -98 * Self.second)]
        #expect(try world.violations() == [], "something else was wrong then")
    }

    @Test func requestsAreTakenWhileTheBrokerIsAway() async throws {
        var world = try await CheckerTests.honest()
        world.patience = .seconds(15)
        world.history.outages = [.init(from: 0, to: 100 * Self.second)]
        world.history.refused = [.init(span: .init(from: 5, to: 6), status: 503)]
        #expect(try world.violations().contains { $0.contains("was answered 503") })
        world.history.disturbances = [.init(from: 0, to: 5)]
        #expect(try world.violations() == [])
    }

    enum Sender: CaseIterable { case dead, alive, deadLater, hasSentAgain, ofAnother }

    @Test(arguments: Sender.allCases)
    func onlyWhatNobodyCouldSendAgainMayBeLost(_ sender: Sender) async throws {
        let world = try await CheckerTests.honest()
        world.history.accepted.append(.init(requestId: "lost", integration: "in-a", at: 2))
        let name = sender == .ofAnother ? "other" : "lost"
        world.history.carried("inbound-requests/0", key: name, body: "{}", by: "ingest-1#1")
        world.history.lose("inbound-requests/0", key: name, body: "{}")
        switch sender {
        case .dead, .ofAnother: world.history.deaths["ingest-1#1"] = Self.second
        case .deadLater: world.history.deaths["ingest-1#1"] = 60 * Self.second
        case .alive: break
        case .hasSentAgain:
            world.history.deaths["ingest-1#1"] = Self.second
            world.history.carried("inbound-requests/0", key: name, body: "{}", by: "ingest-2#1", to: true)
        }
        let isExcused = try world.violations().isEmpty
        #expect(isExcused == (sender == .dead))
    }

    @Test(arguments: [
        (History.SavedCheckpoint(group: "g", partition: "t/0", next: 3), Int64?(3), true),
        (.init(group: "g", partition: "t/0", next: 3), 4, false),
        (.init(group: "g", partition: "t/0", next: 3), nil, false),
        (.init(group: "g", partition: "t/0", next: 3, isPut: true), nil, false),
        (.init(group: "g", partition: "alert-events/0@log", next: 3, isPut: true), nil, true),
        (.init(group: "g", partition: "alert-events/0@log", next: 3), nil, false),
    ])
    func checkpointsGoBackForAReasonOnly(_ checkpoint: History.SavedCheckpoint, noted: Int64?, isRight: Bool) {
        let history = History(traceLimit: 10)
        let before = History.SavedCheckpoint(group: "g", partition: checkpoint.partition, next: 5)
        history.committed(by: "p#1", events: [], checkpoints: [before])
        let cuts = noted.map { [History.NotedCut(group: "g", partition: "t/0", end: $0)] } ?? []
        history.committed(by: "p#1", events: [], checkpoints: [checkpoint], cuts: cuts)
        #expect(history.violations.isEmpty == isRight)
    }

    @Test func aLossThatIsNoneIsNotNoted() async throws {
        var world = try await CheckerTests.honest()
        world.snapshot.brokerCuts = 1
        #expect(try world.violations().contains { $0.contains("there was none") })
        world.history.lose("inbound-requests/0", key: "k", body: "{}")
        #expect(try world.violations() == [])
    }
}
