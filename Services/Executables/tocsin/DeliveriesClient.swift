import AlertCore
import Foundation

/// What the REST API of a server says about deliveries, as JSON.
struct DeliveriesClient {
    let server: WorkflowClient

    /// - Parameter query: Those with a value are sent.
    func get(_ path: String, _ query: [(String, String?)] = []) async throws -> JSONValue {
        try await server.json("GET", path + Self.text(query), nil)
    }

    func post(_ path: String, _ body: [String: JSONValue]) async throws -> JSONValue {
        try await server.json("POST", path, .object(body))
    }

    /// All rows of a list, up to `limit`, following its pages.
    /// - Returns: The rows, and how many there are in all.
    func rows(
        _ path: String, _ query: [(String, String?)], limit: Int
    ) async throws -> (rows: [JSONValue], total: Int) {
        var rows: [JSONValue] = []
        var address = path + Self.text(query + [("limit", String(min(limit, 1000)))])
        while true {
            let page = try await server.json("GET", address, nil)
            rows += page["data"]?.array ?? []
            let total = Int(page["total"]?.integer ?? 0)
            guard rows.count < limit, let next = page["links"]?["next"]?.string,
                let below = next.range(of: "/api/xm/1")
            else { return (Array(rows.prefix(limit)), total) }
            address = String(next[below.upperBound...])
        }
    }

    private static func text(_ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value -> String? in
            guard let value, !value.isEmpty else { return nil }
            return "\(name)=\(WorkflowClient.escaped(value))"
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}

extension Output {
    /// JSON for programs, one document.
    static func json(_ value: JSONValue) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// A table for people: columns as wide as their longest text, the last one as it comes.
    static func table(_ header: [String], _ rows: [[String]]) {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = row.enumerated().map { index, text in
                index == row.count - 1 ? text : text.padding(toLength: widths[index], withPad: " ", startingAt: 0)
            }
            print(cells.joined(separator: "  "))
        }
    }
}

extension JSONValue {
    /// The text, or the number as text, of a field; empty when there is none. `a.b` is a field of a field.
    func text(_ path: String) -> String {
        let value = path.split(separator: ".").reduce(self as JSONValue?) { $0?[String($1)] }
        return value?.readable ?? ""
    }
}
