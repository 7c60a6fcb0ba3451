extension Notification {
    /// Who is told and where; and what providers say, which often names the address.
    public static func personal(in event: Event, _ state: State) -> [PersonalText] {
        let known = state.recipient?.personal ?? []
        guard let person = state.recipient?.id else { return known }
        func said(_ text: String) -> [PersonalText] { known + [PersonalText(text, of: person)] }
        switch event {
        case .planned(let plan, _): return plan.personal
        case .delivered(let receipt, _): return said(receipt)
        case .attemptFailed(let reason, _, _), .failed(let reason, _), .refused(let reason, _),
            .leftInDoubt(let reason, _, _), .failedOver(_, _, let reason, _):
            return said(reason)
        case .confirmed(let word, _): return said(word)
        case .cancelled: return known
        case .attemptBegun, .suppressed, .held, .collapsed: return []
        }
    }
}

extension Notification.Plan {
    public var personal: [PersonalText] {
        recipient.personal + [
            PersonalText(device.name, of: recipient.id),
            PersonalText(address, of: recipient.id, isName: true),
        ]
    }
}
