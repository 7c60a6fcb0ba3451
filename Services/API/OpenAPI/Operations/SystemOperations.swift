import AlertCore
import Persistence

extension OperationGroup {
    static let system = OperationGroup(
        name: "System",
        operations: [
            .list(
                "conference-bridges", of: "ConferenceBridge", "Conference bridges.",
                query: """
                    fields: list
                    operand: enum(AND, OR)
                    search: text
                    """),
            .save(
                "conference-bridges", "ConferenceBridgeRequest", "ConferenceBridge",
                "Makes or changes a conference bridge."),
            .get("conference-bridges/{bridge}", "ConferenceBridge", "A conference bridge."),
            .save(
                "conference-bridges/{bridge}", "ConferenceBridgeRequest", "ConferenceBridge",
                "Makes or changes a conference bridge."),
            .delete("conference-bridges/{bridge}", "ConferenceBridge", "Deletes a conference bridge."),
            .get("partitions", "Partitions", "How many partitions there are, and have been."),
            .post("partitions", "PartitionsRequest", [202: "Partitions"], "Raises the number of partitions."),
            .get(
                "self-audit", "SelfAudit", "What the self-audit finds.",
                query: """
                    paging
                    """),
        ],
        answers: [
            "Finding": """
            count: integer
            detail: text
            kind: text
            lastFound: time
            oldest: time
            rule: text
            since: time
            """,
            "Partitions": """
            count: integer
            generations: [object]
              by: text
              count: integer
              generation: integer
              since: time
            isPending: boolean
            """,
            "SelfAudit": """
            checked: time?
            findings: [Finding]
            notices: page(SelfAuditNotices)
            """,
            "SelfAuditNotices": """
            at: time
            cleared: [any]
            deliveries: [object]
              at: time
              attempts: integer
              detail: text
              status: text
              target: text
            id!: text
            lasting: [any]
            raised: [object]
              count: integer
              detail: text
              kind: text
              lastFound: time
              oldest: time
              rule: text
              since: time
            summary: text
            """,
        ],
        requests: [
            "ConferenceBridgeRequest": """
            bridgeNumber: text
            description: text
            dialAfterBridge: text
            id: text
            meetingLink: text(..2000)
            name: text
            pauseBeforeBridgePrompt: integer(0..60)
            preferredConnectionType: enum(TOLL, TOLL_FREE)
            staticBridgeNumber: boolean
            tollFreeNumber: text
            tollNumber: text
            """,
            "PartitionsRequest": """
            count: integer
            """,
        ])
}
