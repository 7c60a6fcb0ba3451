import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Persistence

/// The calls of the interface before `/api/xm/1` that scripts still make, `/reapi/<version>/…` (spec §4.10). Each is
/// one of the present operations in other words: the same rights, the same checks, the same audit. Forms are triggered
/// at the door of the ingest service.
struct LegacyRoutes<Context: RequestContext>: Sendable {
    /// Those that are known stand for themselves, since paths of other services begin with them.
    private static var versions: [String] { ["2014-12-01", "2015-01-01", "2015-04-01", "{version}"] }

    let operations: LegacyOperations
    let authenticator: Authenticator
    /// `nil` for no limit.
    let rates: CallRates?
    let idempotency: IdempotentCalls

    private typealias Operation = @Sendable (LegacyCall) async throws -> JSONValue

    func add(to router: Router<Context>) {
        router.add(middleware: RESTErrorMiddleware(prefix: RESTPath.legacy, logger: Logger(label: "tocsin.rest")))
        let paths: [(String, [(HTTPRequest.Method, Operation)])] = [
            ("events", [(.get, operations.listEvents)]),
            ("events/{event}", [(.get, operations.getEvent), (.put, operations.setStatus)]),
            ("people", [(.get, operations.findPerson)]),
            ("properties/{property}/values", [(.put, operations.setValues)]),
            ("sites", [(.post, operations.saveSite)]),
            (
                "sites/{site}",
                [(.post, operations.saveSite), (.put, operations.saveSite), (.delete, operations.deleteSite)]
            ),
        ]
        for version in Self.versions {
            for (path, methods) in paths { add(RouterPath("/reapi/\(version)/\(path)"), methods, to: router) }
        }
    }

    private func add(_ path: RouterPath, _ methods: [(HTTPRequest.Method, Operation)], to router: Router<Context>) {
        let allow = methods.map { $0.0.rawValue }.sorted().joined(separator: ", ")
        for method in RESTRoute.methods {
            let operation = methods.first { $0.0 == method }?.1
            router.on(path, method: method) { request, context in
                guard let operation else {
                    throw RestError(
                        405, "The method \(method.rawValue) is not allowed here. Allowed: \(allow).",
                        subcode: "request.method_not_allowed", headers: ["Allow": allow])
                }
                let caller = try await authenticator.authenticate(request, context)
                try rates?.admit(caller)
                let bytes = try await RESTRouteTable.bytes(of: request, limit: RESTRoute.bodyLimit)
                let call = try call(request, context, bytes, caller)
                return try await idempotency.answering(request, body: bytes, by: caller) {
                    try Response(
                        status: .ok, json: try await operation(call), trace: UUID().uuidString.lowercased())
                }
            }
        }
    }

    private func call(
        _ request: Request, _ context: Context, _ bytes: Data?, _ caller: Caller
    ) throws -> LegacyCall {
        var parameters: [String: String] = [:]
        for (name, value) in context.parameters {
            parameters[String(name)] = String(value).removingPercentEncoding ?? String(value)
        }
        let parts = request.uri.path.split(separator: "/")
        return LegacyCall(
            version: parts.count > 1 ? String(parts[1]) : "", parameters: parameters,
            query: QueryParameters(request.uri.query ?? ""), body: try bytes.flatMap(RequestBodyText.parse),
            caller: caller)
    }
}

/// One request to the older interface, authenticated and parsed.
struct LegacyCall: Sendable {
    /// As the path says it; links repeat it.
    let version: String
    let parameters: [String: String]
    let query: QueryParameters
    let body: JSONValue?
    let caller: Caller

    func href(_ path: String) -> JSONValue { .string("/reapi/\(version)/\(path)") }
}
