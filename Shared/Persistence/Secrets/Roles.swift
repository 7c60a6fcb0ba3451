import AlertCore

/// What a role lets somebody do. Everybody who may sign in may besides change their own devices, timeframes, absences
/// and password.
public enum Permission: String, CaseIterable, Hashable, Sendable {
    case signIn = "sign in"
    /// To look: at alerts and their audits, at people, groups and who is on call, at workflows.
    case readConfiguration = "read"
    case comment
    /// To suspend, resume and end alerts.
    case handleAlerts = "change alerts"
    /// The platform's function “REST Web Service User”: to send requests to integrations and forms.
    case sendRequests = "send"
    /// To build workflows and integrations, and to run requests again.
    case writeConfiguration = "workflows"
    /// People who have the caller among their supervisors, and no more permissions than the caller.
    case supervisePeople = "people supervised"
    /// Everybody who has no more permissions than the caller.
    case administerPeople = "people"
    /// Groups that have the caller among their supervisors.
    case superviseGroups = "groups supervised"
    case administerGroups = "groups"
    /// Sites, providers of notifications, device names, conference bridges, the number of partitions.
    case administerSystem = "system"
    case manageScenarios = "scenarios"
    /// To search the event log, which tells of everybody and everything, to see what anything was like, and to hold
    /// alerts.
    case audit
}

/// The roles that a person can have, by the names that the platform uses (spec §4.8).
public enum Role {
    public static let all: [(name: String, description: String)] = [
        ("Company Supervisor", "Configures everything and supervises everybody."),
        ("Developer", "Builds workflows and integrations."),
        ("Full Access User", "May do everything."),
        ("Group Supervisor", "Supervises groups."),
        ("No Access User", "Is notified, and may not sign in."),
        ("Person Supervisor", "Supervises people."),
        ("REST Web Service User", "Reads by the REST API and sends requests to integrations."),
        ("Scenario Administrator", "Prepares scenarios."),
        ("Standard User", "Is notified, answers, and reads."),
    ]

    /// What each role allows. Somebody with several roles may do what any of them allows.
    public static let permissions: [String: Set<Permission>] = [
        "Company Supervisor": Set(Permission.allCases),
        "Developer": [.signIn, .readConfiguration, .comment, .handleAlerts, .sendRequests, .writeConfiguration],
        "Full Access User": Set(Permission.allCases),
        "Group Supervisor": [.signIn, .readConfiguration, .comment, .superviseGroups],
        "No Access User": [],
        "Person Supervisor": [.signIn, .readConfiguration, .comment, .supervisePeople],
        "REST Web Service User": [.signIn, .readConfiguration, .comment, .handleAlerts, .sendRequests],
        "Scenario Administrator": [.signIn, .manageScenarios],
        "Standard User": everyday,
    ]

    /// What whoever administers somebody may give and take without having it.
    static let everyday: Set<Permission> = [.signIn, .readConfiguration, .comment, .handleAlerts]

    /// What somebody with these roles may do: nothing, if one of them is “No Access User”.
    public static func permissions(of roles: [String]) -> Set<Permission> {
        guard !roles.contains("No Access User") else { return [] }
        return roles.reduce(into: []) { $0.formUnion(permissions[$1] ?? []) }
    }

    /// The names of the roles that allow it, in order.
    static func allowing(_ permission: Permission) -> [String] {
        all.map(\.name).filter { permissions[$0]?.contains(permission) == true }
    }
}
