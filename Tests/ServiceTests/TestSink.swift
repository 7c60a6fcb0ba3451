import Foundation
import Hummingbird
import Logging

/// A target for webhooks that does what its path says: `/ok`, `/hang`, `/gone`, `/fail/3` (three times).
actor TestSink {
    struct Arrival: Sendable {
        let path: String
        let id: String
        let body: String
        var authorization: String?
    }

    private(set) var arrivals: [Arrival] = []
    private var server: Task<Void, any Error>?

    func start() async throws -> Int {
        let router = Router()
        router.post("/**") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            let id = request.headers.first { $0.name.canonicalName == "webhook-id" }?.value ?? ""
            return await self.answer(
                Arrival(
                    path: request.uri.path, id: id, body: String(buffer: body),
                    authorization: request.headers[.authorization]))
        }
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "sink") { _ in SwiftLogNoOpLogHandler() })
        server = Task { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        return await iterator.next() ?? 0
    }

    func stop() { server?.cancel() }

    func bodies(at path: String) -> [String] { arrivals.filter { $0.path == path }.map(\.body) }
    func ids(at path: String) -> [String] { arrivals.filter { $0.path == path }.map(\.id) }

    private func answer(_ arrival: Arrival) async -> HTTPResponse.Status {
        arrivals.append(arrival)
        if arrival.path.hasPrefix("/hang") {
            try? await Task.sleep(for: .seconds(60))  // ends with the test
        }
        if arrival.path.hasPrefix("/gone") { return .gone }
        if let times = arrival.path.split(separator: "/").last.flatMap({ Int($0) }),
            ids(at: arrival.path).count <= times
        {
            return .internalServerError
        }
        return .noContent
    }
}
