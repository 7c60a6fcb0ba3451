import AlertCore

extension JSONValue {
    /// A field, or a field of a field: `a.b`.
    subscript(path path: String) -> JSONValue? {
        path.split(separator: ".").reduce(self as JSONValue?) { $0?[String($1)] }
    }

    /// The text, or the number as text, of a field; empty when there is none. `a.b` is a field of a field.
    func text(_ path: String) -> String { self[path: path]?.readable ?? "" }

    /// A time as people read it; empty when there is none.
    func time(_ path: String) -> String { Moment.readable(text(path)) }

    /// The rows of an array, or of a page within an object.
    func rows(_ path: String) -> [JSONValue] {
        let value = self[path: path]
        return value?.array ?? value?["data"]?.array ?? []
    }

    func number(_ path: String) -> Int? { self[path: path]?.integer.map(Int.init) }

    /// As a person is called: the full name and in brackets the one to type; of others the target name.
    func person(_ path: String) -> String {
        let name = text("\(path).targetName")
        let full = [text("\(path).firstName"), text("\(path).lastName")].filter { !$0.isEmpty }.joined(separator: " ")
        return full.isEmpty || full == name ? name : "\(full) (\(name))"
    }

    static func whole(_ number: Int) -> JSONValue { .integer(Int64(number)) }
}
