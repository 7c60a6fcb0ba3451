import Foundation
import Hummingbird
import Logging

/// A target that answers 204 at once and notes when each id came first.
final class Sink: @unchecked Sendable {  // `arrivals` under `lock` only
    private let lock = NSLock()
    private var arrivals: [String: ContinuousClock.Instant] = [:]
    private var count = 0
    private var server: Task<Void, any Error>?

    /// - Parameter key: What of a body identifies it.
    func start(port: Int = 0, key: @escaping @Sendable (String) -> String) async throws -> Int {
        let router = Router()
        router.post("/**") { [self] request, _ in
            let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
            let now = ContinuousClock.now
            lock.withLock {
                count += 1
                if arrivals[key(body)] == nil { arrivals[key(body)] = now }
            }
            return HTTPResponse.Status.noContent
        }
        var logger = Logger(label: "sink")
        logger.logLevel = .error
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
        server = Task { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        return await iterator.next() ?? 0
    }

    var received: Int { lock.withLock { count } }
    var first: [String: ContinuousClock.Instant] { lock.withLock { arrivals } }

    func reset() {
        lock.withLock {
            arrivals = [:]
            count = 0
        }
    }
}
