import Foundation
import Hummingbird
import Logging

/// Takes webhooks, as the systems do that are told about alerts.
actor WebhookReceiver {
    struct Webhook: Sendable {
        let path: String
        let id: String
        let body: String
    }

    private var received: [Webhook] = []
    private var server: Task<Void, any Error>?

    /// - Returns: The port.
    func start() async throws -> Int {
        let router = Router()
        router.post("/:name") { request, _ in
            let id = request.headers.first { $0.name.canonicalName == "webhook-id" }?.value ?? ""
            let body = try await request.body.collect(upTo: 1 << 20)
            await self.add(Webhook(path: request.uri.path, id: id, body: String(buffer: body)))
            return HTTPResponse.Status.noContent
        }
        var logger = Logger(label: "receiver")
        logger.logLevel = .critical  // its end is no error
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
        server = Task { try await application.run() }
        for await port in ports { return port }
        throw DemoError("the receiver did not start")
    }

    func wait(for count: Int) async throws -> [Webhook] {
        for _ in 0..<500 where received.count < count { try await Task.sleep(for: .milliseconds(20)) }
        guard received.count >= count else { throw DemoError("only \(received.count) webhooks have arrived") }
        return received
    }

    func stop() { server?.cancel() }

    private func add(_ webhook: Webhook) { received.append(webhook) }
}
