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

/// The prelude's `native` by name.
let nativeFunctions:
    [(
        String,
        @convention(c) (OpaquePointer?, JSValue, Int32, UnsafeMutablePointer<JSValue>?) -> JSValue
    )] = [
        ("log", { context, _, count, arguments in NativeCall(context, count, arguments).log() }),
        ("http", { context, _, count, arguments in NativeCall(context, count, arguments).http() }),
        ("form", { context, _, count, arguments in NativeCall(context, count, arguments).ask(.form) }),
        ("token", { context, _, count, arguments in NativeCall(context, count, arguments).ask(.token) }),
        ("library", { context, _, count, arguments in NativeCall(context, count, arguments).library() }),
        ("part", { context, _, count, arguments in NativeCall(context, count, arguments).part() }),
        ("sleep", { context, _, count, arguments in NativeCall(context, count, arguments).sleep() }),
        ("xpath", { context, _, count, arguments in NativeCall(context, count, arguments).xpath() }),
    ]

/// A call of one of the ``nativeFunctions``. The prelude gives the arguments, in the types that are read here.
private struct NativeCall {
    let execution: Execution
    let arguments: UnsafeMutableBufferPointer<JSValue>

    init(_ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<JSValue>?) {
        execution = Unmanaged<Execution>.fromOpaque(JS_GetContextOpaque(context)).takeUnretainedValue()
        self.arguments = UnsafeMutableBufferPointer(start: arguments, count: Int(count))
    }

    private var context: OpaquePointer { execution.context }

    private func argument(_ index: Int) -> JSValue {
        arguments.indices.contains(index) ? arguments[index] : tocsin_undefined()
    }

    private func text(_ index: Int) -> String { execution.text(of: argument(index)) ?? "" }

    private func optionalText(_ index: Int) -> String? { JS_IsUndefined(argument(index)) ? nil : text(index) }

    func log() -> JSValue {
        let done: Void? = withText(of: argument(0), in: context) { execution.state.log($0) }
        return done == nil ? tocsin_exception() : tocsin_undefined()
    }

    func http() -> JSValue {
        let listed = execution.texts(of: argument(3))
        var headers: [String: String] = [:]
        for index in stride(from: 0, to: listed.count - 1, by: 2) { headers[listed[index]] = listed[index + 1] }
        let call = ScriptHTTPCall(
            endpoint: optionalText(0), path: text(1), method: text(2), headers: headers, body: optionalText(4),
            autoEncodeURI: JS_ToBool(context, argument(5)) != 0, host: optionalText(6))
        return answer(to: Frame(.http, call.payload))
    }

    /// A call that is one text.
    func ask(_ kind: Frame.Kind) -> JSValue {
        guard let payload = withText(of: argument(0), in: context, { Array($0) }) else { return tocsin_exception() }
        return answer(to: Frame(kind, payload))
    }

    /// A list of status, body, and names and values of headers; or a text that says why there is no answer.
    private func answer(to frame: Frame) -> JSValue {
        do {
            let reply = try execution.state.call(frame)
            guard reply.kind == .answer else {
                return execution.makeString(String(decoding: reply.payload, as: UTF8.self))
            }
            let answer = try ScriptHTTPAnswer(payload: reply.payload)
            var values = [JS_NewInt64(context, Int64(answer.statusCode)), execution.makeString(answer.body)]
            for (name, value) in answer.headers.sorted(by: { $0.key < $1.key }) {
                values += [execution.makeString(name), execution.makeString(value)]
            }
            return try execution.makeArray(values)
        } catch let limit as ScriptError {
            return tocsin_throw_uncatchable(context, limit.message)
        } catch is Execution.Thrown {
            return tocsin_exception()
        } catch {
            return tocsin_throw(context, "the answer cannot be read")
        }
    }

    func library() -> JSValue {
        var index: Int32 = -1
        JS_ToInt32(context, &index, argument(0))
        return execution.library(Int(index), parameters: text(1))
    }

    func part() -> JSValue {
        guard let part = EngineParts.Part(rawValue: text(0)) else { return tocsin_undefined() }
        do {
            return JS_DupValue(context, try execution.part(part))
        } catch {
            return tocsin_exception()
        }
    }

    func sleep() -> JSValue {
        var milliseconds: Double = 0
        JS_ToFloat64(context, &milliseconds, argument(0))
        guard milliseconds >= 0 else { return tocsin_throw(context, "the time to sleep is negative or no number") }
        execution.state.sleep(milliseconds: milliseconds)
        if let limit = execution.state.limitHit { return tocsin_throw_uncatchable(context, limit.message) }
        return tocsin_undefined()
    }

    func xpath() -> JSValue {
        var index: Int32 = -1
        JS_ToInt32(context, &index, argument(3))
        let tree = XPathTree(parts: execution.texts(of: argument(2)))
        do {
            let namespaces = execution.texts(of: argument(1))
            switch try tree.evaluate(text(0), namespaces: namespaces, at: Int(index)) {
            case .boolean(let value): return JS_NewBool(context, value)
            case .number(let value): return JS_NewFloat64(context, value)
            case .text(let value): return execution.makeString(value)
            case .nodes(let nodes): return try execution.makeArray(nodes.map { JS_NewInt64(context, Int64($0)) })
            }
        } catch let error as XPathTree.Problem {
            return tocsin_throw(context, "xpath: \(error.message)")
        } catch {
            return tocsin_exception()
        }
    }
}
