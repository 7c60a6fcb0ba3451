import AlertCore

/// What happened to an alert, one line each.
enum AlertTimeline {
    /// The platform's types and Tocsin's own.
    private static let types = [
        "EVENT_ANNOTATED", "EVENT_CREATED", "EVENT_SUSPENDED", "EVENT_RESUMED", "EVENT_COMPLETED", "EVENT_TERMINATED",
        "RESPONSE_RECEIVED", "NOTIFICATION_DELIVERED", "NOTIFICATION_FAILED", "EVENT_ESCALATED", "RECIPIENTS_FAILED",
        "RESPONSE_REJECTED",
    ]

    /// Oldest first, without the first `seen` ones.
    static func rows(
        of alert: String, after seen: Int = 0, at: Moment? = nil, _ server: ServerClient
    ) async throws -> [JSONValue] {
        try await server.rows(
            "/audits",
            [
                ("eventId", alert), ("auditType", types.joined(separator: ",")), ("sortOrder", "ASCENDING"),
                ("at", at?.iso), ("offset", String(seen)),
            ]
        ).rows
    }

    static func words(_ row: JSONValue) -> String {
        let by = row.person("by")
        let whom = by.isEmpty ? "" : " by \(by)"
        switch row.text("type") {
        case "EVENT_CREATED": return "began\(whom)"
        case "EVENT_SUSPENDED": return "suspended\(whom)"
        case "EVENT_RESUMED": return "resumed\(whom)"
        case "EVENT_COMPLETED": return "ended: all wanted answers are there"
        case "EVENT_TERMINATED": return by.isEmpty ? "expired" : "ended\(whom)"
        case "EVENT_ANNOTATED": return "\(row.person("annotation.author")): \(row.text("annotation.comment"))"
        case "RESPONSE_RECEIVED":
            let comment = row.text("response.comment")
            return "\(row.person("response.notification.recipient")) answered \(row.text("response.response")) "
                + "(\(row.text("response.source")))\(comment.isEmpty ? "" : ": \(comment)")"
        case "RESPONSE_REJECTED":
            return "\(row.person("response.recipient")) answered \(row.text("response.option")), "
                + "which did not count: \(row.text("response.reason"))"
        case "NOTIFICATION_DELIVERED": return "told \(row.text("notification.recipient.targetName"))"
        case "NOTIFICATION_FAILED":
            return
                "could not tell \(row.text("notification.recipient.targetName")): \(row.text("notification.message"))"
        case "EVENT_ESCALATED":
            return "escalated: \(row["escalation"]?.readable ?? "")"
        case "RECIPIENTS_FAILED": return "nobody could be told at once"
        default: return row.text("type")
        }
    }

    static func line(_ row: JSONValue) -> String { "\(row.time("at"))  \(Output.plain(words(row)))" }

    /// Of an answer: whether it says yes, by what its author made of it; `nil` when the row is none.
    static func isAnswer(_ row: JSONValue) -> Bool? {
        guard row.text("type") == "RESPONSE_RECEIVED" else { return nil }
        return row.text("response.option.contribution") != "NEGATIVE"
    }
}
