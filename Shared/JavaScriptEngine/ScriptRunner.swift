import Scripting

/// Runs scripts one after the other in this process, each in a fresh engine.
struct ScriptRunner {
    private let parts = EngineParts()
    private let console: LogArea

    init(console: LogArea) {
        self.console = console
        _ = parts.bytecode(of: .prelude)
    }

    /// - Parameters:
    ///   - message: The payload of a `SandboxedRun`.
    ///   - ask: Makes a call that the script waits for.
    /// - Returns: What came of it; what the script has written is in the console's area.
    func run(_ message: [UInt8], ask: @escaping (Frame) -> Frame) -> ScriptOutcome {
        let began = ContinuousClock.now
        func outcome(_ error: ScriptError?, _ outputs: [String: String] = [:]) -> ScriptOutcome {
            let time = (ContinuousClock.now - began).components
            let durationMs = Int(time.seconds) * 1000 + Int(time.attoseconds / 1_000_000_000_000_000)
            return ScriptOutcome(log: "", error: error, durationMs: durationMs, outputs: outputs)
        }
        let sandboxed: SandboxedRun
        do {
            sandboxed = try SandboxedRun(payload: message)
        } catch {
            return outcome(ScriptError(kind: .crashed, message: "the run cannot be decoded"))
        }
        let state = RunState(limits: sandboxed.limits, console: console, ask: ask)
        guard let execution = Execution(state: state, parts: parts) else {
            let message = "\(sandboxed.limits.memoryBytes) bytes of memory are too few for any script"
            return outcome(ScriptError(kind: .memory, message: message))
        }
        switch execution.run(sandboxed.run) {
        case .success(let outputs): return outcome(nil, outputs)
        case .failure(let error): return outcome(error)
        }
    }
}
