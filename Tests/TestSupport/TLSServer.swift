import Foundation

/// A small certificate authority, and servers with its certificates: `openssl` does it.
public struct TestAuthority: Sendable {
    let folder: URL

    public init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try await openssl(["req", "-x509"] + newKey("ca") + ["-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA"])
        try Data("subjectAltName=IP:127.0.0.1".utf8).write(to: folder.appending(path: "names"))
        for name in ["server", "client"] {
            try await openssl(["req"] + newKey(name) + ["-out", "\(name).csr", "-subj", "/CN=\(name)"])
            try await openssl([
                "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", "\(name).pem",
            ])
        }
        try await openssl(
            ["req", "-x509"] + newKey("other") + ["-out", "other.pem", "-days", "2", "-subj", "/CN=Other"])
    }

    public func text(_ file: String) throws -> String {
        try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    }

    public func remove() { try? FileManager.default.removeItem(at: folder) }

    private func newKey(_ name: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key"]
    }

    /// Without `waitUntilExit`, which turns in circles on threads that are not the main one.
    private func openssl(_ arguments: [String]) async throws {
        let process = process(["openssl"] + arguments)
        process.standardOutput = FileHandle.nullDevice
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else { throw OpenSSLFailed(arguments: arguments) }
    }

    fileprivate func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }
}

public struct OpenSSLFailed: Error {
    let arguments: [String]
}

/// Speaks HTTP/2 over TLS, and answers what is posted with the same: `nghttpd` of Debian's nghttp2-server.
public final class HTTP2Server {
    public let url: String
    private let process: Process
    private let log: URL

    public init(_ authority: TestAuthority) async throws {
        log = authority.folder.appending(path: "log-\(UInt64.random(in: 0 ... .max))")
        _ = FileManager.default.createFile(atPath: log.path(), contents: nil)
        for _ in 0..<20 {
            let port = Int.random(in: 20_000..<32_000)  // it takes no port of the system's choice
            let process = authority.process([
                "nghttpd", "--verbose", "--echo-upload", "--htdocs", ".", "--address",
                "127.0.0.1", "\(port)", "server.key", "server.pem",
            ])
            process.standardOutput = try FileHandle(forWritingTo: log)
            try process.run()
            while process.isRunning {
                try await Task.sleep(for: .milliseconds(10))
                guard try String(contentsOf: log, encoding: .utf8).contains("listen 127.0.0.1:\(port)") else {
                    continue
                }
                (self.process, url) = (process, "https://127.0.0.1:\(port)")
                return
            }
        }
        throw OpenSSLFailed(arguments: ["nghttpd"])
    }

    /// How many connections have had a request, and how many requests there were.
    public var counts: (connections: Int, requests: Int) {
        get throws {
            let requests = try String(contentsOf: log, encoding: .utf8).matches(of: #/\[id=(\d+)\] .* recv HEADERS/#)
            return (Set(requests.map { $0.1 }).count, requests.count)
        }
    }

    public func stop() { kill(process.processIdentifier, SIGKILL) }
}

/// Answers every request with a page about its TLS session, on a port of the system's choice.
public final class TLSServer {
    public let url: String
    private let process: Process
    private let input = Pipe()
    private let log: URL

    /// - Parameters:
    ///   - asksForCertificate: Whether clients without a certificate of the authority are turned away.
    ///   - pretended: A protocol that it says it speaks, as in `h2`: then it says nothing more.
    public init(_ authority: TestAuthority, asksForCertificate: Bool, pretending pretended: String? = nil) async throws
    {
        var arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key"]
        arguments += pretended.map { ["-alpn", $0] } ?? ["-www"]
        if asksForCertificate { arguments += ["-CAfile", "ca.pem", "-Verify", "1", "-verify_return_error"] }
        process = authority.process(["openssl"] + arguments)
        log = authority.folder.appending(path: "log-\(UInt64.random(in: 0 ... .max))")
        _ = FileManager.default.createFile(atPath: log.path(), contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardInput = input  // at its end, the server would go
        try process.run()
        var port: String?
        for _ in 0..<500 where port == nil {
            try await Task.sleep(for: .milliseconds(10))
            let text = try String(contentsOf: log, encoding: .utf8)
            port = text.firstMatch(of: #/ACCEPT 127\.0\.0\.1:(\d+)\n/#).map { String($0.1) }
        }
        guard port != nil else { throw OpenSSLFailed(arguments: arguments) }
        url = "https://127.0.0.1:\(port ?? "0")"
    }

    public func stop() { kill(process.processIdentifier, SIGKILL) }

    /// What it has said and, of one that pretends, what it has got.
    public var text: String { get throws { String(decoding: try Data(contentsOf: log), as: UTF8.self) } }
}
