import AlertCore
import Foundation
import OutboundHTTP
import Persistence

/// The calls of one run of a script, made one after the other, with a record of them for people.
public actor ScriptCalls {
    /// What a script asks for.
    public struct Request: Sendable {
        /// The name of an endpoint of the plan, or `xMatters`.
        public var endpoint: String?
        public var path: String
        public var method: String
        public var headers: [String: String]
        public var body: String?
        public var autoEncodeURI: Bool
        public var host: String?

        public init(
            endpoint: String?, path: String, method: String, headers: [String: String] = [:], body: String? = nil,
            autoEncodeURI: Bool = true, host: String? = nil
        ) {
            self.endpoint = endpoint
            self.path = path
            self.method = method
            self.headers = headers
            self.body = body
            self.autoEncodeURI = autoEncodeURI
            self.host = host
        }
    }

    public struct Answer: Sendable {
        public let status: Int
        public let headers: [String: String]
        public let body: String
    }

    /// Why there is no answer, for the script's author.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Characters of the record. Later calls are made, and counted.
    static let recordLimit = 128 << 10
    private static let timeout = Duration.seconds(30)

    private let client: EndpointClient
    private let view: DirectoryView
    private let plan: String
    private let caller: InternalCaller
    private var texts: [String] = []
    private var recorded = 0
    private var unrecorded = 0

    /// - Parameter caller: As whom the platform's own API is called, and how deep in a row of requests this run is.
    public init(client: EndpointClient, view: DirectoryView, plan: String, caller: InternalCaller) {
        self.client = client
        self.view = view
        self.plan = plan
        self.caller = caller
    }

    /// Each call with its answer, as text.
    public var record: [String] {
        unrecorded == 0 ? texts : texts + ["(\(unrecorded) more calls are not shown)"]
    }

    /// - Throws: ``Failure``. An answer of any status is an answer.
    public func send(_ request: Request) async throws -> Answer {
        guard let name = request.endpoint, !name.isEmpty else {
            throw Failure(description: "http.request needs the name of an endpoint")
        }
        let endpoint = try endpoint(name)
        let path = request.autoEncodeURI ? PathEncoding.encoded(request.path) : request.path
        var call = EndpointCall(
            method: request.method, path: path, headers: request.headers.map { ($0.key, $0.value) },
            body: request.body.map { Array($0.utf8) }, host: request.host, timeout: Self.timeout)
        let leftOut = call.headers.map(\.0).filter(FramingHeaders.contains).sorted()
        call.headers.removeAll { FramingHeaders.contains($0.0) }
        let shown = CallText.request(
            call.method.uppercased(), endpoint.address(of: path), headers: call.headers, leftOut: leftOut,
            body: request.body)
        if endpoint.endpointType == .external {
            call.headers.append((InternalCaller.depthHeader, String(caller.depth)))
        }
        do {
            let response = try await client.send(call, to: endpoint, as: caller)
            let body = String(decoding: response.body, as: UTF8.self)
            note(shown, CallText.answer(response, body: body))
            let headers = response.headers.map { ($0.name, $0.value) }
            return Answer(
                status: response.status, headers: Dictionary(headers) { "\($0), \($1)" }, body: body)
        } catch {
            let detail = (error as? OutboundError)?.detail ?? "\(error)"
            note(shown, CallText.failure(detail))
            throw Failure(description: detail)
        }
    }

    /// `http.authenticate`: the bearer token of an endpoint.
    /// - Throws: ``Failure``.
    public func authenticate(_ name: String) async throws -> String {
        let endpoint = try endpoint(name)
        do {
            return try await client.accessToken(of: endpoint)
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private func endpoint(_ name: String) throws -> Endpoint {
        if let endpoint = view.endpoint(name, in: plan) { return endpoint }
        guard name.lowercased() == Endpoint.platformName.lowercased() else {
            throw Failure(description: "the workflow has no endpoint named \(name)")
        }
        return .platform(of: plan)
    }

    private func note(_ request: String, _ answer: String) {
        let text = "\(request)\n\n\(answer)\n"
        guard recorded + text.utf8.count <= Self.recordLimit else {
            unrecorded += 1
            return
        }
        recorded += text.utf8.count
        texts.append(text)
    }
}
