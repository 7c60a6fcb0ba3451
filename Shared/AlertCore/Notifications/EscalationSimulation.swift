/// What an alert would lead to if nobody answered: the very decisions of ``AlertEscalation``, on a clock of its own.
public struct EscalationSimulation: Sendable {
    /// The most notifications: what comes after is left out, and said.
    static let noticesMax = 20_000

    public let events: [AlertEscalation.Event]
    /// Up to then.
    public let until: Timestamp
    public let isTruncated: Bool

    /// - Parameters:
    ///   - roster: As it is all the time.
    ///   - until: What comes later is left out.
    ///   - momentsMax: How many decisions are made; what comes after is left out, and said.
    public init(
        _ terms: AlertEscalation.Terms, targets: [AlertRecipient], _ roster: Roster, at begin: Timestamp,
        until: Timestamp, momentsMax: Int = 5000
    ) {
        var state = AlertEscalation.initial
        var events: [AlertEscalation.Event] = []
        var (moments, notices, isTruncated) = (0, 0, false)
        func decide(_ command: AlertEscalation.Command, at now: Timestamp) -> Bool {
            // Refused is only what never began.
            guard let new = try? AlertEscalation.decide(Timed(command, at: now), state), !new.isEmpty else {
                return false
            }
            state = new.reduce(state, AlertEscalation.evolve)
            events += new
            moments += 1
            for case .advanced(let advance, _) in new { notices += advance.notices.count }
            return true
        }
        _ = decide(.start(terms, targets: targets, begunAt: begin, roster), at: begin)
        while let due = state.nextDue, due <= until {
            guard moments < momentsMax, notices < Self.noticesMax else {
                isTruncated = true
                break
            }
            if !decide(.reach(roster), at: due) { break }
        }
        self.events = events
        self.until = until
        self.isTruncated = isTruncated
    }
}
