@preconcurrency import CQuickJS
@preconcurrency import Glibc
import Scripting

/// What a run has used so far and what it still may: the part of it that the engine's callbacks see.
final class RunState {
    let limits: ScriptLimits
    /// Asks the pool and blocks until it answers.
    private let ask: (Frame) -> Frame
    private var deadline: ContinuousClock.Instant
    private let lastAnswer: ContinuousClock.Instant
    private var processorDeadline: Int64
    private var callsLeft: Int
    private var bytesLeft: Int

    /// The limit that ended the run. Set once: what goes wrong later is a consequence.
    private(set) var limitHit: ScriptError?
    private var console: ConsoleLog

    init(limits: ScriptLimits, console area: LogArea?, ask: @escaping (Frame) -> Frame) {
        self.limits = limits
        self.ask = ask
        let now = ContinuousClock.now
        deadline = now + limits.time
        lastAnswer = now + limits.totalTime
        processorDeadline = tocsin_processor_time() + limits.processorTime.nanoseconds
        callsLeft = limits.hostCalls
        bytesLeft = limits.hostBytesTotal
        console = ConsoleLog(bytesMax: limits.outputBytes, area: area)
    }

    /// Whether the time is up, which is then what has ended the run.
    func isOverdue() -> Bool {
        if ContinuousClock.now > deadline {
            hit(.timeout, "the script ran longer than \(limits.time)")
            return true
        }
        if tocsin_processor_time() > processorDeadline {
            hit(.timeout, "the script used more than \(limits.processorTime) of processor time")
            return true
        }
        return false
    }

    /// Does nothing for a while, or until the time is up.
    func sleep(milliseconds: Double) {
        let end = ContinuousClock.now + .milliseconds(Int(min(milliseconds, 86_400_000)))
        while true {
            let left = min(end, deadline + .milliseconds(1)) - .now
            guard left > .zero else { break }
            var time = timespec(
                tv_sec: Int(left.components.seconds), tv_nsec: Int(left.components.attoseconds / 1_000_000_000))
            clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil)
        }
        _ = isOverdue()
    }

    func log(_ line: UnsafeBufferPointer<UInt8>) {
        console.append(line)
    }

    /// What the host answers: `answer` or `failure`. Its time is not the script's.
    ///
    /// - Throws: The limit that the call goes past.
    func call(_ frame: Frame) throws(ScriptError) -> Frame {
        guard callsLeft > 0 else {
            throw hit(.hostCalls, "the script made more than \(limits.hostCalls) calls")
        }
        guard frame.payload.count <= limits.hostBytes else {
            throw hit(.output, "a call of \(frame.payload.count) bytes; the limit is \(limits.hostBytes)")
        }
        callsLeft -= 1
        try spend(frame.payload.count)
        let began = ContinuousClock.now
        let reply = ask(frame)
        let now = ContinuousClock.now
        deadline += now - began
        guard now <= lastAnswer else {
            throw hit(.timeout, "the script and its calls took longer than \(limits.totalTime)")
        }
        try spend(reply.payload.count)
        return reply
    }

    private func spend(_ bytes: Int) throws(ScriptError) {
        bytesLeft -= bytes
        guard bytesLeft >= 0 else {
            throw hit(.output, "the calls and answers of the script have more than \(limits.hostBytesTotal) bytes")
        }
    }

    /// Time to describe what has gone wrong, for which the script's own code may be called.
    func allowDescription() {
        deadline = .now + .milliseconds(100)
        processorDeadline = .max
    }

    @discardableResult
    func hit(_ kind: ScriptError.Kind, _ message: String) -> ScriptError {
        let error = limitHit ?? ScriptError(kind: kind, message: message)
        limitHit = error
        return error
    }
}

/// The lines that a script writes, up to a limit.
struct ConsoleLog {
    private let bytesMax: Int
    private let area: LogArea?
    private var isTruncated = false

    /// - Parameter area: Where the lines go; `nil` for nowhere.
    init(bytesMax: Int, area: LogArea?) {
        self.bytesMax = min(max(0, bytesMax), ScriptLimits.outputBytesMax)
        self.area = area
    }

    mutating func append(_ line: UnsafeBufferPointer<UInt8>) {
        guard !isTruncated, let area else { return }
        if area.count > 0 { area.append(CollectionOfOne(UInt8(ascii: "\n"))) }
        let room = bytesMax - area.count
        guard line.count > room else {
            area.append(line)
            return
        }
        // Not in the middle of a character.
        var end = max(0, room)
        while end > 0, line[end] & 0xC0 == 0x80 { end -= 1 }
        area.append(line[..<end])
        area.append("\n… the rest is left out: the limit is \(bytesMax) bytes".utf8)
        isTruncated = true
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
