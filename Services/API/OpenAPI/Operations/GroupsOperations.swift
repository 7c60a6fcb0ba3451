import AlertCore
import Persistence

extension OperationGroup {
    static let groups = OperationGroup(
        name: "Groups",
        operations: [
            .list(
                "dynamic-teams", of: "Group", "Groups.",
                query: """
                    createdAfter: time
                    createdBefore: time
                    createdFrom: time
                    createdTo: time
                    embed: list
                    fields: list
                    groupType: text
                    member.exists: boolean
                    members: list
                    members.licenseType: text
                    operand: enum(AND, OR)
                    search: text
                    sites: list
                    sortBy: enum(NAME, GROUPTYPE, STATUS)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    status: list
                    supervisors: list
                    """),
            .save("dynamic-teams", "GroupRequest", "Group", "Makes or changes a group.", access: .group),
            .get(
                "dynamic-teams/{team}", "Group", "A group.",
                query: """
                    embed: list
                    """),
            .save("dynamic-teams/{team}", "GroupRequest", "Group", "Makes or changes a group.", access: .group),
            .delete("dynamic-teams/{team}", "Group", "Deletes a group.", access: .group),
            .list("dynamic-teams/{team}/members", of: "Recipient", "Who belongs to a dynamic team."),
            .list(
                "groups", of: "Group", "Groups.",
                query: """
                    createdAfter: time
                    createdBefore: time
                    createdFrom: time
                    createdTo: time
                    embed: list
                    fields: list(NAME, DESCRIPTION, SERVICE_NAME)
                    groupType: enum(ON_CALL, BROADCAST, DYNAMIC)
                    member.exists: enum(ALL_SHIFTS, ANY_SHIFTS)
                    members: list
                    members.licenseType: text
                    operand: enum(AND, OR)
                    search: text
                    sites: list
                    sortBy: enum(NAME, GROUPTYPE, STATUS)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    status: list
                    supervisors: list
                    """),
            .save("groups", "GroupRequest", "Group", "Makes or changes a group.", access: .group),
            .get("groups/license-quotas", "GroupQuotas", "How many groups there may be."),
            .get(
                "groups/{group}", "Group", "A group.",
                query: """
                    embed: list
                    """),
            .save("groups/{group}", "GroupRequest", "Group", "Makes or changes a group.", access: .group),
            .delete("groups/{group}", "Group", "Deletes a group.", access: .group),
            .get(
                "groups/{group}/calendar.ics", "text", "A group's calendar.",
                query: """
                    from: time
                    to: time
                    """, media: "text/calendar"),
            .list(
                "groups/{group}/gaps", of: "CoverageGaps", "Times when nobody is on call.",
                query: """
                    from: time
                    to: time
                    """),
            .list(
                "groups/{group}/members", of: "GroupMember", "A group's members.",
                query: """
                    embed: list(shifts)
                    """),
            .post(
                "groups/{group}/members", "GroupMemberRequest", [200: "GroupMember"], "Adds a member to a group.",
                access: .group),
            .delete("groups/{group}/members/{member}", "GroupMember", "Deletes a member of a group.", access: .group),
            .list("groups/{group}/observers", of: "Role", "The roles that see a group."),
            .list("groups/{group}/recipients", of: "Recipient", "Who is reached by a group."),
            .list("groups/{group}/services", of: "Service", "The services that a group looks after."),
            .list("groups/{group}/supervisors", of: "Person", "A group's supervisors."),
        ],
        answers: [
            "CoverageGaps": """
            cause: text
            end: time
            group: GroupReference
            reason: text
            start: time
            """,
            "GroupMember": """
            allowDuplicates: boolean
            created: time
            description: text
            deviceType: enum(\(Notation.names(Device.Kind.self)))
            externallyOwned: boolean
            firstName: text
            group: GroupReference
            groupType: text
            id: text
            language: text
            lastName: text
            licenseType: text
            links: Links
            member: object
              deviceType: enum(\(Notation.names(Device.Kind.self)))
              firstName: text
              id!: text
              lastName: text
              licenseType: text
              links!: Links
              name: text
              recipientType!: enum(DEVICE, PERSON)
              status!: text
              targetName!: text
            name: text
            observedByAll: boolean
            properties: map(any)
            recipientType: enum(DEVICE, GROUP, PERSON)
            shifts: page(GroupMemberShifts)
            status: text
            targetName: text
            timezone: text
            useDefaultDevices: boolean
            webLogin: text
            whenCreated: time
            whenUpdated: time
            """,
            "GroupMemberShifts": """
            group: NamedReference
            id!: text
            links!: Links
            name!: text
            """,
            "GroupQuotas": """
            groupQuotaEnabled: boolean
            groups: object
              active: integer
              total: integer
              unused: integer
            """,
        ],
        requests: [
            "GroupMemberRequest": """
            id: text
            recipientType: enum(PERSON, GROUP, DEVICE, DYNAMIC_TEAM)
            targetName: text(1..100)
            """,
            "GroupRequest": """
            allowDuplicates: boolean
            criteria: object
              criterion: any
              operand: text(..4000)
            description: text
            externalKey: text(..4000)
            externallyOwned: boolean
            groupType: enum(ON_CALL, BROADCAST, DYNAMIC)
            id: text
            observedByAll: boolean
            observers: any
            recipientType: text(..4000)
            responseCountThreshold: integer(1..1000000)
            site: text or map
            status: enum(ACTIVE, INACTIVE)
            supervisors: any
            targetName: text(1..100)
            timezone: text
            useDefaultDevices: boolean
            useEmergencyDevice: any
            """,
        ])
}
