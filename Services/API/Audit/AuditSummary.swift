import AlertCore
import Foundation
import Persistence

/// An event of the log in a line, for people: what its JSON says in its own words.
enum AuditSummary {
    /// Longer summaries are cut, in characters.
    private static let limit = 300

    static func text(_ event: RecordedEvent) -> String {
        // What is no JSON has nothing to say.
        guard let data = try? JSON.decode(event.data, as: JSONValue.self) else { return "" }
        let text = event.type.hasPrefix("config.") ? change(data) : facts(data).joined(separator: " · ")
        return text.count > limit ? text.prefix(limit) + "…" : text
    }

    /// "group Ops: description, members", "group Ops created".
    private static func change(_ data: JSONValue) -> String {
        let what = "\(data["kind"]?.string ?? "entry") \(data["name"]?.string ?? data["id"]?.string ?? "")"
        guard let after = data["after"] else { return "\(what) deleted" }
        guard let before = data["before"] else { return "\(what) created" }
        return "\(what): " + fields(before, after).joined(separator: ", ")
    }

    /// The names of the fields that differ.
    static func fields(_ before: JSONValue?, _ after: JSONValue?) -> [String] {
        let (before, after) = (before?.object ?? [:], after?.object ?? [:])
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }

    /// Where the parts of an event's JSON stand that a person wants to read, in the order of reading.
    private static let places = [
        "details.subject", "details.plan.name", "suppression.suppression.rule", "plan.recipient.targetName",
        "plan.device.name", "plan.reason", "response.by.targetName", "option.text", "response.comment", "by.targetName",
        "text", "delivery.recipient.targetName", "delivery.device.name", "delivery.status", "delivery.message",
        "request.integration.name", "request.trigger", "skip.integration.name", "skip.reason", "skip.detail",
        "attempt.url", "attempt.status", "attempt.error", "parking.reason", "parking.detail", "report.group.name",
        "failure.failureType", "provider.name", "from.name", "to.name", "hold.rule", "suppression.rule",
        "recipient.targetName", "recipient", "reason", "receipt", "word", "stop.reason", "answer.text", "detail",
    ]

    private static func facts(_ data: JSONValue) -> [String] {
        guard case .object(let fields) = data else { return [] }
        // The content of the event's case; what is no such event is its content itself.
        let content = fields.count == 1 ? fields.values.first?.object ?? fields : fields
        return places.compactMap { place in
            var value: JSONValue? = .object(content)
            for name in place.split(separator: ".") { value = value?[String(name)] }
            guard let text = value?.object == nil ? value?.readable : nil, !text.isEmpty else { return nil }
            return text
        }
    }
}
