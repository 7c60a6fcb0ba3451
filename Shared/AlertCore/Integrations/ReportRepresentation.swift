// What the escalation reports, as webhooks, scripts and REST show it: one shape for all (spec §1.8, §1.9).

extension EscalationReport {
    /// `reason`, `type`, `group`, `shift`, `by`, `from`, `to`, and how many there are of the last two.
    public var representation: JSONValue {
        [
            "reason": .string(reason.rawValue), "type": .string(type.rawValue),
            "group": ["id": .string(group.id), "targetName": .string(group.name), "recipientType": "GROUP"],
            "shift": shift.map { ["id": .string($0.id), "name": .string($0.name)] } ?? .null,
            "by": by.map {
                [
                    "id": .string($0.id), "targetName": .string($0.targetName), "firstName": .string($0.firstName),
                    "lastName": .string($0.lastName),
                ]
            } ?? .null,
            "from": .array(from.map(\.representation)), "to": .array(to.map(\.representation)),
            "totalFrom": .integer(Int64(totalFrom)), "totalTo": .integer(Int64(totalTo)),
        ]
    }
}

extension RecipientsFailure {
    public var representation: [String: JSONValue] {
        [
            "failureType": .string(failureType.rawValue),
            "targetedRecipients": .array(targeted.map(\.representation)),
            "totalTargetedRecipients": .integer(Int64(total)),
        ]
    }
}

extension RecipientsFailure.Kind {
    /// For people.
    public var words: String {
        switch self {
        case .nobodyNotifiable: "Nobody could be notified at once"
        case .allFailed: "All first notifications have failed"
        }
    }
}

extension AlertRecipient {
    var representation: JSONValue {
        [
            "id": .string(id), "targetName": .string(targetName), "recipientType": .string(recipientType.rawValue),
        ]
    }
}
