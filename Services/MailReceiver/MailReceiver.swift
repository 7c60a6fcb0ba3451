import Foundation
import Logging
import Metrics
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Listens for mails that answer notifications, by SMTP or LMTP, behind the operator's mail server: it neither
/// encrypts nor relays, and takes mail for addresses only that we have made.
public struct MailReceiver: Service {
    public struct Limits: Sendable {
        /// Open at once; one more is told to come again.
        public var connections = 50
        /// For which nothing comes.
        public var idle = Duration.seconds(60)
        /// From the greeting to the end.
        public var lifetime = Duration.seconds(600)

        public init() {}
    }

    let host: String
    let port: Int
    let name: String
    let answers: EmailAnswers
    let limits: Limits
    let logger: Logger
    /// Told the port once it is open.
    let onListening: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - name: What it calls itself.
    ///   - onListening: Called with the port, which matters where `port` is 0.
    public init(
        host: String, port: Int, name: String, answers: EmailAnswers, limits: Limits = Limits(), logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.name = name
        self.answers = answers
        self.limits = limits
        self.logger = logger
        self.onListening = onListening
    }

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// - Throws: With the address, when it cannot listen there.
    public func run() async throws {
        let server: NIOAsyncChannel<Connection, Never>
        do {
            server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port) { [limits] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let idle = TimeAmount.seconds(limits.idle.components.seconds)
                        try channel.pipeline.syncOperations.addHandlers(
                            IdleStateHandler(allTimeout: idle), CloseWhenIdle())
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError {
            throw CannotListen(address: "\(host):\(port)", reason: "\(error)")
        }
        let open = server.channel.localAddress?.port ?? port
        logger.notice("listening for mail", metadata: ["address": "\(host):\(open)"])
        onListening(open)
        try await withGracefulShutdownHandler {
            try await accept(from: server)
        } onGracefulShutdown: {
            server.channel.close(promise: nil)
        }
    }

    private func accept(from server: NIOAsyncChannel<Connection, Never>) async throws {
        let count = ConnectionCount(limit: limits.connections)
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { tasks in
                for try await connection in connections {
                    tasks.addTask {
                        let isFree = count.enter()
                        defer { if isFree { count.leave() } }
                        await serve(connection, isFree: isFree)
                    }
                }
            }
        }
    }

    private func serve(_ connection: Connection, isFree: Bool) async {
        let channel = connection.channel
        let end = channel.eventLoop.scheduleTask(in: .seconds(limits.lifetime.components.seconds)) {
            channel.close(promise: nil)
        }
        defer { end.cancel() }
        do {
            try await connection.executeThenClose { inbound, outbound in
                func say(_ text: String) async throws {
                    try await outbound.write(ByteBuffer(string: text + "\r\n"))
                }
                guard isFree else { return try await say("421 4.3.2 too many connections, please come again") }
                var dialogue = MailDialogue(name: name, takes: answers.takes)
                try await say(dialogue.greeting)
                var lines = LineBuffer()
                for try await part in inbound {
                    lines.append(part.readableBytesView)
                    while let line = lines.next() {
                        switch dialogue.hear(line) {
                        case nil: break
                        case .answer(let text): try await say(text)
                        case .close(let text): return try await say(text)
                        case .receive(let mail):
                            let words = await answers.receive(mail)
                            try await say(dialogue.outcomes(words))
                        }
                    }
                    guard !lines.isTooLong else { return try await say("500 5.5.2 the line is too long") }
                }
            }
        } catch {
            // Somebody hung up, or was silent for too long: who sends mail sends it again.
            logger.debug("a mail connection broke", metadata: ["error": "\(error)"])
        }
    }
}

/// How many connections there are.
private final class ConnectionCount: @unchecked Sendable {  // `count` is guarded by `lock`
    private let lock = NSLock()
    private let limit: Int
    private var count = 0

    init(limit: Int) { self.limit = limit }

    /// Whether there is room for one more.
    func enter() -> Bool {
        lock.withLock {
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { lock.withLock { count -= 1 } }
}

private final class CloseWhenIdle: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}

struct CannotListen: Error, CustomStringConvertible {
    let address: String
    let reason: String
    var description: String { "cannot listen for mail on \(address): \(reason)" }
}
