@preconcurrency import CQuickJS
import FoundationEssentials
@preconcurrency import Glibc
import Scripting

/// The life of a worker process: it gives up every right, and then runs what it is sent.
public enum SandboxWorker {
    /// Serves the pool that is at the other end of the standard streams until that end is closed.
    ///
    /// The first argument is the limit of the address space, in bytes.
    public static func main() -> Never {
        closeOtherDoors()
        let runner = ScriptRunner()
        warmUp(runner)
        let lack = confine(addressSpaceBytes: CommandLine.arguments.dropFirst().first.flatMap { UInt($0) })
        let pool = FrameStream(input: STDIN_FILENO, output: STDOUT_FILENO)
        pool.send(Frame(.ready, lack))
        while true {
            let frame = pool.receive()
            guard frame.kind == .run else { exit(EXIT_FAILURE) }
            let outcome = runner.run(frame.payload) { call in
                pool.send(call)
                return pool.receive()
            }
            tocsin_return_free_memory()
            guard let payload = try? JSONEncoder().encode(outcome) else { exit(EXIT_FAILURE) }  // The pool sees it.
            pool.send(Frame(.outcome, [UInt8](payload)))
        }
    }

    /// One run before the confinement, so that whatever the libraries load late is there.
    private static func warmUp(_ runner: ScriptRunner) {
        let source = "console.log(new Date().toString(), /./.exec('x')); throw new Error('warm')"
        let run = ScriptRun(name: "warm-up", kind: .createEvent, source: source, request: ScriptRequest())
        // For their side effects alone; a real run would tell of an error.
        guard let message = try? JSONEncoder().encode(SandboxedRun(run: run, limits: ScriptLimits())) else { return }
        let outcome = runner.run([UInt8](message)) { $0 }
        _ = try? JSONEncoder().encode(outcome)  // as above
    }
}

/// Frames over a pair of blocking descriptors. When the other end is gone there is nobody left to run
/// scripts for: the process ends.
struct FrameStream {
    let input: Int32
    let output: Int32

    func send(_ frame: Frame) {
        let bytes = frame.bytes
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { write(output, $0.baseAddress.map { $0 + sent }, $0.count - sent) }
            if count > 0 { sent += count } else if errno != EINTR { exit(EXIT_SUCCESS) }
        }
    }

    func receive() -> Frame {
        guard let (kind, count) = Frame.parseHeader(receive(count: Frame.headerBytes)) else { exit(EXIT_FAILURE) }
        return Frame(kind, receive(count: count))
    }

    private func receive(count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let count = bytes.withUnsafeMutableBytes {
                read(input, $0.baseAddress.map { $0 + received }, $0.count - received)
            }
            if count > 0 { received += count } else if count == 0 || errno != EINTR { exit(EXIT_SUCCESS) }
        }
        return bytes
    }
}
