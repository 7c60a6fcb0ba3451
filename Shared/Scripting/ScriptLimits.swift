/// What one run may use. Whoever goes past a limit is stopped; the outcome says which one it was.
public struct ScriptLimits: Sendable {
    /// Wall time of the script itself, in whole milliseconds. The time of its host calls is not counted.
    public var time: Duration {
        get { .milliseconds(timeMs) }
        set { timeMs = newValue.wholeMilliseconds }
    }
    /// Processor time of the run, in whole milliseconds. Neither calls nor sleep count.
    public var processorTime: Duration {
        get { .milliseconds(processorMs) }
        set { processorMs = newValue.wholeMilliseconds }
    }
    /// From the start of the script to its end, host calls included, in whole milliseconds. Looked at after
    /// each call, so that a call is never cut off.
    public var totalTime: Duration {
        get { .milliseconds(totalMs) }
        set { totalMs = newValue.wholeMilliseconds }
    }
    /// The memory of the script's values, in bytes. A script can catch the error and go on with less.
    public var memoryBytes: Int
    /// The stack of the script's calls, in bytes; cut to ``stackBytesMax``.
    public var stackBytes: Int
    /// What is kept of the console, cut to ``outputBytesMax``. The rest is left out and a mark says so; the
    /// run goes on.
    public var outputBytes: Int
    /// How many requests, posts and tokens a run may ask for.
    public var hostCalls: Int
    /// The size of one call and of one answer, in bytes. A larger call ends the run; a larger answer is an
    /// exception that the script can catch.
    public var hostBytes: Int
    /// The size of all calls and answers of a run, in bytes.
    public var hostBytesTotal: Int

    var timeMs: Int
    var processorMs: Int
    var totalMs: Int

    /// What fits into the stack that a process has from the system, 8 MiB, with room for the engine.
    public static let stackBytesMax = 4 << 20
    public static let outputBytesMax = 1 << 20

    public init(
        time: Duration = .seconds(5), processorTime: Duration = .seconds(10), totalTime: Duration = .seconds(300),
        memoryBytes: Int = 64 << 20, stackBytes: Int = 1 << 20, outputBytes: Int = 64 << 10, hostCalls: Int = 100,
        hostBytes: Int = 1 << 20, hostBytesTotal: Int = 16 << 20
    ) {
        self.timeMs = time.wholeMilliseconds
        self.processorMs = processorTime.wholeMilliseconds
        self.totalMs = totalTime.wholeMilliseconds
        self.memoryBytes = memoryBytes
        self.stackBytes = stackBytes
        self.outputBytes = outputBytes
        self.hostCalls = hostCalls
        self.hostBytes = hostBytes
        self.hostBytesTotal = hostBytesTotal
    }
}

extension Duration {
    var wholeMilliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
