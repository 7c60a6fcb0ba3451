@preconcurrency import CQuickJS
import Scripting

/// One run in an engine of its own, which is gone with it.
final class Execution {
    /// Stand for the sources in the engine's stack traces.
    private static let scriptFile = "<script>"
    private static let preludeFile = "<prelude>"
    private static func libraryFile(_ index: Int) -> String { "<library \(index)>" }
    /// Room for describing an error when the script has used all that it may.
    private static let reserveBytes = 4 << 20

    let context: OpaquePointer
    let state: RunState
    private let runtime: OpaquePointer
    private let parts: EngineParts
    private var run = ScriptRun(name: "", kind: .runScript, source: "")
    /// How long the opening is in front of the first line of each source that was compiled.
    private var openings: [String: Int] = [:]
    /// Freed with the engine, which insists on having every value back.
    private var owned: [JSValue] = []
    /// Rejected promises that nobody has handled yet, with their reasons.
    private var rejections: [(promise: JSValue, reason: JSValue)] = []

    /// The engine has an exception pending.
    struct Thrown: Error {}

    /// `nil` when the memory is not even enough for an empty engine.
    init?(state: RunState, parts: EngineParts) {
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
        self.parts = parts
        let opaque = Unmanaged.passUnretained(self).toOpaque()
        JS_SetContextOpaque(context, opaque)
        JS_SetInterruptHandler(runtime, interruptWhenOverdue, Unmanaged.passUnretained(state).toOpaque())
        JS_SetHostPromiseRejectionTracker(runtime, trackRejection, opaque)
    }

    deinit {
        for rejection in rejections { owned += [rejection.promise, rejection.reason] }
        for value in owned { JS_FreeValue(context, value) }
        JS_FreeContext(context)
        JS_FreeRuntime(runtime)
    }

    /// Runs a script to its end.
    ///
    /// - Returns: What it has set of its outputs; or why it failed.
    func run(_ run: ScriptRun) -> Result<[String: String], ScriptError> {
        self.run = run
        var describe: JSValue?
        var isCompiling = false
        do throws(Thrown) {
            let builtIns = try call(try part(.prelude), [try makeNative(), try makeInput(run)])
            describe = item(0, of: builtIns)
            let names = text(of: item(2, of: builtIns)) ?? ""
            let values = (0..<UInt32(names.split(separator: ",").count)).map { item(3 + $0, of: builtIns) }
            isCompiling = true
            let script = try compile(run.source, parameters: names, file: Self.scriptFile)
            isCompiling = false
            try call(script, values)
            try runJobs()
            return .success(try outputs(call(item(1, of: builtIns), [])))
        } catch {
            return .failure(explain(with: describe, isCompiling: isCompiling))
        }
    }
}

// MARK: - The steps of a run

extension Execution {
    /// The functions that the prelude builds on. No script sees them.
    private func makeNative() throws(Thrown) -> JSValue {
        let native = try check(JS_NewObject(context))
        for (name, function) in nativeFunctions {
            JS_SetPropertyStr(context, native, name, JS_NewCFunction(context, function, name, 0))
        }
        return native
    }

    private func makeInput(_ run: ScriptRun) throws(Thrown) -> JSValue {
        let request = try makeObject([
            ("method", makeString(run.request.method)), ("headers", makeObject(run.request.headers)),
            ("parameters", makeObject(run.request.parameters)), ("body", makeString(run.request.body)),
            ("remoteAddress", makeString(run.request.remoteAddress)),
            ("requestId", makeString(run.request.requestId)),
        ])
        return own(
            try makeObject([
                ("kind", makeString(run.kind.rawValue)), ("location", makeString(run.location.rawValue)),
                ("request", request), ("constants", makeObject(run.constants)), ("trigger", makeString(run.trigger)),
                ("globals", makeString(run.globals)), ("inputs", makeObject(run.inputs)),
                ("libraries", makeArray(run.libraries.map { makeString($0.name) })),
            ]))
    }

    /// A function whose body is a script, for the values of `parameters`, which are names with commas between.
    ///
    /// Scripts declare the names that they find again. With `var` that is a parameter's own variable, as scripts
    /// expect; with `let`, `const` and `class` it would be an error, so those names are one function further out.
    private func compile(_ source: String, parameters: String, file: String) throws(Thrown) -> JSValue {
        // On the script's own first line, so that its lines keep their numbers.
        let opening = "(function(\(parameters)){"
        setOpening(opening, of: file)
        let plain = evaluateScript("\(opening)\(source)\n})", file: file)
        if !JS_IsException(plain) { return own(plain) }
        let error = JS_GetException(context)
        let declared = Declarations.names(among: parameters.split(separator: ",").map(String.init), in: source)
        guard text(of: error)?.contains("redefinition of parameter") == true, !declared.isEmpty else {
            _ = JS_Throw(context, error)
            throw Thrown()
        }
        JS_FreeValue(context, error)
        var function = try compileNested(source, parameters: parameters, outer: declared, file: file)
        // A name that is declared only in a block stays a parameter.
        var outer = declared
        for name in declared.sorted() where outer.count > 1 {
            do {
                function = try compileNested(
                    source, parameters: parameters, outer: outer.subtracting([name]), file: file)
                outer.remove(name)
            } catch {
                JS_FreeValue(context, JS_GetException(context))
            }
        }
        setOpening(Self.nestedOpening(parameters, outer), of: file)
        return function
    }

    private static func nestedOpening(_ parameters: String, _ outer: Set<String>) -> String {
        "(function(\(parameters)){return (function(\(innerNames(parameters, outer))){"
    }

    private static func innerNames(_ parameters: String, _ outer: Set<String>) -> String {
        parameters.split(separator: ",").map(String.init).filter { !outer.contains($0) }.joined(separator: ",")
    }

    private func setOpening(_ opening: String, of file: String) { openings[file] = opening.utf8.count }

    private func compileNested(
        _ source: String, parameters: String, outer: Set<String>, file: String
    ) throws(Thrown) -> JSValue {
        let opening = Self.nestedOpening(parameters, outer)
        setOpening(opening, of: file)
        let arguments = "this," + Self.innerNames(parameters, outer)
        return try check(evaluateScript("\(opening)\(source)\n}).call(\(arguments))})", file: file))
    }

    /// What an author's source evaluates to. Most sources come again and again, so their bytecode is kept.
    private func evaluateScript(_ source: String, file: String) -> JSValue {
        let key = file + source
        if let bytecode = parts.scripts[key] {
            let code = JS_ReadObject(context, bytecode, bytecode.count, JS_READ_OBJ_BYTECODE)
            return JS_IsException(code) ? code : JS_EvalFunction(context, code)
        }
        let code = evaluate(source, file: file, flags: JS_EVAL_FLAG_COMPILE_ONLY)
        if JS_IsException(code) { return code }
        if let bytecode = bytecode(of: code, flags: JS_WRITE_OBJ_BYTECODE) { parts.scripts.keep(bytecode, for: key) }
        return JS_EvalFunction(context, code)
    }

    /// The function that a library is the body of, or an exception.
    func library(_ index: Int, parameters: String) -> JSValue {
        guard run.libraries.indices.contains(index) else { return tocsin_undefined() }
        do {
            let body = try compile(
                run.libraries[index].source, parameters: parameters, file: Self.libraryFile(index))
            return JS_DupValue(context, body)
        } catch {
            return tocsin_exception()
        }
    }

    /// What a part of the engine's own sources evaluates to.
    func part(_ part: EngineParts.Part) throws(Thrown) -> JSValue {
        let bytecode = parts.bytecode(of: part)
        let code = JS_ReadObject(context, bytecode, bytecode.count, JS_READ_OBJ_BYTECODE)
        guard !JS_IsException(code) else { throw Thrown() }
        return try check(JS_EvalFunction(context, code))
    }

    /// Bytecode, which loads faster than its source. `nil` when the source has an error.
    func compiled(_ source: String) -> [UInt8]? {
        let compiled = own(evaluate(source, file: Self.preludeFile, flags: JS_EVAL_FLAG_COMPILE_ONLY))
        guard !JS_IsException(compiled) else { return nil }
        return bytecode(of: compiled, flags: JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE)
    }

    private func bytecode(of code: JSValue, flags: Int32) -> [UInt8]? {
        var count = 0
        guard let bytes = JS_WriteObject(context, &count, code, flags) else {
            JS_FreeValue(context, JS_GetException(context))
            return nil
        }
        defer { js_free(context, bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
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

    private func outputs(_ list: JSValue) throws(Thrown) -> [String: String] {
        var outputs: [String: String] = [:]
        var bytes = 0
        let texts = self.texts(of: list)
        for index in stride(from: 0, to: texts.count - 1, by: 2) {
            guard run.outputNames?.contains(texts[index]) ?? true else { continue }
            outputs[texts[index]] = texts[index + 1]
            bytes += texts[index].utf8.count + texts[index + 1].utf8.count + 16
        }
        if bytes > state.limits.hostBytes {
            state.hit(.output, "the outputs have \(bytes) bytes; the limit is \(state.limits.hostBytes)")
            throw Thrown()
        }
        return outputs
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
}

// MARK: - Errors

extension Execution {
    /// The pending exception in words; the limit that was hit, if one was.
    private func explain(with describe: JSValue?, isCompiling: Bool) -> ScriptError {
        let limit = state.limitHit
        JS_SetMemoryLimit(runtime, state.limits.memoryBytes + Self.reserveBytes)
        state.allowDescription()
        guard JS_HasException(context) else {
            return limit ?? ScriptError(kind: .thrown, message: "the script failed without an error")
        }
        let exception = own(JS_GetException(context))
        JS_ClearUncatchableError(context, exception)
        let calls = own(tocsin_take_stack_trace(context))
        var stack = JS_IsError(exception) ? text(of: own(JS_GetPropertyStr(context, exception, "stack"))) : nil
        if stack?.contains("    at ") != true, JS_IsString(calls) { stack = text(of: calls) }
        let trace = StackTrace(stack ?? "", sources: sources)
        var error = limit ?? described(exception, trace, with: describe)
        if error.kind == .thrown, isCompiling || isSyntaxErrorOfLibrary(exception, trace) { error.kind = .syntax }
        if limit == nil, error.kind != .memory, let place = trace.libraryPlace { error.message += " (\(place))" }
        (error.line, error.column, error.stack) = (trace.line, trace.column, trace.text)
        return error
    }

    /// The author's sources by their files in traces.
    private var sources: [String: StackTrace.Source] {
        var sources: [String: StackTrace.Source] = [:]
        sources[Self.scriptFile] = .init(
            name: run.name, isLibrary: false, firstLineOffset: openings[Self.scriptFile] ?? 0,
            lines: run.source.utf8.count { $0 == UInt8(ascii: "\n") } + 1)
        for (index, library) in run.libraries.enumerated() {
            let file = Self.libraryFile(index)
            guard let offset = openings[file] else { continue }
            sources[file] = .init(
                name: library.name, isLibrary: true, firstLineOffset: offset,
                lines: library.source.utf8.count { $0 == UInt8(ascii: "\n") } + 1)
        }
        return sources
    }

    /// A library is compiled while the script runs: its own errors of syntax are no mistakes of a call.
    private func isSyntaxErrorOfLibrary(_ exception: JSValue, _ trace: StackTrace) -> Bool {
        trace.isAtCompilation && trace.libraryPlace != nil
            && text(of: exception)?.hasPrefix("SyntaxError") == true
    }

    private func described(
        _ exception: JSValue, _ trace: StackTrace, with describe: JSValue?
    ) -> ScriptError {
        var shown = exception
        // What cannot be described, because the script made it so, is shown as the engine would.
        if let describe { shown = (try? call(describe, [exception])) ?? exception }
        let message = text(of: shown) ?? "the script threw something that cannot be shown"
        // When the memory is too short even for an error object, the engine throws null.
        let isLack = JS_IsNull(exception) && !trace.isAtThrow(in: run.source)
        if isLack || message == "InternalError: out of memory" {
            return ScriptError(
                kind: .memory, message: "the script needs more memory than \(state.limits.memoryBytes) bytes")
        }
        return ScriptError(kind: .thrown, message: String(message.unicodeScalars.prefix(4096)))
    }
}

// MARK: - Values

extension Execution {
    func own(_ value: JSValue) -> JSValue {
        owned.append(value)
        return value
    }

    func check(_ value: JSValue) throws(Thrown) -> JSValue {
        if JS_IsException(value) { throw Thrown() }
        return own(value)
    }

    private func evaluate(_ source: String, file: String, flags: Int32 = 0) -> JSValue {
        var source = source
        return source.withUTF8 { utf8 in
            // The engine reads up to a zero behind the last byte.
            let text = UnsafeMutableBufferPointer<CChar>.allocate(capacity: utf8.count + 1)
            defer { text.deallocate() }
            utf8.withMemoryRebound(to: CChar.self) { _ = text[..<utf8.count].initialize(fromContentsOf: $0) }
            text[utf8.count] = 0
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
}
