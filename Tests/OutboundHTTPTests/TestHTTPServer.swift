import Foundation

/// A server on 127.0.0.1 with a thread for each connection, for one test. Its paths say what it does.
final class TestHTTPServer: Sendable {
    let socket: ListeningSocket
    var port: Int { socket.port }
    /// How many connections have been accepted.
    var connections: Int { socket.connections }

    init() throws {
        socket = try ListeningSocket { connection, number in
            while let request = TestHTTPServer.readRequest(connection) {
                guard TestHTTPServer.answer(request, on: connection, number: number) else { return }
            }
        }
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    struct Request {
        var method: String
        var path: String
        var head: String
        var body: [UInt8]
    }

    private static func readRequest(_ connection: Connection) -> Request? {
        var head = ""
        while let line = connection.readLine(), !line.isEmpty { head += line + "\n" }
        let words = head.split(separator: "\n").first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        let length = head.split(separator: "\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
        guard let body = connection.read(length ?? 0) else { return nil }
        return Request(method: String(words[0]), path: String(words[1]), head: head, body: body)
    }

    /// False when the connection ends.
    private static func answer(_ request: Request, on connection: Connection, number: Int) -> Bool {
        let parts = request.path.split(separator: "/").map(String.init)
        let argument = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        func reply(_ status: String, _ body: [UInt8], headers: [String] = []) -> Bool {
            let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + headers
            let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
            return connection.write(request.method == "HEAD" ? head : head + body)
        }
        switch parts.first ?? "" {
        case "echo":
            return reply("200 OK", Array("\(request.method)\n\(request.head)\n".utf8) + request.body)
        case "connection":
            return reply("200 OK", Array("\(number)".utf8))
        case "status":
            return reply("\(argument) Whatever", [], headers: ["X-Reason:  because \t", "x-reason: again"])
        case "redirect":
            return reply("302 Found", [], headers: ["Location: /echo"])
        case "early":
            return connection.write(Array("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n".utf8))
                && reply("200 OK", [], headers: ["X-Final: yes"])
        case "bytes":
            return reply("200 OK", [UInt8](repeating: 120, count: argument))
        case "headers":
            return reply("200 OK", [], headers: (0..<argument).map { "X-\($0): y" })
        case "endless":
            _ = connection.write(Array("HTTP/1.1 200 OK\r\n\r\n".utf8))
            while connection.write([UInt8](repeating: 120, count: 65_536)) {}
            return false
        case "slow":
            Thread.sleep(forTimeInterval: Double(argument) / 1000)
            return reply("200 OK", Array("late".utf8))
        case "garbage":
            _ = connection.write(Array("no HTTP at all\r\n\r\n".utf8))
            return false
        case "last":
            _ = reply("200 OK", [], headers: ["Connection: close"])
            return false
        case "hang":
            connection.waitForEnd()
            return false
        default:  // "drop"
            return false
        }
    }
}
