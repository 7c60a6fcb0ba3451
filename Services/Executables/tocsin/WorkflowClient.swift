import AlertCore
import ArgumentParser
import Foundation
import Logging
import OutboundHTTP
import WorkflowArchive

/// Which server, and as whom.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's address, as in https://alerts.example.com; or TOCSIN_URL.")
    var url: String?

    @Option(help: "An API key as KEY:SECRET; or TOCSIN_API_KEY.")
    var key: String?

    @Option(help: "A login as NAME:PASSWORD, instead of a key.")
    var user: String?

    @Flag(help: "Accept any certificate of the server.")
    var insecure = false

    func client() throws -> WorkflowClient {
        let environment = ProcessInfo.processInfo.environment
        guard let url = url ?? environment["TOCSIN_URL"], url.hasPrefix("http") else {
            throw CommandError("Which server? Add --url https://HOST, or set TOCSIN_URL.")
        }
        guard let login = user ?? key ?? environment["TOCSIN_API_KEY"], let colon = login.firstIndex(of: ":") else {
            throw CommandError("As whom? Add --key KEY:SECRET or --user NAME:PASSWORD, or set TOCSIN_API_KEY.")
        }
        return WorkflowClient(
            base: url.hasSuffix("/") ? String(url.dropLast()) : url,
            login: (String(login[..<colon]), String(login[login.index(after: colon)...])), isInsecure: insecure)
    }
}

/// What went wrong, for a person: exit code 2.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Speaks the REST API of a server.
struct WorkflowClient {
    private let base: String
    private let login: (user: String, password: String)
    private let isInsecure: Bool
    private let client: OutboundHTTPClient

    init(base: String, login: (String, String), isInsecure: Bool) {
        self.base = base
        self.login = login
        self.isInsecure = isInsecure
        var logger = Logger(label: "workflow")
        logger.logLevel = .error
        // A person says where to; a server may well be inside.
        let anywhere = ["0.0.0.0/0", "::/0"].compactMap { try? CIDR(parsing: $0) }  // constants: cannot fail
        client = OutboundHTTPClient(
            policy: OutboundPolicy(allowing: anywhere), userAgent: "tocsin", logger: logger)
    }

    func close() async { await client.shutdown() }

    func export(_ plan: String) async throws -> [UInt8] {
        try await send("GET", "/plans/\(Self.escaped(plan))/export")
    }

    func `import`(_ archive: [UInt8], query: [(String, String)]) async throws -> WorkflowImportAnswer {
        let text = query.map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: "&")
        let answer = try await send("POST", "/plans/import?\(text)", archive)
        do {
            return try JSONDecoder().decode(WorkflowImportAnswer.self, from: Data(answer))
        } catch {
            throw CommandError("\(base) answered something that is no report. Is it a Tocsin server?")
        }
    }

    /// Any other call of the API, with JSON.
    /// - Parameter path: Below `/api/xm/1`, with its query.
    func json(_ method: String, _ path: String, _ body: JSONValue?) async throws -> JSONValue {
        let bytes = try body.map { Array(try JSONEncoder().encode($0)) }
        let answer = try await send(method, path, bytes, type: "application/json", hints: [:])
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(answer))
        } catch {
            throw CommandError("\(base) answered something that is no JSON. Is it a Tocsin server?")
        }
    }

    private func send(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, type: String = WorkflowArchive.mediaType,
        hints: [Int: String] = [409: " Add --replace, or another --name."]
    ) async throws -> [UInt8] {
        let answer: OutboundResponse
        do {
            answer = try await client.send(
                OutboundRequest(
                    method: method, url: "\(base)/api/xm/1\(path)",
                    headers: body == nil ? [] : [("Content-Type", type)], body: body,
                    basicAuth: login, timeout: .seconds(120), responseBodyLimit: 2 * ArchiveLimits.archive,
                    trustSelfSigned: isInsecure))
        } catch {
            throw CommandError("\(base) cannot be reached: \(error)")
        }
        guard (200..<300).contains(answer.status) else {
            let problem = try? JSONDecoder().decode(Problem.self, from: Data(answer.body))  // no error of ours
            let hint = answer.status == 401 ? " Check --key or --user." : hints[answer.status]
            throw CommandError(
                "\(base) answered \(answer.status): \(problem?.message ?? "nothing more.")\(hint ?? "")")
        }
        return answer.body
    }

    private struct Problem: Decodable { let message: String }

    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }
}

/// What an import answers.
struct WorkflowImportAnswer: Decodable {
    struct Line: Decodable {
        let path: String
        let message: String
    }

    struct Report: Decodable {
        struct Plan: Decodable {
            let id: String
            let name: String
        }

        let plan: Plan
        let mode: String
        let used: [Line]
        let kept: [Line]
        let unusable: [Line]
        let byHand: [Line]
        let removed: [Line]
    }

    let report: Report
}
