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
        let process = process(arguments)
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
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }
}

public struct OpenSSLFailed: Error {
    let arguments: [String]
}

/// Answers every request with a page about its TLS session, on a port of the system's choice.
public final class TLSServer {
    public let url: String
    private let process: Process

    /// - Parameter asksForCertificate: Whether clients without a certificate of the authority are turned away.
    public init(_ authority: TestAuthority, asksForCertificate: Bool) async throws {
        var arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key", "-www"]
        if asksForCertificate { arguments += ["-CAfile", "ca.pem", "-Verify", "1", "-verify_return_error"] }
        process = authority.process(arguments)
        let log = authority.folder.appending(path: "log-\(UInt64.random(in: 0 ... .max))")
        _ = FileManager.default.createFile(atPath: log.path(), contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: log)
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
}
