import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Persistence

/// Operations of the API, and who may use them.
struct RESTRouteTable: Sendable {
    let routes: [RESTRoute]
    let authenticator: Authenticator

    /// Adds every route, and beside each a 405 for the methods that it does not have.
    func add<Context: RequestContext>(to router: Router<Context>) {
        for (path, routes) in Dictionary(grouping: routes, by: \.path) {
            for route in routes { add(route, to: router) }
            let methods = routes.map(\.method)
            let allow = methods.map(\.rawValue).sorted().joined(separator: ", ")
            for method in RESTRoute.methods where !methods.contains(method) {
                router.on(RouterPath("\(RESTPath.base)/\(path)"), method: method) { _, _ -> Response in
                    throw RestError(
                        405, "The method \(method.rawValue) is not allowed here. Allowed: \(allow).",
                        subcode: "request.method_not_allowed", headers: ["Allow": allow])
                }
            }
        }
    }

    private func add<Context: RequestContext>(_ route: RESTRoute, to router: Router<Context>) {
        router.on(RouterPath("\(RESTPath.base)/\(route.path)"), method: route.method) {
            [authenticator] request, context in
            let caller = try await authenticator.authenticate(request, context)
            try caller.require(route.permission)
            let call = RESTCall(
                parameters: try Self.parameters(context), query: QueryParameters(request.uri.query ?? ""),
                path: request.uri.path.collapsingSlashes, body: try await Self.body(of: request, for: route.method),
                caller: caller, trace: UUID().uuidString.lowercased())
            return try await route.handler(call).response(trace: call.trace)
        }
    }

    private static func parameters(_ context: some RequestContext) throws -> [String: String] {
        var parameters: [String: String] = [:]
        for (name, value) in context.parameters {
            guard let decoded = String(value).removingPercentEncoding else {
                throw RestError(400, "The path is not valid.", subcode: "request.invalid_path")
            }
            parameters[String(name)] = decoded
        }
        return parameters
    }

    private static func body(of request: Request, for method: HTTPRequest.Method) async throws -> JSONValue? {
        guard method == .post || method == .put else { return nil }
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: RESTRoute.bodyLimit)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw RestError(
                413, "The body is larger than \(RESTRoute.bodyLimit) bytes.", subcode: "request.body_too_large")
        }
        return try RequestBodyText.parse(Data(buffer.readableBytesView))
    }
}

extension String {
    /// One slash where there were several, none at the end: what links are made from.
    var collapsingSlashes: String { "/" + split(separator: "/").joined(separator: "/") }
}
