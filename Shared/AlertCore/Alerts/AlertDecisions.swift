extension Alert {
    /// Decides at a time. `[]` answers what has happened already, so that a command may arrive any number of
    /// times.
    public static func decide(_ timed: Timed<Command>, _ state: State) throws(Rejection) -> [Event] {
        let now = timed.at
        switch (timed.command, state.phase) {
        case (.create(let details), .unknown):
            return [.created(details: details, at: now)]
        case (.createSuppressed(let details, let suppression), .unknown):
            return [.suppressed(details: details, suppression: suppression, at: now)]
        case (.create, .active), (.create, .suspended), (.create, .terminated), (.createSuppressed, .active),
            (.createSuppressed, .suspended), (.createSuppressed, .terminated):
            return []

        case (.comment(let id, let author, let text), .active),
            (.comment(let id, let author, let text), .suspended),
            (.comment(let id, let author, let text), .terminated):
            return state.recorded.contains(id) ? [] : [.commented(id: id, by: author, text: text, at: now)]

        case (.respond(let response), .active), (.respond(let response), .suspended):
            return try respond(response, state, at: now)
        case (.respond(let response), .terminated):
            if state.recorded.contains(response.id) { return [] }  // the second tap of the answer that ended it
            guard !state.rejected.contains(response.id) else { throw .terminated }
            return [.responseRejected(response: response, reason: .ended, at: now)]

        case (.recordDelivery(let delivery), .active), (.recordDelivery(let delivery), .suspended),
            (.recordDelivery(let delivery), .terminated):
            // What was sent before the end is recorded after it, too.
            return state.recorded.contains(delivery.id) ? [] : [.deliveryRecorded(delivery: delivery, at: now)]

        case (.recordSuppression(let suppression), .active), (.recordSuppression(let suppression), .suspended),
            (.recordSuppression(let suppression), .terminated):
            guard !state.recorded.contains(suppression.id) else { return [] }
            return [.notificationSuppressed(suppression: suppression, at: now)]

        case (.recordEscalation(let report), .active), (.recordEscalation(let report), .suspended),
            (.recordEscalation(let report), .terminated):
            return state.recorded.contains(report.id) ? [] : [.escalated(report: report, at: now)]
        case (.recordRecipientsFailure(let failure), .active), (.recordRecipientsFailure(let failure), .suspended),
            (.recordRecipientsFailure(let failure), .terminated):
            return state.recorded.contains(failure.id) ? [] : [.recipientsFailed(failure: failure, at: now)]

        case (.suspend(let person), .active):
            return [.suspended(by: person, at: now)]
        case (.resume(let person), .suspended):
            return [.resumed(by: person, at: now)]
        case (.suspend, .suspended), (.resume, .active):
            return []
        case (.suspend, .terminated), (.resume, .terminated), (.terminate, .terminated):
            throw .terminated

        case (.terminate(let person), .active), (.terminate(let person), .suspended):
            return [.terminated(by: person, reason: .endedByUser, at: now)]
        case (.expire, .active), (.expire, .suspended):
            return [.terminated(by: nil, reason: .expired, at: now)]
        case (.complete, .active), (.complete, .suspended):
            return [.terminated(by: nil, reason: .completed, at: now)]
        case (.expire, .terminated), (.expire, .unknown), (.complete, .terminated):
            return []  // the timer, or the count, lost a race with a person

        case (.comment, .unknown), (.respond, .unknown), (.recordDelivery, .unknown), (.suspend, .unknown),
            (.resume, .unknown), (.terminate, .unknown), (.recordSuppression, .unknown), (.complete, .unknown),
            (.recordEscalation, .unknown), (.recordRecipientsFailure, .unknown):
            throw .unknown
        }
    }

    private static func respond(
        _ response: AlertResponse, _ state: State, at now: Timestamp
    ) throws(Rejection) -> [Event] {
        guard !state.recorded.contains(response.id) else { return [] }
        guard let option = state.responseOptions.first(where: { $0.id == response.option }) else {
            throw .noSuchResponse
        }
        let answer = Event.responded(response: response, option: option, at: now)
        guard option.action == .end else { return [answer] }
        return [answer, .terminated(by: response.by, reason: .endedByResponse, at: now)]
    }

    public static func evolve(_ state: State, _ event: Event) -> State {
        var next = state
        switch event {
        case .created(let details, _):
            next.phase = .active
            next.responseOptions = details.responseOptions
        case .commented(let id, _, _, _):
            next.recorded.insert(id)
        case .responded(let response, _, _):
            next.recorded.insert(response.id)
        case .deliveryRecorded(let delivery, _):
            next.recorded.insert(delivery.id)
        case .notificationSuppressed(let suppression, _):
            next.recorded.insert(suppression.id)
        case .responseRejected(let response, _, _):
            next.rejected.insert(response.id)
        case .escalated(let report, _):
            next.recorded.insert(report.id)
        case .recipientsFailed(let failure, _):
            next.recorded.insert(failure.id)
        case .suppressed:
            next.phase = .terminated
        case .suspended:
            next.phase = .suspended
        case .resumed:
            next.phase = .active
        case .terminated:
            next.phase = .terminated
        }
        return next
    }
}

extension Alert.Event {
    /// When it happened.
    public var at: Timestamp {
        switch self {
        case .suppressed(_, _, let at), .notificationSuppressed(_, let at), .responseRejected(_, _, let at),
            .escalated(_, let at), .recipientsFailed(_, let at),
            .created(_, let at), .commented(_, _, _, let at), .responded(_, _, let at), .deliveryRecorded(_, let at),
            .suspended(_, let at), .resumed(_, let at), .terminated(_, _, let at):
            at
        }
    }
}
