// What answers do (spec §5.5).

extension AlertEscalation {
    static func answer(
        _ response: AlertResponse, _ action: ResponseOption.Action, _ text: String, _ state: State, _ roster: Roster,
        at now: Timestamp
    ) -> [Event] {
        var moment = EscalationMoment(state, roster, at: now)
        let contact = state.people[response.by.id] ?? Contact()
        let answer = Answer(
            id: response.id, by: response.by, action: action, text: text, targets: contact.targets.sorted(),
            courses: contact.courses.sorted())
        moment.add(.answered(answer: answer, at: now))
        let reason = "\(response.by.targetName) answered \(text)"
        switch action {
        case .recordResponse:
            moment.stop(.devices, response.by, because: reason)
        case .stopNotifyingUser:
            moment.stop(.person, response.by, because: reason)
        case .stopNotifyingTarget:
            moment.stop(.person, response.by, because: reason)
            for target in state.targets(answeredBy: response.by) {
                moment.stop(target: target, response.by, because: reason)
            }
        case .escalate:
            moment.stop(.person, response.by, because: reason)
            moment.escalate(by: response.by, contact)
        case .assignToUser, .end:
            moment.stop(.everybody, response.by, because: reason)
        case .countResponse:
            moment.stop(.person, response.by, because: reason)
            moment.count(response.by, contact)
        case .omitResponseCount:
            moment.stop(.person, response.by, because: reason)
            moment.takeBack(response.by)
            moment.escalate(by: response.by, contact)
        }
        return moment.finished()
    }
}

extension AlertEscalation.State {
    /// Through which the person was reached; else those that name the person.
    fileprivate func targets(answeredBy person: PersonReference) -> [String] {
        let reached = people[person.id]?.targets ?? []
        let ids = reached.isEmpty ? Set(targets.map(\.id)).intersection([person.id]) : reached
        return ids.subtracting(stoppedTargets).sorted()
    }
}

extension EscalationMoment {
    fileprivate mutating func stop(
        _ scope: AlertEscalation.Stop.Scope, _ person: PersonReference, because reason: String
    ) {
        add(.stopped(stop: AlertEscalation.Stop(scope: scope, person: person, reason: reason), at: now))
    }

    fileprivate mutating func stop(target: String, _ person: PersonReference? = nil, because reason: String) {
        let stop = AlertEscalation.Stop(scope: .target, person: person, target: target, reason: reason)
        add(.stopped(stop: stop, at: now))
    }

    /// The next step of each course through which the person was reached comes now, or when the alert is resumed; of
    /// somebody who was not reached, of all. Once for each time that somebody is reached.
    fileprivate mutating func escalate(by person: PersonReference, _ before: AlertEscalation.Contact) {
        if state.isAssigned { add(.released(by: person, at: now)) }
        guard !before.hasEscalated else { return advance() }
        let moment = state.frozenSince ?? now
        let ahead = state.progress.keys.filter { state.courses[$0]?.subscription == nil }
        let courses = before.courses.isEmpty ? Set(ahead) : before.courses
        for id in Set(courses.compactMap { next(from: $0) }) {
            guard var progress = state.progress[id] else { continue }
            progress.due = min(progress.due, moment)
            progress.by = person
            move(progress)
        }
        advance()
    }

    /// The course in which something is to come: this one, or that in which it is.
    private func next(from course: String) -> String? {
        var current: String? = course
        while let id = current {
            if state.progress[id] != nil { return id }
            current = state.courses[id]?.parent
        }
        return nil
    }
}

// MARK: - Counting

extension EscalationMoment {
    /// Under which key the answers of a target are counted.
    private func key(_ target: String) -> String {
        state.targets.first { $0.id == target }?.responseCountThreshold == nil ? "" : target
    }

    private func threshold(_ key: String) -> Int? {
        key.isEmpty ? state.terms.otherThreshold : state.targets.first { $0.id == key }?.responseCountThreshold
    }

    fileprivate mutating func count(_ person: PersonReference, _ contact: AlertEscalation.Contact) {
        guard state.terms.countsResponses else { return }
        let recipients = contact.targets.filter { id in state.targets.contains { $0.id == id } }
        // Who was told by a subscription alone is none of those whose answers are wanted.
        guard contact.targets.isEmpty || !recipients.isEmpty else { return }
        let keys = recipients.isEmpty ? [key(person.id)] : Set(recipients.map { key($0) })
        for key in keys.sorted() where state.counted[key]?.contains(person.id) != true {
            add(.counted(count: tally(key, person, isTakenBack: false), at: now))
        }
    }

    fileprivate mutating func takeBack(_ person: PersonReference) {
        for key in state.counted.keys.sorted() where state.counted[key]?.contains(person.id) == true {
            add(.counted(count: tally(key, person, isTakenBack: true), at: now))
        }
    }

    private func tally(_ key: String, _ person: PersonReference, isTakenBack: Bool) -> AlertEscalation.Count {
        let total = (state.counted[key]?.count ?? 0) + (isTakenBack ? -1 : 1)
        return AlertEscalation.Count(
            target: key, person: person, isTakenBack: isTakenBack, total: total, threshold: threshold(key))
    }

    /// Stops the targets that have enough answers, and completes the escalation when none of them can get more.
    mutating func count() {
        guard state.terms.countsResponses else { return }
        guard state.phase == .running else { return }
        for target in state.targets where !state.stoppedTargets.contains(target.id) && isFilled(target.id) {
            stop(target: target.id, because: "there are as many answers as were wanted")
        }
        guard state.isRunning, !state.targets.isEmpty,
            state.targets.allSatisfy({ isFilled($0.id) || isUnreachable($0.id) })
        else { return }
        add(.completed(at: now))
    }

    private func isFilled(_ target: String) -> Bool {
        let key = key(target)
        return threshold(key).map { (state.counted[key]?.count ?? 0) >= $0 } ?? false
    }

    /// Nobody else will be notified, and everybody who was has answered or could not be told.
    private func isUnreachable(_ target: String) -> Bool {
        let isOver =
            !state.progress.keys.contains { state.courses[$0]?.target == target }
            && !state.lines.values.contains { $0.target == target }
        return isOver
            && state.people.values.allSatisfy {
                !$0.targets.contains(target) || $0.isStopped || $0.notices.isEmpty
            }
    }
}
