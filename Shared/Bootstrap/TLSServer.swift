import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOSSL
import ServiceLifecycle

extension HTTPServerBuilder {
    /// HTTP/1.1 over TLS 1.2 or later, with the certificate that there is when a connection is made.
    static func tls(_ certificate: ServerCertificate) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            EncryptedChannel(base: HTTP1Channel(responder: responder), certificate: certificate)
        }
    }
}

/// A connection with TLS below HTTP.
private struct EncryptedChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = HTTP1Channel.Value

    let base: HTTP1Channel
    let certificate: ServerCertificate

    var responder: HTTPChannelHandler.Responder { base.responder }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: certificate.context))
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// Tells browsers to come by https only, for a year.
struct StrictTransportSecurity<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.strictTransportSecurity] = "max-age=31536000"
        return response
    }
}

/// Takes a new certificate when the files change, and says in time when it ends.
struct CertificateWatch: Service {
    /// Between two looks at the files.
    private static let interval = Duration.seconds(5)
    /// Before the end of a certificate, when it is said once a day.
    private static let warning = TimeInterval(14 * 86_400)

    let certificate: ServerCertificate
    let logger: Logger

    func run() async throws {
        let gauge = Gauge(label: "tocsin_tls_certificate_expires_seconds")
        var warnedAt = Date.distantPast
        note("certificate read")
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            gauge.record(certificate.expires.timeIntervalSince1970.rounded())
            if certificate.expires.timeIntervalSinceNow < Self.warning, warnedAt.timeIntervalSinceNow < -86_400 {
                logger.warning(
                    "the certificate is about to end, or has ended",
                    metadata: ["expires": "\(certificate.expires.formatted(.iso8601))"])
                warnedAt = Date()
            }
            do {
                // Ends early, and quietly, when the process does.
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
            } catch { return }
            refresh()
        }
    }

    private func refresh() {
        do {
            if try certificate.refresh() { note("certificate read again") }
        } catch {
            logger.error("the new certificate is not taken", metadata: ["reason": "\(error)"])
        }
    }

    private func note(_ message: Logger.Message) {
        logger.notice(message, metadata: ["expires": "\(certificate.expires.formatted(.iso8601))"])
    }
}
