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
        public internal(set) var isSuspended = false
        /// Somebody has taken it: nobody else is notified, unless that person escalates.
        public internal(set) var isAssigned = false
        /// Since when it is one or both of them: nothing new happens.
        var frozenSince: Timestamp?
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

        /// How many answers have been counted for a target.
        public func responseCount(of target: String) -> Int {
            if let own = counted[target] { return own.count }
            return counted["", default: []].filter { people[$0]?.targets.contains(target) == true }.count
        }

        /// How many for all targets that have no threshold of their own.
        public var otherResponseCount: Int { counted["", default: []].count }

        var isRunning: Bool { phase == .running && frozenSince == nil }

        /// When something comes by itself; `nil` when nothing does.
        public var nextDue: Timestamp? {
            guard isRunning else { return nil }
            return (progress.values.map(\.due) + lines.values.map(\.due)).min()
        }
    }

    public enum Phase: Equatable, Sendable {
        case unknown
        case running
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
        /// Notifications that have not failed, by id; the target of each.
        var notices: [String: String] = [:]
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
            guard state.isRunning else { return [] }  // the timer lost a race with a person
            var moment = EscalationMoment(state, roster, at: now)
            moment.advance()
            return moment.finished()

        case (.answer(let response, let action, let text, let roster), .running):
            return answer(response, action, text, state, roster, at: now)

        case (.recordFailure(let notification, let roster), .running):
            guard state.people.values.contains(where: { $0.notices[notification] != nil }) else { return [] }
            var moment = EscalationMoment(state, roster, at: now)
            moment.fail(notification)
            return moment.finished()

        case (.suspend, .running):
            return state.isSuspended ? [] : [.suspended(at: now)]
        case (.resume(let roster), .running):
            guard state.isSuspended else { return [] }
            var moment = EscalationMoment(state, roster, at: now)
            moment.add(.resumed(at: now))
            moment.advance()
            return moment.finished()
        }
    }

    private static func start(
        _ terms: Terms, _ targets: [AlertRecipient], begunAt: Timestamp, _ roster: Roster, at now: Timestamp
    ) -> [Event] {
        var moment = EscalationMoment(initial, roster, at: now)
        let targets = targets.map { target in
            var target = target
            if terms.countsResponses, target.responseCountThreshold == nil {
                target.responseCountThreshold = roster.groups[target.id]?.responseCountThreshold
            }
            return target
        }
        moment.add(.started(terms: terms, targets: targets, directory: roster.version, at: now))
        moment.begin(at: begunAt)
        return moment.finished()
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
            for person in next.people.keys { next.people[person]?.notices[notification] = nil }
        case .suspended(let at):
            next.isSuspended = true
            next.frozenSince = next.frozenSince ?? at
        case .resumed(let at):
            next.isSuspended = false
            next.goOn(at: at)
        case .released(_, let at):
            next.isAssigned = false
            next.goOn(at: at)
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
    fileprivate mutating func apply(_ advance: AlertEscalation.Advance) {
        for course in advance.opened { courses[course.id] = course }
        for moved in advance.progress { progress[moved.course] = moved.isOver ? nil : moved }
        for line in advance.finishedLines { lines[line] = nil }
        for line in advance.lines { lines[line.id] = line }
        for notice in advance.notices {
            contact(notice.person.id, target: notice.target, course: notice.course)
            people[notice.person.id]?.notices[notice.id] = notice.target
        }
        for omission in advance.omissions where omission.rule == .duplicate {
            // Who is told as a recipient is not reached through the subscription, too.
            guard let person = omission.person, courses[omission.course]?.subscription == nil else { continue }
            contact(person.id, target: omission.target, course: omission.course)
        }
        if advances == 0 {
            firstNotices = Set(
                advance.notices.filter { courses[$0.course]?.subscription == nil }.map(\.id))
        }
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
            isAssigned = true
            frozenSince = frozenSince ?? at
        }
    }

    fileprivate mutating func goOn(at now: Timestamp) {
        guard !isSuspended, !isAssigned, let since = frozenSince else { return }
        progress = progress.mapValues { $0.later(by: now.since(since)) }
        lines = lines.mapValues { $0.later(by: now.since(since)) }
        frozenSince = nil
    }

    fileprivate mutating func forgetWhatIsToCome() {
        progress = [:]
        lines = [:]
    }
}

// MARK: - What follows for notifications

extension AlertEscalation.State {
    /// Whether what waits to be sent is not to be sent any more, after an event of this escalation.
    public func isCancelled(_ notification: String, by event: AlertEscalation.Event) -> Bool {
        switch event {
        case .ended, .completed: return true
        case .stopped(let stop, _):
            switch stop.scope {
            case .everybody: return true
            case .devices, .person:
                return stop.person.flatMap { people[$0.id]?.notices[notification] } != nil
            case .target: return people.values.contains { $0.notices[notification] == stop.target }
            }
        case .started, .advanced, .answered, .counted, .escalated, .recipientsFailed, .notificationFailed, .suspended,
            .resumed, .released:
            return false
        }
    }
}

extension AlertEscalation.Event {
    /// Why what waits to be sent is not to be sent any more; `nil` for an event that takes nothing back.
    public var cancellation: String? {
        switch self {
        case .stopped(let stop, _): stop.reason
        case .ended: "the alert has ended"
        case .completed: "there are as many answers as were wanted, or can be"
        case .started, .advanced, .answered, .counted, .escalated, .recipientsFailed, .notificationFailed, .suspended,
            .resumed, .released:
            nil
        }
    }
}

extension AlertEscalation.Notice {
    /// The notification that it is.
    public func plan(_ terms: AlertEscalation.Terms, at now: Timestamp) -> Notification.Plan {
        var plan = Notification.Plan(
            id: id, alert: terms.alert, alertNumber: terms.number, recipient: person, device: device,
            deviceNumber: deviceNumber, address: address, dueAt: now, reason: reason,
            correlation: terms.correlation, isLimited: terms.limitsNotifications,
            deviceClass: DeviceClass(deviceType))
        plan.deviceType = deviceType.rawValue
        plan.provider = provider
        plan.language = language
        plan.isOneWay = isOneWay
        return plan
    }
}
