import ArgumentParser
import Foundation
import JavaScriptEngine
import Logging
import Scripting

/// Runs one script again and again: by the bare engine, by ours without isolation, and in sandboxed workers.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Runs of a script per second, with and without isolation.")

    @Option(help: "The script-sandbox executable; beside this one by default.") var executable: String?
    @Option var workers = 2
    @Option var seconds = 5

    func run() async throws {
        let run = ScriptRun(
            name: "bench", kind: .createEvent, source: SampleScript.source,
            request: ScriptRequest(headers: ["Content-Type": "application/json"], body: SampleScript.body),
            constants: ["TEAM": "Database Ops"])
        let bare = try BareEngine.runsPerSecond(seconds: seconds)
        print("bare engine, fresh each time, 1 thread:      \(bare)/s")
        let unconfined = try measureUnconfined(run)
        print("ours in this process, 1 thread:              \(unconfined)/s  (\(ratio(unconfined, bare)) of bare)")
        let alone = try await measurePool(run, workers: 1)
        print(
            "sandboxed, 1 worker:                         \(alone.perSecond)/s  (\(ratio(alone.perSecond, bare)) of bare)"
                + "  \(alone.perCore)/s per core")
        let all = try await measurePool(run, workers: workers)
        print("sandboxed, \(workers) workers:                        \(all.perSecond)/s  \(all.perCore)/s per core")
        print("memory of each worker: \(all.memory.joined(separator: "; "))")
    }

    private func ratio(_ part: Int, _ whole: Int) -> String { String(format: "%.2f", Double(part) / Double(whole)) }

    private func measureUnconfined(_ run: ScriptRun) throws -> Int {
        let engine = UnconfinedEngine()
        let began = ContinuousClock.now
        var count = 0
        while ContinuousClock.now - began < .seconds(seconds) {
            let outcome = engine.run(run, limits: ScriptLimits()) { _ in SampleScript.answer }
            try SampleScript.check(outcome)
            count += 1
        }
        return perSecond(count, .now - began)
    }

    private struct Figures {
        var perSecond: Int
        var perCore: Int
        var memory: [String]
    }

    private func measurePool(_ run: ScriptRun, workers: Int) async throws -> Figures {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let pool = SandboxPool(
            executable: executable ?? beside.appending(path: "script-sandbox").path(),
            settings: SandboxPool.Settings(workers: workers, runsPerWorker: .max), logger: logger)
        // The start of the workers is not what is measured.
        try await repeatedly(run, on: pool, callers: workers, for: .milliseconds(300))
        let processor = Worker.processorTime()
        let began = ContinuousClock.now
        let count = try await repeatedly(run, on: pool, callers: workers * 2, for: .seconds(seconds))
        let time = ContinuousClock.now - began
        let used = Worker.processorTime() - processor
        let memory = Worker.all.map(\.memory)
        await pool.shutdown()
        return Figures(perSecond: perSecond(count, time), perCore: Int(Double(count) / used), memory: memory)
    }

    @discardableResult
    private func repeatedly(
        _ run: ScriptRun, on pool: SandboxPool, callers: Int, for time: Duration
    ) async throws -> Int {
        let end = ContinuousClock.now + time
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<callers {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        try SampleScript.check(await pool.run(run, limits: ScriptLimits(), host: Host()))
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }
}

private struct Host: ScriptHost {
    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer { ScriptHTTPAnswer(statusCode: 404) }
    func postForm(_ triggerJSON: String) async -> ScriptHTTPAnswer { SampleScript.answer }
}

/// A child of this process.
private struct Worker {
    let id: Int

    static var all: [Worker] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        let children = tasks.compactMap {
            try? String(contentsOfFile: "/proc/self/task/\($0)/children", encoding: .utf8)
        }
        return children.flatMap { $0.split(separator: " ").compactMap { Int($0) }.map(Worker.init) }
    }

    /// Of this process and its children, in seconds.
    static func processorTime() -> Double {
        let ticks = (["self"] + all.map { String($0.id) }).map { id -> Double in
            let stat = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
        }
        return ticks.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    var memory: String {
        let rollup = (try? String(contentsOfFile: "/proc/\(id)/smaps_rollup", encoding: .utf8)) ?? ""
        let lines = rollup.split(separator: "\n").filter { $0.hasPrefix("Rss:") || $0.hasPrefix("Pss:") }
        return lines.map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: ", ")
    }
}
