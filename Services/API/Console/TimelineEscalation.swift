import AlertCore
import Persistence

// What an escalation decided, as lines of a timeline.
extension Timeline {
    /// Those of the notes that an escalation wrote, and the others.
    static func parts(of notes: [RecordedEvent]) -> (escalation: [RecordedEvent], others: [RecordedEvent]) {
        let prefix = "\(AlertEscalation.category)-"
        return (notes.filter { $0.stream.hasPrefix(prefix) }, notes.filter { !$0.stream.hasPrefix(prefix) })
    }

    /// What stands nowhere else on the page: who is not notified, and what answers stopped or counted. An event that
    /// cannot be read ends the list.
    static func decisions(of recorded: [RecordedEvent]) -> [(event: RecordedEvent, entry: TimelineEntry)] {
        var events: [AlertEscalation.Event] = []
        for event in recorded {
            // Of a newer version of this program: what comes after it would be explained wrongly.
            guard let decoded = try? EventCodec<AlertEscalation.Event>.decode(event.data) else { break }
            events.append(decoded)
        }
        return Explanation(events).lines.compactMap { line in
            entry(line).map { (recorded[line.event], $0) }
        }
    }

    private static func entry(_ line: Explanation.Line) -> TimelineEntry? {
        switch line.kind {
        case .notNotified:
            let who = line.person?.displayName ?? line.group?.name ?? line.target?.targetName ?? "somebody"
            let device = line.device.map { " on \($0.name)" } ?? ""
            return TimelineEntry("notification", "wait", "Not notified: \(who)\(device)", reason: line.text)
        case .stopped:
            return TimelineEntry("notification", "plain", "Stopped", reason: line.text)
        case .counted:
            return TimelineEntry("alert", "plain", "Counted", reason: line.text)
        case .notified, .step, .escalated, .failure, .state, .delivery: return nil
        }
    }
}
