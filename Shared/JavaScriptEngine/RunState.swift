import Scripting

/// What a run has used so far and what it still may: the part of it that the engine's callbacks see.
final class RunState {
    let limits: ScriptLimits
    /// Asks the pool and blocks until it answers.
    private let ask: (Frame) -> Frame
    private var deadline: ContinuousClock.Instant
    private var callsLeft: Int

    /// The limit that ended the run. Set once: what goes wrong later is a consequence.
    private(set) var limitHit: ScriptError?
    private(set) var console: ConsoleLog
    /// The size of the log in bytes when each call was made.
    private(set) var callOffsets: [Int] = []

    init(limits: ScriptLimits, ask: @escaping (Frame) -> Frame) {
        self.limits = limits
        self.ask = ask
        deadline = .now + limits.time
        callsLeft = limits.hostCalls
        console = ConsoleLog(bytesMax: limits.outputBytes)
    }

    /// Whether the time is up, which is then what has ended the run.
    func isOverdue() -> Bool {
        guard ContinuousClock.now > deadline else { return false }
        hit(.timeout, "the script ran longer than \(limits.time)")
        return true
    }

    func log(_ line: UnsafeBufferPointer<UInt8>) {
        console.append(line)
    }

    /// What the host answers: a letter that says what it is, and the text. Its time is not the script's.
    ///
    /// - Throws: The limit that the call goes past.
    func call(_ frame: Frame) throws(ScriptError) -> [UInt8] {
        guard callsLeft > 0 else {
            throw hit(.hostCalls, "the script made more than \(limits.hostCalls) calls")
        }
        guard frame.payload.count <= limits.hostBytes else {
            throw hit(.output, "a call of \(frame.payload.count) bytes; the limit is \(limits.hostBytes)")
        }
        callsLeft -= 1
        callOffsets.append(console.byteCount)
        let began = ContinuousClock.now
        let reply = ask(frame)
        deadline += ContinuousClock.now - began
        return [reply.kind.rawValue] + reply.payload
    }

    /// Time to describe what has gone wrong, for which the script's own code may be called.
    func allowDescription() {
        deadline = .now + .milliseconds(100)
    }

    @discardableResult
    private func hit(_ kind: ScriptError.Kind, _ message: String) -> ScriptError {
        let error = limitHit ?? ScriptError(kind: kind, message: message)
        limitHit = error
        return error
    }
}

/// The lines that a script writes, up to a limit.
struct ConsoleLog {
    private let bytesMax: Int
    private var bytes: [UInt8] = []
    private var isTruncated = false

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var byteCount: Int { bytes.count }

    mutating func append(_ line: UnsafeBufferPointer<UInt8>) {
        guard !isTruncated else { return }
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
        let room = bytesMax - bytes.count
        guard line.count > room else {
            bytes.append(contentsOf: line)
            return
        }
        // Not in the middle of a character.
        var end = max(0, room)
        while end > 0, line[end] & 0xC0 == 0x80 { end -= 1 }
        bytes.append(contentsOf: line[..<end])
        bytes.append(contentsOf: "\n… the rest is left out: the limit is \(bytesMax) bytes".utf8)
        isTruncated = true
    }
}
