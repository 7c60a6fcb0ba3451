extension Notification {
    public static func decide(_ timed: Timed<Command>, _ state: State) throws(Rejection) -> [Event] {
        let now = timed.at
        if case .plan(let plan) = timed.command {
            return state.phase == .unknown ? [.planned(plan: plan, at: now)] : []
        }
        guard state.phase != .unknown else { throw .unknown }
        switch timed.command {
        case .plan: return []
        case .begin(let provider): return begin(via: provider, state, at: now)
        case .deliver(let receipt): return state.phase == .sending ? [.delivered(receipt: receipt, at: now)] : []
        case .fail(let reason, let isPermanent, let next, let notBefore):
            guard state.phase == .sending else { return [] }
            return fail(reason, isPermanent, next, notBefore, state, at: now)
        case .doubt(let reason):
            guard state.phase == .sending else { return [] }
            return [.leftInDoubt(reason: reason, until: now.advanced(by: doubtPause), at: now)]
        case .giveUp(let reason):
            switch state.phase {
            case .pending, .held, .inDoubt, .sending: return [.failed(reason: reason, at: now)]
            case .unknown, .delivered, .failed, .cancelled, .suppressed, .collapsed: return []
            }
        case .cancel(let reason): return state.phase.canBeCancelled ? [.cancelled(reason: reason, at: now)] : []
        case .suppress(let suppression):
            return state.phase == .pending ? [.suppressed(suppression: suppression, at: now)] : []
        case .hold(let hold): return state.phase == .pending ? [.held(hold: hold, at: now)] : []
        case .collapse(let digest):
            return state.phase == .held && state.hold?.digest == digest ? [.collapsed(digest: digest, at: now)] : []
        case .confirm(let word): return confirm(word, state, at: now)
        case .refuse(let reason): return refuse(reason, state, at: now)
        }
    }

    private static func begin(via provider: NamedReference, _ state: State, at now: Timestamp) -> [Event] {
        let begun = Event.attemptBegun(
            number: state.attempts + 1, isRepetition: state.isInDoubt || state.phase == .sending, provider: provider,
            at: now)
        switch state.phase {
        case .pending, .sending: return [begun]
        case .inDoubt:
            guard let last = state.provider, last.id != provider.id else { return [begun] }
            let reason = "no word from \(last.name) after its answer was lost"
            return [.failedOver(from: last, to: provider, reason: reason, at: now), begun]
        case .held: return state.hold?.digest == nil ? [begun] : []
        case .unknown, .delivered, .failed, .cancelled, .suppressed, .collapsed: return []
        }
    }

    private static func fail(
        _ reason: String, _ isPermanent: Bool, _ next: NamedReference?, _ notBefore: Timestamp?, _ state: State,
        at now: Timestamp
    ) -> [Event] {
        let delays = next == nil ? retryDelays : retryDelaysBeforeFailover
        if !isPermanent, state.attemptsWithProvider <= delays.count {
            let retry = now.advanced(by: .seconds(delays[state.attemptsWithProvider - 1]))
            return [.attemptFailed(reason: reason, retryAt: max(retry, notBefore ?? retry), at: now)]
        }
        guard let next else { return [.failed(reason: reason, at: now)] }
        let from = state.provider ?? NamedReference(id: "", name: "")
        return [.failedOver(from: from, to: next, reason: reason, at: now)]
    }

    /// A word that comes before ours of the outcome counts as that; one that comes after it adds to it.
    private static func confirm(_ word: String, _ state: State, at now: Timestamp) -> [Event] {
        switch state.phase {
        case .sending, .inDoubt: return [.confirmed(word: word, at: now)]
        case .pending: return state.attempts > 0 ? [.confirmed(word: word, at: now)] : []
        case .delivered: return state.isConfirmed ? [] : [.confirmed(word: word, at: now)]
        case .unknown, .held, .failed, .cancelled, .suppressed, .collapsed: return []
        }
    }

    private static func refuse(_ reason: String, _ state: State, at now: Timestamp) -> [Event] {
        switch state.phase {
        case .sending, .inDoubt: return [.refused(reason: reason, at: now)]
        case .delivered: return state.isConfirmed ? [] : [.refused(reason: reason, at: now)]
        case .unknown, .pending, .held, .failed, .cancelled, .suppressed, .collapsed: return []
        }
    }

    public static func evolve(_ state: State, _ event: Event) -> State {
        var next = state
        switch event {
        case .planned(let plan, _):
            next.phase = .pending
            next.recipient = plan.recipient
        case .attemptFailed(let reason, _, _):
            next.phase = .pending
            next.lastReason = reason
        case .attemptBegun(let number, let isRepetition, let provider, _):
            let isSame = provider == nil || state.provider == nil || provider?.id == state.provider?.id
            next.attemptsWithProvider = isSame ? state.attemptsWithProvider + 1 : 1
            next.provider = provider ?? state.provider
            next.phase = .sending
            next.attempts = number
            next.isInDoubt = state.isInDoubt || isRepetition
            next.hold = nil
        case .delivered: next.phase = .delivered
        case .failed: next.phase = .failed
        case .cancelled: next.phase = .cancelled
        case .suppressed: next.phase = .suppressed
        case .failedOver(_, let to, let reason, _):
            next.phase = .pending
            next.lastReason = reason
            if let provider = state.provider { next.exhausted.insert(provider.id) }
            next.provider = to
            next.attemptsWithProvider = 0
        case .leftInDoubt(let reason, _, _):
            next.lastReason = reason
            next.phase = .inDoubt
            next.isInDoubt = true
            if state.attemptsWithProvider >= doubtLimit, let provider = state.provider {
                next.exhausted.insert(provider.id)
            }
        case .held(let hold, _):
            next.phase = .held
            next.hold = hold
        case .collapsed: next.phase = .collapsed
        case .confirmed:
            next.phase = .delivered
            next.isConfirmed = true
        case .refused(let reason, _):
            next.phase = .pending
            next.lastReason = reason
            if let provider = state.provider { next.exhausted.insert(provider.id) }
        }
        return next
    }
}
