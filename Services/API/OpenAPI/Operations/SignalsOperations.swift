import AlertCore
import Persistence

extension OperationGroup {
    static let signals = OperationGroup(
        name: "Signals",
        operations: [
            .list(
                "signals", of: "Signal", "Requests that came in, newest first.",
                query: """
                    correlation: list -- Ids of requests.
                    embed: list(triggerOutputs, request, events)
                    from: time
                    response: list -- As in 202 or ACCEPTED: nothing is kept of others.
                    sortBy: enum(RECEIVED)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    to: time
                    """),
            .get(
                "signals/{signal}", "Signal", "A request that came in.",
                query: """
                    embed: list(triggerOutputs, request, events)
                    """),
        ],
        answers: [
            "Signal": """
            authenticatedUser: PersonReference
            events: [EventReference]
            httpResponse!: text
            id!: text
            links!: Links
            payloadType!: enum(JSON, XML, FORM, TEXT, NONE)
            received!: time
            request: object
              body!: text
              headers!: map(text)
              method!: text
              parameters!: map(text)
              remoteAddress!: text
            requestId!: text
            status!: enum(\(Notation.names(Activity.Status.self)))
            suppressedCount!: integer(0..1)
            trigger: object
              id!: text
              name!: text
              plan: NamedReference
            triggerLabel: text
            triggerOperation: text
            triggerOutputs: map(text)
            triggerType!: enum(HTTP, FORM)
            workflow: NamedReference
            workflowType: enum(FLOW)
            """
        ])
}
