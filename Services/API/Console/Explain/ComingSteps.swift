import AlertCore
import Persistence

/// What comes next in an escalation if nobody answers.
struct ComingStep: Sendable {
    let at: TimeText
    let text: String
    /// "Database team · Working hours · step 2".
    let place: String?

    /// More is no outlook any more.
    private static let limit = 30

    /// In the order of time; nothing of an escalation that waits or is over.
    static func all(_ explanation: Explanation, _ directory: DirectoryView, format: TimeFormat) -> [ComingStep] {
        guard explanation.stateName == "RUNNING" else { return [] }
        let state = explanation.state
        var coming: [(Timestamp, String, String?)] = []
        for progress in state.progress.values {
            guard let course = state.courses[progress.course] else { continue }
            coming += steps(of: course, progress, directory)
        }
        for line in state.lines.values {
            let devices = line.remaining.compactMap { directory.devices[$0]?.name }
            guard let device = devices.first else { continue }
            let course = state.courses[line.course]
            coming.append(
                (line.due, "\(line.person.displayName) on \(device)", course.flatMap { place($0, step: nil) }))
        }
        return coming.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.prefix(limit).map { at, text, place in
            ComingStep(at: format.text(at), text: text, place: place)
        }
    }

    /// The step that is due, and those that follow it in this round.
    private static func steps(
        of course: AlertEscalation.Course, _ progress: AlertEscalation.Progress, _ directory: DirectoryView
    ) -> [(Timestamp, String, String?)] {
        switch progress.next {
        case .over: return []
        case .endNotice:
            return [(progress.due, "the end of the escalation is announced", place(course, step: nil))]
        case .round:
            return [(progress.due, "it begins again, round \(progress.round + 1)", place(course, step: nil))]
        case .step:
            var due = progress.due
            var coming: [(Timestamp, String, String?)] = []
            for index in course.steps.indices where index >= progress.step {
                if index > progress.step { due = due.advanced(by: .seconds(course.steps[index].delay)) }
                let names = course.steps[index].members.map { member in
                    let recipient = GroupMember(id: member.recipient.id, recipientType: member.recipient.recipientType)
                    return RecipientName(recipient, directory).name
                }.joined(separator: ", ")
                coming.append((due, names, place(course, step: index)))
            }
            return coming
        }
    }

    private static func place(_ course: AlertEscalation.Course, step: Int?) -> String? {
        let parts = [course.group?.name, course.shift?.name, step.map { "step \($0 + 1)" }].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: " · ")
    }
}
