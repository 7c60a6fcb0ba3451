/// One decision on an escalation: what it leads to is collected, and every event changes the state at once, so that
/// the state afterwards is what a replay gives.
struct EscalationMoment {
    private(set) var state: AlertEscalation.State
    private(set) var events: [AlertEscalation.Event] = []
    let roster: Roster
    let now: Timestamp
    /// What is reached at this moment.
    var steps: [AlertEscalation.ReachedStep] = []
    var notices: [AlertEscalation.Notice] = []
    var omissions: [AlertEscalation.Omission] = []
    /// By id: what is new or has changed at this moment.
    var opened: [String: AlertEscalation.Course] = [:]
    var moved: [String: AlertEscalation.Progress] = [:]
    var lines: [String: AlertEscalation.DeviceLine] = [:]
    var finishedLines: Set<String> = []
    /// Who, and which devices, are notified at this moment.
    var peopleNow: Set<String> = []
    var devicesNow: Set<String> = []
    var noticesNow: Set<String> = []
    /// Reported after the moment.
    var reports: [EscalationReport] = []
    private lazy var devices = Dictionary(
        roster.devices.values.joined().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

    /// The most turns of one decision. What is left is due at once, and is decided by the next one.
    static let turnsMax = 20_000

    init(_ state: AlertEscalation.State, _ roster: Roster, at now: Timestamp) {
        self.state = state
        self.roster = roster
        self.now = now
    }

    mutating func add(_ event: AlertEscalation.Event) {
        events.append(event)
        state = AlertEscalation.evolve(state, event)
    }

    mutating func device(_ id: String) -> Device? { devices[id] }

    /// When something that was due comes after it: from then, or from now if it is late.
    func base(_ due: Timestamp) -> Timestamp {
        now.since(due) <= AlertEscalation.toleratedLateness ? min(due, now) : now
    }

    /// Writes down what was reached.
    /// - Parameter isFirst: Written down even when there is nothing.
    mutating func close(isFirst: Bool = false) {
        var advance = AlertEscalation.Advance(directory: roster.version)
        advance.opened = opened.values.sorted { $0.id < $1.id }
        advance.steps = steps
        advance.notices = notices
        advance.omissions = omissions
        advance.progress = moved.values.sorted { $0.course < $1.course }
        advance.lines = lines.values.sorted { $0.id < $1.id }
        advance.finishedLines = finishedLines.sorted()
        guard isFirst || !advance.isEmpty else { return }
        add(.advanced(advance: advance, at: now))
        (steps, notices, omissions) = ([], [], [])
        (opened, moved, lines, finishedLines) = ([:], [:], [:], [])
    }

    /// All events of the decision.
    mutating func finished() -> [AlertEscalation.Event] {
        close()
        for report in reports { add(.escalated(report: report, at: now)) }
        reports = []
        count()
        return events
    }
}

// MARK: - Beginning

extension EscalationMoment {
    /// Everything that is notified at once, and what comes later.
    mutating func begin(at begunAt: Timestamp) {
        let begin = base(begunAt)
        for (index, target) in state.targets.enumerated() {
            let course = AlertEscalation.Course(
                id: String(index), target: target.id, allowsDuplicates: false, usesFailsafe: true, steps: [])
            let place = Place(course: course, step: 0, round: 0, kind: .step)
            if target.recipientType == .group {
                _ = open(target.id, courseId: course.id, in: place, from: begin)
            } else {
                opened[course.id] = course
                _ = reach(.init(recipient: target, position: 1), at: place, from: begin)
            }
        }
        takeTurns()
        let isNobody = notices.isEmpty && !(state.targets.isEmpty && !state.terms.subscriptions.isEmpty)
        // After the recipients, so that these are told as such.
        for (index, subscription) in state.terms.subscriptions.enumerated() {
            tell(subscription, courseId: "s\(index)", from: begin)
        }
        takeTurns()
        close(isFirst: true)
        if isNobody { reportFailure(.nobodyNotifiable) }
    }

    mutating func reportFailure(_ kind: RecipientsFailure.Kind) {
        let id = DerivedID.uuid("recipients-failure", state.terms.alert, kind.rawValue)
        let failure = RecipientsFailure(
            id: id, failureType: kind,
            targeted: state.targets.map {
                AlertRecipient(
                    id: $0.id, targetName: $0.targetName, recipientType: $0.recipientType, owner: $0.owner)
            })
        add(.recipientsFailed(failure: failure, at: now))
    }

    /// A device could not be reached: the next one need not wait for an answer from it.
    mutating func fail(_ notification: String) {
        let wasFirst = state.firstNotices.contains(notification)
        add(.notificationFailed(notification: notification, at: now))
        if wasFirst, state.firstNotices.isEmpty, !state.hasFailed { reportFailure(.allFailed) }
        let moment = state.frozenSince ?? now
        for var line in state.lines.values.filter({ $0.last == notification }) where moment < line.due {
            line.due = moment
            lines[line.id] = line
        }
        advance()
    }

    /// Reaches everything that is due, unless the escalation is suspended.
    mutating func advance() {
        if state.isRunning { takeTurns() }
        close()
    }
}

// MARK: - Turns

extension EscalationMoment {
    private enum Turn {
        case course(AlertEscalation.Progress)
        case line(AlertEscalation.DeviceLine)

        var due: Timestamp {
            switch self {
            case .course(let progress): progress.due
            case .line(let line): line.due
            }
        }

        var id: String {
            switch self {
            case .course(let progress): progress.course
            case .line(let line): line.id
            }
        }
    }

    /// Takes what is due, in the order of its time, until nothing is.
    private mutating func takeTurns() {
        var taken = 0
        while taken < Self.turnsMax {
            let turns = due()
            if turns.isEmpty { return }
            for turn in turns.prefix(Self.turnsMax - taken) {
                switch turn {
                case .course(let progress): take(progress)
                case .line(let line): take(line)
                }
            }
            taken += turns.count
        }
    }

    /// Of the state and of this moment, which comes after it.
    private func due() -> [Turn] {
        var progress = state.progress
        for (course, moved) in moved { progress[course] = moved.isOver ? nil : moved }
        var waiting = state.lines
        for line in finishedLines { waiting[line] = nil }
        waiting.merge(lines) { $1 }
        let turns =
            progress.values.filter { $0.due <= now }.map { Turn.course($0) }
            + waiting.values.filter { $0.due <= now }.map { Turn.line($0) }
        return turns.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
    }

    /// The course of that id, opened earlier or at this moment.
    func course(_ id: String) -> AlertEscalation.Course? {
        opened[id] ?? state.courses[id]
    }

    /// Puts what comes next in the place of what came before.
    mutating func move(_ progress: AlertEscalation.Progress) { moved[progress.course] = progress }

    mutating func keep(_ line: AlertEscalation.DeviceLine) {
        finishedLines.remove(line.id)
        lines[line.id] = line
    }

    mutating func finish(_ line: AlertEscalation.DeviceLine) {
        lines[line.id] = nil
        if state.lines[line.id] != nil { finishedLines.insert(line.id) }
    }

    private mutating func take(_ progress: AlertEscalation.Progress) {
        guard let course = course(progress.course) else { return move(progress.ended) }
        switch progress.next {
        case .step: reachStep(progress.step, of: course, progress)
        case .round: beginRound(of: course, progress)
        case .endNotice: notifyEnd(of: course, progress)
        case .over: break
        }
    }
}

extension AlertEscalation.Progress {
    var ended: AlertEscalation.Progress {
        var ended = self
        ended.next = .over
        return ended
    }
}

/// Where in an escalation somebody is reached.
struct Place {
    var course: AlertEscalation.Course
    var step: Int
    /// From 0.
    var round: Int
    var kind: AlertEscalation.Progress.Next
    /// Who has escalated.
    var by: PersonReference?

    var id: String { "\(course.id)-\(step)-\(round)\(kind == .endNotice ? "e" : "")" }
}
