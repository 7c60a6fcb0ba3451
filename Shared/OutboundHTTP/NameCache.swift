/// What DNS has said about names, each for as long as it is to be believed. Pure: the time is a parameter.
struct NameCache {
    /// What came of a question: the addresses, or why there are none.
    typealias Answer = Result<[IPAddress], OutboundError>

    /// Names that are kept. Past that, those that are over are let go of, or else all.
    static let limit = 10_000
    /// However short its time, an answer is good for so long: one burst of requests asks once.
    static let shortest = Duration.seconds(1)
    /// However long its time, a name is asked for again after so long.
    static let longest = Duration.seconds(3600)
    /// How long a name is not asked for again that is not there.
    static let absence = Duration.seconds(5)
    /// The same when no server could be asked.
    static let failure = Duration.seconds(1)

    private var entries: [String: (answer: Answer, until: ContinuousClock.Instant)] = [:]

    func answer(for name: String, at now: ContinuousClock.Instant) -> Answer? {
        entries[name].flatMap { now < $0.until ? $0.answer : nil }
    }

    /// - Parameter lifetime: As the records say; ``shortest`` and ``longest`` bound it.
    mutating func keep(
        _ answer: Answer, for name: String, lifetime: Duration, at now: ContinuousClock.Instant
    ) {
        if entries.count >= Self.limit {
            entries = entries.filter { now < $0.value.until }
            if entries.count >= Self.limit { entries = [:] }
        }
        entries[name] = (answer, now + min(max(lifetime, Self.shortest), Self.longest))
    }
}
