/// What came of a run.
public struct ScriptOutcome: Sendable, Codable {
    /// What the script wrote to the console, one line a call. Empty when the worker was lost.
    public var log: String
    /// Why the run failed; `nil` when the script came to its end or to a `return`.
    public var error: ScriptError?
    /// From the start of the script to its end, host calls included, waiting for a worker not.
    public var durationMs: Int
    /// For each call to the host, in order, how many bytes of the log were written before it. Shorter than the list
    /// of calls when the worker was lost.
    public var callOffsets: [Int]

    public init(log: String, error: ScriptError?, durationMs: Int, callOffsets: [Int] = []) {
        self.log = log
        self.error = error
        self.durationMs = durationMs
        self.callOffsets = callOffsets
    }
}

/// Why a run failed, in words for the script's author.
public struct ScriptError: Error, Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable, Equatable {
        /// The source is no script; nothing was run.
        case syntax
        /// The script threw, or a promise was rejected and nobody handled it.
        case thrown
        case timeout
        case memory
        /// One call to the host was larger than ``ScriptLimits/hostBytes``.
        case output
        case hostCalls
        /// The worker was lost in the middle of the run. Calls to the host may have happened.
        case crashed
        /// No worker took the run: too many are waiting, the pool is shut down, the executable does
        /// not start, or the caller was cancelled. Nothing was run; trying again can succeed.
        case unavailable
    }

    public var kind: Kind
    public var message: String
    /// Where in the author's script, from 1. A `throw` of anything but an `Error` has no position.
    public var line: Int?
    public var column: Int?
    /// The script's own calls, innermost first, one a line.
    public var stack: String?

    public init(kind: Kind, message: String, line: Int? = nil, column: Int? = nil, stack: String? = nil) {
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
        self.stack = stack
    }
}
