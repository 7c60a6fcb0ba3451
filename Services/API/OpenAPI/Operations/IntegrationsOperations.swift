import AlertCore
import Persistence

extension OperationGroup {
    static let integrations = OperationGroup(
        name: "Integrations",
        operations: [
            .list(
                "plans/{plan}/integrations", of: "Integration", "Integrations.",
                query: """
                    deployed: boolean
                    embed: list(endpoint, form, messageTemplates, recipients, responseOptions, scenarios, sections, \
                    senderPermissions)
                    integrationType: text
                    """),
            .post(
                "plans/{plan}/integrations", "IntegrationRequest", [200: "Integration"],
                "Makes or changes an integration.",
                query: """
                    embed: list(endpoint, form, messageTemplates, recipients, responseOptions, scenarios, sections, \
                    senderPermissions)
                    """),
            .get(
                "plans/{plan}/integrations/{integration}", "Integration", "An integration.",
                query: """
                    embed: list(endpoint, form, messageTemplates, recipients, responseOptions, scenarios, sections, \
                    senderPermissions)
                    """),
            .delete(
                "plans/{plan}/integrations/{integration}", "Integration", "Deletes an integration.",
                query: """
                    embed: list(endpoint, form, messageTemplates, recipients, responseOptions, scenarios, sections, \
                    senderPermissions)
                    """),
            .post(
                "plans/{plan}/integrations/{integration}/copy", "IntegrationCopyRequest", [201: "Integration"],
                "Copies an integration.",
                query: """
                    embed: list(endpoint, form, messageTemplates, recipients, responseOptions, scenarios, sections, \
                    senderPermissions)
                    """),
            .post(
                "plans/{plan}/integrations/{integration}/signing-secrets/rotate", "RotatedSecretRequest",
                [200: "RotatedSecret"], "Makes a new signing key.",
                query: """
                    embed: list(endpoint, form)
                    """),
            .post(
                "plans/{plan}/integrations/{integration}/test", "IntegrationTestRequest", [200: "IntegrationTest"],
                "Sends a sample to the target of an integration."),
        ],
        answers: [
            "IntegrationTest": """
            durationMilliseconds: integer
            error: text
            filtered: text
            inDoubt: boolean
            request: object
              body: text
              headers: [map(any)]
              method: text
              url: text
            response: object
              body: text
              bodyTruncated: boolean
              headers: [map(any)]
              status: integer
            success: boolean
            webhookId: text
            """,
            "RotatedSecret": """
            authenticatingUser: PersonReference
            authenticationType!: text
            createdBy!: text
            delivery!: object
              order!: text
              payloadVersion!: integer
            deployed!: boolean
            endpoint!: object
              id!: text
              links!: Links
              name!: text
              plan!: NamedReference
            environment!: text
            floodControl!: boolean
            form!: NamedReference
            id!: text
            integrationType!: text
            links!: Links
            name!: text
            operation!: text
            originType!: text
            path!: text
            plan!: NamedReference
            signingKeys!: [object]
              expiresAt: time
              publicKey: text
              scheme!: text
            signingPublicKey: text
            signingSecret: text
            triggeredBy!: text
            type!: text
            """,
        ],
        requests: [
            "IntegrationCopyRequest": """
            form: any
            name: text
            """,
            "IntegrationRequest": """
            authenticatingUser: text or map
            authenticationType: text
            createdBy: enum(IB, FLOW)
            delivery: object
              concurrency: integer
              filter: text(..4000)
              order: enum(ALERT, NONE)
              payloadVersion: any
              requestsPerSecond: number
              timeoutSeconds: integer
            deployed: boolean
            endpoint: text or map
            environment: enum(HOSTED, ONPREMISE)
            floodControl: boolean
            form: any
            id: text
            integrationAgentId: text(..255)
            integrationService: text(..255)
            integrationServiceName: text(..255)
            integrationType: enum(INBOUND_WEBHOOK, OUTBOUND_WEBHOOK)
            name: text
            operation: enum(CREATE_EVENT_SIMPLE, CREATE_EVENT, RUN_SCRIPT)
            path: text(..2000)
            responseChoice: text(..255)
            retrySchedule: [any]
            script: text(..4000)
            scriptStep: text or map
            triggeredBy: enum(STATUS, ANNOTATION, DELIVERYSTATUS, RESPONSE, ESCALATION, \
            TARGETEDRECIPIENTFAILURE)
            """,
            "IntegrationTestRequest": """
            *: any
            """,
            "RotatedSecretRequest": """
            overlapSeconds: integer
            scheme: enum(v1, v1a)
            """,
        ])
}
