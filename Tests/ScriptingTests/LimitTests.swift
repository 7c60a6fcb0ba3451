import Foundation
@preconcurrency import Glibc
import Scripting
import Testing

/// Limits that need more than a script to be seen at.
struct LimitTests {
    @Test func countsProcessorTimeApartFromWallTime() async {
        let limits = ScriptLimits(time: .seconds(20), processorTime: .milliseconds(150))
        var run = Sandbox.script("java.lang.Thread.sleep(400); console.log('slept'); for (;;);")
        run.location = .agent
        let outcome = await Sandbox.pool.run(run, limits: limits, host: TestHost())
        #expect(outcome.log == "slept")
        #expect(outcome.error?.kind == .timeout)
        #expect(outcome.error?.message == "the script used more than 0.15 seconds of processor time")
        #expect(outcome.error?.line == 1)
    }

    @Test func limitsTheTimeOfAllCalls() async {
        var host = TestHost()
        host.answer = { _ in
            try await Task.sleep(for: .milliseconds(400))
            return ScriptHTTPAnswer(statusCode: 200)
        }
        let outcome = await Sandbox.run(
            "for (var i = 0; i < 50; i++) { http.request({}).write(); console.log(i) }",
            limits: ScriptLimits(totalTime: .milliseconds(1200)), host: host)
        #expect(outcome.error?.kind == .timeout)
        #expect(outcome.error?.message == "the script and its calls took longer than 1.2 seconds")
        #expect(["0", "0\n1"].contains(outcome.log))
    }

    @Test func limitsTheSizeOfTheOutputs() async {
        let run = ScriptRun(name: "Step", kind: .step, source: "output.a = 'x'.repeat(2000)")
        let outcome = await Sandbox.pool.run(run, limits: ScriptLimits(hostBytes: 1000), host: TestHost())
        #expect(outcome.error?.kind == .output)
        #expect(outcome.error?.message == "the outputs have 2017 bytes; the limit is 1000")
        #expect(outcome.outputs.isEmpty)
    }

    @Test func keepsTheConsoleOfAWorkerThatIsKilled() async throws {
        try await Sandbox.withPool(.init(workers: 1, grace: .milliseconds(100))) { pool in
            let limits = ScriptLimits(time: .milliseconds(200))
            for signal in [SIGKILL, SIGSEGV, SIGSTOP] {
                var host = TestHost()
                host.answer = { _ in
                    for id in await pool.processIDs { kill(id, signal) }
                    return ScriptHTTPAnswer(statusCode: 200)
                }
                let script = Sandbox.script("console.log('before ä'); http.request({}).write(); console.log('after')")
                let outcome = await pool.run(script, limits: limits, host: host)
                #expect(outcome.error?.kind == (signal == SIGSTOP ? .timeout : .crashed), "signal \(signal)")
                #expect(outcome.log == "before ä")
                #expect(await pool.run(Sandbox.script("console.log(1)"), limits: limits, host: TestHost()).log == "1")
            }
        }
    }

    /// The confined process itself tries what no script can ask for.
    @Test(.enabled(if: !Sandbox.isSanitized))
    func theKernelRefusesWhatTheEngineDoesNotOffer() throws {
        let process = Process()
        process.executableURL = URL(filePath: Sandbox.executable)
        process.arguments = [String(768 << 20), "--try-to-escape"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(
            said == """
                open: Operation not permitted
                socket: Operation not permitted
                fork: Operation not permitted
                exec: Operation not permitted
                kill: Operation not permitted
                executable memory: Operation not permitted

                """)
    }
}
