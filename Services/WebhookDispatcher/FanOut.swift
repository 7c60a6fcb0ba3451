import AlertCore
import Foundation
import Logging
import Messaging
import Metrics
import Persistence

/// Turns each event of an alert into one delivery for each integration that wants it, and hands them to their
/// lanes. Ids follow from event and integration, so an event that comes again makes nothing new.
struct FanOut: MessageHandler {
    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let logger: Logger

    /// An alert as an event of it finds it.
    struct Subject {
        let details: AlertDetails
        let startedAt: Timestamp
        /// At present: events that change it say so themselves.
        let status: String
    }

    func effects(of messages: [Received<AlertEventMessage>], partition: Int) async throws -> Effects {
        let events = messages.map(\.payload)
        let subjects = try await subjects(of: events)
        let view = try await directory.current()
        var outgoing: [OutgoingMessage] = []
        for event in events {
            guard let subject = subjects[event.alert] else {
                throw StoreError(.invalid, "alert \(event.alert) has events but no details")
            }
            outgoing += try requests(for: event, of: subject, in: view).map {
                try OutgoingMessage(key: $0.integration.id, encoding: $0)
            }
        }
        try await bus.publish(outgoing, to: .webhookDeliveries)
        Counter(label: "tocsin_webhooks_requested_total").increment(by: outgoing.count)
        return .none
    }

    func requests(
        for message: AlertEventMessage, of subject: Subject, in view: DirectoryView
    ) throws -> [WebhookDelivery.Request] {
        let details = subject.details
        guard let payload = WebhookPayload(message.event, of: details) else { return [] }
        let integrations = view.outboundIntegrations(form: details.form.id, trigger: payload.trigger)
            .filter { $0.deployed && $0.isSetOff(by: message.event) && isExecuted($0, for: message) }
            .filter { $0.filterRefusal(of: payload, alert: message.alert, details) == nil }
        guard !integrations.isEmpty || !details.callbacks.isEmpty else { return [] }
        let body = try JSON.encode(payload.body)
        let script = try scriptInput(for: message, of: subject, integrations)
        let callbacks = WebhookDelivery.Request.callbacks(
            of: message.alert, details, event: message.id, sequence: message.version, trigger: payload.trigger,
            body: body, correlation: message.origin.correlation)
        return callbacks
            + integrations.map { integration in
                WebhookDelivery.Request(
                    id: DerivedID.uuid("delivery", message.id, integration.id),
                    integration: NamedReference(id: integration.id, name: integration.name), trigger: payload.trigger,
                    alert: message.alert, alertNumber: details.number, sequence: message.version, payload: body,
                    correlation: message.origin.correlation,
                    script: integration.operation == .runScript ? script : nil)
            }
    }

    /// What this version cannot run makes no delivery, which would wait forever; it is logged and counted instead,
    /// and REST shows the reason with the integration.
    private func isExecuted(_ integration: Integration, for message: AlertEventMessage) -> Bool {
        guard let reason = integration.notExecuted else { return true }
        Counter(label: "tocsin_webhooks_not_executed_total").increment()
        logger.notice(
            "integration not executed",
            metadata: [
                "integration": "\(integration.name)", "alert": "\(message.alert)", "sequence": "\(message.version)",
                "reason": "\(reason)",
            ])
        return false
    }

    /// `nil` when none of the integrations runs a script.
    private func scriptInput(
        for message: AlertEventMessage, of subject: Subject, _ integrations: [Integration]
    ) throws -> WebhookDelivery.Request.ScriptInput? {
        guard integrations.contains(where: { $0.operation == .runScript }),
            let outputs = TriggerOutputs(
                message.event, of: subject.details, id: message.alert, startedAt: subject.startedAt,
                status: subject.status)
        else { return nil }
        return WebhookDelivery.Request.ScriptInput(
            globals: try JSON.encode(JSONValue.object(outputs.globals)), initiator: subject.details.submitter.id,
            depth: subject.details.depth)
    }

    /// From the messages themselves where they hold them, otherwise from the read model.
    private func subjects(of events: [AlertEventMessage]) async throws -> [String: Subject] {
        var subjects: [String: Subject] = [:]
        for event in events {
            if let beginning = event.event.beginning {
                subjects[event.alert] = Subject(
                    details: beginning.details, startedAt: beginning.at, status: "ACTIVE")
            }
        }
        let missing = Set(events.map(\.alert)).subtracting(subjects.keys)
        guard !missing.isEmpty else { return subjects }
        let read = try await database.reading { try Alerts($0).rows(of: Array(missing)) }
            .mapValues { Subject(details: $0.details, startedAt: $0.createdAt, status: $0.status) }
        return subjects.merging(read) { first, _ in first }
    }
}
