import CSimulation
import Foundation
import Simulation

/// Runs simulations: `simulate [--seed N] [--runs N] [--seconds N] [--trace N] [--verbose] [--all]`. Ends with 1 at the
/// first seed that breaks a promise; with `--all` after all of them, saying how many did.
@main
struct Simulate {
    static func main() {
        makeHashingDeterministic()
        let options = Options(CommandLine.arguments.dropFirst())
        Simulation.install()
        let began = simulation_real_time()
        var totals = Totals()
        var broken: [UInt64] = []
        for seed in options.seed..<(options.seed + options.runs) {
            guard !options.isTimeOver(since: began) else { break }
            let result: Simulation.Result
            let start = simulation_real_time()
            simulation_begin(seed, 1_790_035_200 * 1_000_000_000)
            do {
                result = try Simulation.run(
                    seed: seed, isVerbose: options.isVerbose, timeMoved: { simulation_set_time($0) },
                    stepBegins: { simulation_set_step($0) })
            } catch {
                print("seed \(seed): \(error)")
                exit(2)
            }
            let seconds = Double(simulation_real_time() - start) / 1e9
            totals.add(result)
            if options.runs <= 20 || options.isVerbose || !(result.violations.isEmpty || options.goesOn) {
                print(result.summary(seconds))
            }
            if options.runs > 20, (seed - options.seed) % 25 == 24 { print("\(seed - options.seed + 1) runs") }
            fflush(nil)
            if options.isVerbose, result.violations.isEmpty { result.trace.forEach { print("  \($0)") } }
            guard result.violations.isEmpty else {
                broken.append(seed)
                if options.goesOn { continue }
                report(result, options)
                exit(1)
            }
        }
        guard broken.isEmpty else {
            print("\(broken.count) of \(options.runs) seeds broken: \(broken.map(String.init).joined(separator: " "))")
            exit(1)
        }
        print(totals.summary(Double(simulation_real_time() - began) / 1e9))
    }

    /// The order of sets and dictionaries follows from the runtime's hashing, which is random unless this is set when a
    /// process starts.
    private static func makeHashingDeterministic() {
        guard getenv("SWIFT_DETERMINISTIC_HASHING") == nil else { return }
        setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        print("the program could not be started anew: \(String(cString: strerror(errno)))")
        exit(2)
    }

    private static func report(_ result: Simulation.Result, _ options: Options) {
        print("\nWhat happened last:")
        for line in result.trace.suffix(options.trace) { print("  \(line)") }
        print("\nBroken by seed \(result.seed):")
        for violation in result.violations.prefix(12) { print("  ✘ \(violation)") }
        if result.violations.count > 12 { print("  and \(result.violations.count - 12) more") }
        print("Again: make sim SEED=\(result.seed)")
    }
}

private struct Options {
    var seed: UInt64 = 1
    var runs: UInt64 = 1
    var seconds: Double?
    var trace = 60
    var isVerbose = false
    var goesOn = false

    init(_ arguments: some Sequence<String>) {
        var iterator = arguments.makeIterator()
        while let name = iterator.next() {
            func number() -> UInt64 {
                guard let text = iterator.next(), let value = UInt64(text) else {
                    print("\(name) needs a number")
                    exit(64)
                }
                return value
            }
            switch name {
            case "--seed": seed = number()
            case "--runs": runs = max(1, number())
            case "--seconds": seconds = Double(number())
            case "--trace": trace = Int(number())
            case "--verbose": isVerbose = true
            case "--all": goesOn = true
            default:
                print("simulate [--seed N] [--runs N] [--seconds N] [--trace LINES] [--verbose] [--all]")
                exit(name == "--help" ? 0 : 64)
            }
        }
    }

    func isTimeOver(since began: Int64) -> Bool {
        guard let seconds else { return false }
        return Double(simulation_real_time() - began) / 1e9 > seconds
    }
}

private struct Totals {
    private var runs = 0
    private var virtualSeconds = 0.0
    private var steps = 0
    private var faults: [String: Int] = [:]
    private var counts: [String: Int] = [:]

    mutating func add(_ result: Simulation.Result) {
        runs += 1
        virtualSeconds += result.virtualSeconds
        steps += result.steps
        faults.merge(result.faults, uniquingKeysWith: +)
        counts.merge(result.counts, uniquingKeysWith: +)
    }

    func summary(_ seconds: Double) -> String {
        """
        \(runs) runs, no promise broken: \(Int(virtualSeconds)) s of simulated time and \(steps) jobs \
        in \(String(format: "%.1f", seconds)) s
        counted: \(list(counts))
        went wrong on purpose: \(list(faults))
        """
    }
}

private func list(_ counts: [String: Int]) -> String {
    counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
}

extension Simulation.Result {
    fileprivate func summary(_ seconds: Double) -> String {
        """
        seed \(seed): \(plan)
          \(String(format: "%.1f", virtualSeconds)) s simulated in \(String(format: "%.2f", seconds)) s, \
        \(steps) jobs, fingerprint \(String(fingerprint, radix: 16))
          \(list(counts))
          wrong on purpose: \(list(faults))
        """
    }
}
