import AlertCore
import Persistence

/// Why each person was notified, or was not, and how the escalation went: of an alert, or of one that might be.
struct ExplainView: Sendable {
    struct Line: Sendable {
        let at: TimeText
        let who: String?
        /// "after 10 min", from the beginning.
        let after: String
        let tone: String
        let text: String
        /// "Work Email (Email)".
        let device: String?
        /// "Database team · Working hours · step 2, round 1".
        let place: String?
    }

    struct Person: Sendable {
        let key: String
        let name: String
        let href: String?
        let isNotified: Bool
        let why: String
        let count: String?
        let lines: [Line]
        let hasLines: Bool
    }

    /// What is more is counted.
    private static let personLimit = 200
    private static let linesPerPerson = 50
    private static let stepLimit = 300

    /// Every notification, in the order of time.
    let order: [Line]
    let hasOrder: Bool
    let people: [Person]
    let hasPeople: Bool
    let morePeople: Int?
    /// What concerns nobody in particular: steps, stops, the state.
    let steps: [Line]
    let hasSteps: Bool
    let state: String
    let stateClass: String
    /// When something comes next by itself.
    let next: TimeText?
    let isTruncated: Bool
    let version: String?
    /// If nobody answers.
    var coming: [ComingStep] = []
    var hasComing = false

    /// - Parameter answer: Of `GET /events/{id}/explain` or `POST /events/simulate`.
    init(_ answer: JSONValue, begin: Timestamp, _ directory: DirectoryView, format: TimeFormat) {
        let lines = answer["lines"]?.array ?? []
        let byPerson = Dictionary(grouping: lines) { $0["person"]?["id"]?.string ?? "" }
        let make = { (line: JSONValue) in Self.line(line, begin: begin, directory, format) }
        order = lines.filter { $0["kind"]?.string == "NOTIFIED" }.prefix(Self.stepLimit).compactMap(make)
        hasOrder = !order.isEmpty
        let all = answer["people"]?.array ?? []
        people = all.prefix(Self.personLimit).map { summary in
            let id = summary["person"]?["id"]?.string ?? ""
            let own = (byPerson[id] ?? []).filter { $0["kind"]?.string != "STEP" }
            let person = directory.people[id]
            let count = summary["notified"]?.integer ?? 0
            return Person(
                key: id, name: person?.displayName ?? Self.name(of: summary["person"]),
                href: person.map { "/console/people/\($0.id)" },
                isNotified: summary["outcome"]?.string == "NOTIFIED", why: summary["text"]?.string ?? "",
                count: count > 1 ? "\(count) notifications" : nil,
                lines: own.prefix(Self.linesPerPerson).compactMap(make), hasLines: !own.isEmpty)
        }
        hasPeople = !people.isEmpty
        morePeople = all.count > Self.personLimit ? all.count - Self.personLimit : nil
        let others = lines.filter { line in
            line["person"]?["id"] == nil || ["STEP", "ESCALATED"].contains(line["kind"]?.string ?? "")
        }
        steps = others.prefix(Self.stepLimit).compactMap(make)
        hasSteps = !steps.isEmpty
        (state, stateClass) = Self.state(answer["state"]?.string ?? "")
        next = answer["nextAt"]?.string.flatMap { Timestamp(iso: $0) }.map(format.text)
        isTruncated = answer["isTruncated"]?.bool ?? false
        version = answer["directoryVersion"]?.integer.map { String($0) }
    }

    private static func name(of person: JSONValue?) -> String {
        let full = [person?["firstName"]?.string, person?["lastName"]?.string].compactMap { $0 }
            .filter { !$0.isEmpty }.joined(separator: " ")
        return full.isEmpty ? person?["targetName"]?.string ?? "somebody" : full
    }

    private static func line(
        _ line: JSONValue, begin: Timestamp, _ directory: DirectoryView, _ format: TimeFormat
    ) -> Line? {
        guard let at = line["at"]?.string.flatMap({ Timestamp(iso: $0) }) else { return nil }
        let group = line["group"]?["name"]?.string
        let round = line["round"]?.integer ?? 1
        let step = line["step"]?.integer.map { "step \($0)\(round > 1 ? ", round \(round)" : "")" }
        let place = [group, line["shift"]?["name"]?.string, step].compactMap { $0 }
        let kind = line["device"]?["deviceType"]?.string.flatMap(Device.Kind.init(rawValue:))
        let seconds = Int(max(0, at.since(begin).milliseconds) / 1000)
        let rounded = seconds < 60 ? 0 : seconds / 60 * 60
        return Line(
            at: format.text(at),
            who: line["person"]?["id"]?.string.map { directory.people[$0]?.displayName ?? name(of: line["person"]) },
            after: rounded == 0 ? "at once" : "after \(Duration.seconds(rounded).words)",
            tone: tone(line["kind"]?.string ?? ""), text: line["text"]?.string ?? "",
            device: line["device"]?["name"]?.string.map { name in kind.map { "\(name) (\($0.title))" } ?? name },
            place: place.isEmpty ? nil : place.joined(separator: " · "))
    }

    private static func tone(_ kind: String) -> String {
        switch kind {
        case "NOTIFIED": "good"
        case "FAILURE": "bad"
        case "NOT_NOTIFIED", "STOPPED", "ESCALATED": "wait"
        default: "plain"
        }
    }

    private static func state(_ name: String) -> (String, String) {
        switch name {
        case "RUNNING": ("Escalating", "active")
        case "SUSPENDED": ("Suspended", "wait")
        case "ASSIGNED": ("Somebody has it", "good")
        case "COMPLETED": ("All answers are there", "good")
        case "ENDED": ("Ended", "ended")
        default: ("", "none")
        }
    }
}
