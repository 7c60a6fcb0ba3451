import AlertCore
import Persistence

extension OperationGroup {
    static let scripts = OperationGroup(
        name: "Scripts and flows",
        operations: [
            .list("plans/{plan}/canvases", of: "Canvas", "Flow canvases."),
            .save("plans/{plan}/canvases", "CanvasRequest", "Canvas", "Makes or changes a flow canvas."),
            .get("plans/{plan}/canvases/{part}", "Canvas", "A flow canvas."),
            .delete("plans/{plan}/canvases/{part}", "Canvas", "Deletes a flow canvas."),
            .get(
                "plans/{plan}/integrations/{integration}/script-versions", "page(ScriptVersion) or map",
                "The versions of a script, or with `diff` what is different between two.",
                query: """
                    paging
                    diff: text -- Two versions, as in 3,5.
                    """),
            .post(
                "plans/{plan}/integrations/{integration}/script-versions", "ScriptVersionRequest",
                [200: "ScriptVersion", 202: "ScriptVersion"], "Saves the text of an older version anew."),
            .get(
                "plans/{plan}/integrations/{integration}/script-versions/{number}", "ScriptVersion",
                "A version of a script."),
            .list("plans/{plan}/script-steps", of: "ScriptStep", "Script steps."),
            .save("plans/{plan}/script-steps", "ScriptStepRequest", "ScriptStep", "Makes or changes a script step."),
            .get("plans/{plan}/script-steps/{part}", "ScriptStep", "A script step."),
            .delete("plans/{plan}/script-steps/{part}", "ScriptStep", "Deletes a script step."),
            .list("plans/{plan}/shared-libraries", of: "SharedLibrary", "Shared libraries."),
            .save(
                "plans/{plan}/shared-libraries", "SharedLibraryRequest", "SharedLibrary",
                "Makes or changes a shared library."),
            .get("plans/{plan}/shared-libraries/{part}", "SharedLibrary", "A shared library."),
            .delete("plans/{plan}/shared-libraries/{part}", "SharedLibrary", "Deletes a shared library."),
            .get(
                "plans/{plan}/shared-libraries/{part}/script-versions", "page(ScriptVersion) or map",
                "The versions of a script, or with `diff` what is different between two.",
                query: """
                    paging
                    diff: text -- Two versions, as in 3,5.
                    """),
            .post(
                "plans/{plan}/shared-libraries/{part}/script-versions", "ScriptVersionRequest",
                [200: "ScriptVersion", 202: "ScriptVersion"], "Saves the text of an older version anew."),
            .get(
                "plans/{plan}/shared-libraries/{part}/script-versions/{number}", "ScriptVersion",
                "A version of a script."),
            .list("plans/{plan}/trigger-filters", of: "TriggerFilter", "Trigger filters."),
            .save(
                "plans/{plan}/trigger-filters", "TriggerFilterRequest", "TriggerFilter",
                "Makes or changes a trigger filter."),
            .get("plans/{plan}/trigger-filters/{part}", "TriggerFilter", "A trigger filter."),
            .delete("plans/{plan}/trigger-filters/{part}", "TriggerFilter", "Deletes a trigger filter."),
            .list("shared-libraries", of: "SharedLibrary", "Shared libraries."),
            .save("shared-libraries", "SharedLibraryRequest", "SharedLibrary", "Makes or changes a shared library."),
            .get("shared-libraries/{library}", "SharedLibrary", "A shared library."),
            .delete("shared-libraries/{library}", "SharedLibrary", "Deletes a shared library."),
        ],
        answers: [
            "Canvas": """
            canvas: object
              blocks!: [object]
                id!: text
                stepType!: text
              edges!: [object]
                fromBlock!: text
                toBlock!: text
              more: integer
              name: text
            description!: text
            id!: text
            links!: Links
            name!: text
            plan!: NamedReference
            """,
            "ScriptStep": """
            description!: text
            id!: text
            inputs!: [map(any)]
            libraries!: [object]
              library!: object
                name!: text
                script!: text
              referenceName!: text
            links!: Links
            name!: text
            outputs!: [map(any)]
            plan!: NamedReference
            script!: text
            scriptStepType!: text
            """,
            "ScriptVersion": """
            from: integer
            to: integer
            version: integer
            number: integer
            current: boolean
            lines: any
            created: time
            by: any
            script: text
            links: Links
            *: any
            """,
            "TriggerFilter": """
            config!: object
              floodThreshold!: integer
              outputs!: [text]
              periodSeconds!: integer
            flowId!: text
            id!: text
            isActive!: boolean
            links!: Links
            plan!: NamedReference
            trigger: NamedReference
            """,
        ],
        requests: [
            "CanvasRequest": """
            canvas: map(any)
            description: text
            id: text
            name: text
            """,
            "ScriptStepRequest": """
            description: text
            id: text
            inputs: [object]
              defaultValue: text(..4000)
              helpText: text(..4000)
              id: text
              maxLength: integer
              minLength: integer
              multiline: boolean
              name: text
              required: boolean
              validationRegex: text(..1000)
            libraries: [object]
              library: object
                name: text
                script: text(..4000)
              referenceName: text(1..255)
            name: text
            outputs: [object]
              description: text
              id: text
              name: text
            script: text(..4000)
            scriptStepType: enum(USER, CUSTOM_HTTP, PLAN)
            """,
            "ScriptVersionRequest": """
            *: any
            """,
            "SharedLibraryRequest": """
            id: text
            name: text
            plan: any
            script: text(..4000)
            """,
            "TriggerFilterRequest": """
            config: object
              floodThreshold: integer(1..1000000)
              outputs: [text]
              periodSeconds: integer(1..86400)
            flowId: text(..255)
            id: text
            isActive: boolean
            trigger: text or map
            """,
        ])
}
