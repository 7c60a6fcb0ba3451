import Foundation

/// A proxy on 127.0.0.1 that takes CONNECT only: it leads every tunnel to the port that is asked for, on 127.0.0.1.
final class TestProxy: Sendable {
    private let socket: ListeningSocket
    private let asked = Asked()

    /// - Parameters:
    ///   - credentials: As in the header, `Basic …`; `nil` lets everybody in.
    ///   - refuses: Whether it answers 403.
    init(credentials: String? = nil, refuses: Bool = false) throws {
        socket = try ListeningSocket { [asked] connection, _ in
            guard let line = connection.readLine() else { return }
            var headers: [String] = []
            while let header = connection.readLine(), !header.isEmpty { headers.append(header) }
            asked.note(line, headers)
            let words = line.split(separator: " ")
            let port = words.dropFirst().first?.split(separator: ":").last.flatMap { Int($0) }
            guard words.first == "CONNECT", let port, !refuses else {
                connection.write(Array("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".utf8))
                return
            }
            let given = headers.first { $0.lowercased().hasPrefix("proxy-authorization: ") }?.dropFirst(21)
            guard credentials == nil || given.map(String.init) == credentials else {
                connection.write(
                    Array("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n".utf8))
                return
            }
            guard let target = Connection.to(port: port) else { return }
            connection.write(Array("HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n".utf8))
            TestProxy.relay(connection, target)
        }
    }

    func url(_ userInfo: String = "") -> String { "http://\(userInfo)127.0.0.1:\(socket.port)" }

    /// The first lines and the headers of the requests.
    var requests: [(line: String, headers: [String])] { asked.all }
    var connections: Int { socket.connections }

    private static func relay(_ client: Connection, _ target: Connection) {
        let ends = Ends(client: client, target: target)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while let bytes = ends.target.readSome(), ends.client.write(bytes) {}
            ends.client.end()
            done.signal()
        }
        while let bytes = client.readSome(), target.write(bytes) {}
        target.end()
        done.wait()
        target.close()
    }

    private struct Ends: @unchecked Sendable {  // Each thread reads one end and writes the other.
        let client: Connection
        let target: Connection
    }

    private final class Asked: @unchecked Sendable {  // `requests` under `lock` only
        private let lock = NSLock()
        private var requests: [(line: String, headers: [String])] = []

        func note(_ line: String, _ headers: [String]) { lock.withLock { requests.append((line, headers)) } }
        var all: [(line: String, headers: [String])] { lock.withLock { requests } }
    }
}
