import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Persistence

/// Alerts and what happened around them, by REST under `/api/xm/1` (spec §4.2, §4.3).
struct EventRESTRoutes<Context: RequestContext>: Sendable {
    /// The longest body in bytes: a script that somebody tries.
    private static var bodyLimit: Int { RESTRoute.bodyLimit }

    let services: EventServices

    func add(to router: Router<Context>) {
        for (path, routes) in Dictionary(grouping: services.routes, by: \.path) {
            for route in routes { add(route, to: router) }
            let allow = routes.map(\.method.rawValue).sorted().joined(separator: ", ")
            for method in RESTRoute.methods where !routes.contains(where: { $0.method == method }) {
                router.on(RouterPath("\(RESTPath.base)/\(path)"), method: method) { _, _ -> Response in
                    throw RestError(
                        405, "The method \(method.rawValue) is not allowed here. Allowed: \(allow).",
                        subcode: "request.method_not_allowed", headers: ["Allow": allow])
                }
            }
        }
    }

    private func add(_ route: RESTRoute, to router: Router<Context>) {
        router.on(RouterPath("\(RESTPath.base)/\(route.path)"), method: route.method) { [services] request, context in
            let caller = try await services.authenticator.authenticate(request, context)
            try caller.require(route.permission)
            let parameters = context.parameters.map { (String($0), String($1).removingPercentEncoding ?? String($1)) }
            let call = RESTCall(
                parameters: Dictionary(parameters) { first, _ in first },
                query: QueryParameters(request.uri.query ?? ""), path: request.uri.path.collapsingSlashes,
                body: route.method == .post ? try await Self.body(of: request) : nil, caller: caller,
                trace: UUID().uuidString.lowercased())
            return try await route.handler(call).response(trace: call.trace)
        }
    }

    private static func body(of request: Request) async throws -> JSONValue? {
        do {
            return try RequestBodyText.parse(Data(try await request.body.collect(upTo: bodyLimit).readableBytesView))
        } catch is NIOTooManyBytesError {
            throw RestError(413, "The body is larger than \(bodyLimit) bytes.", subcode: "request.body_too_large")
        }
    }
}
