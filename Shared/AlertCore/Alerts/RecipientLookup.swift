/// Finds whom a request names. Pure: whoever makes it says where to look.
public struct RecipientLookup: Sendable {
    /// Finds a person by target name, web login or id.
    public let person: @Sendable (String) -> Person?
    /// Finds a device by `owner|name` or id.
    public let device: @Sendable (String) -> (Device, owner: Person)?
    /// Finds a group by target name or id.
    public let group: @Sendable (String) -> Group?

    public init(
        person: @escaping @Sendable (String) -> Person?,
        device: @escaping @Sendable (String) -> (Device, owner: Person)?,
        group: @escaping @Sendable (String) -> Group? = { _ in nil }
    ) {
        self.person = person
        self.device = device
        self.group = group
    }

    /// Each once, in their order, with the threshold of its first mention.
    /// - Throws: For one that is not there.
    public func recipients(_ given: [AlertRequest.Recipient]) throws(FieldProblem) -> [AlertRecipient] {
        var recipients: [AlertRecipient] = []
        var known: Set<String> = []
        for (index, given) in given.enumerated() {
            guard var recipient = recipient(given) else {
                throw FieldProblem("recipients[\(index)]", Self.unknown(given))
            }
            recipient.responseCountThreshold = given.responseCountThreshold
            if known.insert(recipient.id).inserted { recipients.append(recipient) }
        }
        return recipients
    }

    private func recipient(_ given: AlertRequest.Recipient) -> AlertRecipient? {
        if given.kind == nil || given.kind == .person, let person = person(given.name) {
            return AlertRecipient(id: person.id, targetName: person.targetName, recipientType: .person)
        }
        // Dynamic teams are groups, too, and are asked for by either kind.
        if given.kind == nil || given.kind == .group || given.kind == .dynamicTeam, let group = group(given.name) {
            return AlertRecipient(id: group.id, targetName: group.targetName, recipientType: .group)
        }
        if given.kind == nil || given.kind == .device, let (device, owner) = device(given.name) {
            return AlertRecipient(
                id: device.id, targetName: "\(owner.targetName)|\(device.name)", recipientType: .device, owner: owner.id
            )
        }
        return nil
    }

    private static func unknown(_ given: AlertRequest.Recipient) -> String {
        switch given.kind {
        case .person: "names no person: \(given.name)"
        case .device: "names no device: \(given.name)"
        case .group: "names no group: \(given.name)"
        case .dynamicTeam: "names no dynamic team: \(given.name)"
        case nil: "names no person, no group and no device: \(given.name)"
        }
    }
}
