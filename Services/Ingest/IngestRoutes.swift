import AlertCore
import Endpoints
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import Metrics
import Persistence

/// The door: `POST /api/integration/1/functions/{id}/triggers` answers 202 once the bus has the request: from then
/// on it cannot be lost (spec §2.1).
public struct IngestRoutes<Context: RemoteAddressRequestContext>: Sendable {
    let bus: any MessageBus
    let directory: DirectoryCache
    let authentication: TriggerAuthentication
    /// Bytes.
    let bodyLimit: Int
    let now: Clock
    let logger: Logger

    public init(
        bus: any MessageBus, directory: DirectoryCache, authenticator: Authenticator, secrets: SecretBox,
        bodyLimit: Int, now: @escaping Clock, logger: Logger
    ) {
        self.bus = bus
        self.directory = directory
        authentication = TriggerAuthentication(authenticator: authenticator, secrets: secrets)
        self.bodyLimit = bodyLimit
        self.now = now
        self.logger = logger
    }

    private static var path: RouterPath { "/api/integration/1/functions/:integration/triggers" }

    public func add(to router: Router<Context>) {
        router.post(Self.path, use: accept)
        for method in [HTTPRequest.Method.get, .put, .delete, .patch] {
            router.on(Self.path, method: method) { _, _ in
                try Self.answer(
                    RestError(
                        405, "Only POST triggers an integration.", subcode: "request.method_not_allowed",
                        headers: ["Allow": "POST"]))
            }
        }
    }

    @Sendable
    private func accept(_ request: Request, _ context: Context) async throws -> Response {
        do {
            let requestId = DerivedID.timeOrdered(at: now(), chance: (0..<10).map { _ in UInt8.random(in: 0...255) })
            let message = try await message(from: request, context, requestId)
            try await publish(message)
            Counter(label: "tocsin_inbound_requests_total", dimensions: [("answer", "202")]).increment()
            return try Self.answer(202, ["requestId": requestId])
        } catch let error as RestError {
            Counter(label: "tocsin_inbound_requests_total", dimensions: [("answer", "\(error.code)")]).increment()
            logger.info(
                "inbound request refused",
                metadata: ["path": "\(request.uri.path)", "status": "\(error.code)", "reason": "\(error.message)"])
            return try Self.answer(error)
        }
    }

    private func message(
        from request: Request, _ context: Context, _ requestId: String
    ) async throws -> InboundRequestMessage {
        let (integration, view) = try await integration(context.parameters.get("integration") ?? "")
        var parameters = Dictionary(
            request.uri.queryParameters.map { (String($0.key), String($0.value)) }
        ) { _, last in last }
        let key = parameters.removeValue(forKey: "apiKey")
        let given = (context as? any InternalCallContext)?.internalCaller
        let person = try await authentication.authenticate(
            integration, key: key, authorization: request.headers[.authorization], given: given?.person, in: view)
        let depth = given?.depth ?? Self.depth(of: request)
        try InternalCaller.check(depth: depth)
        let body = try await body(of: request)
        if request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true {
            parameters.merge(FormEncoding.parse(body)) { _, fromBody in fromBody }
        }
        if integration.operation == .createAlert { try Self.checkBody(body) }
        return InboundRequestMessage(
            requestId: requestId, integration: integration.id, receivedAt: now(), method: request.method.rawValue,
            headers: CanonicalHeaders.of(request.headers), parameters: parameters, body: body,
            remoteAddress: context.remoteAddress?.ipAddress ?? "", person: person.id, depth: depth == 0 ? nil : depth)
    }

    /// Only refuses: who makes it up does so to his own requests.
    private static func depth(of request: Request) -> Int {
        let value = HTTPField.Name(InternalCaller.depthHeader).flatMap { request.headers[$0] }
        return max(0, value.flatMap(Int.init) ?? 0)
    }

    private func integration(_ id: String) async throws -> (Integration, DirectoryView) {
        var view = try await unavailableIfItFails { try await directory.current() }
        // The integration may be younger than what is in memory.
        if view.integrations[id.lowercased()] == nil {
            view = try await unavailableIfItFails { try await directory.refreshed() }
        }
        guard let integration = view.integrations[id.lowercased()], integration.integrationType == .inbound else {
            throw RestError(404, "There is no inbound integration \(id).", subcode: "validation.common.not_found")
        }
        guard integration.deployed, view.plans[integration.plan]?.enabled == true else {
            throw RestError(
                404, "The integration \(integration.name) or its workflow is not in service.",
                subcode: "validation.common.not_in_service")
        }
        if let reason = integration.notExecuted {
            throw RestError(
                404, "The integration \(integration.name) is not in service: \(reason)",
                subcode: "validation.common.not_in_service")
        }
        return (integration, view)
    }

    private func body(of request: Request) async throws -> String {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > bodyLimit { throw tooLarge }
        do {
            let buffer = try await request.body.collect(upTo: bodyLimit)
            return String(decoding: buffer.readableBytesView, as: UTF8.self)
        } catch is HTTPError {
            throw tooLarge
        }
    }

    private var tooLarge: RestError {
        RestError(
            413, "The body of a request can have at most \(bodyLimit) bytes.", subcode: "request.body_too_large")
    }

    /// Without a script, the body is the alert: what is wrong with its form is said at once.
    private static func checkBody(_ body: String) throws {
        if body.allSatisfy(\.isWhitespace) { return }
        do {
            _ = try AlertRequest(JSON.decode(body, as: JSONValue.self))
        } catch let problem as FieldProblem {
            throw RestError(
                400, "The field \(problem).", subcode: "validation.common.field.invalid", arguments: [problem.field])
        } catch {
            throw RestError(
                400, "The body is not valid JSON: \(jsonProblem(error)).", subcode: "validation.common.json.malformed")
        }
    }

    private func publish(_ message: InboundRequestMessage) async throws {
        let outgoing = try message.outgoing()
        try await unavailableIfItFails { try await bus.publish([outgoing], to: .inboundRequests) }
    }

    private func unavailableIfItFails<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            logger.warning("an inbound request was not taken", metadata: ["error": "\(error)"])
            throw RestError(
                503, "The request could not be kept safely and was not taken. Send it again.",
                subcode: "store.unavailable",
                headers: ["Retry-After": "2"])
        }
    }

    private static func answer(_ error: RestError) throws -> Response {
        var response = try answer(error.code, error)
        for (name, value) in error.headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private static func answer(_ status: Int, _ body: some Encodable) throws -> Response {
        Response(
            status: HTTPResponse.Status(code: status),
            headers: [.contentType: "application/json;charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try JSON.encode(body))))
    }
}

/// What Foundation says about malformed JSON, in one line.
func jsonProblem(_ error: any Error) -> String {
    guard case .dataCorrupted(let context)? = error as? DecodingError else { return "\(error)" }
    let detail = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
    return detail ?? context.debugDescription
}
