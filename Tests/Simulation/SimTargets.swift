import OutboundHTTP

/// Where webhooks go: one target for each integration, each with moods that change.
final class SimTargets: @unchecked Sendable {  // one thread
    enum Mood: String, CaseIterable {
        case well
        /// Answers after seconds.
        case slow
        /// 500, and nothing is taken.
        case failing
        /// 503 with `Retry-After`.
        case busy
        /// No connection.
        case refusing
        /// Never answers, and takes nothing.
        case hanging
        /// Takes it, and breaks the connection instead of answering.
        case resetting
        /// Takes it, and answers when nobody waits any more.
        case late
        /// 410, once: the integration is out of service then.
        case gone
    }

    struct Verdict {
        let delay: Duration
        /// `nil` for no answer, or none in time.
        let response: OutboundResponse?
        /// What the target has made of it, for the history: 2xx when it was taken.
        let status: Int
        let error: OutboundError?
    }

    private var moods: [String: Mood] = [:]
    private let faults: Faults
    private let history: History

    init(faults: Faults, history: History) {
        self.faults = faults
        self.history = history
    }

    func set(_ mood: Mood, of integration: String) {
        history.note("target \(integration) is \(mood.rawValue)")
        moods[integration] = mood
    }

    func calm() { moods = [:] }

    func verdict(on integration: String, within timeout: Duration, _ chance: Chance) -> Verdict {
        var mood = moods[integration] ?? .well
        if mood == .well, chance.happens(faults.rates.target) {
            mood = chance.pick(Mood.allCases.filter { $0 != .gone && $0 != .well })
        }
        if mood != .well { faults.count("target \(mood.rawValue)") }
        let quick = chance.milliseconds(1...40)
        switch mood {
        case .well: return .init(delay: quick, response: .init(status: 200), status: 200, error: nil)
        case .slow:
            let delay = min(chance.milliseconds(500...9000), timeout - .milliseconds(1))
            return .init(delay: delay, response: .init(status: 200), status: 200, error: nil)
        case .failing: return .init(delay: quick, response: .init(status: 500), status: 500, error: nil)
        case .busy:
            let after = String(chance.int(1...20))
            return .init(
                delay: quick, response: .init(status: 503, headers: [("Retry-After", after)]), status: 503, error: nil)
        case .refusing:
            return .init(delay: quick, response: nil, status: 0, error: OutboundError(.connect, "connection refused"))
        case .hanging:
            return .init(
                delay: timeout, response: nil, status: 0, error: OutboundError(.timeout, "no answer", isInDoubt: true))
        case .resetting:
            return .init(
                delay: quick, response: nil, status: 200,
                error: OutboundError(.protocolError, "connection reset", isInDoubt: true))
        case .late:
            return .init(
                delay: timeout, response: nil, status: 200,
                error: OutboundError(.timeout, "no answer in time", isInDoubt: true))
        case .gone:
            moods[integration] = .well
            return .init(delay: quick, response: .init(status: 410), status: 410, error: nil)
        }
    }
}

/// One process's way to the targets.
struct SimSender: OutboundSender {
    let userAgent = "Tocsin/simulation"
    let targets: SimTargets
    let process: SimProcess
    let history: History
    let chance: Chance

    func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let executor = VirtualExecutor.shared
        let id = request.headers.first { $0.0.lowercased() == "webhook-id" }?.1 ?? ""
        let integration = request.url.split(separator: "/").dropFirst().first.map {
            String($0.prefix { $0 != "." })
        }
        guard let integration else { throw OutboundError(.invalidURL, request.url) }
        let begunAt = executor.now
        try await pass()
        try await wait(chance.milliseconds(0...5))
        try await pass()
        let verdict = targets.verdict(on: integration, within: request.timeout, chance)
        history.note("\(process.run) sends \(id) to \(integration): \(verdict.status)")
        let index = history.arrivals.count
        history.arrivals.append(
            .init(
                id: id, integration: integration, body: String(decoding: request.body ?? [], as: UTF8.self),
                process: process.run, begunAt: begunAt, at: executor.now, status: verdict.status, wasAnswered: false))
        try await wait(verdict.delay)
        try await pass()
        if let error = verdict.error { throw error }
        guard let response = verdict.response else { throw OutboundError(.closed, "no answer") }
        history.arrivals[index].wasAnswered = true
        return response
    }

    private func wait(_ duration: Duration) async throws {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw OutboundError(.cancelled, "the task was cancelled", isInDoubt: true)
        }
    }

    private func pass() async throws {
        do {
            try await process.gate(isEffect: true)
        } catch {
            throw OutboundError(.closed, "the process is dead", isInDoubt: true)
        }
    }
}
