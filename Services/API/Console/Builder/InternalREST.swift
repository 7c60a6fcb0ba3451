import AlertCore
import Foundation
import HTTPTypes
import Persistence

/// The REST API from within, for forms of the console: the same checks, the same audit.
struct InternalREST: Sendable {
    let services: RESTServices
    private let routes: [String: RESTRoute]

    /// - Parameter others: Operations besides those of the configuration.
    init(_ services: RESTServices, and others: [RESTRoute] = []) {
        self.services = services
        routes = Dictionary((services.routes + others).map { (Self.key($0.method, $0.path), $0) }) { first, _ in first }
    }

    private static func key(_ method: HTTPRequest.Method, _ path: String) -> String { "\(method.rawValue) \(path)" }

    func has(_ method: HTTPRequest.Method, _ path: String) -> Bool { routes[Self.key(method, path)] != nil }

    /// The longest body in bytes that a route takes as it comes.
    func rawBodyLimit(_ method: HTTPRequest.Method, _ path: String) -> Int {
        routes[Self.key(method, path)]?.rawBodyLimit ?? 0
    }

    /// - Parameters:
    ///   - path: Of the route, as in `plans/{plan}/constants`; `parameters` has its parts in braces.
    ///   - raw: The body of a route that takes it as it comes.
    /// - Throws: What a client of the API would be answered, as a `RestError`.
    func call(
        _ method: HTTPRequest.Method, _ path: String, _ parameters: [String: String] = [:],
        query: QueryParameters = QueryParameters(""), body: JSONValue? = nil, raw: RawBody? = nil, by caller: Caller
    ) async throws -> RESTAnswer {
        guard let route = routes[Self.key(method, path)] else {
            throw RestError.notFound("There is no such operation.")
        }
        try caller.require(route.permission)
        var call = Self.call(parameters, query, path: "\(RESTPath.base)/\(path)", body: body, by: caller)
        if let raw { call.raw = raw }
        return try await route.handler(call)
    }

    /// One transaction of several changes, made as by one call.
    func transaction<Value: Sendable>(
        by caller: Caller, _ body: @escaping @Sendable (DirectoryEdit) throws -> Value
    ) async throws -> Value {
        try caller.require(.writeConfiguration)
        defer { services.cache.invalidate() }  // after a throw, too: the transaction may have been committed
        let call = Self.call([:], QueryParameters(""), path: RESTPath.base, body: nil, by: caller)
        let now = services.now()
        return try await services.database.retrying { connection in
            let directory = Directory(connection)
            try directory.lock()
            return try body(DirectoryEdit(directory: directory, call: call, now: now))
        }
    }

    private static func call(
        _ parameters: [String: String], _ query: QueryParameters, path: String, body: JSONValue?, by caller: Caller
    ) -> RESTCall {
        RESTCall(
            parameters: parameters, query: query, path: path, body: body, caller: caller,
            trace: UUID().uuidString.lowercased())
    }
}

extension QueryParameters {
    /// A field of a form as a text of the API: line ends as scripts have them; `nil` when it is not there.
    func text(_ name: String) -> String? {
        self[name].map { $0.replacing("\r\n", with: "\n") }
    }

    /// A field that has something in it.
    func filled(_ name: String) -> JSONValue? {
        let text = text(name)?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        return text.isEmpty ? nil : .string(text)
    }

    /// `a, b` and lines, as a list.
    func names(_ name: String) -> [String] {
        (text(name) ?? "").split { $0 == "," || $0.isNewline }.map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }

    /// All values of boxes with one name.
    func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }
}
