@preconcurrency import CQuickJS
import Scripting

// Between the engine's values and Swift's.

extension Execution {
    /// A value as JavaScript's `String(value)`; `nil` when that fails.
    func text(of value: JSValue) -> String? {
        if !JS_IsException(value), let text = withText(of: value, in: context, { String(decoding: $0, as: UTF8.self) })
        {
            return text
        }
        JS_FreeValue(context, JS_GetException(context))
        return nil
    }

    /// The elements of a list of texts.
    func texts(of list: JSValue) -> [String] {
        var count: Int64 = 0
        guard JS_GetLength(context, list, &count) == 0 else {
            JS_FreeValue(context, JS_GetException(context))
            return []
        }
        return (0..<UInt32(clamping: count)).map { index in
            let value = JS_GetPropertyUint32(context, list, index)
            defer { JS_FreeValue(context, value) }
            return text(of: value) ?? ""
        }
    }

    func makeString(_ text: String) -> JSValue {
        var text = text
        return text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { JS_NewStringLen(context, $0.baseAddress, $0.count) }
        }
    }

    /// An object with the members in this order. Takes the values, be there an error or not.
    func makeObject(_ members: [(String, JSValue)]) throws(Thrown) -> JSValue {
        let object = JS_NewObject(context)
        var isComplete = !JS_IsException(object)
        for (name, value) in members {
            if isComplete, !JS_IsException(value) {
                let done = JS_DefinePropertyValueStr(context, object, name, value, tocsin_plain_property())
                isComplete = done >= 0
            } else {
                JS_FreeValue(context, value)
                isComplete = false
            }
        }
        if isComplete { return object }
        JS_FreeValue(context, object)
        throw Thrown()
    }

    func makeObject(_ texts: [String: String]) throws(Thrown) -> JSValue {
        try makeObject(texts.sorted { $0.key < $1.key }.map { ($0.key, makeString($0.value)) })
    }

    /// A list. Takes the values, be there an error or not.
    func makeArray(_ values: [JSValue]) throws(Thrown) -> JSValue {
        let array = JS_NewArray(context)
        var isComplete = !JS_IsException(array)
        for (index, value) in values.enumerated() {
            if isComplete, !JS_IsException(value) {
                let done = JS_DefinePropertyValueUint32(context, array, UInt32(index), value, tocsin_plain_property())
                isComplete = done >= 0
            } else {
                JS_FreeValue(context, value)
                isComplete = false
            }
        }
        if isComplete { return array }
        JS_FreeValue(context, array)
        throw Thrown()
    }
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
