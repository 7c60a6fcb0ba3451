import API
import AlertCore
import Endpoints
import HTTPTypes
import Hummingbird
import Ingest
import Logging
import NIOCore
import OutboundHTTP

/// The context of a call that never was on a network.
struct InternalContext: RequestContext, RemoteAddressRequestContext, InternalCallContext {
    struct Source: RequestContextSource {
        let caller: InternalCaller
        let logger: Logger
    }

    var coreContext: CoreRequestContextStorage
    let internalCaller: InternalCaller?
    var remoteAddress: SocketAddress? { nil }

    init(source: Source) {
        coreContext = .init(source: source)
        internalCaller = source.caller
    }
}

/// This server's API as a function: the same routes as on the network, in a router of their own, which no socket
/// leads to.
struct InProcessAPI: InternalAPI {
    private let responder: RouterResponder<InternalContext>
    private let logger: Logger

    init(_ rest: RESTAPI<InternalContext>, _ ingest: IngestRoutes<InternalContext>, logger: Logger) {
        let router = Router(context: InternalContext.self)
        rest.add(to: router)
        ingest.add(to: router)
        responder = router.buildResponder()
        self.logger = logger
    }

    func send(_ call: InternalRequest, as caller: InternalCaller) async throws -> OutboundResponse {
        guard let method = HTTPRequest.Method(call.method) else {
            throw OutboundError(.invalidRequest, "the method is no HTTP method")
        }
        guard call.path.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            throw OutboundError(.invalidURL, "the URL contains a space or a control character")
        }
        var headers = HTTPFields()
        for (name, value) in call.headers {
            guard let field = HTTPField.Name(name), HTTPField.isValidValue(value) else {
                throw OutboundError(
                    .invalidRequest, "the header '\(name)' contains what no header may, as a line break")
            }
            headers.append(HTTPField(name: field, value: value))
        }
        headers[.contentLength] = String(call.body.count)
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: nil, authority: nil, path: call.path, headerFields: headers),
            body: RequestBody(buffer: ByteBuffer(bytes: call.body)))
        let context = InternalContext(source: .init(caller: caller, logger: logger))
        let response: Response
        do {
            response = try await responder.respond(to: request, context: context)
        } catch let error as any HTTPResponseError {
            response = try error.response(from: request, context: context)
        }
        let collected = Collected(limit: call.answerLimit)
        try await response.body.write(Collector(collected: collected))
        return OutboundResponse(
            status: response.status.code, headers: response.headers.map { ($0.name.rawName, $0.value) },
            body: collected.bytes)
    }
}

/// What the writer of a body has written.
private final class Collected {
    let limit: Int
    private(set) var bytes: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    func append(_ buffer: ByteBuffer) throws {
        guard bytes.count + buffer.readableBytes <= limit else {
            throw OutboundError(.tooLarge, "the answer has more than \(limit) bytes", isInDoubt: true)
        }
        bytes.append(contentsOf: buffer.readableBytesView)
    }
}

private struct Collector: ResponseBodyWriter {
    let collected: Collected

    mutating func write(_ buffer: ByteBuffer) async throws { try collected.append(buffer) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
