import AlertCore
import Notifier

/// Who brings messages to people: two providers, of which the second takes over from the first.
final class SimProviders: @unchecked Sendable {  // one thread
    static let all = [
        NotificationProvider(id: "one", name: "One", kind: .smtp, deviceTypes: [.email], order: 1),
        NotificationProvider(id: "two", name: "Two", kind: .smtp, deviceTypes: [.email], order: 2),
    ]

    /// Called with the id of each message that has reached its device.
    var reached: (ChannelMessage) -> Void = { _ in }
    /// Takes nothing at present.
    var down: Set<String> = []
    let faults: Faults
    let history: History

    init(faults: Faults, history: History) {
        self.faults = faults
        self.history = history
    }
}

/// One process's way to the providers.
struct SimChannels: ChannelRegistry {
    let providers: SimProviders
    let process: SimProcess
    let chance: Chance

    func route(
        for plan: AlertCore.Notification.Plan, among configured: [NotificationProvider]
    ) -> [NotificationProvider] {
        NotificationProvider.route(for: plan.kindOfDevice, wanted: plan.provider, among: SimProviders.all)
    }

    func channel(for provider: NotificationProvider) -> any NotificationChannel {
        SimChannel(provider: provider.id, providers: providers, process: process, chance: chance)
    }
}

private struct SimChannel: NotificationChannel {
    private enum Outcome: CaseIterable { case refused, failed, lostBefore, lostAfter, slow }

    let provider: String
    let providers: SimProviders
    let process: SimProcess
    let chance: Chance

    func send(_ message: ChannelMessage) async throws -> String {
        let executor = VirtualExecutor.shared
        let begunAt = executor.now
        try await pass(after: chance.milliseconds(0...5))
        var outcome: Outcome?
        if providers.down.contains(provider) { outcome = .failed }
        if chance.happens(providers.faults.rates.provider) { outcome = chance.pick(Outcome.allCases) }
        if let outcome { providers.faults.count("provider \(outcome)") }
        let isTaken = outcome == nil || outcome == .lostAfter || outcome == .slow
        providers.history.note(
            "\(process.run) sends \(message.id) by \(provider): \(outcome.map { "\($0)" } ?? "taken")")
        let index = providers.history.sent.count
        providers.history.sent.append(
            .init(
                id: message.id, provider: provider, process: process.run, begunAt: begunAt, at: executor.now,
                isTaken: isTaken, wasAnswered: false))
        if isTaken { providers.reached(message) }
        try await pass(after: outcome == .slow ? chance.milliseconds(1000...30_000) : chance.milliseconds(1...50))
        switch outcome {
        case nil, .slow:
            providers.history.sent[index].wasAnswered = true
            return "taken"
        case .refused:
            providers.history.sent[index].wasAnswered = true
            throw ChannelError(reason: "refused", isPermanent: true)
        case .failed:
            providers.history.sent[index].wasAnswered = true
            throw ChannelError(reason: "not now", isPermanent: false)
        case .lostBefore, .lostAfter:
            throw ChannelError(reason: "the answer was lost", isPermanent: false, isInDoubt: true)
        }
    }

    private func pass(after delay: Duration) async throws {
        do {
            try await process.gate(after: delay, isEffect: true)
        } catch {
            throw ChannelError(reason: "the process is dead", isPermanent: false, isInDoubt: true)
        }
    }
}
