import AlertCore
import Endpoints
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import Metrics
import OutboundHTTP
import Persistence

/// What the door takes, and from whom.
public struct IngestSettings: Sendable {
    /// Bytes.
    public var bodyLimit: Int
    public var rates: InboundRateLimits
    /// Whose `X-Forwarded-For` is believed.
    public var trustedProxies: [CIDR]

    public init(
        bodyLimit: Int, rates: InboundRateLimits = InboundRateLimits(), trustedProxies: [CIDR] = []
    ) {
        self.bodyLimit = bodyLimit
        self.rates = rates
        self.trustedProxies = trustedProxies
    }
}

/// The door: `POST /api/integration/1/functions/{id}/triggers` answers 202 once the bus has the request, on the broker
/// or in the database: from then on it cannot be lost (spec §2.1). Forms have doors of their own: see ``FormTriggers``.
public struct IngestRoutes<Context: RemoteAddressRequestContext>: Sendable {
    let bus: any MessageBus
    let directory: DirectoryCache
    let authenticator: Authenticator
    let secrets: SecretBox
    let numbers: AlertNumbers
    let keys: TriggerKeys
    let bodyLimit: Int
    let rates: InboundRates
    let addresses: ClientAddress
    let now: Clock
    let logger: Logger
    private let outages: PacedLog

    public init(
        bus: any MessageBus, database: any SQLDatabase, directory: DirectoryCache, authenticator: Authenticator,
        secrets: SecretBox, settings: IngestSettings, now: @escaping Clock, logger: Logger
    ) {
        self.bus = bus
        self.directory = directory
        self.authenticator = authenticator
        self.secrets = secrets
        numbers = AlertNumbers(database: database)
        keys = TriggerKeys(database: database)
        bodyLimit = settings.bodyLimit
        rates = InboundRates(settings.rates)
        addresses = ClientAddress(trustedProxies: settings.trustedProxies)
        self.now = now
        self.logger = logger
        outages = PacedLog(logger)
    }

    public func add(to router: Router<Context>) {
        add("/api/integration/1/functions/{integration}/triggers", to: router, accept)
        for door in FormDoor.allCases {
            for path in door.paths {
                add(RouterPath(path), to: router) { try await FormTriggers(routes: self, door: door).accept($0, $1) }
            }
        }
    }

    /// A route that takes POST, and says so to the other methods.
    private func add(
        _ path: RouterPath, to router: Router<Context>,
        _ accept: @escaping @Sendable (Request, Context) async throws -> Response
    ) {
        router.post(path) { request, context in
            do {
                let response = try await saidClearly { try await accept(request, context) }
                count(answer: response.status.code)
                return response
            } catch let error as RestError {
                count(answer: error.code)
                if error.code == 503 {
                    outages.log(
                        .warning, "inbound requests are answered 503", metadata: ["reason": "\(error.message)"])
                } else {
                    logger.info(
                        "inbound request refused",
                        metadata: [
                            "path": "\(request.uri.path)", "status": "\(error.code)", "reason": "\(error.message)",
                        ])
                }
                return try Self.answer(error, isLegacy: request.uri.path.hasPrefix("/reapi/"))
            }
        }
        // Of the last one, the name is valid.
        for method in [HTTPRequest.Method.get, .head, .put, .delete, .patch, .options, .trace, .init("QUERY")!] {
            router.on(path, method: method) { request, _ in
                try Self.answer(
                    RestError(
                        405, "Only POST triggers an integration.", subcode: "request.method_not_allowed",
                        headers: ["Allow": "POST"]), isLegacy: request.uri.path.hasPrefix("/reapi/"))
            }
        }
    }

    /// A database that does not answer while a sender is recognised is said as one that does not when its request is
    /// kept.
    private func saidClearly(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as StoreError where error.isRetryable {
            throw notTaken(error)
        }
    }

    private func count(answer: Int) {
        Counter(label: "tocsin_inbound_requests_total", dimensions: [("answer", "\(answer)")]).increment()
    }

    // MARK: Integrations

    @Sendable
    private func accept(_ request: Request, _ context: Context) async throws -> Response {
        let id = context.parameters.get("integration") ?? ""
        let (integration, plan, view) = try await integration(id)
        var parameters = FormEncoding.parse(request.uri.query ?? "")
        let key = parameters.removeValue(forKey: "apiKey")
        let given = (context as? any InternalCallContext)?.internalCaller
        let person = try await TriggerAuthentication(authenticator: authenticator, secrets: secrets).authenticate(
            integration, key: key, authorization: request.headers[.authorization], given: given?.person, in: view)
        try rates.admit(
            source: (integration.id, "the integration \(integration.name)"), plan: (plan.id, plan.name), at: now())
        let body = try await body(of: request)
        parameters.merge(body.parameters) { _, fromBody in fromBody }
        if integration.operation == .createAlert {
            do {
                _ = try AlertRequest(try Self.json(body))
            } catch let problem as FieldProblem {
                throw Self.refusal(problem)
            }
        }
        var message = try await message(from: request, context, body, person)
        message.integration = integration.id
        message.parameters = parameters
        message = try await unrepeated(message, request)
        try await publish(message)
        return try Self.answer(202, ["requestId": message.requestId])
    }

    private func integration(_ id: String) async throws -> (Integration, Plan, DirectoryView) {
        let view = try await view { $0.integrations[id.lowercased()] != nil }
        guard let integration = view.integrations[id.lowercased()], integration.integrationType == .inbound else {
            throw RestError(404, "There is no inbound integration \(id).", subcode: "validation.common.not_found")
        }
        guard integration.deployed, let plan = view.plans[integration.plan], plan.enabled else {
            throw RestError(
                404, "The integration \(integration.name) or its workflow is not in service.",
                subcode: "validation.common.not_in_service")
        }
        return (integration, plan, view)
    }
}

// MARK: - What all doors have in common

extension IngestRoutes {
    /// The directory; read anew when it lacks what may be younger than what is in memory.
    func view(having isThere: (DirectoryView) -> Bool) async throws -> DirectoryView {
        let view = try await unavailableIfItFails { try await directory.current() }
        return isThere(view) ? view : try await unavailableIfItFails { try await directory.refreshed() }
    }

    func body(of request: Request) async throws -> RequestText {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > bodyLimit { throw tooLarge }
        do {
            let buffer = try await request.body.collect(upTo: bodyLimit)
            return try RequestText(buffer.readableBytesView, headers: request.headers)
        } catch is HTTPError {
            throw tooLarge
        }
    }

    private var tooLarge: RestError {
        RestError(
            413, "The body of a request can have at most \(bodyLimit) bytes.", subcode: "request.body_too_large")
    }

    /// The request as it is kept, for now to no integration and no form.
    /// - Throws: 508 when requests go round in a circle; 503 when it is not known how many partitions there are.
    func message(
        from request: Request, _ context: Context, _ body: RequestText, _ person: Person
    ) async throws -> InboundRequestMessage {
        let depth = (context as? any InternalCallContext)?.internalCaller?.depth ?? Self.depth(of: request)
        try InternalCaller.check(depth: depth)
        let at = now()
        let peer = context.remoteAddress?.ipAddress ?? ""
        let stamp = try await unavailableIfItFails {
            try await bus.partitions.newRequestId(at: at, chance: (0..<8).map { _ in UInt8.random(in: 0...255) })
        }
        return InboundRequestMessage(
            requestId: stamp.id,
            integration: "", receivedAt: at, method: request.method.rawValue,
            headers: CanonicalHeaders.of(request.headers), parameters: [:], body: body.text,
            remoteAddress: addresses.of(peer: peer, headers: request.headers), person: person.id,
            depth: depth == 0 ? nil : depth,
            generation: stamp.generation)
    }

    /// Only refuses: who makes it up does so to his own requests.
    private static func depth(of request: Request) -> Int {
        let value = HTTPField.Name(InternalCaller.depthHeader).flatMap { request.headers[$0] }
        return max(0, value.flatMap(Int.init) ?? 0)
    }

    /// The message under the id that it has the first time that it is sent with its key.
    func unrepeated(_ message: InboundRequestMessage, _ request: Request) async throws -> InboundRequestMessage {
        guard let key = request.headers[.idempotencyKey] else { return message }
        try IdempotencyKeys.check(key)
        return try await unavailableIfItFails { try await keys.message(message, key) }
    }

    func publish(_ message: InboundRequestMessage) async throws {
        let outgoing = try message.outgoing()
        try await unavailableIfItFails { try await bus.publish([outgoing], to: .inboundRequests) }
    }

    func unavailableIfItFails<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let full as SpoolFull {
            outages.log(.warning, "inbound requests are not taken: the spool is full", metadata: ["error": "\(full)"])
            throw RestError(
                503, "The broker is away, and no more requests can be kept for it. Send it again.",
                subcode: "store.full", headers: ["Retry-After": "30"])
        } catch let error as RestError {
            throw error
        } catch {
            throw notTaken(error)
        }
    }

    private func notTaken(_ error: any Error) -> RestError {
        outages.log(.warning, "inbound requests are not taken", metadata: ["error": "\(error)"])
        return RestError(
            503, "The request could not be kept safely and was not taken. Send it again.",
            subcode: "store.unavailable", headers: ["Retry-After": "2"])
    }

    /// A body that is the alert. Nothing at all is an alert as the form has it.
    static func json(_ body: RequestText) throws(RestError) -> JSONValue {
        if body.text.allSatisfy(\.isWhitespace) { return [:] }
        do {
            return try JSON.decode(body.text)
        } catch {
            guard !body.isForm || body.looksLikeJSON else {
                throw RestError(
                    400, "The body is form-encoded; it has to be JSON, as in {\"properties\": {…}}.",
                    subcode: "validation.common.json.malformed", arguments: ["Content-Type"])
            }
            throw RestError(
                400, "The body is not valid JSON: \(jsonProblem(error)).", subcode: "validation.common.json.malformed")
        }
    }

    static func refusal(_ problem: FieldProblem) -> RestError {
        RestError(400, "The field \(problem).", subcode: "validation.common.field.invalid", arguments: [problem.field])
    }

    static func answer(_ error: RestError, isLegacy: Bool) throws -> Response {
        var response = isLegacy ? try answer(error.code, LegacyError(error)) : try answer(error.code, error)
        for (name, value) in error.headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    static func answer(_ status: Int, _ body: some Encodable) throws -> Response {
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
