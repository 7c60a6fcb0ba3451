import AlertCore
import Persistence

extension OperationGroup {
    static let services = OperationGroup(
        name: "Services",
        operations: [
            .list(
                "service-dependencies", of: "ServiceDependency", "Which service depends on which.",
                query: """
                    dependentService: list -- Those that need the other one, by id or name.
                    service: list -- Those that are needed, by id or name.
                    """),
            .save(
                "service-dependencies", "ServiceDependencyRequest", "ServiceDependency",
                "Makes or changes a dependency.", notes: dependencyNotes, access: .service),
            .get("service-dependencies/{dependency}", "ServiceDependency", "A dependency."),
            .save(
                "service-dependencies/{dependency}", "ServiceDependencyRequest", "ServiceDependency",
                "Makes or changes a dependency.", notes: dependencyNotes, access: .service),
            .delete(
                "service-dependencies/{dependency}", "ServiceDependency", "Deletes a dependency.",
                notes: dependencyNotes, access: .service),
            .list(
                "services", of: "Service", "Services.",
                query: """
                    fields: list(NAME, DESCRIPTION) -- What is searched.
                    operand: enum(AND, OR)
                    ownedBy: list -- Groups by id or name.
                    search: text
                    serviceTier: list(\(Notation.names(BusinessService.Tier.self)))
                    serviceType: list(\(Notation.names(BusinessService.Kind.self)))
                    sortBy: enum(NAME, SERVICE_TIER, SERVICE_TYPE, STATUS)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    status: enum(ACTIVE, INACTIVE)
                    """),
            .save("services", "ServiceRequest", "Service", "Makes or changes a service.", access: .service),
            .get("services/{service}", "Service", "A service."),
            .save("services/{service}", "ServiceRequest", "Service", "Makes or changes a service.", access: .service),
            .delete("services/{service}", "Service", "Deletes a service.", access: .service),
        ],
        answers: [
            "Service": """
            description!: text
            externalKey: text
            externallyOwned!: boolean
            id!: text
            links!: Links
            ownedBy: GroupReference
            recipientType!: enum(SERVICE)
            serviceLinks!: [object]
              label!: text
              url!: text
            serviceTier: enum(\(Notation.names(BusinessService.Tier.self)))
            serviceType: enum(\(Notation.names(BusinessService.Kind.self)))
            status!: enum(ACTIVE, INACTIVE)
            targetName!: text
            """,
            "ServiceDependency": """
            dependentService: ServiceReference -- The one that needs the other.
            id!: text
            links!: Links
            service: ServiceReference
            """,
            "ServiceReference": """
            id!: text
            links: Links -- Unless the service is gone.
            recipientType!: enum(SERVICE)
            targetName!: text
            """,
        ],
        requests: [
            "ServiceDependencyRequest": """
            dependentServiceId: text or map -- The one that needs the other.
            id: text
            serviceId: text or map
            """,
            "ServiceRequest": """
            description: text(..2000)
            externalKey: text(..4000)
            externallyOwned: boolean
            id: text
            ownedBy: text or map -- A group; an empty text takes it away.
            recipientType: enum(SERVICE)
            serviceLinks: [object](..50)
              label: text(..200) -- The address, when it is absent.
              url!: text(1..2000)
            serviceTier: text -- \(Notation.names(BusinessService.Tier.self)), or an empty text for none.
            serviceType: text -- \(Notation.names(BusinessService.Kind.self)), or an empty text for none.
            status: enum(ACTIVE, INACTIVE)
            targetName: text(1..200)
            """,
        ])

    private static let dependencyNotes = "What counts is who may change the service that needs the other."
}
