import AlertCore
import Foundation

/// People, groups and shifts for escalations, made in few words; the escalation runs on a clock of its own.
struct EscalationWorld {
    var people: [String: Person] = [:]
    var groups: [String: Group] = [:]
    var devices: [String: [Device]] = [:]
    var shifts: [String: [Shift]] = [:]
    var absences: [String: [TemporaryAbsence]] = [:]
    var sites: [String: Site] = [:]
    var alertCounts: [String: Int] = [:]
    var terms = AlertEscalation.Terms()
    var state = AlertEscalation.State()
    var history: [AlertEscalation.Event] = []
    var clock = noon

    init() {
        terms.alert = "a"
        terms.number = 7
        terms.correlation = "r"
    }

    var roster: Roster {
        Roster(
            version: 5, people: people, groups: groups, sites: sites, devices: devices, shifts: shifts,
            absences: absences, alertCounts: alertCounts)
    }

    // MARK: - Content

    /// A person with one email device, unless others are given.
    @discardableResult
    mutating func person(_ name: String, _ devices: [Device]? = nil, status: RecipientStatus = .active)
        -> AlertRecipient
    {
        people[name] = Person(
            id: name, targetName: name, firstName: name.capitalized, lastName: "X", status: status, whenCreated: noon)
        self.devices[name] = devices ?? [Self.device("\(name)-mail", of: name)]
        return AlertRecipient(id: name, targetName: name, recipientType: .person)
    }

    static func device(
        _ id: String, of owner: String, _ sequence: Int = 1, delay: Int = 0, threshold: Priority = .low,
        _ change: (inout Device) -> Void = { _ in }
    ) -> Device {
        var device = Device(
            id: id, number: Int64(sequence), owner: owner, name: id, deviceType: .email, emailAddress: "\(id)@x",
            delay: delay, sequence: sequence, priorityThreshold: threshold)
        change(&device)
        return device
    }

    @discardableResult
    mutating func group(
        _ name: String, _ kind: Group.Kind = .onCall, members: [GroupMember] = [],
        _ change: (inout Group) -> Void = { _ in }
    ) -> AlertRecipient {
        var group = Group(id: name, targetName: name, groupType: kind, members: members, created: noon)
        change(&group)
        groups[name] = group
        return AlertRecipient(id: name, targetName: name, recipientType: .group)
    }

    /// A shift that is always on.
    mutating func shift(
        _ name: String = "always", of group: String, _ members: [Shift.Member],
        _ change: (inout Shift) -> Void = { _ in }
    ) {
        let start = Timestamp(milliseconds: noon.milliseconds / 86_400_000 * 86_400_000 - 86_400_000 * 7)
        var shift = Shift(
            id: "\(group)-\(name)", group: group, name: name, start: start, end: start.advanced(by: .seconds(86_400)),
            timezone: "UTC", recurrence: Recurrence(frequency: .daily), members: members, created: noon)
        change(&shift)
        shifts[group, default: []].append(shift)
    }

    static func member(
        _ id: String, after delay: Int = 0, _ type: Shift.EscalationType = .peer, _ kind: AlertRecipient.Kind = .person
    ) -> Shift.Member {
        Shift.Member(
            recipient: GroupMember(id: id, recipientType: kind), delay: delay, escalationType: type, inRotation: false)
    }

    // MARK: - What happens

    @discardableResult
    mutating func send(_ command: AlertEscalation.Command) throws -> [AlertEscalation.Event] {
        let events = try AlertEscalation.decide(Timed(command, at: clock), state)
        state = events.reduce(state, AlertEscalation.evolve)
        history += events
        return events
    }

    @discardableResult
    mutating func start(_ targets: AlertRecipient...) throws -> [AlertEscalation.Event] {
        try send(.start(terms, targets: targets, begunAt: clock, roster))
    }

    /// Lets so many minutes pass, with every step at its time.
    mutating func pass(minutes: Int) throws { try pass(until: clock.advanced(by: .seconds(60 * minutes))) }

    mutating func pass(until end: Timestamp) throws {
        while let due = state.nextDue, due <= end {
            clock = max(clock, due)
            try send(.reach(roster))
        }
        clock = end
    }

    @discardableResult
    mutating func answer(
        _ name: String, _ action: ResponseOption.Action, id: String = ""
    ) throws -> [AlertEscalation.Event] {
        let by = PersonReference(id: name, targetName: name, firstName: name.capitalized, lastName: "X")
        let response = AlertResponse(
            id: "\(name)-\(history.count)\(id)", by: by, device: "", option: "o", comment: nil, source: "EMAIL")
        return try send(.answer(response, action, text: action.rawValue, roster))
    }

    // MARK: - What came of it

    /// `12 ann-mail`: minutes after noon and device, in the order of time.
    var told: [String] {
        notices.map { at, notice in "\(at.since(noon).milliseconds / 60_000) \(notice.device.id)" }
    }

    var notices: [(at: Timestamp, notice: AlertEscalation.Notice)] {
        var found: [(at: Timestamp, notice: AlertEscalation.Notice)] = []
        for case .advanced(let advance, let at) in history { found += advance.notices.map { (at, $0) } }
        return found
    }

    /// `ann NO_DEVICE`.
    var omitted: [String] { omissions.map { "\($0.recipient) \($0.rule.rawValue)" } }

    var omissions: [AlertEscalation.Omission] {
        var found: [AlertEscalation.Omission] = []
        for case .advanced(let advance, _) in history { found += advance.omissions }
        return found
    }

    var reports: [EscalationReport] {
        history.compactMap { if case .escalated(let report, _) = $0 { report } else { nil } }
    }

    var failures: [RecipientsFailure.Kind] {
        history.compactMap { if case .recipientsFailed(let failure, _) = $0 { failure.failureType } else { nil } }
    }
}

/// JSON the way the log keeps it.
let encoderOfEvents = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
}()
