import AlertCore
import Persistence

extension OperationGroup {
    static let audit = OperationGroup(
        name: "Audit",
        operations: [
            .get(
                "audit", "AuditEvents", "Events of the log, newest first.",
                query: """
                    paging
                    asOf: integer(0..) -- Only what had been recorded up to this sequence; links repeat it.
                    embed: list(data) -- With the events themselves; limit may be 200 then.
                    from: time
                    query: text(..\(AuditQuery.lengthLimit)) -- As in kind:alert.created; see docs/AUDIT.md.
                    sortOrder: enum(ASCENDING, DESCENDING)
                    to: time
                    """),
            .get(
                "audit/chain", "AuditChain", "Everything that one request led to, and what led to what.",
                query: """
                    of!: text -- alert:, delivery:, notification: or request: with an id, or event: with a sequence.
                    """),
            .get("audit/checkpoint-keys", "AuditCheckpointKeys", "The public keys of the checkpoints."),
            .list(
                "audit/checkpoints", of: "AuditCheckpoint", "Signed statements of how far the log was, newest first."),
            .get(
                "audit/state", "AuditState", "What something was like at a moment.",
                query: """
                    at: time -- Now, when it is absent.
                    of!: text -- alert:, person:, group:, workflow: or on-call: (of a group), with an id or name.
                    """),
            .get("audit/{sequence}", "AuditEvent", "An event of the log, with its data."),
            .list("legal-holds", of: "LegalHold", "Legal holds."),
            .save(
                "legal-holds", "LegalHoldRequest", "LegalHold",
                "Makes or changes a legal hold: the alerts that its query finds are kept."),
            .get("legal-holds/{hold}", "LegalHold", "A legal hold."),
            .delete("legal-holds/{hold}", "LegalHold", "Ends a legal hold."),
        ],
        answers: [
            "AuditChain": """
            consequences!: [text] -- Ids of the events that came of it.
            events!: [AuditEvent] -- In the order of the log, without their data.
            isComplete!: boolean -- Whether all that was recorded is indexed.
            isTruncated!: boolean
            of!: text
            path!: [text] -- Ids of the events that led to it, from the beginning.
            request!: text
            total!: integer(0..)
            """,
            "AuditCheckpoint": """
            at!: time
            document!: text -- What is signed, byte for byte.
            hash!: text -- SHA-256 of the document.
            heads!: map(LogHead) -- By partition.
            keyId!: text
            number!: integer(1..)
            previous!: text -- The hash of the one before; empty for the first.
            publicKey!: text -- Ed25519, in base64.
            signature!: text -- In base64.
            """,
            "AuditCheckpointKeys": """
            data!: [object]
              keyId!: text
              publicKey!: text
            """,
            "AuditEvent": """
            actor!: object
              id: text
              name!: text
            alert: EventReference
            at!: time
            cause!: text
            causedBy: object -- Within a chain.
              id!: text
              kind!: enum(EVENT, TIME, REQUEST, COMMAND)
            data: any
            hash!: text
            id!: text
            kind!: text
            links!: Links
            request!: text
            sequence!: integer(0..)
            stream!: text
            summary!: text
            version!: integer
            """,
            "AuditEvents": """
            asOf!: integer(0..)
            count!: integer(0..)
            data!: [AuditEvent]
            isComplete!: boolean -- Whether all that was recorded is indexed.
            links!: PageLinks
            total!: integer(0..)
            """,
            "AuditState": """
            at!: time
            of!: text
            state!: any -- An object as it was kept, or an alert as the API shows it; who was on call, a list.
            """,
            "LegalHold": """
            created!: time
            createdBy: PersonReference
            id!: text
            links!: Links
            name!: text
            query!: text
            reason!: text
            """,
            "LogHead": """
            hash!: text
            position!: integer(0..)
            """,
        ],
        requests: [
            "LegalHoldRequest": """
            id: text
            name: text(1..200)
            query: text(1..\(AuditQuery.lengthLimit)) -- In the language of the audit.
            reason: text(..2000)
            """
        ])
}
