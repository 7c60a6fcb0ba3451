import Scripting

/// Stands for a script: what it "runs" is a piece of Swift that asks the host as a script would.
struct StubEngine: ScriptEngine {
    typealias Script = @Sendable (ScriptRun, any ScriptHost) async -> ScriptOutcome

    private let script: Script

    /// - Parameter script: By default a script that does nothing.
    init(_ script: @escaping Script = { _, _ in ScriptOutcome(log: "", error: nil, durationMs: 0) }) {
        self.script = script
    }

    func run(_ run: ScriptRun, limits: ScriptLimits, host: any ScriptHost) async -> ScriptOutcome {
        await script(run, host)
    }
}
