import AlertCore
import Persistence

extension OperationGroup {
    static let integrationLogs = OperationGroup(
        name: "Activity",
        operations: [
            .list(
                "integrations/{integration}/configurations", of: "IntegrationConfiguration",
                "An integration's configurations over time."),
            .list(
                "integrations/{integration}/logs", of: "IntegrationLog", "What became of requests.",
                query: """
                    from: time
                    rerunOf: text
                    status: list
                    to: time
                    """),
            .get("integrations/{integration}/logs/{request}", "IntegrationLog", "What became of a request."),
            .post(
                "integrations/{integration}/logs/{request}/rerun", "RerunRequest",
                [200: "RerunResult", 202: "RerunResult"], "Runs a request again."),
            .post(
                "integrations/{integration}/test-requests", "TestRequestRequest",
                [200: "RerunResult", 202: "RerunResult"], "Runs a request that is made up."),
        ],
        answers: [
            "IntegrationConfiguration": """
            at: time
            by: text
            configuration: object
              authenticationType: text
              createdBy: text
              deployed: boolean
              endpoint: text
              environment: text
              form: text
              id: text
              integrationType: text
              name: text
              operation: text
              path: text
              plan: text
              script: text
              scriptVersion: integer
              sealedSigningSecrets: [any]
              triggeredBy: text
            version: integer
            """,
            "IntegrationLog": """
            attempt!: text
            by: PersonReference
            calls!: [any]
            completed!: time
            durationMilliseconds!: integer
            error: object
              kind!: text
              line!: integer
              message!: text
            events!: [EventReference]
            id!: text
            integration!: object
              id!: text
              links!: Links
              name!: text
              plan!: NamedReference
            links!: Links
            log!: text
            notes!: [any]
            received!: time
            remoteAddress!: text
            requestBody!: text
            requestHeaders!: map(any)
            requestId!: text
            requestMethod!: text
            requestParameters!: map(any)
            status!: text
            suppressed: object
              rule!: text
              until!: time
            suppression: object
              rule!: text
              until!: time
            """,
            "RerunResult": """
            *: any
            """,
        ],
        requests: [
            "RerunRequest": """
            script: text
            dryRun: boolean
            mode: text
            keep: boolean
            """,
            "TestRequestRequest": """
            method: text
            headers: map(text)
            parameters: map(text)
            body: text
            """,
        ])
}
