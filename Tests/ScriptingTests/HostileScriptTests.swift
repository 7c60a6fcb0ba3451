import Scripting
import Testing

/// Scripts that want more than they may have. Each is stopped, and the worker serves the next one.
struct HostileScriptTests {
    /// Little time for those that are to run out of it, and plenty for those that are not.
    private func limits(_ kind: ScriptError.Kind?) -> ScriptLimits {
        ScriptLimits(
            time: kind == .timeout ? .milliseconds(200) : .seconds(30), memoryBytes: 16 << 20, hostCalls: 3,
            hostBytes: 1_000_000, hostBytesTotal: 1_500_000)
    }

    @Test func areMany() {
        #expect(HostileScript.all.count >= 60)
    }

    @Test(arguments: HostileScript.all)
    func comesToItsEnd(_ script: HostileScript) async {
        var run = Sandbox.script(script.source)
        run.location = script.location
        switch script.end {
        case .stopped(let kind, let message):
            let error = await Sandbox.pool.run(run, limits: limits(kind), host: TestHost()).error
            #expect(error?.kind == kind, "\(String(describing: error))")
            #expect(error?.message.contains(message) == true || message.isEmpty, "\(String(describing: error))")
        case .finds(let log):
            let outcome = await Sandbox.pool.run(run, limits: limits(nil), host: TestHost())
            #expect(outcome.error == nil)
            #expect(outcome.log == log)
        }
        #expect(await Sandbox.run("console.log('next', [1].map(String), typeof leak)").log == #"next ["1"] undefined"#)
    }

    @Test func keepsTheBeginningOfALargeOutput() async {
        let outcome = await Sandbox.run(
            "for (var i = 0; i < 1000; i++) console.log('äää'); return", limits: ScriptLimits(outputBytes: 1000))
        #expect(outcome.error == nil)
        #expect(outcome.log.hasPrefix("äää\näää\n"))
        #expect(outcome.log.hasSuffix("\n… the rest is left out: the limit is 1000 bytes"))
        #expect(outcome.log.utf8.count < 1100)
    }

    @Test func stopsAfterTooManyCalls() async {
        let calls = Recorder<String>()
        var host = TestHost()
        host.answer = {
            await calls.add($0.path)
            return ScriptHTTPAnswer(statusCode: 200)
        }
        let outcome = await Sandbox.run(
            "var i = 0;\nfor (;;) { try { http.request({path: i++}).write() } catch (e) {} }",
            limits: ScriptLimits(hostCalls: 3), host: host)
        #expect(outcome.error?.kind == .hostCalls)
        #expect(outcome.error?.line == 2)
        #expect(await calls.elements == ["0", "1", "2"])
    }

    @Test func stopsAtACallThatIsTooLarge() async {
        let outcome = await Sandbox.run(
            "try { form.post({a: 'x'.repeat(2000)}) } catch (e) {}", limits: ScriptLimits(hostBytes: 1000))
        #expect(outcome.error?.kind == .output)
    }

    @Test func goesOnAfterCatchingTheLackOfMemory() async {
        let outcome = await Sandbox.run(
            "try { new ArrayBuffer(512 * 1024 * 1024) } catch (e) { console.log(e.message) }", limits: limits(.memory))
        #expect(outcome.error == nil)
        #expect(outcome.log == "out of memory")
    }

    @Test func isFarFromTheNextRun() async throws {
        try await Sandbox.withPool { pool in
            let tampering = """
                leak = 1; JSON.parse = null; String.prototype.trim = () => 'mine'; Object.prototype.x = 1;
                globalThis.request = 2; Array.prototype.push = null; console.log = null;
                """
            let first = await pool.run(Sandbox.script(tampering), limits: .init(), host: TestHost())
            #expect(first.error == nil)
            let processes = await pool.processIDs
            let look = "console.log(typeof leak, typeof JSON.parse, ' a '.trim(), ({}).x, typeof [].push)"
            let second = await pool.run(Sandbox.script(look), limits: .init(), host: TestHost())
            #expect(second.log == "undefined function a undefined function")
            #expect(await pool.processIDs == processes)
        }
    }
}
