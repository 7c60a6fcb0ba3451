import AlertCore
import Foundation
import Persistence
import TestSupport

/// A system with something of everything: alerts, notifications and deliveries in the log and in what follows from it,
/// and rows in every table that does not.
enum LedgerContent {
    static let noon = Timestamp(milliseconds: 1_790_000_000_000)
    static let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")
    static let origin = Origin(actor: "mary", causation: "c", correlation: "r")

    static func fill(_ database: any SQLDatabase, alerts: Int = 12) async throws {
        for number in 1...alerts {
            try await database.transaction { connection in
                try addAlert(number, in: connection)
                try addNotification(number, in: connection)
                try addDelivery(number, in: connection)
            }
        }
    }

    static func details(_ number: Int) -> AlertDetails {
        AlertDetails(
            number: Int64(100_000 + number), plan: NamedReference(id: "plan", name: "Plan"),
            form: NamedReference(id: "form", name: "Form"), requestId: "request-\(number)", submitter: mary,
            priority: number % 2 == 0 ? .high : .low,
            properties: ["Host": .string("Größe-\(number) \"x\""), "Count": .integer(Int64(number))],
            subject: "Dösk \(number) 🚨\u{1}")
    }

    static func addAlert(_ number: Int, in connection: any SQLConnection) throws {
        var commands: [Alert.Command] = [.create(details(number))]
        switch number % 4 {
        case 0: commands = [suppressed(number)]
        case 1: commands += [.suspend(by: mary), .resume(by: mary), .terminate(by: mary)]
        case 2: commands += [.suspend(by: mary)]
        default: commands += [.expire]
        }
        for (step, command) in commands.enumerated() {
            let at = noon.advanced(by: .seconds(60 * number + step))
            let outcomes = try EventLog(connection).execute(
                [AddressedCommand<Alert>(command, on: "a\(number)", by: origin)],
                in: LogPartition(Alert.category, number % 3), at: at)
            try Alerts(connection).apply(outcomes.map { ($0.id, $0.version, $0.events) })
        }
    }

    private static func suppressed(_ number: Int) -> Alert.Command {
        let parent = number - 1
        return .createSuppressed(
            details: details(number),
            suppression: AlertSuppression(
                parent: "a\(parent)", parentNumber: Int64(100_000 + parent),
                suppression: Suppression(rule: "at most 4 in 60 s", until: noon)))
    }

    private static func addNotification(_ number: Int, in connection: any SQLConnection) throws {
        let via = NamedReference(id: "email", name: "Email")
        let plan = Notification.Plan(
            id: "n\(number)", alert: "a\(number)", alertNumber: Int64(100_000 + number), recipient: mary,
            device: NamedReference(id: "d", name: "Mail"), deviceNumber: 1, address: "b@x", dueAt: noon,
            reason: "named", correlation: "r")
        var commands: [Notification.Command] = [.plan(plan)]
        switch number % 3 {
        case 0:
            commands += [
                .hold(NotificationHold(rule: "storm", until: noon, digest: nil)), .begin(via: via),
                .deliver(receipt: "x"),
            ]
        case 1: commands += [.begin(via: via), .doubt(reason: "lost")]
        default: commands += [.cancel(reason: "ended")]
        }
        for (step, command) in commands.enumerated() {
            let at = noon.advanced(by: .seconds(60 * number + step))
            let outcomes = try EventLog(connection).execute(
                [AddressedCommand<Notification>(command, on: plan.id, by: origin)],
                in: LogPartition(Notification.category, number % 2), at: at)
            try Notifications(connection).apply(outcomes, at: at)
        }
    }

    private static func addDelivery(_ number: Int, in connection: any SQLConnection) throws {
        let integration = NamedReference(id: "i", name: "Jira")
        let (log, rows) = (EventLog(connection), WebhookDeliveries(connection))
        let at = noon.advanced(by: .seconds(60 * number))
        if number % 5 == 0 {
            let skip = WebhookDelivery.Skip(
                id: "d\(number)", integration: integration, trigger: .status, alert: "a\(number)",
                alertNumber: Int64(number), sequence: 1,
                refusal: DeliveryRefusal(.filter, "not wanted"), configuration: 3)
            try log.execute(
                [AddressedCommand<WebhookDelivery>(.skip(skip), on: skip.id, by: origin)],
                in: LogPartition("fan-out", 0), at: at)
            return try rows.insert([WebhookDeliveryRow(skip, at: at)])
        }
        let request = WebhookDelivery.Request(
            id: "d\(number)", integration: integration, trigger: .status, alert: "a\(number)",
            alertNumber: Int64(number), sequence: 1, payload: "{}", correlation: "r", configuration: 2)
        let parking = WebhookDelivery.Parking(reason: .retry, detail: "HTTP 500", until: at)
        let commands: [WebhookDelivery.Command] =
            number % 2 == 0
            ? [.request(request), .park(parking)] : [.request(request), .cancel(by: mary, cause: "c")]
        var created = at
        for (step, command) in commands.enumerated() {
            let at = at.advanced(by: .seconds(step))
            if step == 0 { created = at }
            for outcome in try log.execute(
                [AddressedCommand<WebhookDelivery>(command, on: request.id, by: origin)],
                in: LogPartition(WebhookDelivery.category, 1), at: at)
            {
                var row = WebhookDeliveryRow(
                    request, outcome.state, last: outcome.events.last, version: outcome.version, at: at)
                row.createdAt = created
                try rows.put([row])
            }
        }
    }
}

/// The rows of a database, by table, each as text, sorted: two systems are equal when these are.
enum TableDump {
    static func all(_ database: any SQLDatabase, without left: Set<String> = []) async throws -> [String: [String]] {
        try await database.reading { connection in
            var dump: [String: [String]] = [:]
            for table in try TableCatalogue.tables(in: connection) {
                if table.content == .transient || left.contains(table.name) { continue }
                let columns = SQL(stringLiteral: table.columns.joined(separator: ", "))
                dump[table.name] = try connection.execute("SELECT \(columns) FROM \(SQL(stringLiteral: table.name))")
                    .map { row in
                        table.columns.indices.map { column in
                            row.optionalInteger(column).map { "\($0)" } ?? row.optionalText(column).map { "'\($0)'" }
                                ?? "-"
                        }.joined(separator: "|")
                    }.sorted()
            }
            return dump
        }
    }

    /// The tables in which two dumps differ, with the first row that one of them does not have.
    static func differences(_ left: [String: [String]], _ right: [String: [String]]) -> [String] {
        Set(left.keys).union(right.keys).sorted().compactMap { table in
            let (one, other) = (left[table] ?? [], right[table] ?? [])
            guard one != other else { return nil }
            let missing = one.first { !other.contains($0) } ?? "-"
            let extra = other.first { !one.contains($0) } ?? "-"
            return "\(table): \(one.count) and \(other.count) rows; \(missing.prefix(300)) / \(extra.prefix(300))"
        }
    }

    /// Two rows, one with as many NULLs as there can be, in each table that has to be kept and has none.
    static func fillKept(_ database: any SQLDatabase) async throws {
        // What the columns are is asked of SQLite, whichever database it is for.
        let model = try await Backend.sqlite.makeDatabase()
        let shapes = try await model.reading { connection in
            try TableCatalogue.tables(in: connection).filter { $0.content == .kept }.map { table in
                let rows = try connection.execute(
                    "SELECT name, type, \"notnull\", pk FROM pragma_table_info(\(table.name)) ORDER BY cid")
                return (
                    table.name,
                    rows.map { ($0.text(0), $0.text(1) == "TEXT", $0.integer(2) > 0 || $0.integer(3) > 0) }
                )
            }
        }
        await model.close()
        try await database.transaction { connection in
            for (table, columns) in shapes {
                let name = SQL(stringLiteral: table)
                guard try connection.execute("SELECT 1 FROM \(name) LIMIT 1").isEmpty else { continue }
                for number in 1...2 {
                    let row = columns.map { column, isText, isNeeded -> SQLValue in
                        if !isNeeded, number == 2 { return .null }
                        return isText ? .text("\(column) \(number) ä\"\n\\") : .integer(Int64(number) << 40)
                    }
                    try connection.insert([row], into: table, columns: columns.map(\.0))
                }
            }
        }
    }
}
