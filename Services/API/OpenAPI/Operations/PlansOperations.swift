import AlertCore
import Persistence

extension OperationGroup {
    static let plans = OperationGroup(
        name: "Workflows",
        operations: [
            .list(
                "plans", of: "Plan", "Workflows.",
                query: """
                    embed: list(canvases, constants, creator, endpoint, endpoints, form, forms, integrations, \
                    messageTemplates, propertyDefinitions, recipients, responseOptions, scenarios, scriptSteps, \
                    sections, senderPermissions, sharedLibraries, triggerFilters)
                    enabled: boolean
                    enabledFor: enum(API, MOBILE, UI, USER, DEVELOPER)
                    fields: list(NAME, DESCRIPTION)
                    operand: enum(AND, OR)
                    planType: enum(PLAN, BUILT_IN)
                    search: text
                    sortBy: enum(NAME, USER_DEFINED)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    """),
            .save(
                "plans", "PlanRequest", "Plan", "Makes or changes a workflow.",
                query: """
                    embed: list(canvases, constants, creator, endpoint, endpoints, form, forms, integrations, \
                    messageTemplates, propertyDefinitions, recipients, responseOptions, scenarios, scriptSteps, \
                    sections, senderPermissions, sharedLibraries, triggerFilters)
                    """),
            OperationDescription(
                method: .post, path: "plans/import", summary: "Imports a workflow file.",
                query: """
                    embed: list(canvases, constants, creator, endpoints, forms, integrations, \
                    propertyDefinitions, scriptSteps, sharedLibraries, triggerFilters)
                    dryRun: boolean -- Whether to say only what would come of it.
                    mode: enum(create, replace)
                    name: text -- Instead of the name in the file.
                    """,
                body: "file", bodyMedia: "application/zip", answers: [200: "ImportResult", 201: "ImportResult"],
                errors: [409, 415]),
            .get(
                "plans/{plan}", "Plan", "A workflow.",
                query: """
                    embed: list(canvases, constants, creator, endpoint, endpoints, form, forms, integrations, \
                    messageTemplates, propertyDefinitions, recipients, responseOptions, scenarios, scriptSteps, \
                    sections, senderPermissions, sharedLibraries, triggerFilters)
                    """),
            .save(
                "plans/{plan}", "PlanRequest", "Plan", "Makes or changes a workflow.",
                query: """
                    embed: list(canvases, constants, creator, endpoint, endpoints, form, forms, integrations, \
                    messageTemplates, propertyDefinitions, recipients, responseOptions, scenarios, scriptSteps, \
                    sections, senderPermissions, sharedLibraries, triggerFilters)
                    """),
            .delete(
                "plans/{plan}", "Plan", "Deletes a workflow.",
                query: """
                    embed: list(canvases, constants, creator, endpoint, endpoints, form, forms, integrations, \
                    messageTemplates, propertyDefinitions, recipients, responseOptions, scenarios, scriptSteps, \
                    sections, senderPermissions, sharedLibraries, triggerFilters)
                    """),
            .get("plans/{plan}/export", "text", "A workflow as a file.", media: "application/zip"),
        ],
        answers: [
            "Constant": """
            description!: text
            id!: text
            links!: Links
            name!: text
            plan!: NamedReference
            value!: text
            """,
            "ImportResult": """
            plan: object
              accessibleByAll!: boolean
              created!: time
              description!: text
              editable!: boolean
              enabled!: boolean
              floodControl!: boolean
              id!: text
              links!: Links
              loggingLevel!: text
              name!: text
              planType!: text
              position!: integer
              retentionMonths: integer
            report!: object
              byHand!: [object]
                message!: text
                path!: text
              idsKept!: boolean
              kept!: [object]
                message!: text
                path!: text
              mode!: text
              plan!: NamedReference
              removed!: [object]
                message!: text
                path!: text
              unusable!: [any]
              used!: [object]
                message!: text
                path!: text
              version!: text
            """,
            "Integration": """
            authenticatingUser: PersonReference
            authenticationType!: text
            createdBy!: text
            delivery: object
              concurrency: integer
              filter: text
              order!: text
              payloadVersion!: integer
              requestsPerSecond: number
              timeoutSeconds: integer
            deployed!: boolean
            endpoint: object
              authenticationType: text
              endpointType: text
              id!: text
              links!: Links
              name!: text
              plan!: NamedReference
              preemptive: boolean
              trustSelfSigned: boolean
              url: text
            environment!: text
            floodControl!: boolean
            form: object
              apiEnabled: boolean
              description: text
              formId: text
              id!: text
              links!: Links
              mobileEnabled: boolean
              name!: text
              plan: NamedReference
              position: integer
              triggerType: text
              uiEnabled: boolean
            id!: text
            integrationAgentId: text
            integrationService: text
            integrationType!: text
            links!: Links
            name!: text
            notExecuted: text
            operation!: text
            originType!: text
            path: text
            plan!: NamedReference
            responseChoice: text
            retrySchedule: [integer]
            script: text
            scriptStep: NamedReference
            signingKeys: [object]
              publicKey: text
              scheme!: text
            signingPublicKey: text
            signingSecret: text
            triggerUrl: text
            triggeredBy: text
            type!: text
            """,
            "Plan": """
            accessibleByAll!: boolean
            canvases: page(PlanCanvases)
            constants: page(Constant)
            created!: time
            creator: PersonReference
            description!: text
            editable!: boolean
            enabled!: boolean
            endpoints: page(Endpoint)
            floodControl!: boolean
            forms: page(Form)
            id!: text
            integrations: page(Integration)
            links!: Links
            loggingLevel!: text
            name!: text
            planType!: text
            position!: integer
            propertyDefinitions: page(PropertyDefinition)
            retentionMonths: integer -- How long alerts that have ended are kept; 0 for ever.
            scriptSteps: page(PlanScriptSteps)
            sharedLibraries: page(SharedLibrary)
            triggerFilters: page(PlanTriggerFilters)
            """,
            "PlanCanvases": """
            description: text
            id!: text
            links!: Links
            name!: text
            plan: NamedReference
            """,
            "PlanScriptSteps": """
            description: text
            id!: text
            inputs: [any]
            libraries: [any]
            links!: Links
            name!: text
            outputs: [any]
            plan: NamedReference
            script: text
            scriptStepType: text
            """,
            "PlanTriggerFilters": """
            config: object
              floodThreshold: integer
              outputs: [any]
              periodSeconds: integer
            flowId: text
            id!: text
            isActive: boolean
            links!: Links
            plan: NamedReference
            """,
            "PropertyDefinition": """
            categories: [text]
            default: any
            delimiter: text
            description!: text
            helpText!: text
            id!: text
            items: [text]
            links!: Links
            maxLength: integer
            maximum: integer
            minLength: integer
            minimum: integer
            name!: text
            paths: [[object]]
              value!: text
            pattern: text
            plan!: NamedReference
            propertyType!: text
            units: text
            validate!: boolean
            """,
            "Section": """
            bridgeType: text
            bypassPhoneIntro: object
              orderNum!: integer
              value!: boolean
              visible!: boolean
            callerId: object
              value: text
              visible!: boolean
            collapsed!: boolean
            displayName: object
              value: text
              visible!: boolean
            enableResponseCounts: boolean
            escalationOverride: object
              orderNum!: integer
              value!: boolean
              visible!: boolean
            expandableGroups: boolean
            expiration: object
              duration!: integer
              orderNum!: integer
              unit!: text
              visible!: boolean
            expirationInMinutes: object
              orderNum!: integer
              value!: integer
              visible!: boolean
            folder: text
            form!: NamedReference
            id!: text
            items: [object]
              formSection!: NamedReference
              id!: text
              includeInCallback!: boolean
              multiLineText!: boolean
              orderNum!: integer
              propertyDefinition!: NamedReference
              required!: boolean
              visible!: boolean
            layout: text
            links!: Links
            orderNum!: integer
            otherResponseCountThreshold: object
              value!: integer
              visible!: boolean
            overrideDeviceRestrictions: object
              orderNum!: integer
              value!: boolean
              visible!: boolean
            priority: object
              orderNum!: integer
              value!: text
              visible!: boolean
            recipients: page(Recipient)
            requirePhonePassword: object
              orderNum!: integer
              value!: boolean
              visible!: boolean
            responseOptions: page(ResponseOption)
            searchableTypes: object
              devices!: boolean
              groups!: boolean
              services!: boolean
              sites!: boolean
              users!: boolean
            severity: object
              orderNum!: integer
              required!: boolean
              value!: text
              visible!: boolean
            somethingElse: object
              a!: [integer]
            summary: object
              orderNum!: integer
              required!: boolean
              value!: text
              visible!: boolean
            targetDeviceNames: page(SectionTargetDeviceNames)
            title!: text
            type!: text
            visible!: boolean
            voicemailOptions: object
              every!: integer
              leave!: text
              leaveOptions!: [object]
                name!: text
                selected!: boolean
                visible!: boolean
              orderNum!: integer
              retry!: integer
              visible!: boolean
            *: any -- What an import or another client has set.
            """,
            "SectionTargetDeviceNames": """
            name!: text
            selected!: boolean
            visible!: boolean
            """,
            "SharedLibrary": """
            id!: text
            links!: Links
            name!: text
            plan!: NamedReference
            script!: text
            """,
        ],
        requests: [
            "PlanRequest": """
            accessibleByAll: boolean
            description: text
            enabled: boolean
            floodControl: boolean
            id: text
            loggingLevel: enum(DEBUG, INFO, WARN, ERROR)
            name: text
            planType: enum(PLAN)
            position: integer
            retentionMonths: integer(0..\(Retention.longest)) or text
            """
        ])
}
