import AlertCore
import Persistence

extension OperationGroup {
    static let people = OperationGroup(
        name: "People",
        operations: [
            .list("api-keys", of: "APIKey", "API keys."),
            .post("api-keys", "APIKeyRequest", [201: "APIKey"], "Makes an API key.", access: .personOrOneself),
            .delete("api-keys/{key}", "APIKey", "Deletes an API key.", access: .personOrOneself),
            .list(
                "people", of: "Person", "People.",
                query: """
                    createdAfter: time
                    createdBefore: time
                    createdFrom: time
                    createdTo: time
                    devices.email.exists: boolean
                    devices.exists: boolean
                    devices.failsafe.exists: boolean
                    devices.mobile.exists: boolean
                    devices.sms.exists: boolean
                    devices.status: text
                    devices.testStatus: enum(UNTESTED, PENDING, TESTED, INVALID, UNTESTED_FAILSAFE)
                    devices.voice.exists: boolean
                    emailAddress: text
                    embed: list(devices, devices.timeframes, roles, supervisors, timeframes)
                    fields: list(FIRST_NAME, LAST_NAME, TARGET_NAME, WEB_LOGIN, EMAIL_ADDRESS, PHONE_NUMBER)
                    firstName: text
                    groups: list
                    groups.exists: boolean
                    lastName: text
                    licenseType: enum(FULL_USER, STAKEHOLDER_USER)
                    operand: enum(AND, OR)
                    phoneNumber: text
                    propertyName: list
                    propertyNames: list
                    propertyValue: list
                    propertyValues: list
                    roles: list
                    search: text
                    site: list
                    sortBy: enum(FIRST_LAST_NAME, TARGET_NAME, STATUS, WEB_LOGIN, LAST_LOGIN, SITE, ROLES)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    status: list
                    supervisors: list
                    supervisors.exists: boolean
                    targetName: text
                    webLogin: text
                    """),
            .save(
                "people", "PersonRequest", "Person", "Makes or changes a person.",
                query: """
                    embed: list(devices, devices.timeframes, roles, supervisors, timeframes)
                    """, access: .person),
            .get("people/license-quotas", "LicenseQuotas", "How many people there may be."),
            .get(
                "people/{person}", "Person", "A person.",
                query: """
                    embed: list(devices, devices.timeframes, roles, supervisors, timeframes)
                    """),
            .save(
                "people/{person}", "PersonRequest", "Person", "Makes or changes a person.",
                query: """
                    embed: list(devices, devices.timeframes, roles, supervisors, timeframes)
                    """, access: .personOrOneself),
            .delete(
                "people/{person}", "Person", "Deletes a person.",
                query: """
                    embed: list(devices, devices.timeframes, roles, supervisors, timeframes)
                    """, access: .person),
            .get("people/{person}/calendar-feed", "CalendarFeed", "Whether a person's calendar has an address."),
            .post(
                "people/{person}/calendar-feed", nil, [201: "CalendarFeed"],
                "Gives a person's calendar an address, in place of the one before.", access: .personOrOneself),
            .delete(
                "people/{person}/calendar-feed", "CalendarFeed", "Takes the address of a person's calendar away.",
                access: .personOrOneself),
            .get(
                "people/{person}/calendar.ics", "text", "A person's calendar.",
                query: """
                    from: time
                    to: time
                    """, media: "text/calendar"),
            .list(
                "people/{person}/devices", of: "Device", "A person's devices.",
                query: """
                    embed: list(devices.timeframes, timeframes)
                    phoneNumberFormat: text
                    """),
            .post(
                "people/{person}/erase", "ErasureRequest", [200: "Erasure", 202: "Erasure"],
                "Erases a person's data, in the log at once.",
                notes: "Of people with no more permissions than the caller; 200 when it has been done before."),
            .get("people/{person}/erasure", "Erasure", "How far the erasure of a person's data is; by id only."),
            .list("people/{person}/group-memberships", of: "GroupMembership", "The groups that somebody belongs to."),
            .list("people/{person}/roles", of: "Role", "A person's roles."),
            .list("people/{person}/supervisors", of: "Person", "A person's supervisors."),
            .list(
                "roles", of: "Role", "Roles.",
                query: """
                    allowWildcards: boolean
                    name: text
                    """),
        ],
        answers: [
            "APIKey": """
            created!: time
            id!: text
            key: text
            links!: Links
            name!: text
            person!: PersonReference
            secret: text
            """,
            "CalendarFeed": """
            created!: time
            links!: Links
            person!: PersonReference
            url!: text
            """,
            "Erasure": """
            began!: time
            by!: text -- The id of whoever asked for it; empty when the server did.
            eventsNaming!: integer(0..) -- Events that still name the person.
            eventsSeen!: integer(0..)
            finished: time
            person!: text
            rowsChanged!: integer(0..)
            rowsSeen!: integer(0..)
            status!: enum(RUNNING, DONE)
            """,
            "GroupMembership": """
            group: GroupReference
            links!: Links
            member: PersonReference
            """,
            "LicenseQuotas": """
            fullUsers: object
              active: integer
              total: integer
              unused: integer
            stakeholderUsers: object
              active: integer
              total: integer
              unused: integer
            stakeholderUsersEnabled: boolean
            """,
        ],
        requests: [
            "APIKeyRequest": """
            name: text
            person: text or map
            """,
            "ErasureRequest": """
            confirm!: text -- The person's target name.
            """,
            "PersonRequest": """
            externalKey: text(..4000)
            externallyOwned: boolean
            firstName: text(1..255)
            forcePasswordReset: boolean
            id: text
            language: text
            lastName: text(1..255)
            licenseType: enum(FULL_USER, STAKEHOLDER_USER)
            locked: any
            password: text(..200)
            phoneLogin: text(..4000)
            phonePin: text(..30)
            properties: any
            recipientType: enum(PERSON)
            roles: any
            site: text or map
            status: enum(ACTIVE, INACTIVE)
            supervisors: any
            targetName: text(1..100)
            timezone: text
            webLogin: text(1..100)
            """,
        ])
}
