import AlertCore
import Foundation
import Messaging
import Metrics
import Persistence

/// Turns each event of an alert into one delivery for each integration that wants it, and hands them to their
/// lanes. Ids follow from event and integration, so an event that comes again makes nothing new.
struct FanOut: MessageHandler {
    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache

    func effects(of messages: [Received<AlertEventMessage>], partition: Int) async throws -> Effects {
        let events = messages.map(\.payload)
        let details = try await details(of: events)
        let view = try await directory.current()
        var outgoing: [OutgoingMessage] = []
        for event in events {
            guard let alert = details[event.alert] else {
                throw StoreError(.invalid, "alert \(event.alert) has events but no details")
            }
            outgoing += try requests(for: event, of: alert, in: view).map {
                try OutgoingMessage(key: $0.integration.id, encoding: $0)
            }
        }
        try await bus.publish(outgoing, to: .webhookDeliveries)
        Counter(label: "tocsin_webhooks_requested_total").increment(by: outgoing.count)
        return .none
    }

    private func requests(
        for message: AlertEventMessage, of details: AlertDetails, in view: DirectoryView
    ) throws -> [WebhookDelivery.Request] {
        guard let payload = WebhookPayload(message.event, of: details) else { return [] }
        let integrations = view.outboundIntegrations(form: details.form.id, trigger: payload.trigger)
            .filter { $0.deployed && $0.operation == .sendWebhook }
        guard !integrations.isEmpty else { return [] }
        let body = try JSON.encode(payload.body)
        return integrations.map { integration in
            WebhookDelivery.Request(
                id: DerivedID.uuid("delivery", message.id, integration.id),
                integration: NamedReference(id: integration.id, name: integration.name), trigger: payload.trigger,
                alert: message.alert, alertNumber: details.number, sequence: message.version, payload: body,
                correlation: message.origin.correlation)
        }
    }

    /// From the messages themselves where they hold them, otherwise from the read model.
    private func details(of events: [AlertEventMessage]) async throws -> [String: AlertDetails] {
        var details: [String: AlertDetails] = [:]
        for event in events {
            if case .created(let created, _) = event.event { details[event.alert] = created }
        }
        let missing = Set(events.map(\.alert)).subtracting(details.keys)
        guard !missing.isEmpty else { return details }
        let read = try await database.reading { try Alerts($0).details(of: Array(missing)) }
        return details.merging(read) { first, _ in first }
    }
}
