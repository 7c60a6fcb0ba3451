import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import Notifier

/// From the plan to the provider: failover, doubt, limits, storms, crashes.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct NotificationDeliveryTests {
    typealias Notification = AlertCore.Notification

    static let two = [
        NotificationProvider(id: "one", name: "One", kind: .smtp, deviceTypes: [.email], order: 1),
        NotificationProvider(id: "two", name: "Two", kind: .smtp, deviceTypes: [.email], order: 2),
    ]

    @Test(arguments: Backend.available) func theNextProviderTakesOver(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let registry = ScriptedChannels(Self.two) { message, provider in
                if provider.id == "one" { throw ChannelError(reason: "550 no", isPermanent: true) }
                return "taken"
            }
            let world = DeliveryWorld(database: database, registry: registry)
            try await world.plan(1...1)
            try await world.running { try await eventually { try await world.reports()["n-1"] == .delivered } }
            #expect(registry.all.map(\.provider) == ["one", "two"])
            let one = NamedReference(id: "one", name: "One")
            let two = NamedReference(id: "two", name: "Two")
            let at = DeliveryWorld.start
            #expect(
                try await world.events(of: "n-1").dropFirst() == [
                    .attemptBegun(number: 1, isRepetition: false, provider: one, at: at),
                    .failedOver(from: one, to: two, reason: "550 no", at: at),
                    .attemptBegun(number: 2, isRepetition: false, provider: two, at: at),
                    .delivered(receipt: "taken", at: at),
                ])
        }
    }

    @Test func whenAllRefuseTheAlertHearsOfIt() async throws {
        try await Backend.sqlite.withDatabase { database in
            let registry = ScriptedChannels(Self.two) { _, _ in throw ChannelError(reason: "550 no", isPermanent: true)
            }
            let world = DeliveryWorld(database: database, registry: registry)
            try await world.plan(1...3)
            try await world.plan(4...4, kind: .voice)
            try await world.running { try await eventually { try await world.reports().count == 4 } }
            #expect(try await world.reports().values.allSatisfy { $0 == .failed })
            #expect(
                try await world.events(of: "n-4").last
                    == .failed(reason: "there is no provider for VOICE", at: DeliveryWorld.start))
        }
    }

    @Test func aLostAnswerIsNotRepeatedBeforeItsTime() async throws {
        try await Backend.sqlite.withDatabase { database in
            let registry = ScriptedChannels(Self.two) { _, provider in
                if provider.id == "one" { throw ChannelError(reason: "timeout", isPermanent: false, isInDoubt: true) }
                return "taken"
            }
            let world = DeliveryWorld(database: database, registry: registry)
            try await world.plan(1...1)
            try await world.running {
                try await eventually { try await world.row("n-1")?.status == .inDoubt }
                world.clock.advance(by: .seconds(59))
                try await Task.sleep(for: .milliseconds(1200))  // longer than the loop sleeps: nothing may happen
                #expect(registry.all.count == 1)
                world.clock.advance(by: .seconds(1))
                try await eventually { try await world.reports()["n-1"] == .delivered }
            }
            #expect(registry.all.map(\.provider) == ["one", "two"])
            let events = try await world.events(of: "n-1")
            #expect(events.contains { if case .attemptBegun(2, true, _, _) = $0 { true } else { false } })
            #expect(try await world.row("n-1")?.isInDoubt == true)
        }
    }

    @Test func aProvidersWordEndsTheDoubtOrTakesItUpAgain() async throws {
        try await Backend.sqlite.withDatabase { database in
            let registry = ScriptedChannels(Self.two) { message, provider in
                if message.alertNumber == 1 {
                    throw ChannelError(reason: "timeout", isPermanent: false, isInDoubt: true)
                }
                return "taken by \(provider.id)"
            }
            let world = DeliveryWorld(database: database, registry: registry)
            let words = NotificationWords(database: database, now: world.clock.clock)
            try await world.plan(1...2)
            try await world.running {
                try await eventually { try await world.row("n-1")?.status == .inDoubt }
                try await eventually { try await world.reports()["n-2"] == .delivered }
                try await words.record(.delivered(detail: "delivered"), aboutNotification: "n-1")
                try await eventually { try await world.reports()["n-1"] == .delivered }
                // Taken, and then not delivered: the next one gets it.
                try await words.record(.failed(reason: "unreachable"), aboutNotification: "n-2")
                try await eventually { registry.all.filter { $0.message.alertNumber == 2 }.count == 2 }
                try await eventually { try await world.row("n-2")?.status == .delivered }
                try await words.record(.failed(reason: "unreachable, too"), aboutNotification: "n-2")
                try await eventually { try await world.reports()["n-2-undelivered"] == .failed }
            }
            #expect(registry.all.filter { $0.message.alertNumber == 1 }.count == 1)
            #expect(registry.all.filter { $0.message.alertNumber == 2 }.map(\.provider) == ["one", "two"])
        }
    }

    /// The word comes after the report of the delivery, before the notifier has let go of it.
    @Test(arguments: Backend.available) func aWordDuringTheReportIsNotLost(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let registry = ScriptedChannels(Self.two) { _, provider in "taken by \(provider.id)" }
            let words = NotificationWords(database: database, now: { DeliveryWorld.start })
            let world = DeliveryWorld(database: database, registry: registry) {
                try await words.record(.failed(reason: "unreachable"), aboutNotification: "n-1")
            }
            try await world.plan(1...1)
            try await world.running {
                try await eventually("the second") { registry.all.map(\.provider) == ["one", "two"] }
                try await eventually("its end") { try await world.reports()["n-1-undelivered"] == .failed }
            }
        }
    }

    @Test(arguments: Backend.available) func aProvidersLimitHoldsAndShows(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            var provider = Self.two[0]
            provider.limit = .init(messages: 2, seconds: 10)
            let world = DeliveryWorld(database: database, registry: ScriptedChannels([provider]))
            try await world.plan(1...5)
            try await world.running {
                try await eventually { try await world.phases() == [.delivered: 2, .held: 3] }
                let held = try await database.reading { try Notifications($0).get((1...5).map { "n-\($0)" }) }
                    .filter { $0.status == .held }
                #expect(held.allSatisfy { $0.hold?.rule == "One takes at most 2 messages in 10 s" })
                let seconds = held.compactMap { $0.hold?.until.since(DeliveryWorld.start) }.sorted()
                #expect(seconds == [.seconds(10), .seconds(10), .seconds(20)])
                world.clock.advance(by: .seconds(10))
                try await eventually { try await world.phases() == [.delivered: 4, .held: 1] }
                world.clock.advance(by: .seconds(10))
                try await eventually { try await world.phases() == [.delivered: 5] }
            }
        }
    }

    @Test func thirteenHundredGoOutTogether() async throws {
        try await Backend.sqlite.withDatabase { database in
            let world = DeliveryWorld(database: database)
            try await world.plan(1...1300)
            let began = ContinuousClock.now
            try await world.running {
                try await eventually(within: .seconds(60)) { try await world.reports().count == 1300 }
            }
            print("1300 notifications: \(ContinuousClock.now - began)")
            #expect(Set(world.registry.all.map(\.message.id)).count == 1300 && world.registry.all.count == 1300)
            #expect(try await world.phases() == [.delivered: 1300])
            #expect(
                try await database.reading { try $0.execute("SELECT count(*) FROM due_work")[0].integer(0) } == 0)
        }
    }
}
