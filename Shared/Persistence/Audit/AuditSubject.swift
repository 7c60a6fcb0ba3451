import AlertCore
import Foundation

/// What one event says by itself of what it is about: read from its JSON, whatever kind of event it is.
struct AuditSubject {
    /// The alert that it belongs to, if any.
    private(set) var alert: String?
    /// What holds for every event of the same stream.
    private(set) var lasting: Set<AuditTerm> = []
    /// What holds for this event only.
    private(set) var own: Set<AuditTerm> = []

    init(_ event: RecordedEvent) {
        let category = event.type.prefix { $0 != "." }
        own = [
            AuditTerm(.kind, event.type), AuditTerm(.kind, String(category)), AuditTerm(.actor, event.origin.actor),
            AuditTerm(.request, event.origin.correlation),
        ]
        let id = String(event.stream.drop { $0 != "-" }.dropFirst())
        if Self.streamsOfAlerts.contains(String(category)) { alert = id }
        readOutcome(event)
        guard let fields = Self.object(event.data) else { return }
        guard category != "config" else {
            readEntry(fields)
            return
        }
        for case let content as [String: Any] in fields.values {
            read(content)
            // One level down stands what it is about: alert.created has `details`, notification.planned has `plan`.
            for case let part as [String: Any] in content.values { readBeginning(part) }
        }
        note(peopleIn: fields, depth: 0)
    }

    /// Categories whose streams have the id of an alert.
    private static let streamsOfAlerts: Set<String> = [Alert.category, AlertEscalation.category, "answer"]

    private static func object(_ text: String) -> [String: Any]? {
        // What is no JSON says nothing: it is found by its kind, time and actor.
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
    }

    // MARK: - Alerts, notifications, deliveries

    /// - Parameter content: Of an event's case: `{"at": …, "details": …}`.
    private mutating func read(_ content: [String: Any]) {
        if let attempt = content["attempt"] as? [String: Any], let status = attempt["status"] as? Int {
            own.insert(AuditTerm(.outcome, String(status)))
        }
    }

    /// The details of an alert, the plan of a notification, the request of a delivery.
    private mutating func readBeginning(_ part: [String: Any]) {
        if let alert = part["alert"] as? String, !alert.isEmpty { self.alert = self.alert ?? alert }
        lasting.formUnion(Self.reference(part["integration"]).map { AuditTerm(.integration, $0) })
        guard part["number"] != nil, part["properties"] != nil else {
            if part["dueAt"] != nil {
                lasting.formUnion(Self.reference(part["recipient"]).map { AuditTerm(.person, $0) })
            }
            return
        }
        lasting.formUnion(Self.reference(part["plan"]).map { AuditTerm(.workflow, $0) })
        lasting.formUnion(Self.reference(part["form"]).map { AuditTerm(.form, $0) })
        for (name, value) in part["properties"] as? [String: Any] ?? [:] {
            for text in Self.readable(value) { lasting.insert(AuditTerm(.property, "\(name)=\(text)")) }
        }
    }

    private mutating func readOutcome(_ event: RecordedEvent) {
        let outcomes = [
            "delivery.delivered": "delivered", "delivery.parked": "parked", "delivery.exhausted": "exhausted",
            "delivery.cancelled": "cancelled", "delivery.skipped": "skipped", "notification.delivered": "delivered",
            "notification.failed": "failed", "notification.refused": "failed", "notification.cancelled": "cancelled",
            "notification.suppressed": "suppressed", "notification.held": "held", "notification.leftInDoubt": "doubt",
            "notification.collapsed": "held", "alert.suppressed": "suppressed",
            "alert.notificationSuppressed": "suppressed",
        ]
        if let outcome = outcomes[event.type] { own.insert(AuditTerm(.outcome, outcome)) }
        if event.type == "alert.deliveryRecorded" {
            own.insert(AuditTerm(.outcome, event.data.contains("\"status\":\"Failed\"") ? "failed" : "delivered"))
        }
    }

    /// The id of a reference, or the text itself.
    private static func reference(_ value: Any?) -> [String] {
        if let id = value as? String { return id.isEmpty ? [] : [id] }
        return ((value as? [String: Any])?["id"] as? String).map { [$0] } ?? []
    }

    /// A property as people look for it: the text, and of a list each element.
    private static func readable(_ value: Any) -> [String] {
        switch value {
        case let text as String: return [text]
        case let list as [Any]: return list.flatMap(readable)
        case let fields as [String: Any]: return fields["value"].map(readable) ?? []
        case let number as NSNumber:
            let isBoolean = String(cString: number.objCType) == "c"
            return [isBoolean ? (number.boolValue ? "true" : "false") : "\(number)"]
        default: return []
        }
    }

    /// Everybody who is named: people and groups, however deep.
    private mutating func note(peopleIn fields: [String: Any], depth: Int) {
        guard depth < 8 else { return }
        if fields["targetName"] != nil, let id = fields["id"] as? String {
            switch fields["recipientType"] as? String {
            case "PERSON", nil: own.insert(AuditTerm(.person, id))
            case "GROUP": own.insert(AuditTerm(.group, id))
            default: break
            }
        }
        for (name, value) in fields {
            if name == "group", let group = value as? [String: Any], let id = group["id"] as? String {
                own.insert(AuditTerm(.group, id))
            }
            switch value {
            case let inner as [String: Any]: note(peopleIn: inner, depth: depth + 1)
            case let list as [Any]:
                for case let inner as [String: Any] in list { note(peopleIn: inner, depth: depth + 1) }
            default: break
            }
        }
    }

    // MARK: - The directory

    /// What a change of the directory is about: the entry, what it belongs to, whom it names.
    private mutating func readEntry(_ fields: [String: Any]) {
        guard let kind = fields["kind"] as? String, let id = fields["id"] as? String else { return }
        own.insert(AuditTerm(.entry, kind))
        own.insert(AuditTerm(.entry, "\(kind)/\(id)"))
        if let name = fields["name"] as? String { own.insert(AuditTerm(nameOf: kind, name)) }
        if let field = Self.entryFields[kind] { own.insert(AuditTerm(field, id)) }
        for side in ["before", "after"] {
            guard let document = fields[side] as? [String: Any] else { continue }
            if let name = document["name"] as? String { own.insert(AuditTerm(nameOf: kind, name)) }
            for (name, field) in Self.references {
                let values = (document[name] as? [Any]) ?? document[name].map { [$0] } ?? []
                for value in values {
                    // A place of a shift has its recipient inside.
                    let named = (value as? [String: Any])?["recipient"] ?? value
                    let isPerson = (named as? [String: Any])?["recipientType"] as? String ?? "PERSON" == "PERSON"
                    guard name != "members" || isPerson else { continue }
                    for id in Self.reference(named) { own.insert(AuditTerm(field, id)) }
                }
            }
        }
    }

    /// Kinds of entries that a condition names by their ids.
    private static let entryFields: [String: AuditQuery.Field] = [
        Person.kind: .person, Group.kind: .group, Plan.kind: .workflow, Form.kind: .form,
        Integration.kind: .integration,
    ]

    /// Fields of documents that name something else.
    private static let references: [(String, AuditQuery.Field)] = [
        ("owner", .person), ("member", .person), ("replacement", .person), ("person", .person), ("members", .person),
        ("supervisors", .person), ("group", .group), ("plan", .workflow), ("form", .form),
        ("integration", .integration),
    ]
}
