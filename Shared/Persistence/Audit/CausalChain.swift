import AlertCore
import Foundation

/// What led to what, among the events of one request.
public struct CausalChain: Sendable {
    /// What led to an event.
    public enum Cause: Equatable, Sendable {
        /// Another event, by its id.
        case event(String)
        /// That its time had come, which this event had set.
        case time(after: String)
        /// The request with which it all began.
        case request(String)
        /// What somebody did: the id of the command or call.
        case command(String)
    }

    /// In the order of the log.
    public let events: [RecordedEvent]
    /// By the id of the event.
    public let causes: [String: Cause]

    /// - Parameter events: All of one request, each after what led to it.
    public init(_ events: [RecordedEvent]) {
        self.events = events
        var byStream: [String: [RecordedEvent]] = [:]
        var causes: [String: Cause] = [:]
        var known: Set<String> = []
        for event in events {
            causes[event.id] = Self.cause(of: event, known, byStream)
            known.insert(event.id)
            byStream[event.stream, default: []].append(event)
        }
        self.causes = causes
    }

    /// From the beginning to an event, which is the last.
    public func path(to id: String) -> [RecordedEvent] {
        let events = Dictionary(events.map { ($0.id, $0) }) { first, _ in first }
        var path: [RecordedEvent] = []
        var next: String? = id
        // A cause stands before what it led to, so this ends.
        while let id = next, let event = events[id] {
            path.append(event)
            switch causes[id] {
            case .event(let cause), .time(let cause): next = cause
            case .request, .command, nil: next = nil
            }
        }
        return path.reversed()
    }

    /// Everything that an event has led to, itself first.
    public func consequences(of id: String) -> [RecordedEvent] {
        var reached: Set<String> = [id]
        return events.filter { event in
            switch causes[event.id] {
            case .event(let cause) where reached.contains(cause), .time(let cause) where reached.contains(cause):
                reached.insert(event.id)
            default: break
            }
            return reached.contains(event.id)
        }
    }

    private static func cause(
        of event: RecordedEvent, _ known: Set<String>, _ byStream: [String: [RecordedEvent]]
    ) -> Cause {
        let causation = event.origin.causation
        if known.contains(causation) { return .event(causation) }
        if event.version == 1, let cause = beginning(of: event, byStream) { return .event(cause) }
        // What came of a step of the escalation, or of a notification, names its stream.
        for stream in [causation, "\(Notification.category)-\(causation)"] where stream != event.stream {
            if let last = byStream[stream]?.last { return .event(last.id) }
        }
        if causation == event.origin.correlation { return .request(causation) }
        let before = byStream[event.stream]?.last
        if let before, ["due", "expiry"].contains(causation) { return .time(after: before.id) }
        if let before, event.origin.actor.hasPrefix("<") { return .event(before.id) }
        return .command(causation)
    }

    /// A delivery begins with an event of an alert, which it names by its place.
    private static func beginning(of event: RecordedEvent, _ byStream: [String: [RecordedEvent]]) -> String? {
        // Nothing but a delivery's first event has such parts.
        guard event.type == "delivery.requested" || event.type == "delivery.skipped",
            let data = try? JSON.decode(event.data, as: JSONValue.self),
            let part = data["requested"]?["request"] ?? data["skipped"]?["skip"],
            let alert = part["alert"]?.string, let sequence = part["sequence"]?.integer
        else { return nil }
        return byStream["\(Alert.category)-\(alert)"]?.first { $0.version == sequence }?.id
    }
}
