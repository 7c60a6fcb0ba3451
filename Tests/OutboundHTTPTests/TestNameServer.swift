import Foundation

/// A DNS server on 127.0.0.1 that knows what a test tells it, and counts what it is asked.
final class TestNameServer: @unchecked Sendable {  // The lock guards what changes.
    struct Record {
        var addresses: [String]
        var seconds: UInt32
        /// Another name for this one: the address records are that one's.
        var alias: (name: String, seconds: UInt32)?
        /// It does not answer at all.
        var isSilent = false
    }

    let port: Int
    var servers: String { "127.0.0.1:\(port)" }
    private let descriptor: Int32
    private let lock = NSLock()
    private var records: [String: Record] = [:]
    private var counts: [String: Int] = [:]

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw SocketError() }
        Thread.detachNewThread { [weak self] in
            defer { close(descriptor) }
            var question = [UInt8](repeating: 0, count: 1500)
            while true {
                var peer = sockaddr_storage()
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                let count = withUnsafeMutablePointer(to: &peer) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(descriptor, &question, question.count, 0, $0, &length)
                    }
                }
                guard count > 16, let self else { return }
                guard let answer = self.answer(Array(question.prefix(count))) else { continue }
                withUnsafeMutablePointer(to: &peer) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        _ = sendto(descriptor, answer, answer.count, 0, $0, length)
                    }
                }
            }
        }
    }

    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func set(_ name: String, _ record: Record?) { lock.withLock { records[name] = record } }

    /// How often the IPv4 addresses of a name have been asked for.
    func count(_ name: String) -> Int { lock.withLock { counts[name, default: 0] } }

    /// `nil` for none.
    private func answer(_ question: [UInt8]) -> [UInt8]? {
        var labels: [String] = []
        var index = 12
        while index < question.count, question[index] > 0 {
            let end = min(index + 1 + Int(question[index]), question.count)
            labels.append(String(decoding: question[(index + 1)..<end], as: UTF8.self))
            index = end
        }
        guard index + 4 < question.count else { return nil }
        let (name, isIPv4) = (labels.joined(separator: ".").lowercased(), question[index + 2] == 1)
        let record = lock.withLock {
            if isIPv4 { counts[name, default: 0] += 1 }
            return records[name]
        }
        if record?.isSilent == true { return nil }
        var answers: [[UInt8]] = []
        // 0xc00c points to the question's name.
        if let alias = record?.alias {
            let target = encoded(alias.name)
            answers.append([0xc0, 0x0c] + head(type: 5, alias.seconds, target.count) + target)
        }
        for address in record?.addresses ?? [] where isIPv4 {
            let owner: [UInt8] = record?.alias.map { encoded($0.name) } ?? [0xc0, 0x0c]
            let bytes = address.split(separator: ".").compactMap { UInt8($0) }
            answers.append(owner + head(type: 1, record?.seconds ?? 0, 4) + bytes)
        }
        let status: UInt8 = record == nil ? 3 : 0
        let head: [UInt8] = [0x81, 0x80 | status, 0, 1, 0, UInt8(answers.count), 0, 0, 0, 0]
        return Array(question[0..<2]) + head + Array(question[12..<(index + 5)]) + Array(answers.joined())
    }

    private func encoded(_ name: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for label in name.split(separator: ".") {
            bytes.append(UInt8(label.utf8.count))
            bytes.append(contentsOf: label.utf8)
        }
        return bytes + [0]
    }

    /// Type, class, time to live and length of a record.
    private func head(type: UInt8, _ seconds: UInt32, _ length: Int) -> [UInt8] {
        [0, type, 0, 1] + withUnsafeBytes(of: seconds.bigEndian, Array.init) + [0, UInt8(length)]
    }
}
