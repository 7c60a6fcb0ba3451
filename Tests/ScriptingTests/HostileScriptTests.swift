import Scripting
import Testing

/// Scripts that want more than they may have. Each is stopped, and the worker serves the next one.
struct HostileScriptTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let source: String
        let kind: ScriptError.Kind
    }

    /// Little time for those that are to run out of it, and plenty for those that are not.
    private func limits(_ kind: ScriptError.Kind) -> ScriptLimits {
        ScriptLimits(time: kind == .timeout ? .milliseconds(200) : .seconds(30), memoryBytes: 16 << 20)
    }

    @Test(arguments: [
        Case(testDescription: "an endless loop", source: "while (true) {}", kind: .timeout),
        Case(
            testDescription: "an endless loop that catches",
            source: "for (;;) { try { while (true) {} } catch (e) {} finally { continue } }", kind: .timeout),
        Case(
            testDescription: "an endless chain of promises",
            source: "(function f() { Promise.resolve().then(f) })()", kind: .timeout),
        Case(
            testDescription: "an endless chain of nested promises",
            source: "Promise.resolve().then(function f() { return Promise.resolve().then(f) })", kind: .memory),
        Case(
            testDescription: "an endless loop in a promise",
            source: "(async function () { await 1; while (true) {} })().catch(function () {})", kind: .timeout),
        Case(
            testDescription: "a catastrophic expression", source: "'\("a".repeated(40))b'.match(/^(a|a)+$/)",
            kind: .timeout),
        Case(
            testDescription: "an endless getter of an error",
            source: "throw {get message() { while (true) {} }}", kind: .thrown),
        Case(
            testDescription: "a tampered prototype that loops",
            source: "Array.prototype.map = function () { while (true) {} }; [1].map(x => x)", kind: .timeout),
        Case(
            testDescription: "arrays", source: "var a = []; for (;;) a.push(new Array(100).fill(a.length))",
            kind: .memory),
        Case(
            testDescription: "a text that doubles", source: "var b = 'x'; for (;;) { b += b + 'é'; b.charCodeAt(0) }",
            kind: .memory),
        Case(
            testDescription: "typed arrays",
            source: "var z = []; for (;;) z.push(new Uint8Array(1 << 20).fill(1))", kind: .memory),
        Case(
            testDescription: "one large buffer", source: "new ArrayBuffer(512 * 1024 * 1024)", kind: .memory),
        Case(testDescription: "deep recursion", source: "(function f(n) { return f(n + 1) })(0)", kind: .thrown),
        Case(
            testDescription: "deep source", source: "\("[".repeated(200_000))", kind: .syntax),
        Case(
            testDescription: "an endless output", source: "while (true) console.log('line')", kind: .timeout),
    ])
    func isStopped(_ row: Case) async {
        let outcome = await Sandbox.run(row.source, limits: limits(row.kind))
        #expect(outcome.error?.kind == row.kind, "\(String(describing: outcome.error))")
        #expect(await Sandbox.run("console.log('next')").log == "next")
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

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
