/// What came of a run.
public struct ScriptOutcome: Sendable {
    /// What the script wrote to the console, one line a call, whatever became of the run.
    public var log: String
    /// Why the run failed; `nil` when the script came to its end or to a `return`.
    public var error: ScriptError?
    /// From the start of the script to its end, host calls included, waiting for a worker not.
    public var durationMs: Int
    /// What the script has set of `output`, as text: objects as JSON, all else as JavaScript's `String(value)`
    /// has it. Empty when the run failed.
    public var outputs: [String: String]
    /// For each call to the host, in order, how many bytes of the log were written before it. Empty when the worker
    /// was lost.
    public var callOffsets: [Int] = []

    public init(log: String, error: ScriptError?, durationMs: Int, outputs: [String: String] = [:]) {
        self.log = log
        self.error = error
        self.durationMs = durationMs
        self.outputs = outputs
    }
}

/// Why a run failed, in words for the script's author.
public struct ScriptError: Error, Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable, Equatable {
        /// The source is no script; nothing was run.
        case syntax
        /// The script threw, or a promise was rejected and nobody handled it.
        case thrown
        /// One of the limits of time was reached.
        case timeout
        case memory
        /// A call to the host was larger than ``ScriptLimits/hostBytes``, or all together were larger than
        /// ``ScriptLimits/hostBytesTotal``.
        case output
        case hostCalls
        /// The worker was lost in the middle of the run. Calls to the host may have happened.
        case crashed
        /// No worker took the run: too many are waiting, the pool is shut down, the executable does
        /// not start, or the caller was cancelled. Nothing was run; trying again can succeed.
        case unavailable
    }

    public var kind: Kind
    /// Names the library and the position in it when that is where things went wrong.
    public var message: String
    /// Where in the author's script, from 1: of an error in a library, the call that led there.
    public var line: Int?
    public var column: Int?
    /// The calls of the script and its libraries, innermost first, one a line.
    public var stack: String?

    public init(kind: Kind, message: String, line: Int? = nil, column: Int? = nil, stack: String? = nil) {
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
        self.stack = stack
    }
}
