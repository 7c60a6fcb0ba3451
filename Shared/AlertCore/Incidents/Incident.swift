/// Trouble that people work on together, over the alerts that it makes (spec §4.8).
public struct Incident: Codable, Hashable, Sendable, Identifiable {
    /// From the worst down.
    public enum Severity: String, Codable, CaseIterable, Sendable {
        case critical = "Critical"
        case high = "High"
        case medium = "Medium"
        case low = "Low"
        case minimal = "Minimal"
    }

    public enum Status: String, Codable, CaseIterable, Sendable {
        case open = "Open"
        case inProgress = "In Progress"
        case resolved = "Resolved"
    }

    public var id: String
    /// What people call it by: see ``identifier``.
    public var number: Int64
    public var summary: String
    public var description: String
    public var severity: Severity
    public var status: Status
    public var initiatedBy: PersonReference
    /// Who leads the work on it.
    public var commander: PersonReference?
    public var reporter: PersonReference?
    /// The request that it came of, when a script has begun it.
    public var requestId: String?
    /// With the names that they had then.
    public var impactedServices: [NamedReference]
    /// The groups that work on it.
    public var resolvers: [NamedReference]
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// When it was first taken up.
    public var acknowledgedAt: Timestamp?
    /// When it was last resolved; `nil` while it is not.
    public var resolvedAt: Timestamp?

    /// `INC-1000`.
    public var identifier: String { "\(Self.identifierPrefix)\(number)" }
    public static let identifierPrefix = "INC-"

    public init(
        id: String, number: Int64, summary: String, severity: Severity, initiatedBy: PersonReference,
        createdAt: Timestamp
    ) {
        self.id = id
        self.number = number
        self.summary = summary
        description = ""
        self.severity = severity
        status = .open
        self.initiatedBy = initiatedBy
        impactedServices = []
        resolvers = []
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// The number in an identifier as people write it: `INC-1000`, in any case, or `1000`.
    public static func number(of text: String) -> Int64? {
        let upper = text.uppercased()
        return Int64(upper.hasPrefix(identifierPrefix) ? String(upper.dropFirst(identifierPrefix.count)) : upper)
    }
}

extension CaseIterable where Self: Equatable {
    /// The place of a value among all, from 1: the `level` of severities and statuses.
    public var level: Int { Self.allCases.enumerated().first { $0.element == self }.map { $0.offset + 1 } ?? 0 }
}

/// A note on the timeline of an incident. It is never changed.
public struct IncidentEntry: Codable, Hashable, Sendable, Identifiable {
    public static let note = "NOTE"

    public var id: String
    public var incident: String
    public var at: Timestamp
    public var entryType: String
    public var text: String
    public var addedBy: PersonReference

    public init(
        id: String, incident: String, at: Timestamp, entryType: String, text: String, addedBy: PersonReference
    ) {
        self.id = id
        self.incident = incident
        self.at = at
        self.entryType = entryType
        self.text = text
        self.addedBy = addedBy
    }
}

/// What somebody did to a service, as another system tells: a deployment, a flag, a migration. Never changed.
public struct ChangeRecord: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var changeType: String
    /// The system that tells of it.
    public var source: String
    public var summary: String
    public var changedAt: Timestamp
    /// As the other system calls whoever it was.
    public var changedBy: String?
    /// A text, or whatever JSON the other system sends.
    public var details: JSONValue?
    /// What the other system calls it.
    public var externalIdentifier: String?
    /// With the name that it had then.
    public var service: NamedReference?
    public var recordedAt: Timestamp
    public var recordedBy: PersonReference

    public init(
        id: String, changeType: String, source: String, summary: String, changedAt: Timestamp,
        changedBy: String? = nil, details: JSONValue? = nil, externalIdentifier: String? = nil,
        service: NamedReference? = nil, recordedAt: Timestamp, recordedBy: PersonReference
    ) {
        self.id = id
        self.changeType = changeType
        self.source = source
        self.summary = summary
        self.changedAt = changedAt
        self.changedBy = changedBy
        self.details = details
        self.externalIdentifier = externalIdentifier
        self.service = service
        self.recordedAt = recordedAt
        self.recordedBy = recordedBy
    }
}
