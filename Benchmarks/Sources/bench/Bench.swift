import ArgumentParser
import Foundation

/// What is measured, and beside what: RESULTS.md says how to call it.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures parts of Tocsin beside the barest thing that does the same.",
        subcommands: [
            ConstantCommand.self, LogCommand.self, DispatchCommand.self, LatencyCommand.self, SandboxCommand.self,
            AuditCommand.self,
        ])
}

/// Times in milliseconds, sorted.
struct Times {
    private let sorted: [Double]

    init(_ times: [Duration]) {
        sorted = times.map { Double($0.components.seconds) * 1000 + Double($0.components.attoseconds) / 1e15 }.sorted()
    }

    func percentile(_ share: Double) -> Double {
        sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    var summary: String {
        let points = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1)]
        return points.map { "\($0.0) \(String(format: "%.1f", percentile($0.1))) ms" }.joined(separator: "  ")
    }
}

func perSecond(_ count: Int, _ time: Duration) -> Int {
    Int(Double(count) / (Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18))
}
