/// How many things of one kind are wrong at the time of a check.
public struct AuditFact: Equatable, Sendable {
    public var count: Int
    /// Since when the oldest of them has waited: when it was due, or when it happened.
    public var oldest: Timestamp
    /// Which ones, in a few words; may be empty.
    public var detail: String

    public init(count: Int, oldest: Timestamp, detail: String = "") {
        self.count = count
        self.oldest = oldest
        self.detail = detail
    }
}

/// Something that is wrong, from the check that found it first to the one that takes it back.
public struct AuditFinding: Codable, Equatable, Sendable {
    public var kind: AuditKind
    /// When it was found first.
    public var since: Timestamp
    /// At the last check that found it, as the following two.
    public var count: Int
    public var oldest: Timestamp
    public var detail: String
    public var lastFoundAt: Timestamp
    public var lastPagedAt: Timestamp

    init(_ kind: AuditKind, _ fact: AuditFact, at now: Timestamp) {
        self.kind = kind
        since = now
        count = fact.count
        oldest = fact.oldest
        detail = fact.detail
        lastFoundAt = now
        lastPagedAt = now
    }

    mutating func update(_ fact: AuditFact, at now: Timestamp) {
        count = fact.count
        oldest = fact.oldest
        detail = fact.detail
        lastFoundAt = now
    }
}

/// One page: what has changed, or lasts.
public struct AuditNotice: Codable, Equatable, Sendable {
    /// Of the work that hands it to its targets.
    public static let dueKind = "self-audit-notice"
    /// How often it is tried to hand it to a target.
    public static let attemptLimit = 40

    public var id: String
    public var at: Timestamp
    public var raised: [AuditFinding]
    /// Paged before.
    public var lasting: [AuditFinding]
    public var cleared: [AuditFinding]

    public init(at: Timestamp, raised: [AuditFinding], lasting: [AuditFinding], cleared: [AuditFinding]) {
        self.at = at
        self.raised = raised
        self.lasting = lasting
        self.cleared = cleared
        let kinds = (raised + lasting + cleared).map(\.kind.rawValue).joined(separator: ",")
        id = DerivedID.uuid("self-audit", String(at.milliseconds), kinds)
    }

    /// The pause before the next attempt at a target that did not take it.
    public static func pause(afterAttempts attempts: Int) -> Duration {
        .seconds([5, 15, 60, 120, 300][min(max(attempts, 1), 5) - 1])
    }
}

/// What the audit knows from one check to the next.
public struct AuditState: Codable, Equatable, Sendable {
    public var findings: [AuditFinding] = []
    /// Found by the last check, and to be confirmed by the next one.
    public var suspected: [AuditKind] = []
    /// The end of the last check; `nil` before the first one.
    public var checkedAt: Timestamp?
    /// All requests that were received before have their alerts.
    public var alertsSeenUntil: Timestamp?

    public init() {}

    /// What a check means: which findings there are from now on, and what is to be paged, if anything.
    ///
    /// A finding is paged when it is found first, again while it lasts, and when it has not been found for
    /// `clearAfter`. Found anew before that, it is the same one.
    public mutating func check(
        _ facts: [AuditKind: AuditFact], at now: Timestamp, _ bounds: AuditBounds
    ) -> AuditNotice? {
        var (raised, lasting, cleared, kept) = ([AuditFinding](), [AuditFinding](), [AuditFinding](), [AuditFinding]())
        for kind in AuditKind.allCases {
            let known = findings.first { $0.kind == kind }
            guard var finding = known else {
                guard let fact = facts[kind] else { continue }
                guard !kind.needsConfirmation || suspected.contains(kind) else { continue }
                let new = AuditFinding(kind, fact, at: now)
                raised.append(new)
                kept.append(new)
                continue
            }
            if let fact = facts[kind] { finding.update(fact, at: now) }
            if now.since(finding.lastFoundAt) >= bounds.clearAfter, facts[kind] == nil {
                cleared.append(finding)
                continue
            }
            if let pause = bounds.repeatEvery, now.since(finding.lastPagedAt) >= pause {
                finding.lastPagedAt = now
                lasting.append(finding)
            }
            kept.append(finding)
        }
        suspected = facts.keys.filter { kind in !kept.contains { $0.kind == kind } }
        findings = kept
        checkedAt = now
        guard !(raised.isEmpty && lasting.isEmpty && cleared.isEmpty) else { return nil }
        return AuditNotice(at: now, raised: raised, lasting: lasting, cleared: cleared)
    }
}

/// The time in which the database does not answer, which the database cannot keep.
public struct AuditOutage: Equatable, Sendable {
    private var since: Timestamp?
    private var state = AuditState()

    public init() {}

    /// A check has failed. - Returns: What is to be paged, if anything.
    public mutating func failed(_ reason: String, at now: Timestamp, _ bounds: AuditBounds) -> AuditNotice? {
        let began = since ?? now
        since = began
        guard now.since(began) >= bounds.overdue || !state.findings.isEmpty else { return nil }
        return state.check(
            [.databaseUnreachable: AuditFact(count: 1, oldest: began, detail: reason)], at: now, bounds)
    }

    /// A check has succeeded. - Returns: What is to be paged, if anything.
    public mutating func ended(at now: Timestamp, _ bounds: AuditBounds) -> AuditNotice? {
        since = nil
        return state.findings.isEmpty ? nil : state.check([:], at: now, bounds)
    }

    /// What there is to show while it lasts.
    public var findings: [AuditFinding] { state.findings }
}
