// The courses of an escalation: the steps of a shift in their order, its repeats and its end, and groups in groups.

extension EscalationMoment {
    /// Whatever is configured: the shortest pause before the same people are notified again.
    static let repeatPauseMin = 60

    mutating func reachStep(
        _ index: Int, of course: AlertEscalation.Course, _ progress: AlertEscalation.Progress
    ) {
        let step = course.steps[index]
        let place = Place(
            course: course, step: index, round: progress.round, kind: index == 0 && progress.round > 0 ? .round : .step,
            by: progress.by)
        reached(place)
        let notified = step.members.filter { reach($0, at: place, from: progress.due) }
        let isAnybodyNotified = !notified.isEmpty
        if isAnybodyNotified { report(place, notified) }
        let begin = base(progress.due)
        if index + 1 < course.steps.count {
            // Whoever is skipped takes along the delay that follows (spec §5.4).
            let delay = isAnybodyNotified ? course.steps[index + 1].delay : 0
            move(
                AlertEscalation.Progress(
                    course: course.id, next: .step, step: index + 1, round: progress.round,
                    due: begin.advanced(by: .seconds(delay))))
        } else {
            endRound(of: course, round: progress.round, from: begin)
        }
    }

    private mutating func endRound(of course: AlertEscalation.Course, round: Int, from begin: Timestamp) {
        if let repeats = course.repeats, round < repeats.repetitions {
            let pause = max(Self.repeatPauseMin, repeats.waitInSeconds)
            move(
                AlertEscalation.Progress(
                    course: course.id, next: .round, step: 0, round: round + 1,
                    due: begin.advanced(by: .seconds(pause))))
        } else if let notice = course.endNotice {
            move(
                AlertEscalation.Progress(
                    course: course.id, next: .endNotice, step: 0, round: round,
                    due: begin.advanced(by: .seconds(notice.wait))))
        } else {
            move(
                AlertEscalation.Progress(course: course.id, next: .over, step: 0, round: round, due: begin))
        }
    }

    /// The escalation begins again, when nobody has answered it.
    mutating func beginRound(of course: AlertEscalation.Course, _ progress: AlertEscalation.Progress) {
        let place = Place(course: course, step: 0, round: progress.round, kind: .round, by: progress.by)
        guard !state.answeredCourses.contains(course.id) else {
            omit(
                course.group?.name ?? "", at: place, .answered,
                "somebody has answered: the escalation of \(course.name) is not repeated")
            return move(progress.ended)
        }
        var first = progress
        first.next = .step
        reachStep(0, of: course, first)
    }

    /// Tells whoever is to know that the escalation has ended without an answer.
    mutating func notifyEnd(of course: AlertEscalation.Course, _ progress: AlertEscalation.Progress) {
        let place = Place(course: course, step: 0, round: progress.round, kind: .endNotice, by: progress.by)
        move(progress.ended)
        guard !state.answeredCourses.contains(course.id) else {
            return omit(
                course.group?.name ?? "", at: place, .answered,
                "somebody has answered: the end of the escalation of \(course.name) is not announced")
        }
        reached(place)
        for member in course.endNotice?.members ?? [] { _ = reach(member, at: place, from: progress.due) }
    }

    private mutating func reached(_ place: Place) {
        steps.append(
            AlertEscalation.ReachedStep(
                course: place.course.id, step: place.step, round: place.round, kind: place.kind, by: place.by))
    }

    /// Every step but the first one of a course is an escalation.
    private mutating func report(_ place: Place, _ members: [AlertEscalation.Member]) {
        guard let group = place.course.group, place.step > 0 || place.round > 0 else { return }
        let steps = place.course.steps
        let before = place.step > 0 ? steps[place.step - 1] : steps[steps.count - 1]
        let type = place.step > 0 ? steps[place.step].type : place.course.repeats?.escalationType ?? .none
        reports.append(
            EscalationReport(
                id: DerivedID.uuid(
                    "escalation", state.terms.alert, place.course.id, String(place.step), String(place.round)),
                group: group, shift: place.course.shift, reason: place.by == nil ? .passive : .active,
                type: .init(type), by: place.by, from: before.members.map(\.recipient),
                to: members.map(\.recipient)))
    }
}

// MARK: - Groups

extension EscalationMoment {
    /// Opens the courses of a group, and reaches what is at once.
    /// - Returns: Whether somebody is notified, now or later.
    mutating func open(_ id: String, courseId: String, in place: Place, from begin: Timestamp) -> Bool {
        switch roster.opening(of: id, within: ancestors(of: place.course), at: now) {
        case .refused(let rule, let reason):
            omit(roster.groups[id]?.targetName ?? id, at: place, rule, reason)
            return false
        case .nobody(let group, let rule, let reason):
            let own = Place(course: newCourse(courseId, of: group, in: place), step: 0, round: 0, kind: .step)
            opened[courseId] = own.course
            if rule == .noMembers { reached(own) }
            omit(group.targetName, at: own, rule, reason)
            return false
        case .members(let group, let members):
            return open(members, newCourse(courseId, of: group, in: place), from: begin)
        case .shifts(let group, let shifts):
            var course = newCourse(courseId, of: group, in: place)
            var isAnybody = false
            for (index, shift) in shifts.enumerated() {
                course.id = "\(courseId).\(index)"
                if open(shift, of: group, course, from: begin) { isAnybody = true }
            }
            return isAnybody
        }
    }

    private func newCourse(_ id: String, of group: Group, in place: Place) -> AlertEscalation.Course {
        let isSubscribed = place.course.subscription != nil
        return AlertEscalation.Course(
            id: id, target: place.course.target, parent: place.course.group == nil ? nil : place.course.id,
            group: NamedReference(id: group.id, name: group.targetName),
            allowsDuplicates: group.allowDuplicates && !isSubscribed,
            usesFailsafe: group.useDefaultDevices && !isSubscribed, steps: [],
            subscription: place.course.subscription)
    }

    /// All members at once.
    private mutating func open(
        _ members: [OnCallMember], _ course: AlertEscalation.Course, from begin: Timestamp
    ) -> Bool {
        let place = Place(course: course, step: 0, round: 0, kind: .step)
        opened[course.id] = course
        reached(place)
        var isAnybody = false
        for member in members.map(member) where reach(member, at: place, from: begin) { isAnybody = true }
        return isAnybody
    }

    private mutating func open(
        _ onCall: OnCallShift, of group: Group, _ base: AlertEscalation.Course, from begin: Timestamp
    ) -> Bool {
        var course = base
        let shift = onCall.shift
        course.shift = NamedReference(id: shift.id, name: shift.name)
        course.shiftStart = onCall.start
        course.shiftEnd = onCall.end
        // For information, everybody who is on call is told once.
        let isSubscribed = course.subscription != nil
        course.steps = together(onCall.members, isAtOnce: isSubscribed || state.terms.escalationOverride)
        // What notifies nobody is not repeated.
        course.repeats = course.steps.isEmpty || isSubscribed ? nil : shift.repeatEscalation
        if let notice = shift.notifyEndOfEscalation, !isSubscribed {
            let supervisors = group.supervisors.map { GroupMember(id: $0, recipientType: .person) }
            course.endNotice = AlertEscalation.EndNotice(
                members: (notice.recipient.map { [$0] } ?? supervisors).enumerated().map { index, recipient in
                    AlertEscalation.Member(recipient: named(recipient), position: index + 1)
                }, wait: max(0, notice.waitInSeconds))
        }
        opened[course.id] = course
        guard !course.steps.isEmpty else {
            let place = Place(course: course, step: 0, round: 0, kind: .step)
            omit(course.name, at: place, .noMembers, onCall.emptyReason)
            endRound(of: course, round: 0, from: begin)
            return course.endNotice != nil
        }
        let first = AlertEscalation.Progress(
            course: course.id, next: .step, step: 0, round: 0,
            due: begin.advanced(by: .seconds(course.steps[0].delay)))
        move(first)
        guard first.due <= now else { return true }
        let before = notices.count
        reachStep(0, of: course, first)
        return notices.count > before || moved[course.id]?.isOver == false
    }

    /// Places without a delay between them are notified together; at once, all are.
    private func together(_ members: [OnCallMember], isAtOnce: Bool) -> [AlertEscalation.Step] {
        var steps: [AlertEscalation.Step] = []
        for onCall in members {
            let delay = isAtOnce ? 0 : max(0, onCall.delay) * 60
            if steps.isEmpty || delay > 0 {
                steps.append(
                    AlertEscalation.Step(delay: delay, type: onCall.escalationType, members: [member(onCall)]))
            } else {
                steps[steps.count - 1].members.append(member(onCall))
            }
        }
        return steps
    }

    private func member(_ onCall: OnCallMember) -> AlertEscalation.Member {
        AlertEscalation.Member(recipient: named(onCall.recipient), position: onCall.position)
    }

    /// Devices get their names when they are reached.
    private func named(_ member: GroupMember) -> AlertRecipient {
        let name: String? =
            switch member.recipientType {
            case .person: roster.people[member.id]?.targetName
            case .group: roster.groups[member.id]?.targetName
            case .device: nil
            }
        return AlertRecipient(id: member.id, targetName: name ?? member.id, recipientType: member.recipientType)
    }

    /// The ids of the groups that the course is in, its own among them.
    private func ancestors(of course: AlertEscalation.Course) -> Set<String> {
        var ids: Set<String> = []
        var current: AlertEscalation.Course? = course
        while let next = current {
            if let group = next.group { ids.insert(group.id) }
            current = next.parent.flatMap { self.course($0) }
        }
        return ids
    }
}

extension AlertEscalation.Course {
    /// For people.
    var name: String {
        guard let group else { return "the recipient" }
        return shift.map { "\($0.name) of \(group.name)" } ?? group.name
    }
}
