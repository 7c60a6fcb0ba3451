import AlertCore
import Persistence

extension OperationGroup {
    static let deliveries = OperationGroup(
        name: "Deliveries",
        operations: [
            .list(
                "dead-letters", of: "DeadLetter", "Messages that could not be understood.",
                query: """
                    redriven: boolean
                    topic: text
                    """),
            .post(
                "dead-letters/redrive", "DeadLetterOrderRequest", [200: "DeadLetterOrder"], "Hands messages on again."),
            .list(
                "deliveries", of: "WebhookDelivery", "Deliveries to integrations.",
                query: """
                    after: time
                    event: text
                    from: time
                    ids: text
                    integration: text
                    plan: list
                    reason: enum(retry, slow, busy, behind, circuitOpen, throttled, disabled, unconfigured, \
                    redriven, notDeployed, answer, filter, notExecuted)
                    replay: text
                    status: list(PARKED, DELIVERED, EXHAUSTED, CANCELLED, SKIPPED)
                    to: time
                    """),
            .post(
                "deliveries/cancel", "DeliveryOrderRequest", [200: "DeliveryOrder", 202: "DeliveryOrder"],
                "Gives deliveries up."),
            .post(
                "deliveries/redrive", "DeliveryOrderRequest", [200: "DeliveryOrder", 202: "DeliveryOrder"],
                "Sends deliveries again that were parked or given up."),
            .get(
                "deliveries/{delivery}", "WebhookDeliveryDetail", "A delivery to an integration, with every attempt."),
            .list(
                "replays", of: "Replay", "Replays.",
                query: """
                    integration: text
                    """),
            .post(
                "replays", "ReplayRequest", [200: "Replay", 202: "Replay"],
                "Sends the history of alerts to an integration."),
            .get("replays/{replay}", "Replay", "A replay."),
            .post("replays/{replay}/cancel", nil, [200: "Replay"], "Ends a replay."),
        ],
        answers: [
            "DeadLetter": """
            body: text
            id!: text
            key: text
            offset: integer
            partition: integer
            reason: text
            recorded: time
            redriven: object
              at: time
              by: text
            topic: text
            """,
            "DeadLetterOrder": """
            dryRun: boolean
            sample: [object]
              body: text
              id: text
              key: text
              offset: integer
              partition: integer
              reason: text
              recorded: time
              topic: text
            total: integer
            """,
            "DeliveryOrder": """
            dryRun!: boolean
            ordered!: integer
            rate!: integer
            sample!: [object]
              detail: text
              event!: EventReference
              failedAttempts!: integer
              id!: text
              integration!: NamedReference
              links!: Links
              reason: text
              requested!: time
              sequence!: integer
              status!: text
              triggeredBy!: text
              updated!: time
            seconds!: integer
            total!: integer
            """,
            "Replay": """
            by: text
            cancelledBy: text
            created: time
            dryRun: boolean
            events!: integer
            id: text
            includeSent: boolean
            integration: NamedReference
            isComplete: boolean
            links: Links
            passedOver!: integer
            rate!: integer
            refused!: integer
            sample: [object]
              at!: time
              event!: EventReference
              kind!: text
              payload!: object
                date!: text
                eventIdentifier!: integer
                eventProperties!: [any]
                status!: text
                username!: text
              sequence!: integer
            scanned!: integer
            sent: integer
            since: time
            status: text
            total: integer
            updated: time
            """,
            "WebhookDelivery": """
            configurationVersion: integer
            detail: text
            event!: EventReference
            failedAttempts!: integer
            id!: text
            integration!: NamedReference
            links!: Links
            nextAttempt: time
            reason: text
            replay: text
            requested!: time
            sequence!: integer
            status!: text
            triggeredBy!: text
            updated!: time
            """,
            "WebhookDeliveryDetail": """
            attempts: [object]
              at: time
              durationMilliseconds: integer
              inDoubt: boolean
              method: text
              number: integer
              responseBody: text
              status: integer
              url: text
            configurationVersion: integer
            detail: text
            event: EventReference
            failedAttempts: integer
            history: [object]
              at: time
              attempt: object
                at: time
                durationMilliseconds: integer
                inDoubt: boolean
                method: text
                number: integer
                responseBody: text
                status: integer
                url: text
              by: PersonReference
              cause: text
              detail: text
              kind: text
              reason: text
              until: time
            id!: text
            integration: NamedReference
            links!: Links
            nextAttempt: time
            payload: text
            reason: text
            replay: text
            requested: time
            sequence: integer
            status: text
            triggeredBy: text
            updated: time
            """,
        ],
        requests: [
            "DeadLetterOrderRequest": """
            dryRun: boolean
            ids: [text]
            topic: text(..4000)
            """,
            "DeliveryOrderRequest": """
            all: boolean
            dryRun: boolean
            event: text
            from: any
            ids: [text]
            integration: text or map
            plan: any
            rate: integer
            reason: text
            replay: any
            status: any
            to: time
            """,
            "ReplayRequest": """
            dryRun: boolean
            id: text
            includeSent: boolean
            integration: text or map
            rate: integer
            since: text(..4000)
            """,
        ])
}
