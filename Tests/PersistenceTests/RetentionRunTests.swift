import AlertCore
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// What has been kept long enough goes from everywhere, and nothing else does.
@Suite(.timeLimit(.minutes(5)))
struct RetentionRunTests {
    let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")

    static func time(_ month: Int, day: Int = 1, second: Int = 0) -> Timestamp {
        Timestamp(startOf: month).advanced(by: .seconds(86_400 * (day - 1) + second))
    }

    static func id(_ month: Int, _ number: Int) -> String {
        let digits = withUnsafeBytes(of: UInt64(number).bigEndian) { Array($0) }
        return DerivedID.stamped(at: time(month, day: 5, second: number), generation: 0, chance: digits)
    }

    static func file(_ number: Int) -> AlertAttachment {
        AlertAttachment(name: "\(number)", path: "/attachments/\(DerivedID.uuid("file", "\(number)"))/\(number)")
    }

    /// An alert with a notification and a webhook, each delivered.
    private func add(
        _ number: Int, in month: Int, plan: String = "plan", isEnded: Bool = true, to database: any SQLDatabase
    ) async throws -> String {
        let id = Self.id(month, number)
        let at = Self.time(month, day: 5, second: number)
        var details = AlertDetails(
            number: Int64(number), plan: NamedReference(id: plan, name: plan),
            form: NamedReference(id: "form", name: "Form"), requestId: "request-\(number)", submitter: mary,
            priority: .high, properties: ["Host": .string("db-\(number)")])
        details.attachments = [Self.file(number), Self.file(0)]
        let notice = Notification.Plan(
            id: DerivedID.beside(id, "notification"), alert: id, alertNumber: Int64(number), recipient: mary,
            device: NamedReference(id: "d", name: "Mail"), deviceNumber: 1, address: "m@example.com", dueAt: at,
            reason: "", correlation: details.requestId)
        let webhook = WebhookDelivery.Request(
            id: DerivedID.beside(id, "delivery"), integration: NamedReference(id: "out", name: "Out"),
            trigger: .status, alert: id, alertNumber: Int64(number), sequence: 1, payload: "{}",
            correlation: details.requestId)
        let origin = Origin(actor: "mary", causation: "c", correlation: details.requestId)
        try await database.transaction { [mary, details] connection in
            let log = EventLog(connection)
            let commands: [Alert.Command] = [.create(details)] + (isEnded ? [.terminate(by: mary)] : [])
            let alerts = try log.execute(
                commands.map { AddressedCommand<Alert>($0, on: id, by: origin) },
                in: LogPartition("alert", number % 2), at: at)
            try Alerts(connection).apply(alerts.map { ($0.id, $0.version, $0.events) })
            let notices = try log.execute(
                [AddressedCommand<Notification>(.plan(notice), on: notice.id, by: origin)],
                in: LogPartition("notification", 0), at: at)
            try Notifications(connection).apply(notices, at: at)
            let webhooks = try log.execute(
                [AddressedCommand<WebhookDelivery>(.request(webhook), on: webhook.id, by: origin)],
                in: LogPartition("delivery", 0), at: at)
            try WebhookDeliveries(connection).insert([
                WebhookDeliveryRow(webhook, webhooks[0].state, last: nil, version: 1, at: at)
            ])
        }
        return id
    }

    /// Alerts of three months, mixed in the log; 202601 and 202602 are over in April with one month.
    private func fill(_ database: any SQLDatabase) async throws -> [Int: String] {
        var ids: [Int: String] = [:]
        try await database.transaction { connection in
            for number in 0...30 {
                let path = Self.file(number).uploadId ?? ""
                try Attachments(connection).put(
                    StoredAttachment(
                        id: path, name: "\(number)", mediaType: "text/plain", content: Data("x".utf8), uploadedBy: "p1",
                        uploadedAt: Self.time(202_604, second: number)))
            }
        }
        for number in 1...30 {
            let month = [202_601, 202_602, 202_604][number % 3]
            ids[number] = try await add(
                number, in: month, plan: number % 10 == 1 ? "long" : "plan", isEnded: number % 10 != 2, to: database)
        }
        return ids
    }

    private func count(_ table: String, in database: any SQLDatabase) async throws -> Int64 {
        try await database.reading {
            try $0.execute(SQL(stringLiteral: "SELECT count(*) FROM \(table)"))[0].integer(0)
        }
    }

    @Test(arguments: Backend.available, [false, true])
    func whatIsOverGoesAndNothingElse(on backend: Backend, _ hasMonthTables: Bool) async throws {
        try await backend.withDatabase { database in
            if hasMonthTables {
                try await database.transaction { try MonthTables($0).prepare(at: Self.time(202_601)) }
            }
            let ids = try await fill(database)
            // Number 3 is of January and held by what only its webhook's event says; 4, of February, by its id.
            let hold = AuditQuery(.all([.isAny(.kind, ["delivery"]), .isAny(.property, ["Host=db-3"])]))
            let other = AuditQuery(.isAny(.alert, [try #require(ids[4])]))
            let run = RetentionRun(
                database: database, retention: Retention(months: 1, monthsOfPlans: ["long": 12]), holds: [hold, other],
                now: Self.time(202_604, day: 10))
            let outcome = try await run.run {}
            let kept = (1...30).filter { number in
                number % 3 == 2 || number % 10 == 1 || number % 10 == 2 || [3, 4].contains(number)
            }
            let gone = Set(1...30).subtracting(kept)
            #expect(outcome.alerts == gone.count && outcome.held == 2)
            let left = try await database.reading { connection in
                try connection.execute("SELECT number FROM alerts ORDER BY number").map { Int($0.integer(0)) }
            }
            #expect(left == kept)
            let isDropped = hasMonthTables && backend == .postgres
            #expect(outcome.months == (isDropped ? [202_601, 202_602] : []))
            let files = try await database.reading { connection in
                try connection.execute("SELECT name FROM attachments ORDER BY uploaded_at").map { Int($0.text(0)) }
            }
            // What an alert that stays names, too, stays.
            #expect(files == [0] + kept)
            #expect(try await count("attachment_uses", in: database) == Int64(2 * kept.count))
            for table in ["alert_properties", "alert_texts", "notifications", "webhook_deliveries"] {
                #expect(try await count(table, in: database) == Int64(kept.count), "\(table)")
            }
            try await checkLog(database, ids, kept, gone)
            // Once more: nothing is left to do, and the log goes on.
            let again = try await run.run {}
            #expect(again.alerts == 0 && again.events == 0)
            _ = try await add(31, in: 202_604, to: database)
            try await checkLog(database, ids, kept, gone)
        }
    }

    /// Exactly the events of what is kept are there, the chain leads across the rest, and searches count what is there.
    private func checkLog(
        _ database: any SQLDatabase, _ ids: [Int: String], _ kept: [Int], _ gone: Set<Int>
    ) async throws {
        let events = try await database.reading { connection in
            try connection.execute("SELECT stream FROM events").map { $0.text(0) }
        }
        for number in gone {
            let id = try #require(ids[number])
            let own = ["alert-\(id)"] + ["notification", "delivery"].map { "\($0)-\(DerivedID.beside(id, $0))" }
            #expect(Set(events).isDisjoint(with: own), "\(number)")
        }
        for number in kept {
            let id = try #require(ids[number])
            let versions = try await database.reading { try EventLog($0).versions(of: ["alert-\(id)"]) }
            #expect(versions["alert-\(id)"] == (number % 10 == 2 ? 1 : 2), "\(number)")
        }
        try await checkChain(database)
        try await AuditIndexer(database: database).catchUp()
        let all = try await database.reading {
            try AuditSearch($0).find(AuditQuery(.every), newestFirst: false, offset: 0, limit: 1000)
        }
        #expect(all.total == events.count && all.hits.count == events.count)
        let created = try await database.reading {
            try AuditSearch($0).find(
                AuditQuery(.isAny(.kind, ["alert.created"])), newestFirst: true, offset: 0, limit: 1000)
        }
        #expect(created.total == Set(events.filter { $0.hasPrefix("alert-") }).count)
    }

    /// Row by row and range by range, each follows what is before it.
    private func checkChain(_ database: any SQLDatabase) async throws {
        try await database.reading { connection in
            let dropped = Dictionary(grouping: try DroppedRanges(connection).all(), by: \.partition)
            let log = EventLog(connection, asStored: true)
            for (partition, head) in try log.heads() {
                var ranges = (dropped[partition.description] ?? [])[...]
                var (place, hash): (Position, String) = (0, "")
                for event in try log.read(partition, after: 0, limit: 10_000) {
                    while let range = ranges.first, range.first == place + 1 {
                        #expect(range.hashBefore == hash, "\(partition) \(range)")
                        (place, hash) = (range.last, range.hashAfter)
                        ranges = ranges.dropFirst()
                    }
                    #expect(event.position == place + 1, "\(partition)")
                    var chain = HashChain(head: hash)
                    let expected = chain.add(
                        NewEvent(
                            stream: event.stream, version: event.version, type: event.type, data: event.data,
                            origin: event.origin, recordedAt: event.recordedAt), partition: partition,
                        position: event.position)
                    #expect(expected == event.hash, "\(event.id)")
                    (place, hash) = (event.position, event.hash)
                }
                for range in ranges { place = range.last }
                #expect(place == head, "\(partition)")
            }
        }
    }

    @Test func streamsSayTheirMonth() {
        let id = Self.id(202_601, 7)
        #expect(LogMonth.of("alert-\(id)") == 202_601)
        #expect(LogMonth.of("notification-\(DerivedID.beside(id, "notification"))") == 202_601)
        #expect(LogMonth.of("delivery-\(DerivedID.uuid("delivery", id))") == 0)
        #expect(LogMonth.of("config-plan-\(id)") == 0 && LogMonth.of("alert") == 0)
        #expect(DerivedID.beside("no-uuid", "a") == DerivedID.uuid("a"))
    }
}
