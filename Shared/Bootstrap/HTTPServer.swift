import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// The context of every request.
public struct HTTPContext: RequestContext, RemoteAddressRequestContext {
    public var coreContext: CoreRequestContextStorage
    public let remoteAddress: SocketAddress?

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}

/// Something that has to work for the process to be of use.
struct HealthCheck: Sendable {
    let name: String
    /// What works by other means than it should; `nil` when nothing does.
    var degradation: @Sendable () -> String? = { nil }
    let check: @Sendable () async throws -> Void

    /// How long a check may take.
    static let limit = Duration.seconds(3)

    /// `nil` when all is well, otherwise what is wrong.
    func problem() async -> String? {
        await withTaskGroup(of: String?.self) { tasks in
            tasks.addTask {
                do {
                    try await check()
                    return nil
                } catch {
                    return "\(error)"
                }
            }
            tasks.addTask {
                // Cancelled when the check was first.
                try? await Task.sleep(for: Self.limit)
                return "no answer within \(Self.limit)"
            }
            defer { tasks.cancelAll() }
            return await tasks.next() ?? nil
        }
    }
}

struct CheckFailed: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}

/// What every process answers: whether it lives, whether it works, its figures.
struct OperationRoutes: Sendable {
    let checks: [HealthCheck]
    let metrics: PrometheusMetrics

    func add(to router: Router<HTTPContext>) {
        router.get("/health/live") { _, _ in Self.json(200, #"{"status":"UP"}"#) }
        router.get("/health/ready") { _, _ in await ready() }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.rendered())))
        }
    }

    private func ready() async -> Response {
        var results: [String: String] = [:]
        var (isUp, isDegraded) = (true, false)
        for check in checks {
            if let problem = await check.problem() {
                results[check.name] = problem
                isUp = false
            } else if let degradation = check.degradation() {
                results[check.name] = "DEGRADED: \(degradation)"
                isDegraded = true
            } else {
                results[check.name] = "UP"
            }
        }
        let status = isUp ? isDegraded ? "DEGRADED" : "UP" : "DOWN"
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let body = (try? encoder.encode(["checks": results])) ?? Data()  // texts: cannot fail
        let text = #"{"status":"\#(status)","# + String(decoding: body, as: UTF8.self).dropFirst()
        return Self.json(isUp ? 200 : 503, text)
    }

    private static func json(_ status: Int, _ body: String) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json;charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}

/// A server for the routes of a process.
struct HTTPServerService: Service {
    let responder: RouterResponder<HTTPContext>
    let host: String
    let port: Int
    /// `nil` for a server without TLS.
    let certificate: ServerCertificate?
    let logger: Logger

    /// - Throws: With the address, when it cannot listen there.
    func run() async throws {
        let scheme = certificate == nil ? "http" : "https"
        let application = Application(
            responder: responder, server: certificate.map { .tls($0) } ?? .http1(),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: "Tocsin"),
            onServerRunning: { [host, port, logger] channel in
                let address = "\(scheme)://\(host):\(channel.localAddress?.port ?? port)"
                logger.notice("listening", metadata: ["address": "\(address)"])
            }, logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw CannotListen(address: "\(host):\(port)", reason: "\(error)")
        }
    }
}

struct CannotListen: Error, CustomStringConvertible {
    let address: String
    let reason: String
    var description: String { "cannot listen on \(address): \(reason)" }
}
