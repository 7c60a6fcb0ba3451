import AlertCore
import TestSupport
import Testing

@testable import Persistence

/// Deliveries as something to search and to give orders for, on every backend.
@Suite struct DeliverySearchTests {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")

    func row(
        _ id: String, integration: String = "i", alert: String = "a", sequence: Int64 = 1,
        _ status: WebhookDelivery.Phase, reason: String = "", after seconds: Int = 0, replay: String? = nil
    ) -> WebhookDeliveryRow {
        WebhookDeliveryRow(
            id: id, integration: integration, alert: alert, sequence: sequence, status: status, reason: reason,
            attempts: 2, version: 3, updatedAt: Self.start.advanced(by: .seconds(seconds)), alertNumber: 7,
            trigger: .status, createdAt: Self.start.advanced(by: .seconds(seconds)), until: nil, detail: "why",
            configuration: 5, replay: replay)
    }

    func filter(_ change: (inout DeliveryFilter) -> Void) -> DeliveryFilter {
        var filter = DeliveryFilter()
        change(&filter)
        return filter
    }

    @Test(arguments: Backend.available)
    func findsByEveryField(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let rows = [
                row("d1", .delivered), row("d2", integration: "j", .exhausted, after: 1),
                row("d3", alert: "b", .parked, reason: "retry", after: 2),
                row("d4", sequence: 2, .parked, reason: "behind", after: 3, replay: "r"),
                row("d5", .skipped, reason: "filter", after: 4), row("d6", .cancelled, after: 5),
            ]
            try await database.transaction { connection in
                let deliveries = WebhookDeliveries(connection)
                try deliveries.insert(Array(rows.prefix(3)))
                try deliveries.put(Array(rows.dropFirst(3)))
            }
            let cases: [(DeliveryFilter, [String])] = [
                (filter { _ in }, ["d6", "d5", "d4", "d3", "d2", "d1"]),
                (filter { $0.integrations = ["j"] }, ["d2"]), (filter { $0.alert = "b" }, ["d3"]),
                (filter { $0.statuses = [.parked, .exhausted] }, ["d4", "d3", "d2"]),
                (filter { $0.statuses = [.delivered, .parked] }, ["d4", "d3", "d1"]),
                (filter { $0.reasons = ["behind", "filter"] }, ["d5", "d4"]),
                (filter { $0.ids = ["d1", "d6", "none"] }, ["d6", "d1"]), (filter { $0.replay = "r" }, ["d4"]),
                (filter { $0.from = Self.start.advanced(by: .seconds(4)) }, ["d6", "d5"]),
                (filter { $0.to = Self.start.advanced(by: .seconds(1)) }, ["d1"]),
            ]
            for (wanted, expected) in cases {
                let found = try await database.reading {
                    try WebhookDeliveries($0).list(wanted, offset: 0, limit: 100)
                }
                #expect(found.rows.map(\.id) == expected && found.total == expected.count, "\(wanted)")
            }
            let all = try await database.reading { try WebhookDeliveries($0).list(.init(), offset: 0, limit: 9).rows }
            #expect(all == rows.reversed())
            let counts = try await database.reading { try WebhookDeliveries($0).counts(.init()) }
            #expect(counts == [.delivered: 1, .exhausted: 1, .parked: 2, .skipped: 1, .cancelled: 1])
        }
    }

    /// What comes and goes between two pages moves none: every row is there once.
    @Test(arguments: Backend.available)
    func pagesHoldTogether(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let rows = (1...25).map { row("d\(String($0 + 100))", .parked, after: $0 / 5) }
            try await database.transaction { try WebhookDeliveries($0).insert(rows) }
            var seen: [String] = []
            var last: WebhookDeliveryRow?
            let waiting = filter { $0.statuses = [.parked] }
            while true {
                let page = try await database.reading { [last] in
                    try WebhookDeliveries($0).list(waiting, after: last, offset: 0, limit: 4)
                }
                guard let end = page.rows.last else { break }
                seen += page.rows.map(\.id)
                last = end
                // One that was seen is delivered, and a newer one comes.
                var through = end
                through = WebhookDeliveryRow(
                    id: through.id, integration: "i", alert: "a", sequence: 1, status: .delivered, reason: nil,
                    attempts: 0, version: 9, updatedAt: Self.start)
                let newer = row("n\(seen.count)", .parked, after: 100)
                try await database.transaction { [through] in try WebhookDeliveries($0).put([through, newer]) }
            }
            #expect(seen == rows.reversed().map(\.id).sorted(by: >) && seen.count == 25)
        }
    }

    @Test(arguments: Backend.available)
    func ordersAreSpreadAndGivenOnce(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let rows = [
                row("x2", alert: "x", sequence: 2, .exhausted), row("x1", alert: "x", sequence: 1, .exhausted),
                row("w", alert: "w", .parked, reason: "retry"), row("ok", .delivered), row("s", .skipped),
            ]
            try await database.transaction { try WebhookDeliveries($0).insert(rows) }
            let order = DeliveryOrder.redrive(by: mary, cause: "c")
            @Sendable func give(_ filter: DeliveryFilter) async throws -> [String] {
                try await database.retrying { connection in
                    let orders = DeliveryOrders(connection)
                    let chosen = try orders.select(filter, isCancelling: false, limit: 10)
                    try orders.give(order, for: chosen.rows, rate: 2, schedule: PartitionSchedule([3]), at: Self.start)
                    return chosen.rows.map(\.id)
                }
            }
            #expect(try await give(filter { $0.statuses = [.exhausted] }) == ["x1", "x2"])
            #expect(try await give(DeliveryFilter()) == ["w"], "what has an order gets no second one")
            #expect(try await give(DeliveryFilter()).isEmpty)
            let partition = Partitioning.partition(of: "i", count: 3)
            let due = try await database.transaction { connection in
                try [0, 499, 500].map { milliseconds in
                    try DueWork(connection).claim(
                        kind: DeliveryOrders.dueKind, partition: partition,
                        now: Self.start.advanced(by: .milliseconds(milliseconds)), lease: .seconds(60), limit: 9
                    ).map(\.id).sorted()
                }
            }
            #expect(due == [["w", "x1"], [], ["x2"]])
            // To give up takes the place of sending again.
            let chosen = try await database.retrying { connection in
                let orders = DeliveryOrders(connection)
                let chosen = try orders.select(.init(), isCancelling: true, limit: 10)
                try orders.give(
                    .cancel(by: mary, cause: "d"), for: chosen.rows, rate: 2, schedule: PartitionSchedule([3]),
                    at: Self.start)
                return chosen.rows.map(\.id)
            }
            #expect(chosen == ["w"])
            #expect(try await database.reading { try DeliveryOrders($0).pending() } == 3)
        }
    }

    @Test(arguments: Backend.available)
    func findsWhatWaitsForNothing(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let rows = [
                row("lost", alert: "a", .parked, reason: "behind"), row("next", alert: "a", sequence: 2, .parked),
                row("timed", alert: "b", .parked), row("young", alert: "c", .parked, after: 100),
                row("other", integration: "j", alert: "a", sequence: 5, .parked), row("done", alert: "d", .delivered),
            ]
            try await database.transaction { connection in
                try WebhookDeliveries(connection).insert(rows)
                try DueWork(connection).schedule(
                    "timed", kind: "webhook", partition: 0, payload: "{}", at: Self.start.advanced(by: .seconds(900)))
            }
            var found: [String] = []
            var place: (createdAt: Int64, id: String)? = (-1, "")
            var looks = 0
            while let after = place {
                let batch = try await database.reading {
                    try WebhookDeliveries($0).lost(
                        unchangedSince: Self.start.advanced(by: .seconds(60)), after: after, count: 2)
                }
                found += batch.rows.map(\.id)
                place = batch.next
                looks += 1
            }
            #expect(found.sorted() == ["lost", "other"] && looks == 3)
            #expect(
                try await database.reading { try WebhookDeliveries($0).waitingBehind(["lost", "next", "other"]) }
                    == ["next"])
            #expect(try await database.reading { try WebhookDeliveries($0).waitingCount(of: "i", limit: 3) } == 3)
        }
    }

    @Test(arguments: Backend.available)
    func deadLettersAreMarkedAndStay(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let letters = (1...3).map { number in
                DeadLetter(
                    topic: number == 3 ? "alert-commands" : "alert-events", partition: 1, offset: Int64(number),
                    key: "k", body: "{", reason: "no JSON", recordedAt: Self.start.advanced(by: .seconds(number)))
            }
            try await database.transaction { connection in
                let store = DeadLetters(connection)
                for letter in letters + letters { try store.add(letter) }
                try store.markRedriven([letters[0]], by: "mary", at: Self.start)
            }
            try await database.reading { (connection) throws in
                let store = DeadLetters(connection)
                let all = try store.list(topic: nil, isRedriven: nil, offset: 0, limit: 2)
                #expect(all.total == 3 && all.rows == [letters[2], letters[1]])
                #expect(
                    try store.list(topic: "alert-events", isRedriven: false, offset: 0, limit: 9).rows == [letters[1]])
                let redriven = try #require(
                    try store.list(topic: nil, isRedriven: true, offset: 0, limit: 9).rows.first)
                #expect(redriven.id == "alert-events/1/1" && redriven.redriven?.by == "mary")
                #expect(try store.get("alert-events/1/1") == redriven)
                for id in ["alert-events/1/9", "alert-events", "a/b/c", ""] { #expect(try store.get(id) == nil) }
            }
        }
    }
}
