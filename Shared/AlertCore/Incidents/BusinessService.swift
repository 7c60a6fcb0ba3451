/// Something that people run and look after, a `service` on the wire: what incidents impact and changes are made to
/// (spec §4.8).
public struct BusinessService: Codable, Hashable, Sendable, Identifiable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case technical = "TECHNICAL"
        case application = "APPLICATION"
    }

    public enum Tier: String, Codable, CaseIterable, Sendable {
        case platinum = "PLATINUM"
        case gold = "GOLD"
        case silver = "SILVER"
        case bronze = "BRONZE"
    }

    /// A page about the service: its runbook, its dashboard.
    public struct Link: Codable, Hashable, Sendable {
        public var label: String
        public var url: String

        public init(label: String, url: String) {
            self.label = label
            self.url = url
        }
    }

    public var id: String
    /// Unique among services, ignoring case.
    public var targetName: String
    public var description: String
    public var serviceType: Kind?
    public var serviceTier: Tier?
    public var serviceLinks: [Link]
    /// The id of the group that looks after it; `nil` while nobody does.
    public var ownedBy: String?
    public var status: RecipientStatus
    public var externalKey: String?
    public var externallyOwned: Bool

    public init(
        id: String, targetName: String, description: String = "", serviceType: Kind? = nil, serviceTier: Tier? = nil,
        serviceLinks: [Link] = [], ownedBy: String? = nil, status: RecipientStatus = .active,
        externalKey: String? = nil, externallyOwned: Bool = false
    ) {
        self.id = id
        self.targetName = targetName
        self.description = description
        self.serviceType = serviceType
        self.serviceTier = serviceTier
        self.serviceLinks = serviceLinks
        self.ownedBy = ownedBy
        self.status = status
        self.externalKey = externalKey
        self.externallyOwned = externallyOwned
    }
}

/// That one service needs another: when ``service`` is down, ``dependentService`` suffers.
public struct ServiceDependency: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    /// The id of the service that is needed.
    public var service: String
    /// The id of the service that needs it.
    public var dependentService: String

    public init(id: String, service: String, dependentService: String) {
        self.id = id
        self.service = service
        self.dependentService = dependentService
    }
}
