import Foundation

/// `tocsin serve` as a process beside the demo.
final class DemoServer {
    static let user = "demo"
    static let password = "demo"

    private let data: String
    private let port: Int
    private let process = Process()

    init(data: String, port: Int) {
        self.data = data
        self.port = port
    }

    func start() throws {
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let log = "\(data)/server.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.executableURL = URL(
            filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        process.arguments = ["serve", "--data", data, "--port", "\(port)", "--outbound-allow", "127.0.0.0/8"]
        var environment = ProcessInfo.processInfo.environment
        environment["TOCSIN_ADMIN_USER"] = Self.user
        environment["TOCSIN_ADMIN_PASSWORD"] = Self.password
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
    }

    /// Where it listens, once it does.
    func address() async throws -> String {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline, process.isRunning {
            let log = try String(contentsOfFile: "\(data)/server.log", encoding: .utf8)
            if let match = log.firstMatch(of: #/address[=:] ?(http:\/\/[0-9.]+:\d+)/#) { return String(match.1) }
            try await Task.sleep(for: .milliseconds(20))
        }
        // Without a log there is nothing to show.
        let log = (try? String(contentsOfFile: "\(data)/server.log", encoding: .utf8)) ?? ""
        throw DemoError("the server did not start:\n\(log.suffix(2000))")
    }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }
}

struct DemoError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
