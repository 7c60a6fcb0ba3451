import AlertCore
import Foundation
import Logging
import Messaging
import Metrics
import Persistence

/// Turns each event of an alert into one delivery for each integration that wants it, and hands them to their
/// lanes. Ids follow from event and integration, so an event that comes again makes nothing new. What an integration
/// does not get, although its form and trigger match, is recorded with the reason.
struct FanOut: MessageHandler {
    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let now: Clock
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
        // As it is now: an integration that was made before the alert gets it.
        let view = try await directory.refreshed()
        var outgoing: [OutgoingMessage] = []
        var skips: [SkippedEvent] = []
        for event in events {
            guard let subject = subjects[event.alert] else {
                throw StoreError(.invalid, "alert \(event.alert) has events but no details")
            }
            let choice = try choose(for: event, of: subject, in: view)
            outgoing += try choice.requests.map { try $0.outgoing() }
            skips += choice.skips.map { SkippedEvent(skip: $0, origin: event.origin) }
        }
        try await bus.publish(outgoing, to: .webhookDeliveries)
        Counter(label: "tocsin_webhooks_requested_total").increment(by: outgoing.count)
        guard !skips.isEmpty else { return .none }
        return Effects { [skips, now] connection in
            try SkippedEvent.write(skips, partition: partition, at: now(), in: connection)
            return {}
        }
    }

    func requests(
        for message: AlertEventMessage, of subject: Subject, in view: DirectoryView
    ) throws -> [WebhookDelivery.Request] {
        try choose(for: message, of: subject, in: view).requests
    }

    /// Who gets the event, and who does not although form and trigger match.
    func choose(
        for message: AlertEventMessage, of subject: Subject, in view: DirectoryView
    ) throws -> (requests: [WebhookDelivery.Request], skips: [WebhookDelivery.Skip]) {
        let details = subject.details
        guard let payload = WebhookPayload(message.event, of: details) else { return ([], []) }
        var skips: [WebhookDelivery.Skip] = []
        var integrations: [Integration] = []
        for integration in view.outboundIntegrations(form: details.form.id, trigger: payload.trigger) {
            guard
                let refusal = integration.refusal(
                    of: message.event, payload, details, alert: message.alert, filter: view.filters[integration.id])
            else {
                integrations.append(integration)
                continue
            }
            skips.append(skip(integration, message, details, payload.trigger, refusal, in: view))
        }
        guard !integrations.isEmpty || !details.callbacks.isEmpty else { return ([], skips) }
        let body = try JSON.encode(payload.body)
        let callbacks = WebhookDelivery.Request.callbacks(
            of: message.alert, details, event: message.id, sequence: message.version, trigger: payload.trigger,
            body: body, correlation: message.origin.correlation,
            personal: message.event.personal(about: details))
        let requests = try integrations.map { integration in
            try WebhookDelivery.Request(
                message, of: subject, to: integration, trigger: payload.trigger, body: body, in: view)
        }
        return (callbacks + requests, skips)
    }

    private func skip(
        _ integration: Integration, _ message: AlertEventMessage, _ details: AlertDetails, _ trigger: Trigger,
        _ refusal: DeliveryRefusal, in view: DirectoryView
    ) -> WebhookDelivery.Skip {
        if refusal.reason == .notExecuted { noteNotExecuted(integration, for: message, refusal.detail) }
        Counter(label: "tocsin_webhooks_skipped_total", dimensions: [("reason", refusal.reason.rawValue)]).increment()
        return WebhookDelivery.Skip(
            id: DerivedID.beside(message.alert, "skip", message.id, integration.id),
            integration: NamedReference(id: integration.id, name: integration.name), trigger: trigger,
            alert: message.alert, alertNumber: details.number, sequence: message.version, refusal: refusal,
            configuration: view.integrationVersions[integration.id])
    }

    /// What this version cannot run makes no delivery, which would wait forever; it is recorded, logged and counted
    /// instead, and REST shows the reason with the integration.
    private func noteNotExecuted(_ integration: Integration, for message: AlertEventMessage, _ reason: String) {
        Counter(label: "tocsin_webhooks_not_executed_total").increment()
        logger.notice(
            "integration not executed",
            metadata: [
                "integration": "\(integration.name)", "alert": "\(message.alert)", "sequence": "\(message.version)",
                "reason": "\(reason)",
            ])
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
