import Scripting
import Testing

/// A script that means harm, and what comes of it.
struct HostileScript: CustomTestStringConvertible {
    enum End {
        /// The run is stopped, in words that explain it.
        case stopped(ScriptError.Kind, String)
        /// The script goes on, and this is what it finds.
        case finds(String)
    }

    let testDescription: String
    let source: String
    let end: End
    var location: ScriptRun.Location = .hosted

    static func stopped(
        _ name: String, _ kind: ScriptError.Kind, _ message: String, _ source: String
    ) -> HostileScript {
        HostileScript(testDescription: name, source: source, end: .stopped(kind, message))
    }

    static func finds(_ log: String, _ name: String, _ source: String) -> HostileScript {
        HostileScript(testDescription: name, source: source, end: .finds(log))
    }

    static let all = time + memory + recursion + calls + escape + tampering + xml

    static let time: [HostileScript] = [
        stopped("an endless loop", .timeout, "ran longer than 0.2 seconds", "while (true) {}"),
        stopped(
            "a loop that catches", .timeout, "ran longer",
            "for (;;) { try { while (true) {} } catch (e) {} finally { continue } }"),
        stopped("a chain of promises", .timeout, "ran longer", "(function f() { Promise.resolve().then(f) })()"),
        stopped(
            "an async loop", .timeout, "ran longer", "(async function () { for (;;) await null })()"),
        stopped(
            "an async generator", .timeout, "ran longer",
            "(async function () { for await (var x of (async function* () { for (;;) yield 1 })()) {} })()"),
        stopped(
            "an endless generator", .timeout, "ran longer", "for (var x of (function* () { for (;;) yield 1 })()) {}"),
        stopped(
            "a generator that does not return", .timeout, "ran longer",
            "for (var x of (function* () { try { yield 1 } finally { for (;;); } })()) break"),
        stopped("a catastrophic expression", .timeout, "ran longer", "'\(a40)b'.match(/^(a|a)+$/)"),
        stopped("a catastrophic expression of Java's", .timeout, "ran longer", "'\(a40)b'.matches('(a*)*c')"),
        stopped("a catastrophic replacement", .timeout, "ran longer", "'\(a40)b'.replaceAll('([a-z]+)+$0', '')"),
        stopped("a loop in a promise", .timeout, "ran longer", "Promise.resolve().then(() => { for (;;); })"),
        stopped("a loop while sorting", .timeout, "ran longer", "[2, 1].sort(() => { for (;;); })"),
        stopped(
            "a getter that loops", .timeout, "ran longer", "JSON.stringify({ get a() { for (;;); } })"),
        stopped(
            "a text that loops", .timeout, "ran longer", "'' + { toString() { for (;;); } }"),
        stopped(
            "a loop in what is logged", .timeout, "ran longer", "console.log({ toJSON() { for (;;); } })"),
        stopped(
            "an eval that loops", .timeout, "ran longer", "eval('for (;;);')"),
        stopped("a Function that loops", .timeout, "ran longer", "new Function('for (;;);')()"),
        stopped(
            "a thenable that loops", .timeout, "ran longer", "Promise.resolve({ then() { for (;;); } })"),
        stopped(
            "a proxy that loops", .timeout, "ran longer",
            "Object.keys(new Proxy({}, { ownKeys() { for (;;); } }))"),
        stopped("a flood of lines", .timeout, "ran longer", "for (;;) console.log('line')"),
        stopped("a wait on shared memory", .thrown, "cannot block", sharedWait),
        stopped("an endless message", .thrown, "object Object", "throw { get message() { for (;;); } }"),
        stopped(
            "an endless trace", .timeout, "ran longer",
            "Error.prepareStackTrace = () => { for (;;); }; throw new Error('x')"),
        HostileScript(
            testDescription: "a long sleep", source: "java.lang.Thread.sleep(1e9)",
            end: .stopped(.timeout, "ran longer"), location: .agent),
    ]

    static let memory: [HostileScript] = [
        stopped("arrays", .memory, "16777216 bytes", "var a = []; for (;;) a.push(new Array(100).fill(a.length))"),
        stopped("a text that doubles", .memory, "bytes", "var b = 'x'; for (;;) { b += b + 'é'; b.charCodeAt(0) }"),
        stopped("a text that repeats", .memory, "bytes", "'x'.repeat(1 << 28)"),
        stopped("padding", .memory, "bytes", "'x'.padEnd(1 << 28, 'ab')"),
        stopped("a join", .memory, "bytes", "new Array(1 << 26).join('xxxxxxxx')"),
        stopped(
            "typed arrays", .memory, "bytes", "var z = []; for (;;) z.push(new Uint8Array(1 << 20).fill(1))"),
        stopped("one large buffer", .memory, "bytes", "new ArrayBuffer(512 * 1024 * 1024)"),
        stopped("members", .memory, "bytes", "var o = {}; for (var i = 0;; i++) o['k' + i] = i"),
        stopped("a map", .memory, "bytes", "var m = new Map(); for (var i = 0;; i++) m.set(i, [i])"),
        stopped("closures", .memory, "bytes", "var f = []; for (;;) f.push(() => f)"),
        stopped(
            "nested promises", .memory, "bytes",
            "Promise.resolve().then(function f() { return Promise.resolve().then(f) })"),
        stopped("a spread", .memory, "bytes", "var a = [1]; for (;;) a = [...a, ...a]"),
        stopped("a big number", .thrown, "too large to allocate", "var n = 2n; for (;;) n = n * n * n"),
        stopped(
            "JSON", .memory, "bytes", "var t = '[' + '[],'.repeat(2e6) + '[]]'; JSON.parse(t)"),
        finds(
            "out of memory", "a bomb that is caught",
            "try { new ArrayBuffer(512 * 1024 * 1024) } catch (e) { console.log(e.message) }"),
        finds("RangeError", "a length beyond all", "try { 'x'.repeat(2 ** 31) } catch (e) { console.log(e.name) }"),
    ]

    static let recursion: [HostileScript] = [
        stopped("recursion", .thrown, "Maximum call stack", "(function f(n) { return f(n + 1) })(0)"),
        stopped("two that call each other", .thrown, "call stack", "function a() { b() } function b() { a() } a()"),
        stopped("a getter of itself", .thrown, "call stack", "var o = { get x() { return this.x } }; o.x"),
        stopped("a proxy of itself", .thrown, "call stack", "var p = new Proxy({}, {}); p.__proto__ = p; p.x"),
        stopped("deep source", .syntax, "call stack", "\(String(repeating: "[", count: 200_000))"),
        stopped("deep JSON", .thrown, "stack", "JSON.parse('['.repeat(1e6))"),
        finds(
            "stack", "deep objects in the console",
            "var o = {}; for (var i = 0; i < 1e5; i++) o = { o }; try { JSON.stringify(o) } "
                + "catch (e) { console.log('stack') }"),
        stopped(
            "an expression that is deep", .thrown, "", "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))"),
    ]

    static let calls: [HostileScript] = [
        stopped(
            "a flood of requests", .hostCalls, "more than 3 calls",
            "for (;;) { try { http.request({}).write() } catch (e) {} }"),
        stopped("a flood of posts", .hostCalls, "more than 3 calls", "for (;;) form.post(trigger)"),
        stopped(
            "a flood of tokens", .hostCalls, "more than 3 calls",
            "for (;;) try { http.authenticate('x') } catch (e) {}"),
        stopped(
            "a large request", .output, "the limit is 1000000",
            "http.request({ method: 'POST' }).write('x'.repeat(2e6))"),
        stopped("a large post", .output, "the limit is 1000000", "form.post({ a: 'x'.repeat(2e6) })"),
        stopped(
            "a large header", .output, "the limit is 1000000",
            "http.request({ headers: { a: 'x'.repeat(2e6) } }).write()"),
        stopped(
            "much in all", .output, "more than 1500000 bytes",
            "for (;;) http.request({ method: 'POST' }).write('x'.repeat(8e5))"),
    ]

    private static let a40 = String(repeating: "a", count: 40)
    private static let sharedWait = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"
}
