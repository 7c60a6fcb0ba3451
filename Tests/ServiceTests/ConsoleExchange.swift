import Foundation

/// One request on a connection of its own. `URLSession` on Linux never returns from a 401 with a challenge, and
/// hands over an event stream only when it has ended.
struct Exchange: Sendable {
    let port: Int

    /// - Parameter marker: Stops when the answer holds this; without it, reads to the end of the connection.
    func send(_ request: Data, until marker: String? = nil, seconds: Int = 20) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { try self.sendNow(request, until: marker.map { Data($0.utf8) }, seconds: seconds) })
            }
        }
    }

    private func sendNow(_ request: Data, until marker: Data?, seconds: Int) throws -> Data {
        let handle = try connected(seconds: seconds)
        defer { close(handle) }
        var rest = request[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { break }  // the server has answered and hung up: the answer is there to read
            rest = rest.dropFirst(sent)
        }
        var answer = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(handle, &buffer, buffer.count, 0)
            guard count > 0 else { return answer }
            answer.append(contentsOf: buffer[..<count])
            if let marker, answer.range(of: marker) != nil { return answer }
        }
    }

    private func connected(seconds: Int) throws -> Int32 {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(handle)
            throw POSIXError(.ECONNREFUSED)
        }
        return handle
    }
}
