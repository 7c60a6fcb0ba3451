import AlertCore
import Persistence

extension OperationGroup {
    static let absences = OperationGroup(
        name: "Absences and sites",
        operations: [
            .list(
                "sites", of: "Site", "Sites.",
                query: """
                    country: text
                    fields: list
                    geocoded: boolean
                    operand: enum(AND, OR)
                    search: text
                    status: list
                    """),
            .save("sites", "SiteRequest", "Site", "Makes or changes a site."),
            .get("sites/{site}", "Site", "A site."),
            .save("sites/{site}", "SiteRequest", "Site", "Makes or changes a site."),
            .delete("sites/{site}", "Site", "Deletes a site."),
            .list(
                "temporary-absences", of: "Absence", "Temporary absences.",
                query: """
                    absenceType: text
                    from: time
                    groups: list
                    member: list
                    to: time
                    """),
            .post(
                "temporary-absences", "AbsenceRequest", [201: "Absence"], "Makes a temporary absence.", access: .subject
            ),
            .get("temporary-absences/{absence}", "Absence", "A temporary absence."),
            .delete("temporary-absences/{absence}", "Absence", "Deletes a temporary absence.", access: .subject),
        ],
        answers: [
            "Absence": """
            absenceType!: text
            end!: time
            group: GroupReference
            id!: text
            includeDirectNotifications!: boolean
            links!: Links
            member!: PersonReference
            replacement: PersonReference
            start!: time
            """,
            "Site": """
            address1: text
            city: text
            country!: text
            externalKey: text
            externallyOwned!: boolean
            holidays!: [object]
              date!: text
              days!: integer
              isYearly!: boolean
              name!: text
            id!: text
            language!: text
            latitude: number
            links!: Links
            longitude: number
            name!: text
            status!: enum(ACTIVE, INACTIVE)
            timezone!: text
            """,
        ],
        requests: [
            "AbsenceRequest": """
            absenceType: enum(REPLACEMENT, AWAY)
            end: time
            group: text or map
            id: any
            includeDirectNotification: any
            includeDirectNotifications: boolean
            member: any
            replacement: text
            start: time
            """,
            "SiteRequest": """
            address1: text(..4000)
            address2: text(..4000)
            city: text(..4000)
            country: text(1..100)
            externalKey: text(..4000)
            externallyOwned: boolean
            holidays: [object]
              date: text(1..10)
              days: integer(1..366)
              isYearly: boolean
              name: text
            id: text
            language: text
            latitude: any
            longitude: any
            name: text
            postalCode: text(..4000)
            state: text(..4000)
            status: enum(ACTIVE, INACTIVE)
            timezone: text
            """,
        ])
}
