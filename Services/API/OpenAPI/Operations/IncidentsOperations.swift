import AlertCore
import Persistence

extension OperationGroup {
    static let incidents = OperationGroup(
        name: "Incidents and changes",
        operations: [
            .list(
                "changes", of: "Change", "Changes that other systems told of, newest first.",
                query: """
                    changeType: list
                    externalIdentifier: list
                    from: time
                    operand: enum(AND, OR)
                    search: text
                    service: list -- By id or name.
                    services: list -- As service.
                    sortBy: enum(CHANGED_AT)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    source: list
                    to: time
                    """),
            .post("changes", "ChangeRequest", [201: "Change"], "Records a change, which stays as it is."),
            .get("changes/{change}", "Change", "A change."),
            .list(
                "incidents", of: "Incident", "Incidents.",
                query: """
                    field: list(SUMMARY, DESCRIPTION) -- As fields.
                    fields: list(SUMMARY, DESCRIPTION) -- What is searched.
                    from: time
                    impactedServices: list -- By id or name.
                    operand: enum(AND, OR)
                    requestId: list
                    resolver.group: list -- Groups by id or name: those that resolve, or look after a service.
                    search: text
                    severity: list(\(Notation.names(Incident.Severity.self))) -- Also by the level.
                    status: list(\(Notation.names(Incident.Status.self))) -- Also by the level.
                    to: time
                    """),
            .save("incidents", "IncidentRequest", "Incident", "Makes or changes an incident."),
            .get("incidents/{incident}", "Incident", "An incident."),
            .save("incidents/{incident}", "IncidentRequest", "Incident", "Changes an incident."),
            .list("incidents/{incident}/timeline-entries", of: "IncidentEntry", "An incident's timeline."),
            .post(
                "incidents/{incident}/timeline-entries", "IncidentEntryRequest", [201: "IncidentEntry"],
                "Adds to an incident's timeline."),
        ],
        answers: [
            "Change": """
            changeType!: text
            changedAt!: time
            changedBy: text
            details: any
            externalIdentifier: text
            id!: text
            links!: Links
            service: ServiceReference
            source!: text
            summary!: text
            """,
            "ImpactedService": """
            description: text
            externalKey: text
            externallyOwned: boolean
            id!: text
            links: Links -- Unless the service is gone.
            ownedBy: GroupReference
            recipientType!: enum(SERVICE)
            serviceLinks: [object]
              label!: text
              url!: text
            serviceTier: enum(\(Notation.names(BusinessService.Tier.self)))
            serviceType: enum(\(Notation.names(BusinessService.Kind.self)))
            status: enum(ACTIVE, INACTIVE)
            targetName!: text
            """,
            "Incident": """
            acknowledgedAt: time -- When it was first taken up.
            commander: PersonReference
            createdAt!: time
            description!: text
            id!: text
            impactedServices!: [ImpactedService]
            incidentIdentifier!: text -- As in INC-1000.
            initiatedBy!: PersonReference
            links!: Links
            reporter: PersonReference
            requestId: text
            resolvedAt: time -- When it was last resolved; only while it is.
            resolvers!: [GroupReference]
            severity!: object
              level!: integer
              name!: enum(\(Notation.names(Incident.Severity.self)))
            status!: object
              level!: integer
              name!: enum(\(Notation.names(Incident.Status.self)))
            summary!: text
            updatedAt!: time
            """,
            "IncidentEntry": """
            addedBy!: PersonReference
            at!: time
            entryType!: text -- NOTE, STATUS_CHANGED, SEVERITY_CHANGED, or a caller's own.
            id!: text
            incident!: object
              id!: text
              incidentIdentifier!: text
              links!: Links
            links!: Links
            text!: text
            """,
        ],
        requests: [
            "ChangeRequest": """
            changeType!: text(1..100)
            changedAt: time -- Now, when it is absent.
            changedBy: text or map
            details: any -- Up to 64 KiB.
            externalIdentifier: text(..500)
            service: text or map
            source!: text(1..200)
            summary!: text(1..1000)
            """,
            "IncidentEntryRequest": """
            entryType: text(1..50) -- Letters, digits and _; NOTE, when it is absent.
            text!: text(1..4000)
            """,
            "IncidentRequest": """
            commander: text or map -- An empty text takes the person away.
            description: text(..20000)
            id: text
            impactedServices: any -- Ids or names; the whole list, 100 at most.
            incidentIdentifier: text -- Instead of the id.
            reporter: text or map -- An empty text takes the person away.
            requestId: text(..100)
            resolvers: any -- Ids or names of groups; the whole list, 100 at most.
            severity: text or integer or map -- \(Notation.names(Incident.Severity.self)), or a level.
            status: text or integer or map -- \(Notation.names(Incident.Status.self)), or a level.
            summary: text(1..500)
            """,
        ])
}
