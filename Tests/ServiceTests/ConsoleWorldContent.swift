import AlertCore
import Foundation
import Messaging
import Persistence

// What is in the world: people, alerts, and what happened around them.
extension ConsoleWorld {
    static let anna = PersonReference(id: "id-oncall", targetName: "oncall", firstName: "Anna", lastName: "Berg")
    static let plan = NamedReference(id: "11111111-0000-4000-8000-000000000001", name: "Monitoring")
    static let form = NamedReference(id: "22222222-0000-4000-8000-000000000001", name: "Server down")
    static let integration = "33333333-0000-4000-8000-000000000001"
    static let acknowledge = ResponseOption(
        id: "44444444-0000-4000-8000-000000000001", number: 1, text: "Acknowledge", action: .recordResponse)
    static let resolve = ResponseOption(
        id: "44444444-0000-4000-8000-000000000002", number: 2, text: "Resolve", action: .end, allowComments: false)
    static let runbook = ResponseOption(
        id: "44444444-0000-4000-8000-000000000003", number: 3, text: "Runbook", action: .recordResponse,
        redirectUrl: "https://runbooks.example/db1?a=1")

    func addPeople() async throws {
        let hash = PasswordHash.make(Self.password, cost: .lowest)
        let people = [
            Person(
                id: "id-admin", targetName: "admin", firstName: "Ada", lastName: "Admin", roles: ["Full Access User"],
                passwordHash: hash, whenCreated: clock.now),
            Person(
                id: "id-oncall", targetName: "oncall", firstName: "Anna", lastName: "Berg", passwordHash: hash,
                whenCreated: clock.now),
            Person(
                id: "id-watcher", targetName: "watcher", firstName: "Will", lastName: "Watcher",
                roles: ["Group Supervisor"], passwordHash: hash, whenCreated: clock.now),
            Person(
                id: "id-none", targetName: "nobody", firstName: "Nina", lastName: "None", roles: ["No Access User"],
                passwordHash: hash, whenCreated: clock.now),
        ]
        let integration = Integration(
            id: Self.integration, plan: Self.plan.id, form: Self.form.id, name: "Prometheus",
            integrationType: .inbound, operation: .transformAndCreateAlert,
            script: "var data = JSON.parse(request.body);\ntrigger.properties = {};\n"
                + "trigger.properties.Summary = data.alerts[0].summary;\nif (data.x < 2) {\n  form.post(trigger);\n}\n")
        let plan = Plan(id: Self.plan.id, name: Self.plan.name, created: clock.now)
        let form = Form(id: Self.form.id, number: 1, plan: plan.id, name: Self.form.name)
        let now = clock.now
        try await database.transaction { connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
            for person in people { try directory.put(person, by: origin, at: now) }
            try directory.put(plan, by: origin, at: now)
            try directory.put(form, by: origin, at: now)
            try directory.put(integration, by: origin, at: now)
        }
    }

    /// - Returns: The alert's id.
    @discardableResult
    func addAlert(
        _ number: Int64 = 100_001, subject: String = "db1 is down", priority: Priority = .high,
        properties: [String: JSONValue] = ["Summary": "The disk is full", "Count": 3],
        options: [ResponseOption] = [acknowledge, resolve, runbook]
    ) async throws -> String {
        let id = DerivedID.uuid("alert", String(number))
        let details = AlertDetails(
            number: number, plan: Self.plan, form: Self.form, integration: Self.integration,
            requestId: DerivedID.uuid("request", String(number)),
            submitter: PersonReference(id: "id-admin", targetName: "admin", firstName: "Ada", lastName: "Admin"),
            priority: priority, properties: properties,
            textProperties: properties.filter { $0.value.string != nil }.map(\.key),
            recipients: [AlertRecipient(id: Self.anna.id, targetName: "oncall", recipientType: .person)],
            responseOptions: options, subject: subject, body: "<p>\(subject)</p>")
        try await carryOut(.create(details), on: id, correlation: details.requestId)
        return id
    }

    func carryOut(_ command: Alert.Command, on alert: String, correlation: String = "test") async throws {
        let message = AlertCommandMessage(
            commandId: UUID().uuidString, alert: alert, command: command,
            origin: Origin(actor: "admin", causation: "test", correlation: correlation))
        let now = clock.now
        try await database.transaction { connection in
            try ObedientBus.carryOut(message, at: now, in: connection)
        }
    }

    // MARK: - Notifications

    /// A notification of Anna, with what became of it.
    /// - Returns: Its id.
    @discardableResult
    func addNotification(of alert: String, _ commands: [AlertCore.Notification.Command]) async throws -> String {
        let id = DerivedID.uuid("notification", alert)
        let now = clock.now
        try await database.transaction { connection in
            guard let row = try Alerts(connection).get(alert) else { return }
            let plan = AlertCore.Notification.Plan(
                id: id, alert: alert, alertNumber: row.details.number, recipient: Self.anna,
                device: NamedReference(id: "id-device", name: "Work Email"), deviceNumber: 7,
                address: "anna@example.com", dueAt: now, reason: "oncall was named as a recipient; device 1 in order",
                correlation: row.details.requestId)
            let origin = Origin(actor: "<notifier>", causation: "test", correlation: row.details.requestId)
            for command in [.plan(plan)] + commands {
                let outcomes = try EventLog(connection).execute(
                    [AddressedCommand<AlertCore.Notification>(command, on: id, by: origin)],
                    in: LogPartition("notification", 0), at: now)
                try Notifications(connection).apply(outcomes, at: now)
            }
        }
        return id
    }

    /// The token of a link that answers a notification.
    func link(_ notification: String, _ option: ResponseOption) -> String {
        ResponseLink(
            notification: notification, option: option.id, validUntil: clock.now.advanced(by: .seconds(3600))
        ).token(key: secrets.subkey(for: "links"))
    }

    // MARK: - Webhooks

    /// A delivery with what became of it.
    func addDelivery(
        of alert: String, to name: String, trigger: Trigger = .status, sequence: Int64 = 1,
        _ commands: [WebhookDelivery.Command]
    ) async throws {
        let id = DerivedID.uuid("delivery", alert, name, String(sequence))
        let now = clock.now
        try await database.transaction { connection in
            guard let row = try Alerts(connection).get(alert) else { return }
            let request = WebhookDelivery.Request(
                id: id, integration: NamedReference(id: "id-\(name)", name: name), trigger: trigger, alert: alert,
                alertNumber: row.details.number, sequence: sequence,
                payload: #"{"status":"active","eventIdentifier":\#(row.details.number)}"#,
                correlation: row.details.requestId)
            let origin = Origin(actor: "<webhook-dispatcher>", causation: "test", correlation: row.details.requestId)
            for command in [.request(request)] + commands {
                let outcome = try EventLog(connection).execute(
                    [AddressedCommand<WebhookDelivery>(command, on: id, by: origin)],
                    in: LogPartition("delivery", 0), at: now)[0]
                try WebhookDeliveries(connection).put([
                    WebhookDeliveryRow(
                        request, outcome.state, last: outcome.events.last, version: outcome.version, at: now)
                ])
            }
        }
    }

    func attempt(_ number: Int, status: Int?, error: String? = nil, body: String? = nil) -> WebhookDelivery.Command {
        let attempt = WebhookDelivery.Attempt(
            number: number, url: "https://hooks.example/status", startedAt: clock.now, durationMilliseconds: 41,
            status: status, responseBody: body, error: error, isInDoubt: status == nil)
        return .recordAttempt(attempt, schedule: .standard, chance: 0.5)
    }

    // MARK: - Activity

    func addActivity(_ requestId: String, problem: Activity.Problem? = nil, alerts: [Activity.MadeAlert] = [])
        async throws
    {
        let now = clock.now
        try await database.transaction { connection in
            try Activities(connection).put(
                Activity(
                    requestId: requestId, integration: Self.integration, receivedAt: now,
                    status: problem == nil ? .completed : .failed, method: "POST",
                    headers: ["Content-Type": "application/json", "User-Agent": "Alertmanager/0.25.0"],
                    parameters: [:], body: #"{"alerts":[]}"#, remoteAddress: "10.0.0.7", by: "admin",
                    log:
                        "Alertmanager firing, group disk\n> POST https://cmdb.example/x HTTP/1.1\n< HTTP/1.1 200 200",
                    problem: problem, alerts: alerts, durationMilliseconds: 34))
        }
    }
}

extension AlertCore.Notification.Command {
    static let beginByMail = Self.begin(via: NamedReference(id: "email", name: "Email"))
}
