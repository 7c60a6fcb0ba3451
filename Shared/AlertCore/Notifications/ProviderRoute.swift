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

    private static let builtInIDs = Set(builtIn(hasMail: true).map(\.id))

    /// Whether it is one of ``builtIn(hasMail:)``: nobody has added it, and nobody can change it.
    public var isBuiltIn: Bool { Self.builtInIDs.contains(id) }

    /// Whether it has what it needs to send.
    /// - Parameter hasMail: Whether a mail server is configured, which one without an address of its own uses.
    public func isConfigured(hasMail: Bool) -> Bool { kind != .smtp || !url.isEmpty || hasMail }

    /// What it can reach: what it takes by itself, or what has to name it.
    public var reaches: [Device.Kind] { deviceTypes.isEmpty ? kind.usualDeviceTypes : deviceTypes }

    /// Every way that a message can go, in the order in which they are tried: those that were added, and the built-in
    /// ones whose name none of these has.
    /// - Parameter hasMail: Whether a mail server is configured; without one there is no built-in mail.
    public static func all(
        _ added: some Collection<NotificationProvider>, hasMail: Bool
    ) -> [NotificationProvider] {
        let names = Set(added.map { $0.name.lowercased() })
        return (added + builtIn(hasMail: hasMail).filter { !names.contains($0.name.lowercased()) }).sorted(by: isBefore)
    }

    private static func isBefore(_ one: NotificationProvider, _ other: NotificationProvider) -> Bool {
        (one.order, one.name.lowercased(), one.id) < (other.order, other.name.lowercased(), other.id)
    }

    /// The one of that id, or else of that name, ignoring case.
    public static func named(_ name: String, among providers: [NotificationProvider]) -> NotificationProvider? {
        providers.first { $0.id == name } ?? providers.first { $0.name.lowercased() == name.lowercased() }
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
        let enabled = providers.filter(\.enabled).sorted(by: isBefore)
        let first = wanted.isEmpty ? nil : named(wanted, among: enabled)
        let others = isOnly ? [] : enabled.filter { $0.deviceTypes.contains(kind) && $0.id != first?.id }
        guard let leader = first ?? others.first else { return [] }
        let address = leader.kind.addressing
        return [leader]
            + others.filter {
                $0.id != leader.id && (address == .any || $0.kind.addressing == address || $0.kind.addressing == .any)
            }
    }
}
