extension WebhookDelivery {
    /// Whoever is named by what is sent, wherever it is: in the payload, in the answer, in a reason.
    public static func personal(in event: Event, _ state: State) -> [PersonalText] {
        switch event {
        case .requested(let request, _): request.personal ?? []
        case .redriven(let person, _, _), .cancelled(let person, _, _): state.personal + person.personal
        case .attempted, .parked: state.personal
        case .delivered, .exhausted, .skipped: []
        }
    }
}
