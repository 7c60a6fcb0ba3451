import AlertCore
import Foundation

/// The text of a body as JSON.
enum RequestBodyText {
    /// - Returns: `nil` for an empty body.
    /// - Throws: 400 that says where the text stops being JSON.
    static func parse(_ body: Data) throws(RestError) -> JSONValue? {
        guard !body.isEmpty else { return nil }
        do {
            return try JSONDecoder().decode(JSONValue.self, from: body)
        } catch {
            let detail = position(of: body) ?? "it cannot be read."
            throw RestError(
                400, "The body is not valid JSON: \(detail)", subcode: "request.malformed_json", arguments: [detail])
        }
    }
}

extension RequestBodyText {
    /// Where the text stops being JSON: the decoder keeps that to itself on Linux, the older parser says it.
    private static func position(of body: Data) -> String? {
        do {
            _ = try JSONSerialization.jsonObject(with: body, options: .fragmentsAllowed)
            return nil
        } catch {
            return (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
        }
    }
}

/// The fields of an object in a request. Asking for a field checks its type; `null` counts as absent, and
/// fields that nobody asks for are ignored, as clients send more than we know.
struct RequestFields: Sendable {
    /// The longest text of a field that is not a script or a template.
    static let textLimit = 4000

    let values: [String: JSONValue]
    /// What stands before a field's name in messages: `authentication.`.
    private let prefix: String
    /// What tests ask; see ``RESTObservation``.
    let reads: ReadNames?

    init(_ values: [String: JSONValue], prefix: String = "", reads: ReadNames? = nil) {
        self.values = values.filter { $0.value != .null }
        self.prefix = prefix
        self.reads = reads
    }

    func name(_ field: String) -> String { prefix + field }
    func has(_ field: String) -> Bool { self[field] != nil }
    subscript(field: String) -> JSONValue? {
        reads?.note(name(field))
        return values[field]
    }

    func text(_ field: String, limit: Int = textLimit) throws(RestError) -> String? {
        guard let value = self[field] else { return nil }
        guard let text = value.string else { throw wrong(field, "a string") }
        guard text.utf8.count <= limit else {
            throw .invalidValue(name(field), "it may have at most \(limit) bytes.")
        }
        guard !text.contains("\0") else { throw .invalidValue(name(field), "it holds a NUL character.") }
        return text
    }

    /// A text with something in it, without spaces around it.
    func requiredName(_ field: String, or current: String?, limit: Int = 255) throws(RestError) -> String {
        guard let text = try text(field, limit: limit) ?? current else { throw .missingField(name(field)) }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty else { throw .invalidValue(name(field), "it is empty.") }
        return trimmed
    }

    func bool(_ field: String) throws(RestError) -> Bool? {
        guard let value = self[field] else { return nil }
        guard let bool = value.bool else { throw wrong(field, "a boolean") }
        return bool
    }

    func integer(_ field: String, in range: ClosedRange<Int>) throws(RestError) -> Int? {
        guard let value = self[field] else { return nil }
        guard let number = value.integer else { throw wrong(field, "an integer") }
        guard let number = Int(exactly: number), range.contains(number) else {
            throw .invalidValue(name(field), "it must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func number(_ field: String) throws(RestError) -> Double? {
        switch self[field] {
        case nil: return nil
        case .integer(let number): return Double(number)
        case .number(let number): return number
        default: throw wrong(field, "a number")
        }
    }

    /// One of the wire names of an enumeration.
    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ field: String, _ type: Choice.Type = Choice.self
    ) throws(RestError) -> Choice? {
        guard let text = try text(field) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw .invalidChoice(name(field), text, valid: Choice.allCases.map(\.rawValue))
        }
        return choice
    }

    func list(_ field: String, limit: Int = 1000) throws(RestError) -> [JSONValue]? {
        guard let value = self[field] else { return nil }
        guard let list = value.array else { throw wrong(field, "an array") }
        guard list.count <= limit else {
            throw .invalidValue(name(field), "it may have at most \(limit) elements.")
        }
        return list
    }

    func texts(_ field: String, limit: Int = 1000) throws(RestError) -> [String]? {
        guard let list = try list(field, limit: limit) else { return nil }
        var texts: [String] = []
        for value in list {
            guard let text = value.string else {
                throw .wrongType(name(field), expected: "an array of strings", found: value.kindName)
            }
            texts.append(text)
        }
        return texts
    }

    func object(_ field: String) throws(RestError) -> RequestFields? {
        guard let value = self[field] else { return nil }
        guard let object = value.object else { throw wrong(field, "an object") }
        return RequestFields(object, prefix: "\(prefix)\(field).", reads: reads)
    }

    func objects(_ field: String, limit: Int = 1000) throws(RestError) -> [RequestFields]? {
        guard let list = try list(field, limit: limit) else { return nil }
        var objects: [RequestFields] = []
        for (index, value) in list.enumerated() {
            guard let object = value.object else {
                throw .wrongType("\(name(field))[\(index)]", expected: "an object", found: value.kindName)
            }
            objects.append(RequestFields(object, prefix: "\(prefix)\(field)[\(index)].", reads: reads))
        }
        return objects
    }

    /// Something else by its id or name: the text itself, or an object with `id`, `targetName` or `name`.
    func reference(_ field: String) throws(RestError) -> String? {
        guard let value = self[field] else { return nil }
        guard let reference = Self.reference(value) else { throw wrong(field, "an id, or an object with an id") }
        return reference
    }

    static func reference(_ value: JSONValue) -> String? {
        value.string ?? value["id"]?.string ?? value["targetName"]?.string ?? value["name"]?.string
    }

    private func wrong(_ field: String, _ expected: String) -> RestError {
        .wrongType(name(field), expected: expected, found: values[field]?.kindName ?? "nothing")
    }
}
