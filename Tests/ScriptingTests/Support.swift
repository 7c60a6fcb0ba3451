import Foundation
import Logging
import Scripting
import TestSupport

/// A host that a test writes as two closures.
struct TestHost: ScriptHost {
    var answer: @Sendable (ScriptHTTPCall) async throws -> ScriptHTTPAnswer = { _ in
        ScriptHTTPAnswer(statusCode: 200, headers: ["X-Id": "7"], body: "fine")
    }
    var post: @Sendable (String) async -> ScriptHTTPAnswer = { _ in
        ScriptHTTPAnswer(statusCode: 202, body: #"{"id":"4711"}"#)
    }

    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer { try await answer(call) }
    func postForm(_ triggerJSON: String) async -> ScriptHTTPAnswer { await post(triggerJSON) }
}

/// What a host was asked for, in order.
actor Recorder<Element: Sendable> {
    private(set) var elements: [Element] = []

    func add(_ element: Element) { elements.append(element) }
}

enum Sandbox {
    static let executable = BuiltProduct.scriptSandbox

    /// Whether the tests, and so the sandbox too, are built for a sanitizer, which no confinement suits.
    static let isSanitized = dlsym(nil, "__tsan_init") != nil || dlsym(nil, "__asan_init") != nil

    /// For tests that leave the workers as they are. Its processes end with the tests.
    static let pool = makePool(SandboxPool.Settings(workers: 2))

    static func makePool(_ settings: SandboxPool.Settings = .init()) -> SandboxPool {
        SandboxPool(executable: executable, settings: settings, logger: quiet)
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with a pool of its own, of which nothing is left afterwards.
    static func withPool<T>(
        _ settings: SandboxPool.Settings = .init(workers: 1), _ body: (SandboxPool) async throws -> T
    ) async throws -> T {
        let pool = makePool(settings)
        do {
            let result = try await body(pool)
            await pool.shutdown()
            return result
        } catch {
            await pool.shutdown()
            throw error
        }
    }

    /// Runs a script that creates events, in the shared pool.
    static func run(
        _ source: String, request: ScriptRequest = ScriptRequest(), constants: [String: String] = [:],
        limits: ScriptLimits = .init(), host: TestHost = TestHost()
    ) async -> ScriptOutcome {
        await pool.run(script(source, request: request, constants: constants), limits: limits, host: host)
    }

    static func script(
        _ source: String, kind: ScriptRun.Kind = .createEvent, request: ScriptRequest = ScriptRequest(),
        constants: [String: String] = [:]
    ) -> ScriptRun {
        ScriptRun(name: "My integration", kind: kind, source: source, request: request, constants: constants)
    }
}

struct Refused: Error, CustomStringConvertible {
    let description = "connection refused"
}
