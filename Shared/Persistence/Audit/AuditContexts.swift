import AlertCore
import Foundation

/// What holds for all events of a stream, as its first event says it: the alert of a notification, the workflow of an
/// alert. Remembers some thousand streams.
final class AuditContexts: @unchecked Sendable {  // `known` under `lock` only
    private static let limit = 4000

    private struct Context {
        let alert: String?
        let terms: Set<AuditTerm>
    }

    private let lock = NSLock()
    private var known: [String: Context] = [:]

    /// The terms of some events, in their order.
    func terms(of events: [RecordedEvent], in log: EventLog) throws -> [Set<AuditTerm>] {
        let subjects = events.map(AuditSubject.init)
        var contexts = lock.withLock { known }
        for (event, subject) in zip(events, subjects) where event.version == 1 {
            contexts[event.stream] = Context(alert: subject.alert, terms: subject.lasting)
        }
        try complete(&contexts, with: Set(events.map(\.stream)).filter(Self.hasContext), in: log)
        let alerts = Set(events.compactMap { contexts[$0.stream]?.alert } + subjects.compactMap(\.alert))
        try complete(&contexts, with: Set(alerts.map { "\(Alert.category)-\($0)" }), in: log)
        lock.withLock { known = contexts.count > Self.limit ? [:] : contexts }
        return zip(events, subjects).map { event, subject in
            var terms = subject.own.union(subject.lasting)
            let context = contexts[event.stream]
            terms.formUnion(context?.terms ?? [])
            if let alert = subject.alert ?? context?.alert {
                terms.insert(AuditTerm(.alert, alert))
                terms.formUnion(contexts["\(Alert.category)-\(alert)"]?.terms ?? [])
            }
            return terms
        }
    }

    /// Whether events of the stream say less of what they are about than its first one does.
    private static func hasContext(_ stream: String) -> Bool {
        [Notification.category, WebhookDelivery.category].contains { stream.hasPrefix("\($0)-") }
    }

    private func complete(
        _ contexts: inout [String: Context], with streams: Set<String>, in log: EventLog
    ) throws {
        let missing = streams.filter { contexts[$0] == nil }
        for event in try log.first(of: Array(missing)) {
            let subject = AuditSubject(event)
            contexts[event.stream] = Context(alert: subject.alert, terms: subject.lasting)
        }
        for stream in missing where contexts[stream] == nil { contexts[stream] = Context(alert: nil, terms: []) }
    }
}
