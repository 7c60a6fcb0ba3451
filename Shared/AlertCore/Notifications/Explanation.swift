/// Why each person was notified about an alert, or was not: what the events of its escalation say, in their order, for
/// people to read.
public struct Explanation: Equatable, Sendable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case notified = "NOTIFIED"
        case notNotified = "NOT_NOTIFIED"
        case step = "STEP"
        case stopped = "STOPPED"
        case counted = "COUNTED"
        case escalated = "ESCALATED"
        case failure = "FAILURE"
        case state = "STATE"
        /// What came of a notification.
        case delivery = "DELIVERY"
    }

    /// One thing that was decided; what does not apply is `nil`.
    public struct Line: Equatable, Sendable {
        public var at: Timestamp
        public var kind: Kind
        /// The place of the event in the history, from 0.
        public var event = 0
        /// A stable name, as in `ON_CALL`.
        public var rule: String?
        public var text: String
        public var person: PersonReference?
        public var device: NamedReference?
        public var deviceType: Device.Kind?
        public var target: AlertRecipient?
        public var group: NamedReference?
        public var shift: NamedReference?
        /// From 1.
        public var step: Int?
        /// From 1.
        public var round: Int?
        public var directory: Int64?
        public var notification: String?

        public init(at: Timestamp, kind: Kind, text: String) {
            self.at = at
            self.kind = kind
            self.text = text
        }
    }

    /// Of one person.
    public struct Summary: Equatable, Sendable {
        public var person: PersonReference
        public var isNotified: Bool
        /// The first reason for it.
        public var text: String
        /// How many notifications.
        public var notified: Int
    }

    public private(set) var lines: [Line] = []
    /// In the order in which they come up.
    public private(set) var people: [Summary] = []
    /// Afterwards.
    public private(set) var state: AlertEscalation.State
    /// The version on which the escalation began.
    public private(set) var directory: Int64?

    private var notices: [String: AlertEscalation.Notice] = [:]
    /// Of the event that is being read.
    private var place = 0

    public init(_ events: [AlertEscalation.Event]) {
        state = AlertEscalation.initial
        for (index, event) in events.enumerated() {
            state = AlertEscalation.evolve(state, event)
            place = index
            add(event)
        }
        summarize()
    }

    /// `RUNNING`, `SUSPENDED`, `ASSIGNED`, `COMPLETED`, `ENDED` or `UNKNOWN`.
    public var stateName: String {
        switch state.phase {
        case .unknown: "UNKNOWN"
        case .running: state.isSuspended ? "SUSPENDED" : state.isAssigned ? "ASSIGNED" : "RUNNING"
        case .completed: "COMPLETED"
        case .ended: "ENDED"
        }
    }

    /// Only what concerns one person: that person's lines, and what held for everybody.
    public func about(_ person: PersonReference) -> Explanation {
        var own = self
        own.lines = lines.filter { line in
            if let named = line.person { return named.id == person.id }
            return [.state, .stopped, .notNotified, .failure].contains(line.kind)
        }
        own.people = people.filter { $0.person.id == person.id }
        if own.people.isEmpty {
            own.people = [
                Summary(
                    person: person, isNotified: false,
                    text: "\(person.targetName) is neither named as a recipient nor in a step that was reached",
                    notified: 0)
            ]
        }
        return own
    }

    /// With what came of the notifications, in the order of time.
    public func adding(_ others: [Line]) -> Explanation {
        var all = self
        all.lines = (lines + others).enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        return all
    }

    private mutating func summarize() {
        var places: [String: Int] = [:]
        for line in lines where line.kind == .notified || line.kind == .notNotified {
            guard let person = line.person else { continue }
            let isNotified = line.kind == .notified
            guard let place = places[person.id] else {
                places[person.id] = people.count
                people.append(
                    Summary(
                        person: person, isNotified: isNotified, text: line.text, notified: isNotified ? 1 : 0))
                continue
            }
            if isNotified {
                if !people[place].isNotified { people[place].text = line.text }
                people[place].isNotified = true
                people[place].notified += 1
            }
        }
    }
}

// MARK: - Event by event

extension Explanation {
    private mutating func add(_ event: AlertEscalation.Event) {
        switch event {
        case .started(_, let targets, let version, let at):
            directory = version
            let names = targets.isEmpty ? "nobody" : Self.names(targets)
            say(at, .state, "the escalation begins, for \(names)") { $0.directory = version }
        case .advanced(let advance, let at): add(advance, at)
        case .answered(let answer, let at):
            say(at, .state, "\(answer.by.targetName) answers \(answer.text) (\(answer.action.rawValue))") {
                $0.person = answer.by
                $0.rule = answer.action.rawValue
            }
        case .stopped(let stop, let at): add(stop, at)
        case .counted(let count, let at): add(count, at)
        case .escalated(let report, let at):
            let cause = report.by.map { "\($0.targetName) has escalated" } ?? "the delay was over"
            say(at, .escalated, "\(cause): \(Self.names(report.from)) → \(Self.names(report.to))") {
                $0.rule = report.reason.rawValue
                $0.group = report.group
                $0.shift = report.shift
            }
        case .recipientsFailed(let failure, let at):
            say(at, .failure, failure.failureType.words) { $0.rule = failure.failureType.rawValue }
        case .notificationFailed(let id, let at):
            let notice = notices[id]
            say(at, .failure, "the notification has failed for good") {
                $0.person = notice?.person
                $0.device = notice?.device
                $0.deviceType = notice?.deviceType
                $0.notification = id
            }
        case .suspended(let at): say(at, .state, "suspended: nothing new is notified")
        case .resumed(let at): say(at, .state, "resumed: what was to come comes as much later")
        case .released(let person, let at):
            say(at, .state, "\(person.targetName), who had taken it, escalates: it goes on") { $0.person = person }
        case .completed(let at): say(at, .state, "the answers that were wanted are there, or cannot come any more")
        case .ended(let at): say(at, .state, "the alert has ended: nothing more is notified")
        }
    }

    private mutating func add(_ advance: AlertEscalation.Advance, _ at: Timestamp) {
        let state = state
        for step in advance.steps {
            guard let course = state.courses[step.course], course.group != nil else { continue }
            let members = course.steps.indices.contains(step.step) ? course.steps[step.step].members : []
            let names = step.kind == .endNotice || members.isEmpty ? "" : ": \(Self.names(members.map(\.recipient)))"
            let what = step.kind == .endNotice ? "the end of \(course.name) is announced" : "\(course.name)\(names)"
            say(at, .step, what) {
                $0.place(course, step: step.step, round: step.round, state)
                $0.person = step.by
                $0.directory = advance.directory
            }
        }
        for notice in advance.notices {
            notices[notice.id] = notice
            say(at, .notified, notice.reason) {
                $0.place(state.courses[notice.course], step: notice.step, round: notice.round, state)
                $0.rule = notice.rule.rawValue
                $0.person = notice.person
                $0.device = notice.device
                $0.deviceType = notice.deviceType
                $0.target = $0.target ?? state.targets.first { $0.id == notice.target }
                $0.directory = advance.directory
                $0.notification = notice.id
            }
        }
        for omission in advance.omissions {
            let text = omission.device == nil ? omission.reason : "\(omission.recipient): \(omission.reason)"
            say(at, .notNotified, text) {
                $0.place(state.courses[omission.course], step: omission.step, round: omission.round, state)
                $0.rule = omission.rule.rawValue
                $0.person = omission.person
                $0.device = omission.device
                $0.target = $0.target ?? state.targets.first { $0.id == omission.target }
                $0.directory = advance.directory
            }
        }
    }

    private mutating func add(_ stop: AlertEscalation.Stop, _ at: Timestamp) {
        let target = stop.target.flatMap { id in state.targets.first { $0.id == id } }
        let what =
            switch stop.scope {
            case .devices: "no further device of \(stop.person?.targetName ?? "") for now"
            case .person: "nothing more to \(stop.person?.targetName ?? "")"
            case .target: "nothing more to \(target?.targetName ?? "")"
            case .everybody: "nothing more to anybody"
            }
        say(at, .stopped, "\(what): \(stop.reason)") {
            $0.rule = stop.scope.rawValue.uppercased()
            $0.person = stop.scope == .everybody || stop.scope == .target ? nil : stop.person
            $0.target = target
        }
    }

    private mutating func add(_ count: AlertEscalation.Count, _ at: Timestamp) {
        let target = state.targets.first { $0.id == count.target }
        let total = count.threshold.map { "\(count.total) of \($0)" } ?? "\(count.total)"
        let what = count.isTakenBack ? "no longer counts" : "counts"
        say(at, .counted, "\(count.person.targetName) \(what) for \(target?.targetName ?? "the others"): \(total)") {
            $0.person = count.person
            $0.target = target
        }
    }

    private mutating func say(
        _ at: Timestamp, _ kind: Kind, _ text: String, _ change: (inout Line) -> Void = { _ in }
    ) {
        var line = Line(at: at, kind: kind, text: text)
        line.event = place
        change(&line)
        lines.append(line)
    }

    private static func names(_ recipients: [AlertRecipient]) -> String {
        let first = recipients.prefix(10).map(\.targetName).joined(separator: ", ")
        return recipients.count > 10 ? "\(first) and \(recipients.count - 10) more" : first
    }
}

extension Explanation.Line {
    fileprivate mutating func place(
        _ course: AlertEscalation.Course?, step: Int, round: Int, _ state: AlertEscalation.State
    ) {
        guard let course else { return }
        target = state.targets.first { $0.id == course.target }
        group = course.group
        shift = course.shift
        guard course.shift != nil else { return }
        self.step = step + 1
        self.round = round + 1
    }
}
