import AlertCore
import Foundation
import Persistence

/// The query of a request.
struct QueryParameters: Sendable {
    let items: [(name: String, value: String)]

    /// What tests ask; see ``RESTObservation``.
    let reads: ReadNames?

    init(items: [(name: String, value: String)], reads: ReadNames? = nil) {
        self.items = items
        self.reads = reads
    }

    init(_ query: String, reads: ReadNames? = nil) {
        self.reads = reads
        items = query.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(parts[0]), parts.count > 1 ? Self.decoded(parts[1]) : "")
        }
    }

    /// The same with one parameter set.
    func with(_ item: (name: String, value: String)) -> QueryParameters {
        QueryParameters(items: items.filter { $0.name != item.name } + [item], reads: reads)
    }

    subscript(name: String) -> String? {
        reads?.note("?\(name)")
        return items.first { $0.name == name }?.value
    }

    /// The values of a comma-separated list; `nil` when the parameter is absent or empty.
    func list(_ name: String) -> [String]? {
        let values = self[name]?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
        return values.isEmpty ? nil : values
    }

    func embeds(_ name: String) -> Bool {
        reads?.note("?embed=\(name)")
        return (list("embed") ?? []).contains { $0.lowercased() == name.lowercased() }
    }

    /// One of a few values, ignoring case.
    func choice(_ name: String, of valid: [String]) throws(RestError) -> String? {
        guard let value = self[name], !value.isEmpty else { return nil }
        guard valid.contains(value.uppercased()) else { throw .invalidChoice(name, value, valid: valid) }
        return value.uppercased()
    }

    func bool(_ name: String) throws(RestError) -> Bool? {
        try choice(name, of: ["TRUE", "FALSE"]).map { $0 == "TRUE" }
    }

    func paging() throws(RestError) -> Paging {
        Paging(
            offset: try integer("offset", default: 0, in: 0...1_000_000_000),
            limit: try integer("limit", default: 100, in: 1...1000))
    }

    private func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) throws(RestError) -> Int {
        guard let text = self[name] else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw .invalidValue(name, "it must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    private static func decoded(_ text: Substring) -> String {
        let spaced = text.replacingOccurrences(of: "+", with: " ")
        return spaced.removingPercentEncoding ?? spaced
    }
}

/// Which part of a list is asked for.
struct Paging: Sendable {
    let offset: Int
    let limit: Int

    func cut<Element>(_ all: [Element]) -> [Element] { Array(all.dropFirst(offset).prefix(limit)) }
}

/// The search of a list: words that begin what they are looked for in.
struct Search: Sendable {
    private let terms: [String]
    private let needsAll: Bool

    /// - Throws: 400 for an unknown `operand`.
    init(_ query: QueryParameters) throws(RestError) {
        terms = (query["search"] ?? "").lowercased().split(whereSeparator: \.isWhitespace).map(String.init)
        needsAll = try query.choice("operand", of: ["AND", "OR"]) == "AND"
    }

    var isEmpty: Bool { terms.isEmpty }

    /// Whether a text, or a word of it, begins with one of the terms; or with each, for `operand=AND`.
    func matches(_ texts: [String]) -> Bool {
        guard !terms.isEmpty else { return true }
        let words = texts.flatMap { text in
            [text.lowercased()] + text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        }
        let found: (String) -> Bool = { term in words.contains { $0.hasPrefix(term) } }
        return needsAll ? terms.allSatisfy(found) : terms.contains(where: found)
    }
}

// MARK: - Pages

extension RESTCall {
    /// A page of a list, with links that repeat the query (spec §4.1).
    func page(_ data: [JSONValue], total: Int, _ paging: Paging) -> JSONValue {
        var links: [String: JSONValue?] = ["self": .string(link(paging.offset, paging.limit))]
        if paging.offset + data.count < total, !data.isEmpty {
            links["next"] = .string(link(paging.offset + paging.limit, paging.limit))
        }
        if paging.offset > 0 {
            links["previous"] = .string(link(max(0, paging.offset - paging.limit), paging.limit))
        }
        return .fields([
            "count": .integer(Int64(data.count)), "total": .integer(Int64(total)), "data": .array(data),
            "links": .fields(links),
        ])
    }

    /// A page cut from a list that is all there.
    func page(of all: [JSONValue]) throws(RestError) -> JSONValue {
        let paging = try query.paging()
        return page(paging.cut(all), total: all.count, paging)
    }

    private func link(_ offset: Int, _ limit: Int) -> String {
        let others = query.items.filter { $0.name != "offset" && $0.name != "limit" }
        let all = [("offset", String(offset)), ("limit", String(limit))] + others.map { ($0.name, $0.value) }
        let text = all.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
        return "\(path)?\(text)"
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: allowedInQuery) ?? ""
    }

    private static let allowedInQuery = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~,:")
}

extension JSONValue {
    /// An object of those fields that have a value.
    static func fields(_ fields: [String: JSONValue?]) -> JSONValue { .object(fields.compactMapValues { $0 }) }

    /// A list within another object: its first hundred.
    static func embeddedPage(_ all: [JSONValue], path: String) -> JSONValue {
        let data = Array(all.prefix(100))
        return .fields([
            "count": .integer(Int64(data.count)), "total": .integer(Int64(all.count)), "data": .array(data),
            "links": ["self": .string("\(path)?offset=0&limit=100")],
        ])
    }

    static func text(_ text: String?) -> JSONValue? { text.map(JSONValue.string) }
    static func whole(_ number: Int) -> JSONValue { .integer(Int64(number)) }
    static func links(_ path: String) -> JSONValue { ["self": .string(RESTPath.base + path)] }
}

enum RESTPath {
    static let base = "/api/xm/1"
    /// The interface before this one.
    static let legacy = "/reapi/"
}
