import AlertCore
import Persistence

extension OperationGroup {
    static let forms = OperationGroup(
        name: "Forms",
        operations: [
            .list(
                "forms", of: "Form", "Forms.",
                query: """
                    embed: list(messageTemplates, recipients, responseOptions, scenarios, sections, senderPermissions)
                    enabledFor: text
                    fields: list
                    operand: enum(AND, OR)
                    plans.planType: text
                    search: text
                    sortBy: enum(NAME, GROUPTYPE, STATUS)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    triggerType: text
                    """),
            .get(
                "forms/{form}", "Form", "A form.",
                query: """
                    embed: list(messageTemplates, recipients, responseOptions, scenarios, sections, senderPermissions)
                    """),
            .delete(
                "forms/{form}", "Form", "Deletes a form.",
                query: """
                    embed: list(messageTemplates, recipients, responseOptions, scenarios, sections, senderPermissions)
                    """),
            .get("forms/{form}/message-templates", "MessageTemplate", "A form's message templates."),
            .post(
                "forms/{form}/message-templates", "MessageTemplateRequest", [200: "MessageTemplate"],
                "Changes a form's message templates."),
            .list("forms/{form}/recipients", of: "Recipient", "Recipients."),
            .put(
                "forms/{form}/recipients", "RecipientRequest or [RecipientRequest]", "page(Recipient)",
                "Sets a form's recipients.",
                query: """
                    paging
                    """),
            .list("forms/{form}/response-options", of: "ResponseOption", "Response options."),
            .save(
                "forms/{form}/response-options", "ResponseOptionRequest or [ResponseOptionRequest]",
                "ResponseOption or page(ResponseOption)", "Makes or changes a response option.",
                query: """
                    paging
                    """),
            .delete("forms/{form}/response-options/{option}", "ResponseOption", "Deletes a response option."),
            .list("forms/{form}/sections", of: "Section", "A form's sections."),
            .save("forms/{form}/sections", "SectionRequest", "Section", "Makes or changes a section of a form."),
            .get("forms/{form}/sections/{section}", "Section", "A section of a form."),
            .delete("forms/{form}/sections/{section}", "Section", "Deletes a section of a form."),
            .list("forms/{form}/sender-permissions", of: "SenderPermission", "Who may send a form."),
            .put(
                "forms/{form}/sender-permissions", "SenderPermissionRequest or [SenderPermissionRequest]",
                "page(SenderPermission)", "Sets who may send a form.",
                query: """
                    paging
                    """),
            .list(
                "plans/{plan}/forms", of: "Form", "Forms.",
                query: """
                    embed: list(messageTemplates, recipients, responseOptions, scenarios, sections, senderPermissions)
                    enabledFor: text
                    fields: list
                    operand: enum(AND, OR)
                    plans.planType: text
                    search: text
                    sortBy: enum(NAME, GROUPTYPE, STATUS)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    triggerType: text
                    """),
            .save(
                "plans/{plan}/forms", "FormRequest", "Form", "Makes or changes a form.",
                query: """
                    embed: list(messageTemplates, recipients, responseOptions, scenarios, sections, senderPermissions)
                    """),
            .get(
                "plans/{plan}/forms/{form}", "Form", "A form.",
                query: """
                    embed: list(messageTemplates, recipients, responseOptions, scenarios, sections, senderPermissions)
                    """),
            .delete("plans/{plan}/forms/{form}", "Form", "Deletes a form."),
            .list("plans/{plan}/forms/{form}/response-options", of: "ResponseOption", "Response options."),
            .save(
                "plans/{plan}/forms/{form}/response-options", "ResponseOptionRequest or [ResponseOptionRequest]",
                "ResponseOption", "Makes or changes a response option."),
        ],
        answers: [
            "MessageTemplate": """
            email!: [object]
              body!: text
              language!: text
              subject!: text
            links!: Links
            sms!: [object]
              language!: text
              text!: text
            voice!: [object]
              language!: text
              steps!: [object]
                commonProperty: text
                formProperty: object
                  name!: text
                id!: text
                phrase: text
                playback!: text
                stepType!: text
            """,
            "SenderPermission": """
            manageScenarios!: boolean
            sender!: object
              description: text
              firstName: text
              id!: text
              lastName: text
              links: Links
              name: text
              recipientType: enum(PERSON)
              targetName: text
            senderType!: text
            """,
        ],
        requests: [
            "FormRequest": """
            apiEnabled: boolean
            description: text
            id: text
            mobileEnabled: boolean
            name: text
            position: integer
            senderOverrides: object
              callerId: text
              displayName: text
            triggerType: text(..4000)
            uiEnabled: boolean
            """,
            "MessageTemplateRequest": """
            email: [object]
              body: text(..4000)
              language: text
              subject: text
            sms: [object]
              language: text
              text: text(1..255)
            voice: [object]
              language: text
              steps: [object]
                commonProperty: text(..255)
                formProperty: text or map
                id: text
                phrase: text(..4000)
                playback: text(..100)
                stepType: text(1..100)
            """,
            "RecipientRequest": """
            *: any
            """,
            "ResponseOptionRequest": """
            action: enum(RECORD_RESPONSE, STOP_NOTIFYING_USER, STOP_NOTIFYING_TARGET, ESCALATE, \
            ASSIGN_TO_USER, END, COUNT_RESPONSE, OMIT_RESPONSE_COUNT)
            allowComments: boolean
            contribution: enum(POSITIVE, NEGATIVE, NEUTRAL, NONE)
            description: text
            id: text
            joinConference: boolean
            number: integer(1..9)
            prompt: text(..4000)
            redirectUrl: text(..2000)
            text: text(1..255)
            translations: any
            """,
            "SectionRequest": """
            bridgeType: text(..100)
            bypassPhoneIntro: object
              value: boolean
            callerId: any
            collapsed: boolean
            description: any
            displayName: any
            enableResponseCounts: boolean
            escalationOverride: object
              value: boolean
            expandableGroups: boolean
            expiration: object
              duration: integer
              unit: enum(MINUTES, HOURS, DAYS)
              value: any
            expirationInMinutes: integer
            id: text
            items: [object]
              includeInCallback: boolean
              multiLineText: boolean
              orderNum: integer(0..1000)
              propertyDefinition: text or map
              required: boolean
              visible: boolean
            orderNum: integer(0..1000)
            otherResponseCountThreshold: object
              value: integer
            overrideDeviceRestrictions: object
              value: boolean
            priority: any
            recipients: [any]
            requirePhonePassword: object
              value: boolean
            searchableTypes: object
              devices: any
              groups: any
              services: boolean
              sites: any
              users: boolean
            severity: object
              orderNum: integer(0..1000)
              required: boolean
              visible: boolean
            summary: object
              orderNum: integer(0..1000)
              required: boolean
              visible: boolean
            targetDeviceNames: any
            title: text(1..255)
            type: enum(CUSTOM_SECTION, RECIPIENTS, DEVICE_FILTER, HANDLING_OPTIONS, CONFERENCE_BRIDGE, \
            SENDER_OVERRIDES, RESPONSE_CHOICES, ATTACHMENTS, INCIDENT, DOCUMENT_UPLOAD)
            visible: boolean
            voicemailOptions: object
              every: integer
              leave: enum(callbackonly, callbackandmessage, messageonly, hangup)
              leaveOptions: [object]
                name: text
                selected: boolean
              retry: integer
            """,
            "SenderPermissionRequest": """
            *: any
            """,
        ])
}
