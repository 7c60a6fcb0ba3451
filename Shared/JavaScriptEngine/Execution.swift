@preconcurrency import CQuickJS
import Scripting

/// One run in an engine of its own, which is gone with it.
final class Execution {
    /// Stand for the two sources in the engine's stack traces.
    private static let scriptFile = "<script>"
    private static let preludeFile = "<prelude>"
    /// Room for describing an error when the script has used all that it may.
    private static let reserveBytes = 4 << 20

    /// The engine has an exception pending.
    private struct Thrown: Error {}

    private let runtime: OpaquePointer
    private let context: OpaquePointer
    private let state: RunState
    /// Freed with the engine, which insists on having every value back.
    private var owned: [JSValue] = []
    /// Rejected promises that nobody has handled yet, with their reasons.
    private var rejections: [(promise: JSValue, reason: JSValue)] = []

    /// `nil` when the memory is not even enough for an empty engine.
    init?(state: RunState) {
        guard let runtime = JS_NewRuntime() else { return nil }
        // For the engine, 0 and less would mean no limit.
        JS_SetMemoryLimit(runtime, max(1, state.limits.memoryBytes))
        JS_SetMaxStackSize(runtime, min(max(1, state.limits.stackBytes), ScriptLimits.stackBytesMax))
        guard let context = JS_NewContext(runtime) else {
            JS_FreeRuntime(runtime)
            return nil
        }
        self.runtime = runtime
        self.context = context
        self.state = state
        let opaqueState = Unmanaged.passUnretained(state).toOpaque()
        JS_SetContextOpaque(context, opaqueState)
        JS_SetInterruptHandler(runtime, interruptWhenOverdue, opaqueState)
        JS_SetHostPromiseRejectionTracker(runtime, trackRejection, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        for rejection in rejections { owned += [rejection.promise, rejection.reason] }
        for value in owned { JS_FreeValue(context, value) }
        JS_FreeContext(context)
        JS_FreeRuntime(runtime)
    }

    /// The prelude as bytecode, which loads faster than its source. `nil` when it has an error.
    func compilePrelude() -> [UInt8]? {
        let compiled = own(evaluate(Prelude.source, file: Self.preludeFile, flags: JS_EVAL_FLAG_COMPILE_ONLY))
        guard !JS_IsException(compiled) else { return nil }
        var count = 0
        let flags = JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE
        guard let bytes = JS_WriteObject(context, &count, compiled, flags) else { return nil }
        defer { js_free(context, bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// Runs a script to its end.
    ///
    /// - Parameters:
    ///   - prelude: What ``compilePrelude()`` made.
    ///   - message: The JSON of the `SandboxedRun` that `run` is part of.
    /// - Returns: Why it failed, if it did.
    func run(_ run: ScriptRun, prelude: [UInt8], message: [UInt8]) -> ScriptError? {
        var describe: JSValue?
        var openingBytes = 0
        var isCompiling = false
        do throws(Thrown) {
            let builtIns = try makeBuiltIns(prelude, message)
            describe = item(0, of: builtIns)
            let names = text(of: item(1, of: builtIns)) ?? ""
            let values = (0..<UInt32(names.split(separator: ",").count)).map { item(2 + $0, of: builtIns) }

            // On the script's own first line, so that its lines keep their numbers.
            let opening = "(function(\(names)){"
            openingBytes = opening.utf8.count
            isCompiling = true
            let script = try check(evaluate("\(opening)\(run.source)\n})", file: Self.scriptFile))
            isCompiling = false
            try call(script, values)
            try runJobs()
            return nil
        } catch {
            let thrown = explain(with: describe)
            let trace = StackTrace(
                thrown.stack ?? "", of: Self.scriptFile, as: run.name, firstLineOffset: openingBytes)
            let kind = isCompiling && thrown.kind == .thrown ? .syntax : thrown.kind
            return ScriptError(
                kind: kind, message: thrown.message, line: trace.line, column: trace.column, stack: trace.text)
        }
    }
}

// MARK: - The steps of a run

extension Execution {
    /// The prelude's answer: see ``Prelude``.
    private func makeBuiltIns(_ prelude: [UInt8], _ message: [UInt8]) throws(Thrown) -> JSValue {
        let code = JS_ReadObject(context, prelude, prelude.count, JS_READ_OBJ_BYTECODE)
        guard !JS_IsException(code) else { throw Thrown() }
        let function = try check(JS_EvalFunction(context, code))
        let native = try check(JS_NewObject(context))
        JS_SetPropertyStr(context, native, "log", JS_NewCFunction(context, nativeLog, "log", 1))
        JS_SetPropertyStr(context, native, "http", JS_NewCFunction(context, nativeHTTP, "http", 1))
        JS_SetPropertyStr(context, native, "form", JS_NewCFunction(context, nativeForm, "form", 1))
        return try call(function, [native, try check(makeString(context, message))])
    }

    /// Runs what promises have left to do. Nothing else is ever left: there are no timers.
    private func runJobs() throws(Thrown) {
        var jobContext: OpaquePointer?
        while true {
            if state.limitHit != nil || state.isOverdue() { throw Thrown() }
            let result = JS_ExecutePendingJob(runtime, &jobContext)
            if result < 0 { throw Thrown() }
            if result == 0 { break }
        }
        if let reason = rejections.first?.reason {
            _ = JS_Throw(context, JS_DupValue(context, reason))
            throw Thrown()
        }
    }

    func promise(_ promise: JSValue, wasRejectedWith reason: JSValue) {
        rejections.append((JS_DupValue(context, promise), JS_DupValue(context, reason)))
    }

    func rejectionWasHandled(of promise: JSValue) {
        guard let index = rejections.firstIndex(where: { $0.promise.u.ptr == promise.u.ptr }) else { return }
        let rejection = rejections.remove(at: index)
        JS_FreeValue(context, rejection.promise)
        JS_FreeValue(context, rejection.reason)
    }

    /// The pending exception in words; the limit that was hit, if one was.
    private func explain(with describe: JSValue?) -> ScriptError {
        let limit = state.limitHit
        JS_SetMemoryLimit(runtime, state.limits.memoryBytes + Self.reserveBytes)
        state.allowDescription()
        guard JS_HasException(context) else {
            return limit ?? ScriptError(kind: .thrown, message: "the script failed without an error")
        }
        let exception = own(JS_GetException(context))
        JS_ClearUncatchableError(context, exception)
        let stack = JS_IsObject(exception) ? text(of: own(JS_GetPropertyStr(context, exception, "stack"))) : nil
        if var limit {
            limit.stack = stack
            return limit
        }
        var shown = exception
        // What cannot be described, because the script made it so, is shown as the engine would.
        if let describe { shown = (try? call(describe, [exception])) ?? exception }
        let message = text(of: shown) ?? "the script threw something that cannot be shown"
        // When the memory is too short even for an error object, the engine throws null.
        if JS_IsNull(exception) || message == "InternalError: out of memory" {
            return ScriptError(
                kind: .memory, message: "the script needs more memory than \(state.limits.memoryBytes) bytes",
                stack: stack)
        }
        return ScriptError(kind: .thrown, message: String(message.prefix(4096)), stack: stack)
    }
}

// MARK: - Values

extension Execution {
    private func own(_ value: JSValue) -> JSValue {
        owned.append(value)
        return value
    }

    private func check(_ value: JSValue) throws(Thrown) -> JSValue {
        if JS_IsException(value) { throw Thrown() }
        return own(value)
    }

    private func evaluate(_ source: String, file: String, flags: Int32 = 0) -> JSValue {
        var source = source
        return source.withUTF8 { utf8 in
            // The engine reads up to a zero behind the last byte.
            let text = UnsafeMutableBufferPointer<CChar>.allocate(capacity: utf8.count + 1)
            defer { text.deallocate() }
            _ = text.initialize(from: utf8.lazy.map { CChar(bitPattern: $0) } + [0])
            return JS_Eval(context, text.baseAddress, utf8.count, file, JS_EVAL_TYPE_GLOBAL | flags)
        }
    }

    @discardableResult
    private func call(_ function: JSValue, _ arguments: [JSValue]) throws(Thrown) -> JSValue {
        var arguments = arguments
        return try check(
            JS_Call(context, function, tocsin_undefined(), Int32(arguments.count), &arguments))
    }

    private func item(_ index: UInt32, of array: JSValue) -> JSValue {
        own(JS_GetPropertyUint32(context, array, index))
    }

    /// A value as JavaScript's `String(value)`; `nil` when that fails.
    private func text(of value: JSValue) -> String? {
        if !JS_IsException(value), let text = withText(of: value, in: context, { String(decoding: $0, as: UTF8.self) })
        {
            return text
        }
        JS_FreeValue(context, JS_GetException(context))
        return nil
    }
}
