import Foundation
import Logging
import OutboundHTTP

/// Speaks to the demo's server as any client does.
struct DemoClient {
    struct Alert: Decodable {
        let id: String
        let number: String
        let properties: [String: String]

        enum CodingKeys: String, CodingKey {
            case id
            case number = "eventId"
            case properties
        }
    }

    private struct Page<Row: Decodable>: Decodable { let data: [Row] }
    private struct Accepted: Decodable { let requestId: String }

    let base: String
    private let client: OutboundHTTPClient

    init(base: String) {
        self.base = base
        var logger = Logger(label: "demo")
        logger.logLevel = .error
        let loopback = (try? CIDR(parsing: "127.0.0.0/8")).map { [$0] } ?? []  // a constant: cannot fail
        client = OutboundHTTPClient(
            policy: OutboundPolicy(allowing: loopback), userAgent: "tocsin-demo", logger: logger)
    }

    func close() async { await client.shutdown() }

    /// Sends JSON to the REST API; gives what `path` of the answer says.
    func post(_ path: String, _ body: [String: Any]) async throws -> [String: Any] {
        let answer = try await send("POST", "/api/xm/1\(path)", try JSONSerialization.data(withJSONObject: body))
        guard let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any] else {
            throw DemoError("POST \(path) answered no object")
        }
        return object
    }

    func trigger(_ path: String, _ body: String) async throws -> String {
        let answer = try await send("POST", path, Data(body.utf8), isAuthenticated: false)
        return try JSONDecoder().decode(Accepted.self, from: Data(answer.body)).requestId
    }

    /// The alert of a request, as soon as it is there.
    func alert(requestId: String) async throws -> Alert {
        for _ in 0..<500 {
            let answer = try await send("GET", "/api/xm/1/events?requestId=\(requestId)&embed=properties")
            let page = try JSONDecoder().decode(Page<Alert>.self, from: Data(answer.body))
            if let alert = page.data.first { return alert }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw DemoError("no alert came of request \(requestId)")
    }

    /// Signs in to the console as a browser would, and opens the alert's page.
    func consolePage(alert id: String, expecting text: String) async throws -> (bytes: Int, Void) {
        let form = try await send("GET", "/console/sign-in", isAuthenticated: false)
        var fields = "login=\(DemoServer.user)&password=\(DemoServer.password)"
        let page = String(decoding: form.body, as: UTF8.self)
        if let token = page.firstMatch(of: #/name="csrf" value="([^"]+)"/#) { fields += "&csrf=\(token.1)" }
        let sent = form.headers.filter { $0.name.lowercased() == "set-cookie" }.map(\.value).map(Self.pair)
        let signedIn = try await client.send(
            OutboundRequest(
                method: "POST", url: base + "/console/sign-in",
                headers: [
                    ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", sent.joined(separator: "; ")),
                ], body: Array(fields.utf8)))
        let cookies = signedIn.headers.filter { $0.name.lowercased() == "set-cookie" }.map(\.value).map(Self.pair)
        let answer = try await client.send(
            OutboundRequest(
                url: base + "/console/alerts/\(id)", headers: [("Cookie", (sent + cookies).joined(separator: "; "))],
                responseBodyLimit: 1 << 20))
        guard answer.status == 200, String(decoding: answer.body, as: UTF8.self).contains(text) else {
            throw DemoError("the alert's page answered \(answer.status) and does not show \(text)")
        }
        return (answer.body.count, ())
    }

    private static func pair(_ cookie: String) -> String { String(cookie.prefix { $0 != ";" }) }

    private func send(
        _ method: String, _ path: String, _ body: Data? = nil, isAuthenticated: Bool = true
    ) async throws -> OutboundResponse {
        let answer = try await client.send(
            OutboundRequest(
                method: method, url: base + path, headers: [("Content-Type", "application/json")],
                body: body.map(Array.init),
                basicAuth: isAuthenticated ? (DemoServer.user, DemoServer.password) : nil, responseBodyLimit: 1 << 20))
        guard (200..<300).contains(answer.status) else {
            throw DemoError(
                "\(method) \(path) answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer
    }
}
