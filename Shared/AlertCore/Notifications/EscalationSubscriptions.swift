// Subscribers are told for information: once, each a course's only step, on the devices that the subscription names,
// whoever answers or not; and not at all where they are told as recipients.

extension EscalationMoment {
    /// - Parameter begin: Of the alert.
    mutating func tell(_ subscription: AlertSubscription, courseId: String, from begin: Timestamp) {
        let members = subscription.recipients.enumerated().map { index, recipient in
            AlertEscalation.Member(recipient: recipient, position: index + 1)
        }
        let delay = max(0, subscription.delay) * 60
        let course = AlertEscalation.Course(
            id: courseId, target: subscription.id, allowsDuplicates: false, usesFailsafe: false,
            steps: [AlertEscalation.Step(delay: delay, type: .none, members: members)], subscription: subscription.id)
        opened[course.id] = course
        move(
            AlertEscalation.Progress(
                course: course.id, next: .step, step: 0, round: 0, due: begin.advanced(by: .seconds(delay))))
    }

    /// By which the people of a course are told; `nil` for the alert's own recipients.
    func subscription(of course: AlertEscalation.Course) -> AlertSubscription? {
        course.subscription.flatMap { id in state.terms.subscriptions.first { $0.id == id } }
    }

    /// On which devices; empty for all.
    func deviceNames(of course: AlertEscalation.Course) -> [String] {
        subscription(of: course)?.targetDeviceNames ?? state.terms.targetDeviceNames
    }

    /// What an alert may do to its recipients it does not do to those who only want to know.
    func overridesRestrictions(_ course: AlertEscalation.Course) -> Bool {
        course.subscription == nil && state.terms.overrideDeviceRestrictions
    }

    /// Why a subscriber is not told as such: somebody who is, or will be on a later device, a recipient.
    func toldAnyway(_ person: Person, at place: Place) -> (rule: AlertEscalation.Rule, text: String)? {
        guard let subscription = subscription(of: place.course), state.people[person.id]?.isStopped != true,
            state.people[person.id]?.targets.isEmpty == false
                || state.lines.values.contains(where: { $0.person.id == person.id })
        else { return nil }
        return (
            .duplicate,
            "\(person.targetName) is told of the alert anyway, and not once more by subscription \(subscription.name)"
        )
    }
}
