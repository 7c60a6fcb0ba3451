import AlertCore
import Persistence

extension OperationGroup {
    private static let listQuery = """
        enabledFor: enum(API, MOBILE, UI, USER, DEVELOPER) -- USER: whoever asks may send it; DEVELOPER: change it.
        operand: enum(AND, OR)
        search: text -- In names and descriptions.
        """

    static let scenarios = OperationGroup(
        name: "Scenarios and scheduled messages",
        operations: [
            .list(
                "scenarios", of: "Scenario", "Scenarios that the caller may send or change, by name.",
                query: listQuery),
            .get("scenarios/{scenario}", "Scenario", "A scenario."),
            .delete("scenarios/{scenario}", "Scenario", "Deletes a scenario.", access: .scenario),
            .get("scenarios/{scenario}/attachments/{name}", "text", "A file of a scenario.", media: "*/*"),
            .list(
                "scenarios/{scenario}/sender-permissions", of: "ScenarioPermission",
                "Who may see and send a scenario: nobody named for everybody who may send its form."),
            OperationDescription(
                method: .put, path: "scenarios/{scenario}/sender-permissions",
                summary: "Sets who may see, send and change a scenario.", query: "paging",
                body: "ScenarioPermissionRequest or [ScenarioPermissionRequest]",
                answers: [200: "page(ScenarioPermission)"], errors: [409], access: .scenario),
            .list(
                "forms/{form}/scenarios", of: "Scenario",
                "Scenarios of a form that the caller may send or change, by position.", query: listQuery),
            .save(
                "forms/{form}/scenarios", "ScenarioRequest", "Scenario", "Makes or changes a scenario of a form.",
                access: .scenario),
            OperationDescription(
                method: .post, path: "forms/{form}/scenarios/{scenario}/attachments",
                summary: "Adds a file to a scenario, in the place of one of the same name.",
                query: "fileName: text -- Where the body has none.", body: "file", bodyMedia: "multipart/form-data",
                answers: [201: "Attachment"], errors: [409, 415], access: .scenario),
            .list(
                "plans/{plan}/forms/{form}/scenarios", of: "Scenario",
                "Scenarios of a form that the caller may send or change, by position.", query: listQuery),
            .list(
                "scheduled-messages", of: "ScheduledMessage",
                "Scheduled messages of the caller and of those as whom the caller may act; all for who may `workflows`."
            ),
            .save(
                "scheduled-messages", "ScheduledMessageRequest", "ScheduledMessage",
                "Makes or changes a scheduled message.",
                notes: "Of others, whoever may act as its owner changes it."),
            .get("scheduled-messages/{message}", "ScheduledMessage", "A scheduled message."),
            .delete("scheduled-messages/{message}", "ScheduledMessage", "Deletes a scheduled message."),
            .get(
                "scheduled-messages/{message}/attachments/{name}", "text", "A file of a scheduled message.",
                media: "*/*"),
        ],
        answers: [
            "Scenario": kept(
                """
                created!: time
                description!: text
                form!: NamedReference
                id!: text
                links!: Links
                name!: text
                permitted!: page(ScenarioPermitted)
                plan: NamedReference
                position!: integer
                attachments!: page(Attachment)
                """),
            "ScenarioPermission": """
            editScenarios!: boolean
            sender!: ScenarioSender
            senderType!: enum(\(Notation.names(SenderPermission.SenderType.self)))
            """,
            "ScenarioPermitted": """
            displayName!: text
            editor!: boolean
            hasEditPermission!: boolean
            permissibleType!: enum(\(Notation.names(SenderPermission.SenderType.self)))
            permissionType!: enum(\(Notation.names(SenderPermission.SenderType.self)))
            person: ScenarioSender
            recipientId!: text
            role: ScenarioSender
            """,
            "ScenarioSender": """
            description: text
            firstName: text
            id!: text
            lastName: text
            links: Links
            name: text
            recipientType: enum(PERSON)
            targetName: text
            """,
            "ScheduledEvent": kept(
                """
                created!: time
                eventType!: enum(USER)
                floodControl!: boolean
                form!: NamedReference
                plan: NamedReference
                responseCountsEnabled!: boolean
                scenario: NamedReference -- What fills in the rest.
                """),
            "ScheduledMessage": """
            attachments!: page(Attachment)
            event!: ScheduledEvent
            id!: text
            links!: Links
            name!: text
            nextFireTime: time -- Unless it is over.
            owner!: PersonReference
            previousFireTime: time
            previousRequestId: text -- The request that it was last sent by.
            problem: object -- Why nothing was sent the last time.
              fireTime!: time
              message!: text
            recurrence!: object
              dateOfMonth: integer
              dayOfWeek: text
              dayOfWeekClassifier: text
              end!: object
                date: time
                endBy!: enum(NEVER, DATE, REPETITIONS)
                repetitions: integer
              frequency!: enum(\(Notation.names(Recurrence.Frequency.self)))
              months: [text]
              on: text
              onDays: [text]
              repeatEvery!: integer
              startTime!: time
            """,
        ],
        requests: [
            "ScenarioPermissionRequest": """
            *: any
            """,
            "ScenarioRequest": request(
                """
                attachments: any -- Objects with the name and the path that POST /attachments has answered.
                description: text
                id: text -- Of the one to change.
                name: text(1..255)
                permitted: any -- Who may see and send it: the whole list.
                position: integer(0..1000000)
                """),
            "ScheduledEventRequest": request(
                """
                attachments: any -- Objects with the name and the path that POST /attachments has answered.
                form: text or map -- By id or number, or by name with the plan.
                plan: text or map
                scenario: text or map -- What fills in the rest; an empty text for none.
                """),
            "ScheduledMessageRequest": """
            attachments: any -- As those of the event.
            event: ScheduledEventRequest
            id: text -- Of the one to change.
            name: text(1..255)
            owner: text or map -- The caller, when it is absent.
            recurrence: object
              dateOfMonth: integer or text
              dayOfWeek: text
              dayOfWeekClassifier: text
              end: object
                date: time -- Nothing is sent then or later.
                endBy: text -- NEVER, DATE or REPETITIONS.
                repetitions: integer or text
              frequency: text -- ONCE, DAILY, WEEKLY, EVERY_WEEKDAY, EVERY_WEEKEND_DAY, MONTHLY or YEARLY.
              months: any
              on: any
              onDays: any
              repeatEvery: integer or text
              startTime: time -- The first time; later ones keep the time of day in the owner's time zone.
            """,
        ])

    /// What is filled in of a form, and `more`.
    private static func kept(_ more: String) -> String {
        """
        bypassPhoneIntro!: boolean
        conference: map(any)
        escalationOverride!: boolean
        expirationInMinutes: integer
        otherResponseCountThreshold: integer
        overrideDeviceRestrictions!: boolean
        priority: enum(LOW, MEDIUM, HIGH)
        properties!: map(any)
        recipients!: page(Recipient)
        requirePhonePassword!: boolean
        responseOptions: page(any)
        senderOverrides: object
          callerId: text
          displayName: text
        targetAllDevices: boolean
        targetDeviceNames: page(any)
        voicemailOptions!: object
          every: integer
          leave: text
          retry: integer

        """ + more
    }

    /// What can be filled in of a form, and `more`. An empty text or list takes a value away.
    private static func request(_ more: String) -> String {
        """
        bypassPhoneIntro: any
        conference: any
        escalationOverride: any
        expirationInMinutes: any
        otherResponseCountThreshold: any
        overrideDeviceRestrictions: any
        priority: text
        properties: map(any) -- All of them; an empty object takes them away. No values of passwords.
        recipients: any
        requirePhonePassword: any
        responseOptions: any
        senderOverrides: any
        targetAllDevices: any
        targetDeviceNames: any
        voicemailOptions: any

        """ + more
    }
}
