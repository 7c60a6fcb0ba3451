import AlertCore
import Persistence

extension OperationGroup {
    static let onCall = OperationGroup(
        name: "On call",
        operations: [
            .list(
                "on-call", of: "OnCall", "Who is on call.",
                query: """
                    at: time
                    embed: list(members.owner, shift)
                    from: time
                    groups: list
                    membersPerShift: text
                    to: time
                    """),
            .get(
                "on-call-summary", "[OnCallSummary]", "Who is on call, in one line a person.",
                query: """
                    at: time
                    escalationOrder: enum(PRIMARY, SECONDARY, TERTIARY)
                    groups: list
                    recipientsPerShift: text
                    """),
        ],
        answers: [
            "OnCall": """
            end!: time
            group!: GroupReference
            members!: page(OnCallMembers)
            notifyEndOfEscalation!: object
              notifyEnabled!: boolean
            shift!: object
              created: time
              description: text
              end: time
              group: GroupReference
              id!: text
              links!: Links
              members: [object]
                delay!: integer
                escalationType!: text
                inRotation!: boolean
                position!: integer
                recipient!: PersonReference
                shift!: NamedReference
              name!: text
              notifyEndOfEscalation: object
                notifyEnabled!: boolean
              recurrence: object
                end!: object
                  endBy!: text
                frequency!: text
                onDays!: [text]
                repeatEvery!: integer
              repeatEscalation: object
                repeatEnabled!: boolean
              start: time
              timezone: text
            start!: time
            """,
            "OnCallMembers": """
            delay!: integer
            escalationType!: text
            inRotation!: boolean
            member!: Person
            notified!: PersonReference
            position!: integer
            replacements!: object
              count!: integer
              data!: [object]
                end!: time
                replacement!: PersonReference
                start!: time
              total!: integer
            """,
            "OnCallSummary": """
            absence: object
              absenceType!: text
              end!: time
              id!: text
              includeDirectNotifications!: boolean
              links!: Links
              member!: PersonReference
              replacement!: PersonReference
              start!: time
            delay!: integer
            escalationLevel!: integer
            group!: NamedReference
            recipient!: PersonReference
            shift!: NamedReference
            """,
        ])
}
