/// Who is notified of one alert, on what, when and why, until somebody answers or the alert ends (spec §5.4, §5.5).
///
/// What depends on the directory comes in with the command, as a ``Roster``; what was decided on it stands in the
/// events, so that a replay of the log gives the same notifications without the directory.
public enum AlertEscalation: Aggregate {
    public static let category = "escalation"
    public static let initial = State()

    public enum Command: Sendable {
        /// - Parameter begunAt: When the alert began.
        case start(Terms, targets: [AlertRecipient], begunAt: Timestamp, Roster)
        /// Time has passed: whatever is due is reached.
        case reach(Roster)
        /// - Parameter text: Of the answer, for people.
        case answer(AlertResponse, ResponseOption.Action, text: String, Roster)
        /// A notification could not be delivered, for good.
        case recordFailure(notification: String, Roster)
        case suspend
        case resume(Roster)
        /// The alert has ended.
        case end
    }

    public enum Event: Codable, Equatable, Sendable {
        case started(terms: Terms, targets: [AlertRecipient], directory: Int64, at: Timestamp)
        /// Everything that was reached at one moment.
        case advanced(advance: Advance, at: Timestamp)
        case answered(answer: Answer, at: Timestamp)
        case stopped(stop: Stop, at: Timestamp)
        case counted(count: Count, at: Timestamp)
        case escalated(report: EscalationReport, at: Timestamp)
        case recipientsFailed(failure: RecipientsFailure, at: Timestamp)
        case notificationFailed(notification: String, at: Timestamp)
        case suspended(at: Timestamp)
        /// What was still to come comes as much later as it was suspended.
        case resumed(at: Timestamp)
        /// Somebody to whom the alert was left has escalated it: it goes on where it was.
        case released(by: PersonReference, at: Timestamp)
        /// The answers that were wanted are there, or cannot come any more.
        case completed(at: Timestamp)
        case ended(at: Timestamp)
    }

    public enum Rejection: Error, Equatable, Sendable {
        /// It never began: its alert is older than escalations are.
        case unknown
    }

    public struct State: Equatable, Sendable {
        public internal(set) var phase = Phase.unknown
        public internal(set) var terms = Terms()
        public internal(set) var targets: [AlertRecipient] = []
        /// By id.
        public internal(set) var courses: [String: Course] = [:]
        /// By the course's id; only where something is to come.
        public internal(set) var progress: [String: Progress] = [:]
        /// By id: people whose next device waits for its time.
        public internal(set) var lines: [String: DeviceLine] = [:]
        /// By id: everybody who was reached, or has answered.
        public internal(set) var people: [String: Contact] = [:]
        public internal(set) var stoppedTargets: Set<String> = []
        /// Courses that somebody has answered, other than to escalate.
        public internal(set) var answeredCourses: Set<String> = []
        /// Who was counted, by target; those of targets without a threshold under `""`.
        public internal(set) var counted: [String: Set<String>] = [:]
        /// The notifications with which it began, without those that have failed.
        public internal(set) var firstNotices: Set<String> = []
        public internal(set) var hasFailed = false
        /// How many moments there have been.
        public internal(set) var advances = 0

        public init() {}

        /// When something comes by itself; `nil` when nothing does.
        public var nextDue: Timestamp? {
            guard phase == .running else { return nil }
            return (progress.values.map(\.due) + lines.values.map(\.due)).min()
        }
    }

    public enum Phase: Equatable, Sendable {
        case unknown
        case running
        case suspended(since: Timestamp)
        /// Somebody has taken it: nobody else is notified, unless that person escalates.
        case assigned(since: Timestamp)
        case completed
        case ended
    }

    /// What is known of somebody.
    public struct Contact: Equatable, Sendable {
        /// Through which targets and courses the person was reached.
        var targets: Set<String> = []
        var courses: Set<String> = []
        /// Whether nothing more goes to the person.
        var isStopped = false
        var hasEscalated = false
        /// Notifications that have not failed.
        var notices: Set<String> = []
    }

    /// A step that comes later than this makes those after it later, too: everybody has the whole delay to answer.
    static let toleratedLateness = Duration.seconds(30)
}

// MARK: - Decisions

extension AlertEscalation {
    public static func decide(_ timed: Timed<Command>, _ state: State) throws(Rejection) -> [Event] {
        let now = timed.at
        switch (timed.command, state.phase) {
        case (.start(let terms, let targets, let begunAt, let roster), .unknown):
            return start(terms, targets, begunAt: begunAt, roster, at: now)
        case (.start, _):
            return []
        case (_, .unknown):
            throw .unknown

        case (_, .completed), (_, .ended):
            guard case .end = timed.command, state.phase == .completed else { return [] }
            return [.ended(at: now)]
        case (.end, _):
            return [.ended(at: now)]

        case (.reach(let roster), .running):
            var run = EscalationMoment(state, roster, at: now)
            run.advance()
            return run.finished()
        case (.reach, _):
            return []  // the timer lost a race with a person

        case (.answer(let response, let action, let text, let roster), _):
            return answer(response, action, text, state, roster, at: now)

        case (.recordFailure(let notification, let roster), _):
            guard state.people.values.contains(where: { $0.notices.contains(notification) }) else { return [] }
            var run = EscalationMoment(state, roster, at: now)
            run.fail(notification)
            return run.finished()

        case (.suspend, .running):
            return [.suspended(at: now)]
        case (.suspend, _):
            return []
        case (.resume(let roster), .suspended):
            var run = EscalationMoment(state, roster, at: now)
            run.add(.resumed(at: now))
            run.advance()
            return run.finished()
        case (.resume, _):
            return []
        }
    }

    private static func start(
        _ terms: Terms, _ targets: [AlertRecipient], begunAt: Timestamp, _ roster: Roster, at now: Timestamp
    ) -> [Event] {
        var run = EscalationMoment(initial, roster, at: now)
        let targets = targets.map { target in
            var target = target
            if terms.countsResponses, target.responseCountThreshold == nil {
                target.responseCountThreshold = roster.groups[target.id]?.responseCountThreshold
            }
            return target
        }
        run.add(.started(terms: terms, targets: targets, directory: roster.version, at: now))
        run.begin(at: begunAt)
        return run.finished()
    }
}

// MARK: - History

extension AlertEscalation {
    public static func evolve(_ state: State, _ event: Event) -> State {
        var next = state
        switch event {
        case .started(let terms, let targets, _, _):
            next.phase = .running
            next.terms = terms
            next.targets = targets
        case .advanced(let advance, _): next.apply(advance)
        case .answered(let answer, _): next.apply(answer)
        case .stopped(let stop, let at): next.apply(stop, at: at)
        case .counted(let count, _):
            if count.isTakenBack {
                next.counted[count.target, default: []].remove(count.person.id)
            } else {
                next.counted[count.target, default: []].insert(count.person.id)
            }
        case .escalated: break
        case .recipientsFailed: next.hasFailed = true
        case .notificationFailed(let notification, _):
            next.firstNotices.remove(notification)
            for person in next.people.keys { next.people[person]?.notices.remove(notification) }
        case .suspended(let at): next.phase = .suspended(since: at)
        case .resumed(let at), .released(_, let at): next.goOn(at: at)
        case .completed:
            next.phase = .completed
            next.forgetWhatIsToCome()
        case .ended:
            next.phase = .ended
            next.forgetWhatIsToCome()
        }
        return next
    }
}

extension AlertEscalation.State {
    /// Since when nothing new happens.
    var frozenSince: Timestamp? {
        switch phase {
        case .suspended(let since), .assigned(let since): since
        case .unknown, .running, .completed, .ended: nil
        }
    }

    fileprivate mutating func apply(_ advance: AlertEscalation.Advance) {
        for course in advance.opened { courses[course.id] = course }
        for moved in advance.progress { progress[moved.course] = moved.isOver ? nil : moved }
        for line in advance.finishedLines { lines[line] = nil }
        for line in advance.lines { lines[line.id] = line }
        for notice in advance.notices {
            contact(notice.person.id, target: notice.target, course: notice.course)
            people[notice.person.id]?.notices.insert(notice.id)
        }
        for omission in advance.omissions where omission.rule == .duplicate {
            guard let person = omission.person else { continue }
            contact(person.id, target: omission.target, course: omission.course)
        }
        if advances == 0 { firstNotices = Set(advance.notices.map(\.id)) }
        advances += 1
    }

    private mutating func contact(_ person: String, target: String, course: String) {
        people[person, default: .init()].targets.insert(target)
        people[person]?.courses.insert(course)
    }

    fileprivate mutating func apply(_ answer: AlertEscalation.Answer) {
        let passesOn = answer.action == .escalate || answer.action == .omitResponseCount
        people[answer.by.id, default: .init()].hasEscalated = passesOn
        if !passesOn { answeredCourses.formUnion(answer.courses) }
    }

    fileprivate mutating func apply(_ stop: AlertEscalation.Stop, at: Timestamp) {
        switch stop.scope {
        case .devices, .person:
            guard let person = stop.person?.id else { return }
            lines = lines.filter { $0.value.person.id != person }
            if stop.scope == .person { people[person, default: .init()].isStopped = true }
        case .target:
            guard let target = stop.target else { return }
            stoppedTargets.insert(target)
            lines = lines.filter { $0.value.target != target }
            progress = progress.filter { courses[$0.key]?.target != target }
        case .everybody:
            phase = .assigned(since: frozenSince ?? at)
        }
    }

    fileprivate mutating func goOn(at now: Timestamp) {
        let pause = frozenSince.map { now.since($0) } ?? .zero
        progress = progress.mapValues { $0.later(by: pause) }
        lines = lines.mapValues { $0.later(by: pause) }
        phase = .running
    }

    fileprivate mutating func forgetWhatIsToCome() {
        progress = [:]
        lines = [:]
    }
}
