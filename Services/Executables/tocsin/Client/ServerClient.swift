import AlertCore
import Bootstrap
import Foundation
import Logging
import OutboundHTTP

/// Speaks the REST API of a server.
struct ServerClient: Sendable {
    let base: String
    let login: (user: String, password: String)
    private let isInsecure: Bool
    private let certificateAuthority: String?
    private let client: OutboundHTTPClient
    /// Of one request.
    var timeout = Duration.seconds(120)

    /// How often something is asked again that the server had no time for, and how long it is waited for at most.
    private static let patience = (tries: 4, seconds: 30.0)
    private static let answerLimit = 64 << 20

    init(base: String, login: (String, String), isInsecure: Bool = false, certificateAuthority: String? = nil) {
        self.base = base
        self.login = login
        self.isInsecure = isInsecure
        self.certificateAuthority = certificateAuthority
        var logger = Logger(label: "client")
        logger.logLevel = .critical  // what goes wrong is said by the command
        // A person says where to; a server may well be inside.
        let anywhere = ["0.0.0.0/0", "::/0"].compactMap { try? CIDR(parsing: $0) }  // constants: cannot fail
        client = OutboundHTTPClient(
            policy: OutboundPolicy(allowing: anywhere), userAgent: "tocsin/\(Version.current)", logger: logger)
    }

    /// The same as whoever it is, at another address.
    func at(_ base: String) -> ServerClient {
        ServerClient(
            base: base, login: login, isInsecure: isInsecure, certificateAuthority: certificateAuthority)
    }

    func close() async { await client.shutdown() }

    // MARK: - JSON below /api/xm/1

    /// - Parameter query: Those with a value are sent.
    func get(_ path: String, _ query: [(String, String?)] = []) async throws -> JSONValue {
        try await json("GET", path + Self.text(query), nil)
    }

    /// `nil` for what is not there.
    func getIfThere(_ path: String, _ query: [(String, String?)] = []) async throws -> JSONValue? {
        do {
            return try await get(path, query)
        } catch let error as ServerError where error.status == 404 {
            return nil
        }
    }

    @discardableResult
    func post(_ path: String, _ body: JSONValue) async throws -> JSONValue { try await json("POST", path, body) }

    /// `nil` when there was nothing to delete.
    @discardableResult
    func delete(_ path: String) async throws -> JSONValue? {
        let answer = try await send("DELETE", "/api/xm/1\(path)")
        return answer.status == 204 ? nil : try decoded(answer)
    }

    /// All rows of a list, up to `limit`, following its pages.
    /// - Returns: The rows, and how many there are in all.
    func rows(
        _ path: String, _ query: [(String, String?)] = [], limit: Int = .max
    ) async throws -> (rows: [JSONValue], total: Int) {
        var rows: [JSONValue] = []
        var address = path + Self.text(query + [("limit", String(min(limit, 1000)))])
        let progress = ProgressBar("Reading")
        while true {
            let page = try await json("GET", address, nil)
            rows += page["data"]?.array ?? []
            let total = page.number("total") ?? rows.count
            guard rows.count < limit, let next = page["links"]?["next"]?.string,
                let below = next.range(of: "/api/xm/1"), page["data"]?.array?.isEmpty == false
            else { return (Array(rows.prefix(limit)), max(total, rows.count)) }
            progress.show(rows.count, of: min(total, limit))
            address = String(next[below.upperBound...])
        }
    }

    /// Shows a list, and how much of it; ends with 1 when there is nothing of the kind.
    func show(
        _ path: String, _ query: [(String, String?)] = [], _ list: ListOptions, _ table: ([JSONValue]) -> Void
    ) async throws {
        let (rows, total) = try await rows(path, query, limit: list.limit)
        try Self.show(rows, of: total, list, table)
    }

    static func show(
        _ rows: [JSONValue], of total: Int, _ list: ListOptions, _ table: ([JSONValue]) -> Void
    ) throws {
        if list.json {
            try Output.json(["total": .whole(total), "data": .array(rows)])
        } else {
            if !rows.isEmpty { table(rows) }
            Output.count(rows.count, of: total)
        }
        if rows.isEmpty { throw Ending.negative }
    }

    // MARK: - Anything

    /// - Parameter path: Below the server's address.
    func send(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, type: String = "application/json",
        isAuthenticated: Bool = true
    ) async throws -> OutboundResponse {
        let request = OutboundRequest(
            method: method, url: base + path, headers: body == nil ? [] : [("Content-Type", type)], body: body,
            basicAuth: isAuthenticated ? login : nil, timeout: timeout, responseBodyLimit: Self.answerLimit,
            trustSelfSigned: isInsecure, certificateAuthority: certificateAuthority)
        var tries = 0
        while true {
            let answer: OutboundResponse
            do {
                answer = try await client.send(request)
            } catch {
                throw CommandError("\(base) cannot be reached: \(error)\(Self.hint(for: "\(error)", at: base))")
            }
            guard !(200..<300).contains(answer.status) else { return answer }
            tries += 1
            guard tries < Self.patience.tries, let pause = Self.pause(after: answer, to: method) else {
                throw ServerError(answer, from: base)
            }
            if Terminal.hasErrors { Output.error("The server is busy: again in \(Int(pause.rounded(.up))) s.") }
            try await Task.sleep(for: .seconds(pause))
        }
    }

    /// In seconds; `nil` for what is not asked again: an error, or a change that may have been made.
    private static func pause(after answer: OutboundResponse, to method: String) -> Double? {
        guard answer.status == 429 || (answer.status == 503 && method == "GET") else { return nil }
        let stated = answer.headers.first { $0.name.lowercased() == "retry-after" }.flatMap { Double($0.value) }
        guard let stated else { return answer.status == 429 ? 1 : nil }
        return stated <= patience.seconds ? max(stated, 0.1) : nil
    }

    private static func hint(for problem: String, at base: String) -> String {
        let isCertificate = problem.lowercased().contains("certificate") || problem.contains("SSL")
        return isCertificate && base.hasPrefix("https") ? " Add --ca FILE with the authority's certificate." : ""
    }

    private func json(_ method: String, _ path: String, _ body: JSONValue?) async throws -> JSONValue {
        let bytes = try body.map { Array(try JSONEncoder().encode($0)) }
        return try decoded(try await send(method, "/api/xm/1\(path)", bytes))
    }

    func decoded(_ answer: OutboundResponse) throws -> JSONValue {
        guard !answer.body.isEmpty else { return .null }
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
        } catch {
            throw CommandError("\(base) answered something that is no JSON. Is it a Tocsin server?")
        }
    }

    // MARK: - Addresses

    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }

    private static func text(_ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value -> String? in
            guard let value, !value.isEmpty else { return nil }
            return "\(name)=\(escaped(value))"
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}

/// An answer other than 2xx, for a person.
struct ServerError: Error, CustomStringConvertible {
    let status: Int
    let message: String
    let subcode: String
    private let base: String

    init(_ answer: OutboundResponse, from base: String) {
        // What is no error of ours has no message.
        let problem = try? JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
        status = answer.status
        message = problem?["message"]?.string ?? "nothing more."
        subcode = problem?["subcode"]?.string ?? ""
        self.base = base
    }

    var description: String {
        let hint =
            switch status {
            case 401: " Check --key or --user, or type: tocsin login"
            case 403 where subcode.contains("password"): " Change it in the console, then type: tocsin login"
            case 404 where subcode == "request.route_not_found": " The server may be older than this command."
            default: ""
            }
        return "\(base) answered \(status): \(message)\(hint)"
    }
}
