import FoundationEssentials
import Scripting

/// Runs scripts one after the other in this process, each in a fresh engine.
struct ScriptRunner {
    private let prelude: [UInt8]

    init() {
        let execution = Execution(state: RunState(limits: ScriptLimits()) { $0 })
        guard let bytecode = execution?.compilePrelude() else { preconditionFailure("the prelude does not compile") }
        prelude = bytecode
    }

    /// - Parameters:
    ///   - message: The JSON of a `SandboxedRun`.
    ///   - ask: Makes a call that the script waits for.
    func run(_ message: [UInt8], ask: @escaping (Frame) -> Frame) -> ScriptOutcome {
        let began = ContinuousClock.now
        func outcome(_ error: ScriptError?, log: String = "", callOffsets: [Int] = []) -> ScriptOutcome {
            let time = (ContinuousClock.now - began).components
            let durationMs = Int(time.seconds) * 1000 + Int(time.attoseconds / 1_000_000_000_000_000)
            return ScriptOutcome(log: log, error: error, durationMs: durationMs, callOffsets: callOffsets)
        }
        let sandboxed: SandboxedRun
        do {
            sandboxed = try JSONDecoder().decode(SandboxedRun.self, from: Data(message))
        } catch {
            return outcome(ScriptError(kind: .crashed, message: "the run cannot be decoded: \(error)"))
        }
        let state = RunState(limits: sandboxed.limits, ask: ask)
        guard let execution = Execution(state: state) else {
            let message = "\(sandboxed.limits.memoryBytes) bytes of memory are too few for any script"
            return outcome(ScriptError(kind: .memory, message: message))
        }
        let error = execution.run(sandboxed.run, prelude: prelude, message: message)
        return outcome(error, log: state.console.text, callOffsets: state.callOffsets)
    }
}
