import AlertCore
import Persistence

extension OperationGroup {
    static let events = OperationGroup(
        name: "Alerts",
        operations: [
            OperationDescription(
                method: .post, path: "attachments", summary: "Uploads a file for an alert.",
                query: "fileName: text -- Where the body has none.", body: "file",
                bodyMedia: "multipart/form-data", answers: [201: "Attachment"], errors: [409, 415]),
            .get("attachments/{attachment}/{file}", "text", "A file.", media: "*/*"),
            .list(
                "audits", of: "Audit", "What happened to an alert.",
                query: """
                    at: time
                    auditType: list(EVENT_ANNOTATED, EVENT_CREATED, EVENT_SUSPENDED, EVENT_RESUMED, \
                    EVENT_COMPLETED, EVENT_TERMINATED, RESPONSE_RECEIVED, NOTIFICATION_DELIVERED, \
                    NOTIFICATION_FAILED, EVENT_ESCALATED, RECIPIENTS_FAILED, RESPONSE_REJECTED)
                    eventId: text
                    from: time
                    sortOrder: enum(ASCENDING, DESCENDING)
                    to: time
                    """),
            .get("conferences/{conference}", "Conference", "The conference of the alert with that id."),
            .list(
                "event-suppressions", of: "Suppression", "Alerts that flood control suppressed.",
                query: """
                    event: text
                    """),
            .list(
                "events", of: "Event", "Alerts.",
                query: """
                    at: time
                    embed: list
                    eventType: list
                    form: list
                    from: time
                    incidentId: list
                    operand: enum(AND, OR)
                    plan: list
                    priority: list(LOW, MEDIUM, HIGH)
                    propertyName: list
                    propertyNames: list
                    propertyValue: list
                    propertyValueOperator: enum(EQUALS, CONTAINS, STARTS_WITH, ENDS_WITH)
                    propertyValues: list
                    requestId: list
                    resolvedUsers: list
                    search: text
                    sortBy: enum(START_TIME)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    status: list(ACTIVE, SUSPENDED, TERMINATED, TERMINATED_EXTERNAL, SUPPRESSED)
                    submitter: list
                    targetedRecipients: list
                    to: time
                    """),
            .post("events", "EventStatusRequest", [200: "Event"], "Suspends, resumes or ends an alert."),
            .post("events/simulate", "SimulationRequest", [200: "Simulation"], "Who would be notified, when."),
            .get(
                "events/{event}", "Event", "An alert.",
                query: """
                    at: time
                    embed: list
                    targeted: boolean
                    """),
            .list("events/{event}/annotations", of: "Annotation", "Comments."),
            .post("events/{event}/annotations", "AnnotationRequest", [201: "Annotation"], "Comments on an alert."),
            .get("events/{event}/annotations/{annotation}", "Annotation", "A comment."),
            .list("events/{event}/attachments", of: "EventAttachment", "An alert's files."),
            .get("events/{event}/attachments/{name}", "text", "A file of an alert.", media: "*/*"),
            .list(
                "events/{event}/deliveries", of: "EventWebhookDelivery",
                "An alert's deliveries to integrations, with every attempt."),
            .get(
                "events/{event}/explain", "Explanation", "Why each person was notified, or was not.",
                query: """
                    person: text
                    """),
            .list(
                "events/{event}/recipients", of: "Recipient", "Recipients.",
                query: """
                    at: time
                    targeted: boolean
                    """),
            .post(
                "events/{event}/responses", "ResponseRequest", [200: "Response", 201: "Response"], "Answers an alert.",
                access: .answer),
            .list(
                "events/{event}/user-deliveries", of: "UserDelivery", "An alert's notifications by person.",
                query: """
                    at: time
                    deliveryStatus: list(FAILED, PENDING, DELIVERED, RESPONDED)
                    embed: list(person.properties)
                    sortBy: enum(TARGET_NAME, FIRST_LAST_NAME, DELIVERY_STATUS)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    """),
            .list(
                "events/{event}/why", of: "WhyRow", "Why each integration got something of an alert, or did not.",
                query: """
                    integration: text
                    sequence: integer(1..10000)
                    """),
        ],
        answers: [
            "Attachment": """
            links!: Links
            name!: text
            path: text
            size: integer
            """,
            "Audit": """
            annotation: object
              author!: PersonReference
              comment!: text
              created!: time
              event!: EventReference
              id!: text
              links!: Links
            at!: time
            by: PersonReference
            escalation: object
              by!: object?
                firstName!: text
                id!: text
                lastName!: text
                targetName!: text
              from!: [PersonReference]
              group!: GroupReference
              reason!: text
              shift!: NamedReference
              to!: [PersonReference]
              totalFrom!: integer
              totalTo!: integer
              type!: text
            event: EventReference
            id!: text
            notification: object
              category!: text
              created!: time
              deliveryStatus!: text
              event!: EventReference
              id!: text
              message!: text
              recipient!: DeviceReference
            orderId!: text
            response: object
              comment: text
              notification!: object
                category!: text
                created: time
                deliveryStatus!: text
                event!: EventReference
                id: text
                recipient!: object
                  deviceType: enum(\(Notation.names(Device.Kind.self)))
                  firstName: text
                  id!: text
                  lastName: text
                  links!: Links
                  name: text
                  recipientType!: enum(DEVICE, PERSON)
                  targetName!: text
              option!: object
                action!: text
                allowComments!: boolean
                contribution!: text
                description!: text
                id!: text
                joinConference!: boolean
                number!: integer
                prompt!: text
                redirectUrl!: text
                text!: text
              received!: time
              response!: text
              source!: text
            type!: text
            """,
            "Conference": """
            bridge: ConferenceBridge
            bridgeId: text
            bridgeNumber: text
            event: EventReference
            id!: text
            links!: Links
            type: text
            """,
            "Event": """
            annotations: page(Annotation)
            attachments: page(EventAttachment)
            bypassPhoneIntro!: boolean
            conference: object
              bridgeId!: text
              bridgeNumber: text
              id!: text
              links!: Links
              type!: text
            created!: text
            escalationOverride!: boolean
            eventId!: text
            eventType!: text
            expirationInMinutes: integer
            floodControl!: boolean
            form!: NamedReference
            id!: text
            incident!: text
            integration: NamedReference
            links!: Links
            messages: page(EventMessage)
            name!: text
            notificationAuditCount: integer
            otherResponseCount: integer
            otherResponseCountThreshold: integer
            overrideDeviceRestrictions!: boolean
            plan!: NamedReference
            priority!: enum(LOW, MEDIUM, HIGH)
            properties: map(any)
            recipients: page(Recipient)
            requestId!: text
            requirePhonePassword!: boolean
            responseCountsEnabled!: boolean
            responseOptions: page(ResponseOption)
            revision: object
              at!: text
              id!: text
              seq!: text
            senderOverrides: object
              callerId: text
              displayName: text
            status!: enum(ACTIVE, SUSPENDED, TERMINATED, TERMINATED_EXTERNAL, SUPPRESSED)
            submitter!: PersonReference
            suppressedCount: integer
            suppression: object
              event!: EventReference
              rule!: text
              until!: time
            suppressions: page(Suppression)
            systemEventType: text
            targetDeviceNames: [object]
              name!: text
            terminated: text
            voicemailOptions: object
              every!: integer
              leave!: text
              retry!: integer
            """,
            "EventWebhookDelivery": """
            attempts: [object]
              at: time
              durationMilliseconds: integer
              error: text
              inDoubt: boolean
              method: text
              number: integer
              responseBody: text
              status: integer
              url: text
            detail: text
            failedAttempts: integer
            id!: text
            integration: NamedReference
            nextAttempt: time
            payload: text
            reason: text
            sequence: integer
            status: text
            triggeredBy: text
            updated: time
            """,
            "Response": """
            event!: EventReference
            option!: object
              id!: text
              number!: integer
              text!: text
            recipient!: PersonReference
            response!: text
            source!: text
            """,
            "Simulation": """
            at!: time
            directoryVersion!: integer?
            isTruncated!: boolean
            lines!: [object]
              at!: time
              device!: object?
                deviceType!: enum(\(Notation.names(Device.Kind.self)))
                id!: text
                name!: text
              directoryVersion!: integer?
              group!: NamedReference?
              kind!: text
              notification!: text?
              person!: PersonReference?
              round!: integer?
              rule!: text?
              shift!: NamedReference?
              step!: integer?
              target!: object?
                id!: text
                recipientType!: enum(GROUP, PERSON)
                targetName!: text
              text!: text
            notifications!: [object]
              at!: time
              device!: object
                deviceType!: enum(\(Notation.names(Device.Kind.self)))
                id!: text
                name!: text
              directoryVersion!: integer?
              group!: NamedReference?
              kind!: text
              notification!: text
              person!: PersonReference
              round!: integer?
              rule!: text
              shift!: NamedReference?
              step!: integer?
              target!: object
                id!: text
                recipientType!: enum(GROUP, PERSON)
                targetName!: text
              text!: text
            people!: [object]
              notified!: integer
              outcome!: text
              person!: PersonReference
              text!: text
            until!: time
            """,
            "UserDelivery": """
            deliveryStatus!: text
            event!: EventReference
            links!: Links
            notifications!: page(UserDeliveryNotifications)
            person!: PersonReference
            response: object
              notification: NamedReference
              received!: time
              text!: text
            """,
            "UserDeliveryNotifications": """
            category!: text
            created!: time
            delivered: time
            deliveryAttempted!: time
            deliveryStatus!: text
            id!: text
            recipient!: DeviceReference
            responded: time
            responses!: page(UserDeliveryNotificationsResponses)
            """,
            "UserDeliveryNotificationsResponses": """
            notification: NamedReference
            received: time
            text: text
            """,
            "WhyRow": """
            at!: time
            configurationVersion: integer
            currentVersion: integer
            delivery: text
            integration!: NamedReference
            kind!: text
            outcome!: text
            reason: text
            sequence!: integer
            text!: text
            triggeredBy!: text
            until: time
            """,
        ],
        requests: [
            "AnnotationRequest": """
            comment: text
            """,
            "EventStatusRequest": """
            id: any
            status: enum(ACTIVE, SUSPENDED, TERMINATED)
            """,
            "ResponseRequest": """
            comment: text
            response: text(1..255)
            """,
            "SimulationRequest": """
            at: time
            form: text or map
            minutes: integer
            """,
        ])
}
