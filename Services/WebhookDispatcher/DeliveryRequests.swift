import AlertCore
import Messaging
import Persistence

extension WebhookDelivery.Request {
    /// For the lane of its integration, in the generation of its alert: so all of the alert's come to the same one.
    func outgoing() throws -> OutgoingMessage {
        try OutgoingMessage(key: integration.id, encoding: self).placed(like: alert)
    }

    /// The delivery of an event to an integration that wants it.
    /// - Parameters:
    ///   - body: The payload as JSON.
    ///   - replay: The id of the replay that sends it; `nil` for the event itself. The delivery's id follows from
    ///     event, integration and replay.
    init(
        _ message: AlertEventMessage, of subject: FanOut.Subject, to integration: Integration, trigger: Trigger,
        body: String, in view: DirectoryView, replay: String? = nil
    ) throws {
        self.init(
            id: replay.map { DerivedID.beside(message.alert, "replay", message.id, integration.id, $0) }
                ?? DerivedID.beside(message.alert, "delivery", message.id, integration.id),
            integration: NamedReference(id: integration.id, name: integration.name), trigger: trigger,
            alert: message.alert, alertNumber: subject.details.number, sequence: message.version, payload: body,
            correlation: message.origin.correlation, configuration: view.integrationVersions[integration.id],
            replay: replay)
        personal = message.event.personal(about: subject.details)
        if integration.operation == .runScript { script = try ScriptInput(message, of: subject) }
    }
}

extension WebhookDelivery.Request.ScriptInput {
    /// `nil` for an event that sets off nothing.
    fileprivate init?(_ message: AlertEventMessage, of subject: FanOut.Subject) throws {
        guard
            let outputs = TriggerOutputs(
                message.event, of: subject.details, id: message.alert, startedAt: subject.startedAt,
                status: subject.status)
        else { return nil }
        self.init(
            globals: try JSON.encode(JSONValue.object(outputs.globals)), initiator: subject.details.submitter.id,
            depth: subject.details.depth)
    }
}

/// An event that an integration did not get, to be written down.
struct SkippedEvent: Sendable {
    /// The category of the log partitions that have them: the lanes' own are left to the lanes.
    static let category = "fan-out"

    let skip: WebhookDelivery.Skip
    /// Of the event.
    let origin: Origin

    /// What is written already, after the same message came again, is passed over.
    static func write(
        _ skipped: [SkippedEvent], partition: Int, at now: Timestamp, in connection: any SQLConnection
    ) throws {
        let deliveries = WebhookDeliveries(connection)
        var known = Set(try deliveries.get(skipped.map(\.skip.id)).map(\.id))
        let fresh = skipped.filter { known.insert($0.skip.id).inserted }
        try EventLog(connection).execute(
            fresh.map { entry in
                AddressedCommand<WebhookDelivery>(
                    .skip(entry.skip), on: entry.skip.id,
                    by: Origin(
                        actor: "<webhook-dispatcher>", causation: entry.origin.causation,
                        correlation: entry.origin.correlation))
            }, in: LogPartition(category, partition), at: now)
        try deliveries.insert(fresh.map { WebhookDeliveryRow($0.skip, at: now) })
    }
}
