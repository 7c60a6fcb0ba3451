import AlertCore
import Persistence

extension OperationGroup {
    static let shifts = OperationGroup(
        name: "Shifts",
        operations: [
            .list(
                "groups/{group}/occurrences", of: "Occurrence", "Occurrences of shifts.",
                query: """
                    embed: list(members, members.owner, shift)
                    from: time
                    membersPerShift: text
                    shifts: list
                    to: time
                    """),
            .list(
                "groups/{group}/shifts/{shift}/occurrences", of: "Occurrence", "Occurrences of shifts.",
                query: """
                    embed: list(members, members.owner, shift)
                    from: time
                    membersPerShift: text
                    shifts: list
                    to: time
                    """),
            .list(
                "groups/{group}/shifts", of: "Shift", "Shifts.",
                query: """
                    operand: enum(AND, OR)
                    search: text
                    """),
            .save("groups/{group}/shifts", "ShiftRequest", "Shift", "Makes or changes a shift.", access: .group),
            .get("groups/{group}/shifts/{shift}", "Shift", "A shift."),
            .save(
                "groups/{group}/shifts/{shift}", "ShiftRequest", "Shift", "Makes or changes a shift.", access: .group),
            .delete("groups/{group}/shifts/{shift}", "Shift", "Deletes a shift.", access: .group),
            .list(
                "groups/{group}/shifts/{shift}/exclusions", of: "Exclusion", "What of a shift does not take place.",
                query: """
                    from: time
                    to: time
                    """),
            .list("groups/{group}/shifts/{shift}/members", of: "ShiftMember", "A shift's places."),
            .post(
                "groups/{group}/shifts/{shift}/members", "ShiftMemberRequest", [200: "ShiftMember"],
                "Puts a member into a shift, or moves it there.", access: .group),
            .delete(
                "groups/{group}/shifts/{shift}/members/{member}", "ShiftMember", "Deletes a place in a shift.",
                access: .group),
            .post(
                "groups/{group}/shifts/{shift}/occurrences", "OccurrenceRequest", [200: "page(Occurrence)"],
                "What was excluded takes place again.",
                query: """
                    paging
                    """, access: .group),
            .delete(
                "groups/{group}/shifts/{shift}/occurrences/{start}", "Occurrence", "Excludes an occurrence of a shift.",
                access: .group),
            .list(
                "groups/{group}/shifts/{shift}/occurrences/{start}/members", of: "OccurrenceMember",
                "Who is in an occurrence of a shift.",
                query: """
                    embed: list(members.owner, owner)
                    """),
        ],
        answers: [
            "Exclusion": """
            end: time
            group: GroupReference
            shift: NamedReference
            start: time
            """,
            "Occurrence": """
            end!: time
            group!: GroupReference
            notifyEndOfEscalation: object
              notifyEnabled!: boolean
            shift!: NamedReference
            start!: time
            """,
            "OccurrenceMember": """
            delay: integer
            escalationType: text
            inRotation: boolean
            member: Person
            notified: PersonReference
            position: integer
            replacements: object
              count: integer
              data: [object]
                end: time
                replacement: PersonReference
                start: time
              total: integer
            """,
            "Shift": """
            created!: time
            description!: text
            end!: time
            group!: GroupReference
            id!: text
            links!: Links
            members!: [object]
              delay!: integer
              escalationType!: text
              inRotation!: boolean
              position!: integer
              recipient!: object
                firstName: text
                groupType: text
                id!: text
                lastName: text
                links!: Links
                recipientType!: enum(GROUP, PERSON)
                targetName!: text
              shift!: NamedReference
            name!: text
            notifyEndOfEscalation!: object
              delay: integer
              notifyEnabled!: boolean
              recipient: PersonReference
              waitInSeconds: integer
            recurrence!: object
              dateOfMonth: integer
              dayOfWeek: text
              dayOfWeekClassifier: text
              end!: object
                date: time
                endBy!: text
                repetitions: integer
              frequency!: text
              months: [text]
              on: text
              onDays: [text]
              repeatEvery!: integer
            repeatEscalation!: object
              delay: integer
              escalationType: text
              repeatEnabled!: boolean
              repetitions: integer
              waitInSeconds: integer
            rotation: object
              direction!: text
              interval!: integer
              intervalUnit: text
              nextRotationTime: time
              type!: text
            rotationType: text
            start!: time
            timezone!: text
            """,
            "ShiftMember": """
            delay!: integer
            escalationType!: text
            inRotation!: boolean
            position!: integer
            recipient!: object
              firstName: text
              groupType: text
              id!: text
              lastName: text
              links!: Links
              recipientType!: enum(GROUP, PERSON)
              targetName!: text
            shift!: NamedReference
            """,
        ],
        requests: [
            "OccurrenceRequest": """
            endDate: time
            startDate: time
            """,
            "ShiftMemberRequest": """
            delay: integer(0..10080)
            escalationType: enum(None, Peer, Management)
            id: any
            inRotation: boolean
            position: integer
            recipient: any
            """,
            "ShiftRequest": """
            description: text
            end: time
            id: text
            members: [object]
              delay: integer(0..10080)
              escalationType: text
              id: any
              inRotation: boolean
              position: integer
              recipient: any
            name: text
            notifyEndOfEscalation: object
              delay: any
              notificationType: text(..100)
              notifyEnabled: boolean
              recipient: any
              waitInSeconds: integer
            recurrence: object
              dateOfMonth: integer(1..31)
              dayOfWeek: text
              dayOfWeekClassifier: text
              end: object
                date: text(1..10)
                endBy: text
                repetitions: integer
              frequency: enum(ONCE, DAILY, WEEKLY, EVERY_WEEKDAY, EVERY_WEEKEND_DAY, MONTHLY, YEARLY, \
            HOLIDAY)
              months: any
              on: any
              onDays: any
              repeatEvery: any
            repeatEscalation: object
              delay: any
              escalationType: text
              repeatEnabled: any
              repetitions: any
              waitInSeconds: integer
            rotation: object
              direction: text
              interval: integer(1..10000)
              intervalUnit: text
              nextRotationTime: time
              type: enum(TIME, ALERTS, SHIFTS)
            rotationType: text
            start: time
            timezone: text
            """,
        ])
}
