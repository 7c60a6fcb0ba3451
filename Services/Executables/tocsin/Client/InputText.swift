import AlertCore
import Foundation

/// Texts that come from files or the input.
enum InputText {
    private static let limit = 1 << 20

    static func standard() throws -> String {
        guard let data = try FileHandle.standardInput.read(upToCount: limit) else { return "" }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// - Parameter path: `-` for the input.
    static func file(_ path: String) throws -> String {
        if path == "-" { return try standard() }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("\(path) cannot be read. Is there the file?")
        }
        guard data.count <= limit else { throw CommandError("\(path) has more than \(limit) bytes.") }
        return String(decoding: data, as: UTF8.self)
    }

    /// `NAME=VALUE` pairs as fields; `NAME:=JSON` for what is no text.
    static func fields(_ pairs: [String]) throws -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        for pair in pairs {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw CommandError("\(pair) has to be NAME=VALUE.")
            }
            var name = String(pair[..<equals])
            let value = String(pair[pair.index(after: equals)...])
            guard name.hasSuffix(":") else {
                fields[name] = .string(value)
                continue
            }
            name.removeLast()
            do {
                fields[name] = try JSONDecoder().decode(JSONValue.self, from: Data(value.utf8))
            } catch {
                throw CommandError("\(value) of \(name):= is no JSON. For a text, type \(name)=\(value)")
            }
        }
        return fields
    }
}
