@preconcurrency import CQuickJS
import Foundation

/// The engine by itself: a fresh one for each run, the least that the script needs to run, no limits, no host.
enum BareEngine {
    struct Failed: Error {
        let message: String
    }

    static func runsPerSecond(seconds: Int) throws -> Int {
        let request = try JSONSerialization.data(
            withJSONObject: ["request": ["body": SampleScript.body], "constants": ["TEAM": "Database Ops"]])
        let source = """
            (function (given) {
            const { request, constants } = given, trigger = { properties: {} }, lines = [], posts = [];
            const form = { post(t) { posts.push(JSON.stringify(t)); return { statusCode: 202, body: { id: '4711' } }; } };
            const console = { log(text) { lines.push(text); } };
            (function (request, trigger, form, constants, console) {\(SampleScript.source)
            })(request, trigger, form, constants, console);
            return lines.join();
            })(\(String(decoding: request, as: UTF8.self)))
            """
        let began = ContinuousClock.now
        var count = 0
        while ContinuousClock.now - began < .seconds(seconds) {
            try runOnce(source)
            count += 1
        }
        return perSecond(count, .now - began)
    }

    private static func runOnce(_ source: String) throws {
        let runtime = JS_NewRuntime()
        defer { JS_FreeRuntime(runtime) }
        let context = JS_NewContext(runtime)
        defer { JS_FreeContext(context) }
        let result = JS_Eval(context, source, source.utf8.count, "bare", JS_EVAL_TYPE_GLOBAL)
        defer { JS_FreeValue(context, result) }
        var length = 0
        let text = JS_ToCStringLen(context, &length, result)
        defer { JS_FreeCString(context, text) }
        guard let text, String(cString: text) == "alert 4711" else {
            throw Failed(message: text.map { String(cString: $0) } ?? "it does not run")
        }
    }
}
