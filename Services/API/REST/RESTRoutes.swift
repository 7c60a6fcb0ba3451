import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Persistence

/// What people configure, by REST under `/api/xm/1` (spec §4).
public struct RESTRoutes<Context: RequestContext>: Sendable {
    private let services: RESTServices

    /// - Parameters:
    ///   - cache: Invalidated after each change, so that who made it sees it at once.
    ///   - secrets: Seals what has to be read again: keys, passwords, signing secrets.
    ///   - authenticator: The process's one, which remembers who has been let in.
    public init(
        database: any SQLDatabase, cache: DirectoryCache, secrets: SecretBox, authenticator: Authenticator,
        now: @escaping Clock, passwordCost: PasswordHash.Cost = .standard
    ) {
        services = RESTServices(
            database: database, cache: cache, secrets: secrets, authenticator: authenticator, now: now,
            passwordCost: passwordCost)
    }

    /// Adds every route, and beside each a 405 for the methods that it does not have. The error middleware
    /// goes to the whole router, since only there it sees what no route matches; it minds `/api/` only.
    public func add(to router: Router<Context>) {
        router.add(middleware: RESTErrorMiddleware(logger: Logger(label: "tocsin.rest")))
        for (path, routes) in Dictionary(grouping: services.routes, by: \.path) {
            for route in routes { add(route, to: router) }
            let methods = routes.map(\.method)
            let allow = methods.map(\.rawValue).sorted().joined(separator: ", ")
            for method in RESTRoute.methods where !methods.contains(method) {
                router.on(RouterPath("/api/xm/1/\(path)"), method: method) { _, _ -> Response in
                    throw RestError(
                        405, "The method \(method.rawValue) is not allowed here. Allowed: \(allow).",
                        subcode: "request.method_not_allowed", headers: ["Allow": allow])
                }
            }
        }
    }

    private func add(_ route: RESTRoute, to router: Router<Context>) {
        router.on(RouterPath("/api/xm/1/\(route.path)"), method: route.method) { [services] request, context in
            let caller = try await services.authenticator.authenticate(request)
            try caller.require(route.permission)
            let bytes = try await Self.bytes(of: request, for: route)
            var call = RESTCall(
                parameters: try Self.parameters(context), query: QueryParameters(request.uri.query ?? ""),
                path: request.uri.path.collapsingSlashes,
                body: route.rawBodyLimit == nil ? try bytes.flatMap(RequestBodyText.parse) : nil,
                caller: caller, trace: UUID().uuidString.lowercased())
            if route.rawBodyLimit != nil {
                call.raw = RawBody(bytes: bytes ?? Data(), type: request.headers[.contentType])
            }
            return try await route.handler(call).response(trace: call.trace)
        }
    }

    private static func parameters(_ context: Context) throws -> [String: String] {
        var parameters: [String: String] = [:]
        for (name, value) in context.parameters {
            guard let decoded = String(value).removingPercentEncoding else {
                throw RestError(400, "The path is not valid.", subcode: "request.invalid_path")
            }
            parameters[String(name)] = decoded
        }
        return parameters
    }

    /// `nil` where the method has no body.
    private static func bytes(of request: Request, for route: RESTRoute) async throws -> Data? {
        guard route.method == .post || route.method == .put else { return nil }
        let limit = route.rawBodyLimit ?? RESTRoute.bodyLimit
        do {
            return Data(try await request.body.collect(upTo: limit).readableBytesView)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw RestError(413, "The body is larger than \(limit) bytes.", subcode: "request.body_too_large")
        }
    }
}

/// One operation of the API.
struct RESTRoute: Sendable {
    static let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete]
    /// The longest body in bytes: a script of some 3 MB in base64.
    static let bodyLimit = 4 << 20

    let method: HTTPRequest.Method
    /// Below `/api/xm/1/`; parts in braces are parameters.
    let path: String
    let permission: Permission
    let handler: @Sendable (RESTCall) async throws -> RESTAnswer
    /// Of a route whose body is no JSON: the longest in bytes.
    var rawBodyLimit: Int?

    static func get(_ path: String, _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer) -> RESTRoute {
        RESTRoute(method: .get, path: path, permission: .readConfiguration, handler: handler)
    }

    static func post(
        _ path: String, _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer
    ) -> RESTRoute {
        RESTRoute(method: .post, path: path, permission: .writeConfiguration, handler: handler)
    }

    static func put(_ path: String, _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer) -> RESTRoute {
        RESTRoute(method: .put, path: path, permission: .writeConfiguration, handler: handler)
    }

    static func delete(
        _ path: String, _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer
    ) -> RESTRoute {
        RESTRoute(method: .delete, path: path, permission: .writeConfiguration, handler: handler)
    }
}

extension String {
    /// One slash where there were several, none at the end: what links are made from.
    var collapsingSlashes: String { "/" + split(separator: "/").joined(separator: "/") }
}
