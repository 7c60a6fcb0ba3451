import AlertCore
import ArgumentParser
import Foundation
import Persistence
import PostgresDatabase
import SQLiteDatabase

/// Fills an event log with the histories of alerts, indexes it, and asks it what an auditor asks.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Fill a log, index it, and search it.")

    @Option(help: "A PostgreSQL address; without it, SQLite.") var postgres: String?
    @Option(help: "The SQLite file; a fresh one without it.") var file: String?
    @Option(help: "Events in the log, twelve for each alert.") var events = 100_000
    @Option(help: "How often each question is asked.") var asks = 200
    @Flag(help: "Search what is there already.") var filled = false
    @Flag(help: "Seal nothing that is personal.") var plain = false
    @Flag(help: "Fill, and no more.") var fillOnly = false

    func run() async throws {
        let path = file ?? NSTemporaryDirectory() + "/bench-\(UInt32.random(in: 0 ... .max)).db"
        let store: any SQLDatabase =
            if let postgres { PostgresDatabase(url: postgres, connections: 4) } else { try SQLiteDatabase(path: path) }
        try await Migrator.bundled().run(on: store)
        // Nobody's key: nothing but this program reads what it sealed.
        let vault = PersonVault(
            secrets: try SecretBox(base64Key: Data(repeating: 7, count: 32).base64EncodedString()),
            now: { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) })
        let database: any SQLDatabase = plain ? store : SealingDatabase(store, vault: vault)
        let history = AuditHistory(alerts: events / AuditHistory.eventsOfAlert)
        if !filled {
            let start = ContinuousClock.now
            try await fill(database, history)
            print("filled: \(perSecond(history.events, ContinuousClock.now - start)) events/s")
        }
        if fillOnly { return await database.close() }
        let start = ContinuousClock.now
        let progress = try await AuditIndexer(database: database).catchUp()
        if !filled { print("indexed: \(perSecond(history.events, ContinuousClock.now - start)) events/s") }
        print("\(postgres == nil ? "sqlite" : "postgres"), \(progress.sequence) events, each question \(asks) times")
        var random = SystemRandomNumberGenerator()
        for question in AuditHistory.questions {
            var times: [Duration] = []
            var found = 0
            for _ in 0..<asks {
                let query = try AuditQuery(question.text(history, &random)) {
                    Int64($0).map(Timestamp.init(milliseconds:))
                }
                let began = ContinuousClock.now
                let page = try await database.reading {
                    try AuditSearch($0).find(query, newestFirst: true, offset: 0, limit: 100)
                }
                times.append(ContinuousClock.now - began)
                found = page.total
            }
            print("\(question.name) (\(found) found): \(Times(times).summary)")
        }
        await database.close()
    }

    private func fill(_ database: any SQLDatabase, _ history: AuditHistory) async throws {
        let writers = 4
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for writer in 0..<writers {
                tasks.addTask {
                    for start in stride(from: writer, to: history.alerts, by: writers * 50) {
                        let alerts = stride(from: start, to: min(start + writers * 50, history.alerts), by: writers)
                        let events = try alerts.flatMap { try history.events(ofAlert: $0) }
                        try await database.transaction { connection in
                            for (category, some) in Dictionary(grouping: events, by: { $0.type.prefix { $0 != "." } }) {
                                let partition = LogPartition(String(category), writer)
                                _ = try EventLog(connection).append(some, to: partition)
                            }
                        }
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }
}

/// Alerts over ninety days, each with a notification, an answer and a webhook.
struct AuditHistory: Sendable {
    static let eventsOfAlert = 12
    private static let people = 200
    private static let start = Timestamp(milliseconds: 1_782_000_000_000)
    private static let span: Int64 = 90 * 86_400_000

    let alerts: Int
    var events: Int { alerts * Self.eventsOfAlert }

    /// What is asked, with another alert or person each time.
    struct Question: Sendable {
        let name: String
        let text: @Sendable (AuditHistory, inout SystemRandomNumberGenerator) -> String
    }

    static let questions = [
        Question(name: "one alert") { "alert:\($0.id("alert", Int.random(in: 0..<$0.alerts, using: &$1)))" },
        Question(name: "a person, a month") { history, random in
            let from = start.milliseconds + Int64.random(in: 0..<60 * 86_400_000, using: &random)
            return
                "person:person-\(Int.random(in: 0..<people, using: &random)) from:\(from) to:\(from + 30 * 86_400_000)"
        },
        Question(name: "a person's notifications") { _, random in
            "person:person-\(Int.random(in: 0..<people, using: &random)) kind:notification"
        },
        Question(name: "a workflow's answers") { _, random in
            "workflow:plan-\(Int.random(in: 0..<10, using: &random)) kind:alert.responded"
        },
        Question(name: "a property, not closed") { _, random in
            "property:Host=db-\(Int.random(in: 0..<500, using: &random)) -kind:alert.terminated"
        },
        Question(name: "all events") { _, _ in "" },
    ]

    func id(_ kind: String, _ number: Int) -> String { DerivedID.uuid(kind, String(number)) }

    func events(ofAlert number: Int) throws -> [NewEvent] {
        let (alert, request) = (id("alert", number), id("request", number))
        let begun = Self.start.advanced(by: .milliseconds(Double(Int64(number) * Self.span / Int64(alerts))))
        let person = number % Self.people
        let mary = PersonReference(
            id: "person-\(person)", targetName: "user\(person)", firstName: "Mary", lastName: "Number \(person)")
        let option = ResponseOption(id: id("option", number), number: 1, text: "Acknowledge", action: .assignToUser)
        var details = AlertDetails(
            number: Int64(number), plan: NamedReference(id: "plan-\(number % 10)", name: "Plan \(number % 10)"),
            form: NamedReference(id: "form-\(number % 10)", name: "Form"), integration: "in-\(number % 10)",
            requestId: request, submitter: mary, priority: .high,
            properties: [
                "Host": .string("db-\(number % 500)"), "Severity": "high", "Value": .integer(Int64(number % 97)),
            ])
        details.recipients = [AlertRecipient(id: mary.id, targetName: mary.targetName, recipientType: .person)]
        details.responseOptions = [option]
        details.subject = "Disk usage over 90% on db-\(number % 500)"
        let plan = Notification.Plan(
            id: id("notification", number), alert: alert, alertNumber: Int64(number), recipient: mary,
            device: NamedReference(id: "device-\(person)", name: "Work Email"), deviceNumber: Int64(person),
            address: "user\(person)@example.com", dueAt: begun, reason: "named", correlation: request)
        let delivery = WebhookDelivery.Request(
            id: id("delivery", number), integration: NamedReference(id: "out-\(number % 10)", name: "Out"),
            trigger: .status, alert: alert, alertNumber: Int64(number), sequence: 1,
            payload: #"{"status":"active","eventIdentifier":"\#(number)","recipients":["user\#(person)"]}"#,
            correlation: request)
        let attempt = WebhookDelivery.Attempt(
            number: 1, url: "https://hooks.example.com/x", startedAt: begun, durationMilliseconds: 12,
            status: number % 50 == 0 ? 503 : 200)
        let response = AlertResponse(
            id: id("response", number), by: mary, device: "Work Email", option: option.id, comment: "on it",
            source: "EMAIL")
        let told = DeviceDelivery(
            id: plan.id, recipient: mary, device: plan.device, deviceNumber: plan.deviceNumber, status: .delivered,
            message: "Notification delivered")
        let begin = Notification.Event.attemptBegun(
            number: 1, isRepetition: false, provider: NamedReference(id: "mail", name: "Mail"), at: begun)
        var all: [NewEvent] = []
        var states: [String: any Sendable] = [:]
        func add<A: Aggregate>(_ type: A.Type, _ id: String, by actor: String, _ events: [A.Event]) throws {
            var state = states["\(A.category)-\(id)"] as? A.State ?? A.initial
            for event in events {
                state = A.evolve(state, event)
                let (kind, data) = try EventCodec<A.Event>.encode(event, category: A.category)
                let stream = "\(A.category)-\(id)"
                all.append(
                    NewEvent(
                        stream: stream, version: Version(all.count { $0.stream == stream } + 1), type: kind, data: data,
                        origin: Origin(actor: actor, causation: request, correlation: request),
                        recordedAt: begun.advanced(by: .milliseconds(Double(all.count))),
                        personal: A.personal(in: event, state)))
            }
            states["\(A.category)-\(id)"] = state
        }
        try add(Alert.self, alert, by: mary.targetName, [.created(details: details, at: begun)])
        try add(AlertEscalation.self, alert, by: "<notifier>", [.suspended(at: begun), .resumed(at: begun)])
        try add(
            AlertCore.Notification.self, plan.id, by: "<notifier>",
            [.planned(plan: plan, at: begun), begin, .delivered(receipt: "250 ok", at: begun)])
        try add(Alert.self, alert, by: "<notifier>", [.deliveryRecorded(delivery: told, at: begun)])
        try add(
            WebhookDelivery.self, delivery.id, by: "<webhook-dispatcher>",
            [.requested(request: delivery, at: begun), .attempted(attempt: attempt, at: begun), .delivered(at: begun)])
        try add(
            Alert.self, alert, by: mary.targetName,
            [
                .responded(response: response, option: option, at: begun),
                .terminated(by: mary, reason: .endedByUser, at: begun),
            ])
        return all
    }
}
