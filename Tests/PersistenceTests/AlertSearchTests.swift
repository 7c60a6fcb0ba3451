import AlertCore
import Persistence
import TestSupport
import Testing

/// Finding alerts by whom they reached, by parts of properties, and as they were, on every backend.
@Suite struct AlertSearchTests {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    static let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")

    static func after(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    /// Alerts 1, 2, 3 begin at 0, 10, 20 s; 1 is suspended from 30 to 40 s and ends at 50 s; 2 expires at 60 s.
    private static func fill(_ database: any SQLDatabase) async throws {
        for number in 1...3 {
            var details = AlertDetails(
                number: Int64(number), plan: NamedReference(id: "plan", name: "Plan"),
                form: NamedReference(id: "form", name: "Form"), requestId: "request-\(number)", submitter: mary,
                priority: .high,
                properties: [
                    "Host": .string("DB-\(number)%x"), "Note": "\"id\":\"g1\"",
                    // More than an index takes of one: nothing of it repeats.
                    "Log": .string("Überlast \(number)" + (0..<1000).map { "\($0 * 7919 + number)" }.joined()),
                ], subject: number == 1 ? "Ärger: \"50%\" at O'Hara's" : "Subject")
            details.recipients = [
                AlertRecipient(
                    id: number == 2 ? "p_2" : "g\(number)", targetName: "x",
                    recipientType: number == 2 ? .person : .group)
            ]
            try await apply(.create(details), number, at: (number - 1) * 10, database)
        }
        try await apply(.suspend(by: mary), 1, at: 30, database)
        try await apply(.resume(by: mary), 1, at: 40, database)
        try await apply(.terminate(by: mary), 1, at: 50, database)
        try await apply(.expire, 2, at: 60, database)
        let plan = AlertCore.Notification.Plan(
            id: "n1", alert: "a3", alertNumber: 3, recipient: mary, device: NamedReference(id: "d1", name: "Mail"),
            deviceNumber: 1, address: "m@example.com", dueAt: start, reason: "named", correlation: "r")
        try await database.transaction { connection in
            let outcomes = try EventLog(connection).execute(
                [
                    AddressedCommand<AlertCore.Notification>(
                        .plan(plan), on: "n1", by: Origin(actor: "<n>", causation: "c", correlation: "r"))
                ], in: LogPartition("notification", 0), at: start)
            try Notifications(connection).apply(outcomes, at: start)
        }
    }

    private static func apply(
        _ command: Alert.Command, _ number: Int, at seconds: Int, _ database: any SQLDatabase
    ) async throws {
        try await database.transaction { connection in
            let outcomes = try EventLog(connection).execute(
                [
                    AddressedCommand<Alert>(
                        command, on: "a\(number)", by: Origin(actor: "mary", causation: "c", correlation: "r"))
                ], in: LogPartition("alert", 0), at: after(seconds))
            try Alerts(connection).apply(outcomes.map { ($0.id, $0.version, $0.events) })
        }
    }

    @Test(arguments: Backend.available)
    func finds(on backend: Backend) async throws {
        let rows: [(String, [Int64], @Sendable (inout AlertSearch) -> Void)] = [
            ("all", [3, 2, 1], { _ in }),
            ("ascending", [1, 2, 3], { $0.isAscending = true }),
            ("no status", [], { $0.statuses = [] }),
            ("ended by anybody", [2, 1], { $0.statuses = ["TERMINATED"] }),
            ("ended by somebody", [1], { $0.statuses = ["TERMINATED_EXTERNAL"] }),
            ("notified", [3], { $0.notifiedPeople = ["p1"] }),
            ("nobody notified", [], { $0.notifiedPeople = ["p9"] }),
            ("targeted group", [3], { $0.targetedRecipients = ["g3"] }),
            ("targeted, not only written about", [1], { $0.targetedRecipients = ["g1"] }),
            ("targeted person or group", [2, 1], { $0.targetedRecipients = ["p_2", "g1"] }),
            ("an underscore is no wildcard", [], { $0.targetedRecipients = ["g_"] }),
            ("equal", [2], { $0.properties = [("Host", ["db-2%X"])] }),
            (
                "contains", [3],
                { search in
                    search.properties = [("Host", ["b-3"])]
                    search.comparison = .contains
                }
            ),
            (
                "percent is no wildcard", [3, 2, 1],
                { search in
                    search.properties = [("Host", ["%x"])]
                    search.comparison = .endsWith
                }
            ),
            (
                "begins", [],
                { search in
                    search.properties = [("Host", ["b-"])]
                    search.comparison = .startsWith
                }
            ),
            (
                "equal, as long as it is, and in letters that only some databases fold", [3],
                {
                    $0.properties = [
                        ("Log", ["überlast 3" + (0..<1000).map { "\($0 * 7919 + 3)" }.joined(), "überlast 2"])
                    ]
                }
            ),
            ("a term in the subject", [1], { $0.terms = ["ÄRGER"] }),
            ("a term in a value, any part of it", [2], { $0.terms = ["b-2%X"] }),
            ("a term of two characters", [3, 2, 1], { $0.terms = ["üb"] }),
            ("a term of two, one in quotes", [1], { $0.terms = ["r: \"50%\""] }),
            ("a term with an apostrophe", [1], { $0.terms = ["o'hara's"] }),
            ("no term goes over two values", [], { $0.terms = ["b-1%x\"id\""] }),
            (
                "a number", [2],
                {
                    $0.terms = ["2"]; $0.properties = [("Host", ["db-2%x"])]
                }
            ),
            ("one of the terms", [2, 1], { $0.terms = ["überlast 2", "ärger"] }),
            (
                "all terms", [1],
                { search in
                    search.terms = ["überlast 1", "ärger"]
                    search.needsAllTerms = true
                }
            ),
            (
                "not all terms", [],
                { search in
                    search.terms = ["überlast 2", "ärger"]
                    search.needsAllTerms = true
                }
            ),
            (
                "active at 15 s", [2, 1],
                { search in
                    search.at = Self.after(15)
                    search.statuses = ["ACTIVE"]
                }
            ),
            (
                "suspended at 35 s", [1],
                { search in
                    search.at = Self.after(35)
                    search.statuses = ["SUSPENDED"]
                }
            ),
            (
                "ended at 55 s", [1],
                { search in
                    search.at = Self.after(55)
                    search.statuses = ["TERMINATED"]
                }
            ),
            (
                "active at 55 s", [3, 2],
                { search in
                    search.at = Self.after(55)
                    search.statuses = ["ACTIVE"]
                }
            ),
        ]
        try await backend.withDatabase { database in
            try await Self.fill(database)
            for (name, numbers, change) in rows {
                var search = AlertSearch()
                change(&search)
                let (total, found) = try await database.reading { [search] connection in
                    try Alerts(connection).find(search, offset: 0, limit: 10)
                }
                #expect(found.map(\.details.number) == numbers && total == numbers.count, "\(name)")
            }
            var search = AlertSearch()
            search.at = Self.after(45)
            let past = try await database.reading { [search] in try Alerts($0).find(search, offset: 1, limit: 5) }
            #expect(past.total == 3 && past.rows.map(\.status) == ["ACTIVE", "ACTIVE"])
            #expect(past.rows.allSatisfy { $0.terminatedAt == nil })
        }
    }
}
