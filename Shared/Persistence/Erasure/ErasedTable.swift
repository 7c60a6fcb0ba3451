/// What is done with a table when somebody's data is erased. Every table is here: a test compares.
struct ErasedTable: Sendable {
    enum Treatment: Sendable {
        /// Every row is looked at, and what names the person is replaced.
        case swept(keys: [Key], columns: [Column])
        /// As said; nothing is left to be looked for.
        case other(String)
    }

    struct Key: Sendable {
        let name: String
        var isInteger = false
    }

    struct Column: Sendable {
        enum Content: Sendable {
            /// JSON with fields that mean the same as in events.
            case document
            /// JSON of messages: what the person wrote is in them, too.
            case message
            case plain
        }

        let name: String
        let content: Content
    }

    let name: String
    let treatment: Treatment

    private init(_ name: String, keys: [Key], _ columns: [Column]) {
        self.name = name
        treatment = .swept(keys: keys, columns: columns)
    }

    private init(_ name: String, _ reason: String) {
        self.name = name
        treatment = .other(reason)
    }

    static let swept = all.filter { if case .swept = $0.treatment { true } else { false } }

    static let all: [ErasedTable] = [
        ErasedTable("alerts", keys: [Key(name: "id")], [Column(name: "document", content: .document)]),
        ErasedTable(
            "notifications", keys: [Key(name: "id")],
            [Column(name: "document", content: .document), Column(name: "rule", content: .plain)]),
        ErasedTable("webhook_deliveries", keys: [Key(name: "id")], [Column(name: "detail", content: .plain)]),
        ErasedTable("activities", keys: [Key(name: "request_id")], [Column(name: "document", content: .message)]),
        ErasedTable(
            "inbound_messages", keys: [Key(name: "channel"), Key(name: "id")],
            [
                Column(name: "sender", content: .plain), Column(name: "reply", content: .plain),
                Column(name: "text", content: .plain),
            ]),
        ErasedTable(
            "phone_calls", keys: [Key(name: "provider_id"), Key(name: "call_id")],
            [Column(name: "document", content: .document)]),
        ErasedTable("attachments", keys: [Key(name: "id")], [Column(name: "name", content: .plain)]),
        ErasedTable(
            "script_versions",
            keys: [Key(name: "owner_kind"), Key(name: "owner_id"), Key(name: "number", isInteger: true)],
            [Column(name: "author", content: .plain)]),
        ErasedTable(
            "dead_letters",
            keys: [
                Key(name: "topic"), Key(name: "partition", isInteger: true),
                Key(name: "message_offset", isInteger: true),
            ],
            [
                Column(name: "body", content: .message), Column(name: "reason", content: .plain),
                Column(name: "redriven_by", content: .plain),
            ]),
        ErasedTable(
            "bus_messages",
            keys: [
                Key(name: "topic"), Key(name: "partition", isInteger: true),
                Key(name: "message_offset", isInteger: true),
            ],
            [Column(name: "body", content: .message)]),
        ErasedTable(
            "spooled_messages", keys: [Key(name: "partition_name"), Key(name: "number", isInteger: true)],
            [Column(name: "body", content: .message)]),
        ErasedTable(
            "due_work", keys: [Key(name: "kind"), Key(name: "id")], [Column(name: "payload", content: .message)]),
        ErasedTable(
            "alert_suppressions", keys: [Key(name: "alert_id")], [Column(name: "document", content: .document)]),
        ErasedTable(
            "message_windows", keys: [Key(name: "window_key")], [Column(name: "document", content: .document)]),
        ErasedTable("flood_windows", keys: [Key(name: "window_key")], [Column(name: "document", content: .document)]),
        ErasedTable("flood_decisions", keys: [Key(name: "subject")], [Column(name: "document", content: .document)]),
        ErasedTable("webhook_replays", keys: [Key(name: "id")], [Column(name: "document", content: .document)]),
        ErasedTable("self_audit_notices", keys: [Key(name: "id")], [Column(name: "document", content: .document)]),
        ErasedTable(
            "self_audit_deliveries", keys: [Key(name: "notice_id"), Key(name: "target")],
            [Column(name: "detail", content: .plain)]),
        ErasedTable(
            "self_audit", keys: [Key(name: "id", isInteger: true)], [Column(name: "document", content: .document)]),
        ErasedTable(
            "partition_schedule", keys: [Key(name: "generation", isInteger: true)],
            [Column(name: "raised_by", content: .plain)]),

        ErasedTable(
            "incidents", keys: [Key(name: "id")],
            [
                Column(name: "document", content: .document), Column(name: "summary_words", content: .plain),
                Column(name: "description_words", content: .plain),
            ]),
        ErasedTable("incident_entries", keys: [Key(name: "id")], [Column(name: "document", content: .document)]),
        ErasedTable(
            "changes", keys: [Key(name: "id")],
            [Column(name: "document", content: .document), Column(name: "words", content: .plain)]),
        ErasedTable(
            "imports", keys: [Key(name: "id")],
            [Column(name: "content", content: .plain), Column(name: "document", content: .document)]),
        ErasedTable(
            "import_messages", keys: [Key(name: "import_id"), Key(name: "number", isInteger: true)],
            [Column(name: "document", content: .document)]),

        ErasedTable("events", "what is personal is sealed, and the key destroyed"),
        ErasedTable("person_keys", "the key is destroyed; the row stays, so that none is made again"),
        ErasedTable("erasures", "holds the texts only while they are looked for, sealed"),
        ErasedTable("directory", "the person's entries are deleted; what others configured is theirs"),
        ErasedTable("sign_ins", "the person's rows are deleted"),
        ErasedTable("refresh_tokens", "the person's rows are deleted"),
        ErasedTable("notification_receipts", "those of the person's notifications are deleted"),
        ErasedTable("alert_properties", "written anew with their alert"),
        ErasedTable("alert_texts", "written anew with their alert"),
        ErasedTable("script_drafts", "scripts, gone after a while"),
        ErasedTable("directory_deletions", "ids"),
        ErasedTable("log_partitions", "places in the log"),
        ErasedTable("checkpoints", "places in the log"),
        ErasedTable("bus_partitions", "places in the log"),
        ErasedTable("spool_partitions", "places in the log"),
        ErasedTable("broker_cuts", "places in the log"),
        ErasedTable("broker_contact", "a time"),
        ErasedTable("partition_leases", "names of processes"),
        ErasedTable("directory_version", "a number"),
        ErasedTable("counters", "numbers"),
        ErasedTable("alert_numbers", "numbers"),
        ErasedTable("alert_number_head", "a number"),
        ErasedTable("command_results", "ids and words of an enumeration"),
        ErasedTable("rotation_counts", "ids and numbers"),
        ErasedTable("rotation_alerts", "ids and numbers"),
        ErasedTable("webhook_failures", "ids and times"),
        ErasedTable("incident_references", "ids"),
        ErasedTable("idempotency_keys", "answers, sealed, gone after a day"),
        ErasedTable("attachment_uses", "ids"),
        ErasedTable("audit_head", "a number"),
        ErasedTable("audit_cursors", "places in the log"),
        ErasedTable("audit_log", "places in the log"),
        ErasedTable("audit_blocks", "times"),
        ErasedTable("audit_postings", "ids, and hashes of names"),
        ErasedTable("audit_incoming", "empty but for the transaction that fills it"),
        ErasedTable("audit_gone", "places in the log"),
        ErasedTable("audit_checkpoints", "hashes and signatures"),
        ErasedTable("retention_next", "a time"),
        ErasedTable("retention_kept", "empty but for the transaction that fills it"),
        ErasedTable("schema_migrations", "the schema's own"),
    ]
}
