import Scripting

/// Runs scripts in this process, each in a fresh engine, without the isolation of `SandboxPool`: to measure what
/// that costs, and for scripts of one's own.
public struct UnconfinedEngine {
    private let console = LogArea()
    private let runner: ScriptRunner

    public init() {
        runner = ScriptRunner(console: console)
    }

    /// - Parameter post: Answers `form.post`. Requests and tokens are refused.
    public func run(
        _ run: ScriptRun, limits: ScriptLimits, post: @escaping (String) -> ScriptHTTPAnswer
    ) -> ScriptOutcome {
        console.clear()
        var outcome = runner.run(SandboxedRun(run: run, limits: limits).payload) { call in
            guard call.kind == .form else { return Frame(.failure, "there is nothing outside of this process") }
            return Frame(.answer, post(String(decoding: call.payload, as: UTF8.self)).payload)
        }
        outcome.log = console.text
        return outcome
    }
}
