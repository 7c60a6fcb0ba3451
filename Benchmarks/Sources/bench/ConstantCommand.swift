import ArgumentParser
import Hummingbird
import Logging

/// The same HTTP server, answering a constant: the yardstick for the door.
struct ConstantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "constant", abstract: "Serve a constant 202.")

    @Option var port = 8091

    func run() async throws {
        let router = Router()
        router.post("/**") { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            return Response(
                status: .accepted, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"requestId":"0"}"#)))
        }
        var logger = Logger(label: "constant")
        logger.logLevel = .error
        try await Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger
        ).runService()
    }
}
