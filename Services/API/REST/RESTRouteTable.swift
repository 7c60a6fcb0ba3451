import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Persistence

/// Operations of the API, and who may use them.
struct RESTRouteTable: Sendable {
    let routes: [RESTRoute]
    let authenticator: Authenticator
    /// `nil` where calls are not counted: those from within.
    let rates: CallRates?
    /// `nil` where keys have no meaning.
    let idempotency: IdempotentCalls?

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
            [authenticator, rates, idempotency] request, context in
            let caller = try await authenticator.authenticate(request, context)
            try rates?.admit(caller)
            try caller.require(route.permission)
            let bytes = try await Self.bytes(of: request, limit: route.rawBodyLimit ?? RESTRoute.bodyLimit)
            var call = RESTCall(
                parameters: try Self.parameters(context),
                query: QueryParameters(request.uri.query ?? "", reads: RESTObservation.reads),
                path: request.uri.path.collapsingSlashes,
                body: route.rawBodyLimit == nil ? try bytes.flatMap(RequestBodyText.parse) : nil,
                caller: caller, trace: UUID().uuidString.lowercased())
            if route.rawBodyLimit != nil {
                call.raw = RawBody(bytes: bytes ?? Data(), type: request.headers[.contentType])
            }
            let (wholeCall, carryOut) = (call, Self.answer)
            guard let idempotency else { return try await carryOut(route, wholeCall) }
            return try await idempotency.answering(request, body: bytes, by: caller) {
                try await carryOut(route, wholeCall)
            }
        }
    }

    private static func answer(_ route: RESTRoute, _ call: RESTCall) async throws -> Response {
        let answer = try await RESTObservation.telling(route, call) { try await route.handler(call) }
        return try answer.response(trace: call.trace)
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

    /// `nil` where the method has no body.
    static func bytes(of request: Request, limit: Int) async throws -> Data? {
        guard request.method == .post || request.method == .put else { return nil }
        do {
            return Data(try await request.body.collect(upTo: limit).readableBytesView)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw RestError(413, "The body is larger than \(limit) bytes.", subcode: "request.body_too_large")
        }
    }
}

extension String {
    /// One slash where there were several, none at the end: what links are made from.
    var collapsingSlashes: String { "/" + split(separator: "/").joined(separator: "/") }
}
