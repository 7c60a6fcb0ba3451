import CLibXML2
@preconcurrency import CQuickJS
@preconcurrency import Glibc
import Scripting

/// The life of a worker process: it gives up every right, and then runs what it is sent.
public enum SandboxWorker {
    /// Serves the pool that is at the other end of the standard streams until that end is closed.
    ///
    /// The first argument is the limit of the address space, in bytes. The second may be `--try-to-escape`: the
    /// process then tries what the confinement forbids, says what the kernel answers, and ends.
    public static func main() -> Never {
        let console = LogArea()
        closeOtherDoors()
        tocsin_keep_free_memory()
        let runner = ScriptRunner(console: console)
        warmUp(runner)
        console.clear()
        let lack = confine(addressSpaceBytes: CommandLine.arguments.dropFirst().first.flatMap { UInt($0) })
        if CommandLine.arguments.dropFirst(2).first == "--try-to-escape" {
            tocsin_try_to_escape()
            exit(EXIT_SUCCESS)
        }
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
            pool.send(Frame(.outcome, outcome.payload))
        }
    }

    /// One run before the confinement, so that whatever the libraries load late is there.
    private static func warmUp(_ runner: ScriptRunner) {
        let source = "console.log(new Date().toString(), /./.exec('x')); throw new Error('warm')"
        let run = ScriptRun(name: "warm-up", kind: .createEvent, source: source)
        // For its side effects alone; a real run would tell of an error.
        _ = runner.run(SandboxedRun(run: run, limits: ScriptLimits()).payload) { $0 }
        xmlInitParser()
    }
}

/// Frames over a pair of blocking descriptors. When the other end is gone there is nobody left to run
/// scripts for: the process ends.
final class FrameStream {
    private let input: Int32
    private let output: Int32
    /// What has been received and not been read: most frames come in one piece.
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private var unread = 0..<0

    init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
    }

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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while true {
            let part = unread.prefix(count - bytes.count)
            bytes.append(contentsOf: buffer[part])
            unread = part.endIndex..<unread.upperBound
            if bytes.count == count { return bytes }
            let count = buffer.withUnsafeMutableBytes { read(input, $0.baseAddress, $0.count) }
            if count > 0 { unread = 0..<count } else if count == 0 || errno != EINTR { exit(EXIT_SUCCESS) }
        }
    }
}
