import AlertCore
import Metrics
import Persistence

/// The limits on what goes to a person, to a device and by a provider, for one batch in one transaction. The windows
/// are locked from the beginning on, always in the same order.
struct MessageLimits {
    private let flood: NotificationFloodControl
    private let storm: StormRule?
    private let connection: any SQLConnection
    private let now: Timestamp
    private var floods: [String: FloodWindow]
    private var storms: [String: StormWindow]
    private var sends: [String: SendWindow]
    private var changedFloods: Set<String> = []
    private var changed: Set<String> = []
    /// The devices of digests that were not there before, by the digests' ids.
    private(set) var newDigests: [String: String] = [:]

    init(
        _ candidates: [NotificationAdmission.Candidate], flood: NotificationFloodControl, storm: StormRule?,
        in connection: any SQLConnection, at now: Timestamp
    ) throws {
        self.flood = flood
        self.storm = storm
        self.connection = connection
        self.now = now
        let first = candidates.filter(\.isFirst)
        let floodKeys = first.map(\.row.plan).filter { flood.limit(for: $0) != nil }.map(\.floodKey)
        floods = floodKeys.isEmpty ? [:] : try FloodWindows(connection).lock(Set(floodKeys))
        let windows = MessageWindows(connection)
        let devices = first.filter { $0.row.plan.kindOfPurpose == .alert }.map(\.row.plan.device.id)
        storms =
            storm == nil
            ? [:] : try windows.lock(Set(devices.map(MessageWindows.storm)), as: StormWindow.self)
        let providers = candidates.filter { $0.provider.limit != nil && !$0.hasTurn }.map(\.provider.id)
        sends = try windows.lock(Set(providers.map(MessageWindows.provider)), as: SendWindow.self)
    }

    /// What happens to a candidate now.
    mutating func decide(_ candidate: NotificationAdmission.Candidate) throws -> Notification.Command {
        if candidate.isFirst {
            if let suppression = suppression(of: candidate.row.plan) { return .suppress(suppression) }
            if let hold = stormHold(of: candidate) { return .hold(hold) }
        }
        if let limit = candidate.provider.limit, !candidate.hasTurn {
            let key = MessageWindows.provider(candidate.provider.id)
            var window = sends[key] ?? SendWindow()
            let slot = window.reserve(limit, at: now)
            sends[key] = window
            changed.insert(key)
            // What may have gone already is not held: it has waited long enough.
            if slot > now, candidate.known.state.phase == .pending, let hold = candidate.provider.hold(until: slot) {
                return .hold(hold)
            }
        }
        return .begin(via: candidate.provider.reference)
    }

    private mutating func suppression(of plan: Notification.Plan) -> Suppression? {
        guard let limit = flood.limit(for: plan) else { return nil }
        let pass = FloodWindow.Pass(id: plan.id, number: plan.alertNumber, at: now)
        changedFloods.insert(plan.floodKey)
        guard
            case .suppressed(_, let until, _) = floods[plan.floodKey, default: FloodWindow()].admit(pass, limit: limit)
        else { return nil }
        Counter(label: "tocsin_notifications_total", dimensions: [("outcome", "suppressed")]).increment()
        return Suppression(
            rule: "Notification flood control: \(limit.words) to one person, devices of the class \(plan.deviceClass)",
            until: until)
    }

    private mutating func stormHold(of candidate: NotificationAdmission.Candidate) -> NotificationHold? {
        let plan = candidate.row.plan
        guard let storm, plan.kindOfPurpose == .alert, let alert = candidate.alert else { return nil }
        let key = MessageWindows.storm(plan.device.id)
        var window = storms[key] ?? StormWindow()
        let before = window.digest
        let hold = window.admit(device: plan.device.id, priority: alert.details.priority, rule: storm, at: now)
        storms[key] = window
        changed.insert(key)
        if let digest = window.digest, digest != before { newDigests[digest] = plan.device.id }
        return hold
    }

    /// Keeps what has been counted.
    func save() throws {
        if !changedFloods.isEmpty, let limit = flood.limit {
            try FloodWindows(connection).put(floods.filter { changedFloods.contains($0.key) }, limit: limit, at: now)
        }
        guard !changed.isEmpty else { return }
        let windows = MessageWindows(connection)
        for key in changed.sorted() {
            if let window = storms[key], let storm { try windows.put(window, key, expiry: window.expiry(storm)) }
            if let window = sends[key] { try windows.put(window, key, expiry: nil) }
        }
        try windows.sweep(at: now)
    }
}

extension NotificationAdmission.Candidate {
    /// Whether nothing has been done with it: what counts is when the first attempt begins.
    fileprivate var isFirst: Bool { known.state.attempts == 0 && known.state.phase == .pending }

    /// Whether it has waited for its turn with the provider.
    fileprivate var hasTurn: Bool { known.state.phase == .held }
}
