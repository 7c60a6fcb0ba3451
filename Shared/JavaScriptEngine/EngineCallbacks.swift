@preconcurrency import CQuickJS
import Scripting

// What the engine calls while a script runs. In functions at file level, because a closure that C calls
// must not belong to an actor.

/// Called now and then by the engine; not 0 ends the script with an error that it cannot catch.
func interruptWhenOverdue(_ runtime: OpaquePointer?, _ opaque: UnsafeMutableRawPointer?) -> Int32 {
    guard let opaque else { return 1 }
    return Unmanaged<RunState>.fromOpaque(opaque).takeUnretainedValue().isOverdue() ? 1 : 0
}

func trackRejection(
    _ context: OpaquePointer?, _ promise: JSValue, _ reason: JSValue, _ isHandled: Bool,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let opaque else { return }
    let execution = Unmanaged<Execution>.fromOpaque(opaque).takeUnretainedValue()
    if isHandled {
        execution.rejectionWasHandled(of: promise)
    } else {
        execution.promise(promise, wasRejectedWith: reason)
    }
}

func nativeLog(
    _ context: OpaquePointer?, _ this: JSValue, _ count: Int32, _ arguments: UnsafeMutablePointer<JSValue>?
) -> JSValue {
    guard let context, let arguments, count > 0 else { return tocsin_undefined() }
    let done: Void? = withText(of: arguments[0], in: context) { state(of: context).log($0) }
    return done == nil ? tocsin_exception() : tocsin_undefined()
}

func nativeHTTP(
    _ context: OpaquePointer?, _ this: JSValue, _ count: Int32, _ arguments: UnsafeMutablePointer<JSValue>?
) -> JSValue {
    callHost(.http, context, count, arguments)
}

func nativeForm(
    _ context: OpaquePointer?, _ this: JSValue, _ count: Int32, _ arguments: UnsafeMutablePointer<JSValue>?
) -> JSValue {
    callHost(.form, context, count, arguments)
}

private func callHost(
    _ kind: Frame.Kind, _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<JSValue>?
) -> JSValue {
    guard let context, let arguments, count > 0 else { return tocsin_undefined() }
    guard let payload = withText(of: arguments[0], in: context, { Array($0) }) else { return tocsin_exception() }
    do throws(ScriptError) {
        return makeString(context, try state(of: context).call(Frame(kind, payload)))
    } catch {
        return tocsin_throw_uncatchable(context, error.message)
    }
}

private func state(of context: OpaquePointer) -> RunState {
    Unmanaged<RunState>.fromOpaque(JS_GetContextOpaque(context)).takeUnretainedValue()
}

/// The UTF-8 of JavaScript's `String(value)`; `nil`, and an exception pending, when that fails.
func withText<T>(
    of value: JSValue, in context: OpaquePointer, _ body: (UnsafeBufferPointer<UInt8>) -> T
) -> T? {
    var count = 0
    guard let text = JS_ToCStringLen(context, &count, value) else { return nil }
    defer { JS_FreeCString(context, text) }
    return text.withMemoryRebound(to: UInt8.self, capacity: count) {
        body(UnsafeBufferPointer(start: $0, count: count))
    }
}

func makeString(_ context: OpaquePointer, _ utf8: [UInt8]) -> JSValue {
    utf8.withUnsafeBytes { raw in
        JS_NewStringLen(context, raw.assumingMemoryBound(to: CChar.self).baseAddress, raw.count)
    }
}
