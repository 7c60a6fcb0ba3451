import Foundation
@preconcurrency import Glibc
import Scripting
import Testing

/// The workers' parent: what is lost is one run at most.
struct SandboxPoolTests {
    /// A host that does something to the worker while the script waits for it.
    private func hurting(_ pool: SandboxPool, with signal: Int32) -> TestHost {
        var host = TestHost()
        host.answer = { _ in
            for id in await pool.processIDs { kill(id, signal) }
            return ScriptHTTPAnswer(statusCode: 200)
        }
        return host
    }

    private let calling = Sandbox.script("http.request({}).write(); console.log('back')")

    @Test func losesOnlyTheRunOfAKilledWorker() async throws {
        try await Sandbox.withPool { pool in
            let calls = Recorder<String>()
            let hurting = hurting(pool, with: SIGKILL)
            var host = TestHost()
            host.answer = { call in
                await calls.add(call.path)
                let process = await pool.processIDs[0]
                let answer = try await hurting.answer(call)
                try await eventually { isGone(process) }
                return answer
            }
            let lost = await pool.run(calling, limits: .init(), host: host)
            #expect(lost.error?.kind == .crashed)
            #expect(await calls.elements.count == 1)  // What the script has done is not done again.
            let next = await pool.run(calling, limits: .init(), host: TestHost())
            #expect(next.error == nil)
            #expect(next.log == "back")
        }
    }

    @Test func killsAWorkerThatDoesNotStop() async throws {
        try await Sandbox.withPool(.init(workers: 1, grace: .milliseconds(100))) { pool in
            let limits = ScriptLimits(time: .milliseconds(200))
            let stuck = await pool.run(calling, limits: limits, host: hurting(pool, with: SIGSTOP))
            #expect(stuck.error?.kind == .timeout)
            #expect(await pool.run(calling, limits: .init(), host: TestHost()).log == "back")
        }
    }

    @Test func replacesAWorkerThatWentAwayWhileIdle() async throws {
        try await Sandbox.withPool { pool in
            #expect(await pool.run(calling, limits: .init(), host: TestHost()).error == nil)
            let idle = try #require(await pool.processIDs.first)
            kill(idle, SIGKILL)
            try await eventually { isGone(idle) }
            #expect(await pool.run(calling, limits: .init(), host: TestHost()).log == "back")
            #expect(await pool.processIDs != [idle])
        }
    }

    @Test func replacesAWorkerAfterItsRuns() async throws {
        try await Sandbox.withPool(.init(workers: 1, runsPerWorker: 2)) { pool in
            var processes: [[Int32]] = []
            for _ in 0..<3 {
                #expect(await pool.run(calling, limits: .init(), host: TestHost()).error == nil)
                processes.append(await pool.processIDs)
            }
            #expect(processes[0].count == 1)
            #expect(processes[1] == [])
            #expect(processes[2].count == 1)
            #expect(processes[2] != processes[0])
        }
    }

    @Test func runsTwentyScriptsWithSlowCallsAtTheSameTime() async throws {
        try await Sandbox.withPool(.init(workers: 4)) { pool in
            var host = TestHost()
            host.answer = { call in
                try await Task.sleep(for: .milliseconds(20))
                return ScriptHTTPAnswer(statusCode: 200, body: call.path)
            }
            let logs = await withTaskGroup(of: String.self) { [host] group in
                for number in 0..<20 {
                    group.addTask {
                        let source = """
                            var request = http.request({ path: '\(number)' });
                            for (var i = 0; i < 3; i++) console.log(request.write().body);
                            """
                        return await pool.run(Sandbox.script(source), limits: .init(), host: host).log
                    }
                }
                return await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(logs == Set((0..<20).map { "\($0)\n\($0)\n\($0)" }))
            #expect(await pool.processIDs.count <= 4)
        }
    }

    @Test func turnsAwayWhoFindsTheQueueFull() async throws {
        try await Sandbox.withPool(.init(workers: 1, waitingMax: 1)) { pool in
            let gate = Gate()
            var host = TestHost()
            host.answer = { _ in
                await gate.wait()
                return ScriptHTTPAnswer(statusCode: 200)
            }
            let kinds = await withTaskGroup(of: ScriptError.Kind?.self) { [host, calling] group in
                for _ in 0..<3 {
                    group.addTask { await pool.run(calling, limits: .init(), host: host).error?.kind }
                }
                // The one that is turned away is the first to come back: the others wait for the gate.
                let first = await group.next() ?? nil
                await gate.open()
                return await group.reduce(into: [first]) { $0.append($1) }
            }
            #expect(kinds == [.unavailable, nil, nil])
        }
    }

    @Test func refusesRunsAfterTheShutdownAndLeavesNoProcess() async throws {
        let pool = Sandbox.makePool(.init(workers: 1))
        #expect(await pool.run(calling, limits: .init(), host: TestHost()).error == nil)
        let process = try #require(await pool.processIDs.first)
        await pool.shutdown()
        #expect(isGone(process))
        #expect(await pool.run(calling, limits: .init(), host: TestHost()).error?.kind == .unavailable)
    }

    @Test func saysThatTheExecutableIsMissing() async {
        let pool = SandboxPool(executable: "/nowhere/script-sandbox", logger: Sandbox.quiet)
        let outcome = await pool.run(calling, limits: .init(), host: TestHost())
        #expect(outcome.error?.kind == .unavailable)
        #expect(outcome.error?.message.contains("/nowhere/script-sandbox: No such file or directory") == true)
        await pool.shutdown()
    }

    @Test(.enabled(if: !Sandbox.isSanitized))
    func leavesAWorkerNothingButItsStandardStreams() async throws {
        try await Sandbox.withPool { pool in
            let status = Recorder<String>()
            var host = TestHost()
            host.answer = { _ in
                let id = await pool.processIDs.first ?? 0
                let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").sorted()
                await status.add("descriptors \(open)")
                await status.add(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd"))
                let lines = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8).split(separator: "\n")
                for line in lines where line.hasPrefix("Seccomp:") || line.hasPrefix("NoNewPrivs:") {
                    await status.add(line.replacingOccurrences(of: "\t", with: " "))
                }
                return ScriptHTTPAnswer(statusCode: 200)
            }
            #expect(await pool.run(calling, limits: .init(), host: host).error == nil)
            let expected = [#"descriptors ["0", "1", "2"]"#, "/", "NoNewPrivs: 1", "Seccomp: 2"]
            #expect(await status.elements == expected)
        }
    }
}

/// Holds back whoever waits until it is opened.
private actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        for waiter in waiting { waiter.resume() }
        waiting = []
    }
}

private func eventually(_ isTrue: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while !isTrue() {
        try #require(ContinuousClock.now < deadline, "it did not happen")
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Whether a process has ended, be it a zombie still.
private func isGone(_ id: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return true }
    return status.contains(") Z ")
}
