import ArgumentParser
import Foundation
import Logging
import OutboundHTTP

/// Sends requests at a steady rate, and measures from the 202 to the arrival of the STATUS webhook here.
struct LatencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency", abstract: "From the 202 of a request to the first byte at a target.")

    @Option(help: "The trigger's address, complete with its key.") var trigger: String
    @Option(help: "Where the integration's endpoint points.") var sinkPort: Int
    @Option var rate = 500
    @Option var seconds = 20

    func run() async throws {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let sink = Sink()
        // The number stands in the properties of the payload: {"Host":"n-17"}.
        _ = try await sink.start(port: sinkPort) { body in
            String(body.firstMatch(of: #/"n-\d+"/#)?.0.dropFirst().dropLast() ?? "")
        }
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")])
        let client = OutboundHTTPClient(policy: policy, userAgent: "bench", logger: logger)
        let accepted = Accepted()
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { tasks in
            for number in 0..<(rate * seconds) {
                try? await Task.sleep(until: start + .microseconds(number * 1_000_000 / rate))
                tasks.addTask { [trigger] in
                    let sent = ContinuousClock.now
                    let body = Array(#"{"check":"disk","host":"n-\#(number)","value":93.5,"limit":90}"#.utf8)
                    let answer = try? await client.send(OutboundRequest(method: "POST", url: trigger, body: body))
                    if answer?.status == 202 { accepted.add("n-\(number)", sent: sent, answered: .now) }
                }
            }
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while sink.first.count < accepted.count, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        report(accepted, sink.first)
    }

    private func report(_ accepted: Accepted, _ arrivals: [String: ContinuousClock.Instant]) {
        let all = accepted.all
        let answers = Times(all.values.map { $0.answered - $0.sent })
        let ways = Times(all.compactMap { id, times in arrivals[id].map { $0 - times.answered } })
        print("sent \(rate * seconds) at \(rate)/s, accepted \(all.count), arrived \(arrivals.count)")
        print("request to 202:          \(answers.summary)")
        print("202 to first arrival:    \(ways.summary)")
    }
}

private final class Accepted: @unchecked Sendable {  // `times` under `lock` only
    private let lock = NSLock()
    private var times: [String: (sent: ContinuousClock.Instant, answered: ContinuousClock.Instant)] = [:]

    var count: Int { lock.withLock { times.count } }
    var all: [String: (sent: ContinuousClock.Instant, answered: ContinuousClock.Instant)] { lock.withLock { times } }

    func add(_ id: String, sent: ContinuousClock.Instant, answered: ContinuousClock.Instant) {
        lock.withLock { times[id] = (sent, answered) }
    }
}
