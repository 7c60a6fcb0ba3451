import Foundation

struct SocketError: Error {}

/// A TCP socket on 127.0.0.1 with a port of the system's choice. Each connection runs `serve` on a thread.
final class ListeningSocket: @unchecked Sendable {  // The lock guards what changes.
    let port: Int
    private let descriptor: Int32
    private let lock = NSLock()
    private var open: [Int: Int32] = [:]
    private var count = 0
    private var isClosed = false

    var connections: Int { lock.withLock { count } }

    init(serve: @escaping @Sendable (Connection, Int) -> Void) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1024) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw SocketError() }
        Thread.detachNewThread { [weak self] in
            defer { close(descriptor) }  // Here only: its number must not be taken while this thread uses it.
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { return }
                guard let number = self?.register(accepted) else {
                    close(accepted)
                    return
                }
                let thread = Thread { [weak self] in
                    serve(Connection(accepted), number)
                    self?.unregister(number)
                    close(accepted)  // After that, so that a server that ends does not shut down a stranger's.
                }
                thread.stackSize = 256 * 1024
                thread.start()
            }
        }
    }

    deinit { stop() }

    /// Takes no more connections and ends those that are open.
    func stop() {
        lock.withLock {
            guard !isClosed else { return }
            isClosed = true
            shutdown(descriptor, Int32(SHUT_RDWR))
            for connection in open.values { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    private func register(_ connection: Int32) -> Int {
        lock.withLock {
            count += 1
            open[count] = connection
            return count
        }
    }

    private func unregister(_ number: Int) { lock.withLock { open[number] = nil } }
}

/// One connection, read and written with blocking calls by its thread.
final class Connection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The next line without its end; `nil` at the end of the connection.
    func readLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<end].filter { $0 != 13 }, as: UTF8.self)
            }
            guard fill() else { return nil }
        }
    }

    func read(_ count: Int) -> [UInt8]? {
        while buffer.count < count {
            guard fill() else { return nil }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let written = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { return false }
            sent += written
        }
        return true
    }

    /// A connection to a port of 127.0.0.1; `nil` when nobody takes it.
    static func to(port: Int) -> Connection? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let isOpen = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isOpen else {
            Glibc.close(descriptor)
            return nil
        }
        return Connection(descriptor)
    }

    /// Whatever has come; `nil` at the end of the connection.
    func readSome() -> [UInt8]? {
        guard !buffer.isEmpty || fill() else { return nil }
        defer { buffer = [] }
        return buffer
    }

    /// Wakes whoever reads.
    func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func close() { Glibc.close(descriptor) }

    func waitForEnd() { while fill() {} }

    private func fill() -> Bool {
        var part = [UInt8](repeating: 0, count: 16_384)
        let received = recv(descriptor, &part, part.count, 0)
        guard received > 0 else { return false }
        buffer.append(contentsOf: part.prefix(received))
        return true
    }
}
