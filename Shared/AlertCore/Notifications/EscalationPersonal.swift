extension AlertEscalation {
    /// Whoever is named. Reasons, which are for people, name only those who are named beside them, too.
    public static func personal(in event: Event, _ state: State) -> [PersonalText] {
        switch event {
        case .started(let terms, let targets, _, _):
            targets.flatMap(\.personal) + terms.subscriptions.flatMap(\.personal)
        case .advanced(let advance, _): advance.personal + state.members
        case .answered(let answer, _): answer.by.personal
        case .stopped(let stop, _): stop.person?.personal ?? []
        case .counted(let count, _): count.person.personal
        case .escalated(let report, _): report.personal
        case .recipientsFailed(let failure, _): failure.targeted.flatMap(\.personal)
        case .released(let person, _): person.personal
        case .notificationFailed, .suspended, .resumed, .completed, .ended: []
        }
    }
}

extension AlertEscalation.Advance {
    fileprivate var personal: [PersonalText] {
        var texts: [PersonalText] = []
        for course in opened {
            texts += course.steps.flatMap(\.members).flatMap(\.recipient.personal)
            texts += course.endNotice?.members.flatMap(\.recipient.personal) ?? []
        }
        for step in steps { texts += step.by?.personal ?? [] }
        for notice in notices { texts += notice.personal }
        for omission in omissions {
            guard let person = omission.person else { continue }
            texts += person.personal
            if let device = omission.device { texts.append(PersonalText(device.name, of: person.id, in: device.id)) }
        }
        for moved in progress { texts += moved.by?.personal ?? [] }
        for line in lines { texts += line.person.personal }
        return texts
    }
}

extension AlertEscalation.Notice {
    fileprivate var personal: [PersonalText] {
        person.personal + [
            PersonalText(device.name, of: person.id, in: device.id), PersonalText(address, of: person.id, in: id),
        ]
    }
}

extension AlertEscalation.State {
    /// Somebody who is not there any more is omitted by name only, and reasons say for whom somebody stands in: who
    /// that was stands in the course.
    fileprivate var members: [PersonalText] {
        let members = courses.values.flatMap { course in
            course.steps.flatMap(\.members) + (course.endNotice?.members ?? [])
        }
        return (targets + members.map(\.recipient)).flatMap(\.personal)
    }
}
