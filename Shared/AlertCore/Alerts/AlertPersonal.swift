extension Alert {
    /// Whoever is named, and what they wrote.
    public static func personal(in event: Event, _ state: State) -> [PersonalText] { event.personal }
}

extension Alert.Event {
    /// What is personal in it.
    public var personal: [PersonalText] {
        switch self {
        case .created(let details, _), .suppressed(let details, _, _): details.personal
        case .commented(_, let author, let text, _): author.personal + [PersonalText(text, of: author.id)]
        case .responded(let response, _, _), .responseRejected(let response, _, _): response.personal
        case .deliveryRecorded(let delivery, _): delivery.personal
        case .notificationSuppressed(let suppression, _):
            suppression.recipient.personal
                + [PersonalText(suppression.device.name, of: suppression.recipient.id)]
        case .suspended(let person, _), .resumed(let person, _): person.personal
        case .terminated(let person, _, _): person?.personal ?? []
        case .escalated(let report, _): report.personal
        case .recipientsFailed(let failure, _): failure.targeted.flatMap(\.personal)
        }
    }
}

extension Alert.Event {
    /// What is personal in what others are told of it.
    public func personal(about details: AlertDetails) -> [PersonalText] {
        var known: Set<PersonalText> = []
        return (personal + details.personal).filter { !$0.text.isEmpty && known.insert($0).inserted }
    }
}

extension AlertDetails {
    /// Who began it and who is to be told.
    public var personal: [PersonalText] {
        submitter.personal + recipients.flatMap(\.personal) + subscriptions.flatMap(\.personal)
    }
}

extension AlertResponse {
    public var personal: [PersonalText] {
        by.personal + [PersonalText(device, of: by.id)]
            + (comment.map { [PersonalText($0, of: by.id)] } ?? [])
    }
}

extension DeviceDelivery {
    /// What a provider says when it refuses a message often names the address.
    public var personal: [PersonalText] {
        recipient.personal + [PersonalText(device.name, of: recipient.id)]
            + (status == .failed ? [PersonalText(message, of: recipient.id)] : [])
    }
}

extension EscalationReport {
    public var personal: [PersonalText] {
        (by?.personal ?? []) + from.flatMap(\.personal) + to.flatMap(\.personal)
    }
}
