import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import Notifier

/// Too many messages to one device become one, with exact counts, whatever happens meanwhile.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct StormDeliveryTests {
    typealias Notification = AlertCore.Notification

    static let rule = StormRule(messages: 10, windowSeconds: 60, bypass: .high)

    @Test(arguments: Backend.available) func tenThousandAreToldInOneMessage(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let world = DeliveryWorld(database: database, storm: Self.rule)
            try await world.plan(1...9990)
            try await world.plan(9991...10_000, priority: .high)
            try await world.running {
                try await eventually("all are sent or held", within: .seconds(180)) {
                    try await world.phases() == [.delivered: 20, .held: 9980]
                }
                world.clock.advance(by: .seconds(60))
                try await eventually("the digest", within: .seconds(180)) {
                    try await world.phases() == [.delivered: 21, .collapsed: 9980]
                }
                try await eventually("reports", within: .seconds(60)) { try await world.reports().count == 10_000 }
            }
            let messages = world.registry.all.map(\.message)
            #expect(messages.count == 21 && messages.filter { $0.priority == .high }.count == 10)
            let digest = try #require(messages.last)
            #expect(digest.subject == "9980 more alerts: 9980 MEDIUM")
            let lines = digest.text.split(separator: "\n")
            #expect(lines.count == 21 && lines.last == "and 9960 more")
            let told = Set(messages.dropLast().map(\.alertNumber))
            let first = try #require((1...9990).first { !told.contains(Int64($0)) })
            #expect(lines.first == "\(first) MEDIUM: Alert \(first)")
            // Each says by which rule it was held, until when, and in which message it was told.
            let row = try #require(try await world.row("n-\(first)"))
            #expect(row.hold?.digest == digest.id)
            #expect(row.hold?.until == DeliveryWorld.start.advanced(by: .seconds(60)))
            #expect(row.hold?.rule == "storm: at most 10 messages in 60 s to one device")
            #expect(try await world.events(of: "n-\(first)").last == .collapsed(digest: digest.id, at: world.clock.now))
        }
    }

    @Test func whatHasEndedIsNotTold() async throws {
        try await Backend.sqlite.withDatabase { database in
            let world = DeliveryWorld(database: database, storm: StormRule(messages: 1, windowSeconds: 60, bypass: nil))
            try await world.plan(1...5)
            try await world.running {
                try await eventually { try await world.phases() == [.delivered: 1, .held: 4] }
                let waiting = (1...5).filter { Int64($0) != world.registry.all[0].message.alertNumber }
                try await database.transaction { connection in
                    // One alert has ended, one was answered.
                    try Alerts(connection).apply([
                        ("a-\(waiting[0])", 2, [.terminated(by: nil, reason: .expired, at: world.clock.now)])
                    ])
                    let origin = Origin(actor: "t", causation: "t", correlation: "t")
                    let partition = Partitioning.partition(of: "a-\(waiting[1])", count: DeliveryWorld.partitions)
                    let outcomes = try EventLog(connection).execute(
                        [
                            AddressedCommand<Notification>(
                                .cancel(reason: "answered"), on: "n-\(waiting[1])", by: origin)
                        ],
                        in: LogPartition(Notification.category, partition), at: world.clock.now)
                    try Notifications(connection).apply(outcomes, at: world.clock.now)
                }
                world.clock.advance(by: .seconds(60))
                try await eventually { try await world.phases() == [.delivered: 2, .collapsed: 2, .cancelled: 2] }
            }
            #expect(world.registry.all.last?.message.subject == "2 more alerts: 2 MEDIUM")
        }
    }

    /// A store that loses every other commit, or its answer, is what a crash looks like from inside.
    @Test(arguments: [UInt64(1), 2, 3]) func nothingIsLostOrDoubled(seed: UInt64) async throws {
        try await Backend.sqlite.withDatabase { database in
            var generator = SeededGenerator(seed: seed)
            let faults = (0..<40).map { _ in FaultyDatabase.Fault.allCases.randomElement(using: &generator)! }
            let world = DeliveryWorld(database: database, storm: Self.rule, faults: faults)
            try await world.plan(1...1500)
            for _ in 0..<3 {
                // Stopped in the middle, and begun anew.
                try await world.running { try await Task.sleep(for: .milliseconds(150)) }
            }
            try await world.running {
                try await eventually(within: .seconds(120)) {
                    // An item whose commit was in doubt is offered again when its lease is over.
                    world.clock.advance(by: .seconds(1))
                    let phases = try await world.phases()
                    return phases[.pending] == nil && phases[.sending] == nil
                }
                world.clock.advance(by: .seconds(180))
                try await eventually(within: .seconds(120)) {
                    let open = try await database.reading {
                        try $0.execute("SELECT count(*) FROM due_work")[0].integer(0)
                    }
                    if open > 0 { world.clock.advance(by: .seconds(1)) }
                    return open == 0
                }
            }
            let messages = world.registry.all.map(\.message)
            let phases = try await world.phases()
            let digests = Set(messages.filter { $0.alertNumber == 0 }.map(\.id))
            #expect(phases[.delivered] == 1500 + digests.count - (phases[.collapsed] ?? 0))
            // Each alert is told once: by itself, or in one digest; a repetition is marked.
            let counts = Dictionary(grouping: messages, by: \.id).mapValues(\.count)
            for (id, count) in counts where count > 1 {
                #expect(try await world.row(id)?.isInDoubt == true, "\(id) came \(count) times")
            }
            var told = 0
            for digest in digests {
                let content = try await database.reading { try Notifications($0).content(of: digest, limit: 1) }
                told += content.alerts
                let subject = messages.first { $0.id == digest }?.subject
                #expect(subject?.hasPrefix("\(content.alerts) more alert") == true)
            }
            #expect(told == phases[.collapsed])
        }
    }
}
