import AlertCore

/// What one seed makes of the world: how large it is, what goes wrong in it and how often. Each kind of fault is left
/// out of about half of the runs, so that what one hides another run shows.
struct SimPlan {
    enum Event: String, CaseIterable {
        case crash, restart, pause, steal, move, crashAtGate, databaseOutage, busOutage, longBusOutage, cutOff,
            tailLoss,
            fetchStall, mood, gone, providerDown, clockJump

        /// Whether messages go through the database for it.
        var isOfBroker: Bool { [.busOutage, .longBusOutage, .cutOff, .tailLoss].contains(self) }
    }

    let partitionCount: Int
    /// Processes of each kind.
    let instances: [SimRole: Int]
    let requests: Int
    /// Seconds in which requests come and things go wrong.
    let activeSeconds: Int
    let rates: Faults.Rates
    /// With their moments, in milliseconds.
    let events: [(at: Int, event: Event)]
    /// Whether the bus is away for half an hour.
    let hasLongOutage: Bool
    let parkAfter: Duration
    let storm: StormRule?
    /// Whether the run ends only when every alert has ended by itself.
    let waitsForExpiry: Bool
    /// How often loops look for what nobody has told them of.
    let pollInterval: Duration
    /// How often processes look after the broker.
    let pulse: Duration
    /// How far a wall clock may be from the real time, back and ahead. Where leases are used, it is what
    /// docs/OPERATIONS.md asks for.
    let skew: ClosedRange<Duration>

    init(_ chance: Chance) {
        partitionCount = chance.pick([1, 1, 2, 2, 3])
        let instances = Dictionary(uniqueKeysWithValues: SimRole.allCases.map { ($0, chance.pick([1, 2, 2])) })
        self.instances = instances
        requests = chance.int(3...14)
        // Where the broker is well, nobody needs a lease, and clocks can be anything.
        let isBrokerWell = chance.happens(0.25)
        hasLongOutage = !isBrokerWell && chance.happens(0.04)
        skew = isBrokerWell ? .seconds(-600) ... .seconds(3600) : .seconds(-2) ... .seconds(2)
        pulse = .milliseconds(chance.pick([1000, 1000, 2000]))
        activeSeconds = hasLongOutage ? 2100 : chance.int(20...120)
        var rates = Faults.Rates()
        func rate(_ most: Double) -> Double { chance.happens(0.5) ? 0 : Double(chance.int(1...100)) / 100 * most }
        rates.commitBefore = rate(0.05)
        rates.commitAfter = rate(0.05)
        rates.read = rate(0.03)
        rates.publishLost = isBrokerWell ? 0 : rate(0.1)
        rates.publishPartly = isBrokerWell ? 0 : rate(0.1)
        rates.publishUnacknowledged = isBrokerWell ? 0 : rate(0.1)
        rates.late = rate(0.2)
        rates.target = rate(0.3)
        rates.provider = rate(0.3)
        self.rates = rates
        var kinds = Event.allCases.filter { _ in chance.happens(0.45) }
        if hasLongOutage || isBrokerWell { kinds.removeAll(where: \.isOfBroker) }
        let count = kinds.isEmpty ? 0 : chance.int(2...24)
        // What dies or loses its partitions shows the most.
        let often = kinds.filter { [.crash, .crashAtGate, .pause, .steal].contains($0) }
        let (seconds, known) = (activeSeconds, kinds + often)
        events = (0..<count).map { _ in (chance.int(0...seconds * 1000), chance.pick(known)) }.sorted { $0.at < $1.at }
        parkAfter = .milliseconds(chance.pick([1000, 2000, 4000]))
        storm = chance.happens(0.3) ? StormRule(messages: chance.int(1...3), windowSeconds: 60, bypass: nil) : nil
        pollInterval = .milliseconds(chance.pick([500, 1000, 4000]))
        waitsForExpiry = chance.happens(0.25)
    }

    /// Whether the database fails in outages only.
    var isDatabaseSteady: Bool { rates.commitBefore + rates.commitAfter + rates.read == 0 }

    /// In a line, for people.
    var words: String {
        let kinds = Set(events.map(\.event.rawValue)).sorted().joined(separator: ", ")
        let sizes = SimRole.allCases.map { "\(instances[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
        return "\(partitionCount) partitions; \(sizes); \(requests) requests in \(activeSeconds) s; "
            + "\(events.count) events (\(kinds))\(hasLongOutage ? "; the bus away for 30 minutes" : "")"
    }
}
