/// What a provider needs to know of a device to reach it.
public enum DeviceAddressing: Hashable, Sendable {
    case mail
    case phone
    /// The incoming webhook of one kind of chat.
    case chat(NotificationProvider.Kind)
    case topic
    case subscription
    /// Whatever the operator has made of it.
    case any
}

extension NotificationProvider.Kind {
    public var addressing: DeviceAddressing {
        switch self {
        case .smtp: .mail
        case .twilio: .phone
        case .slack, .msTeams, .mattermost, .discord: .chat(self)
        case .ntfy: .topic
        case .webPush: .subscription
        case .http, .script: .any
        }
    }

    /// What a provider of this kind reaches unless it is said otherwise.
    public var usualDeviceTypes: [Device.Kind] {
        switch self {
        case .smtp: [.email]
        case .twilio: [.textPhone, .voice]
        case .slack: [.slack]
        case .msTeams: [.msTeams]
        case .webPush: [.webPush]
        case .mattermost, .discord, .ntfy, .http, .script: [.generic]
        }
    }

    /// Whether the provider sends word later of what became of a message.
    public var reportsReceipts: Bool { self == .twilio }
}

extension NotificationProvider {
    /// The providers that need nothing but what a device says of itself. Another one of the same name takes the place
    /// of one of these. Those for generic devices are there for devices that name them only.
    /// - Parameter hasMail: Whether a mail server is configured.
    public static func builtIn(hasMail: Bool) -> [NotificationProvider] {
        let mail = [NotificationProvider(id: "email", name: "Email", kind: .smtp, deviceTypes: [.email], order: 0)]
        return (hasMail ? mail : []) + [
            NotificationProvider(id: "slack", name: "Slack", kind: .slack, deviceTypes: [.slack], order: 0),
            NotificationProvider(
                id: "ms-teams", name: "Microsoft Teams", kind: .msTeams, deviceTypes: [.msTeams], order: 0),
            NotificationProvider(id: "web-push", name: "Web Push", kind: .webPush, deviceTypes: [.webPush], order: 0),
            NotificationProvider(id: "mattermost", name: "Mattermost", kind: .mattermost, deviceTypes: [], order: 0),
            NotificationProvider(id: "discord", name: "Discord", kind: .discord, deviceTypes: [], order: 0),
            NotificationProvider(id: "ntfy", name: "ntfy", kind: .ntfy, deviceTypes: [], order: 0),
        ]
    }

    /// Who is tried for a device, in this order: the provider that it wants, then the others of its kind that
    /// understand the same address, by their order and name.
    /// - Parameters:
    ///   - wanted: An id, or a name ignoring case; empty for any. One that is not there, or not enabled, is passed
    ///     over.
    ///   - isOnly: Whether the others are left out.
    public static func route(
        for kind: Device.Kind, wanted: String, among providers: [NotificationProvider], isOnly: Bool = false
    ) -> [NotificationProvider] {
        let enabled = providers.filter(\.enabled).sorted {
            ($0.order, $0.name.lowercased(), $0.id) < ($1.order, $1.name.lowercased(), $1.id)
        }
        let first =
            wanted.isEmpty
            ? nil : enabled.first { $0.id == wanted } ?? enabled.first { $0.name.lowercased() == wanted.lowercased() }
        let others = isOnly ? [] : enabled.filter { $0.deviceTypes.contains(kind) && $0.id != first?.id }
        guard let leader = first ?? others.first else { return [] }
        let address = leader.kind.addressing
        return [leader]
            + others.filter {
                $0.id != leader.id && (address == .any || $0.kind.addressing == address || $0.kind.addressing == .any)
            }
    }
}
