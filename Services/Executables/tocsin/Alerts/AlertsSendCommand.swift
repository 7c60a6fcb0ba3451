import AlertCore
import ArgumentParser
import Foundation
import OutboundHTTP

struct AlertsSendCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Begin an alert by a form, or send a request to an inbound integration.",
        discussion: """
            A form is 'Workflow/Form', or its name, number or id: properties go with it as NAME=VALUE, or NAME:=JSON \
            for numbers, lists and hierarchies. An integration is named by --integration, or by its whole URL: then \
            the same pairs are the request's JSON body, unless --body says another.

            With --wait, stays until somebody answers: 0 after an answer, 1 after a negative one (as the form's author \
            calls it), or when nobody answers in time or before the alert ends.
            """)

    @Argument(
        help: "The form, or with --integration the first of the properties; or the URL of an integration.",
        completion: .forms)
    var target: String?

    @Argument(help: "Properties, as NAME=VALUE or NAME:=JSON.")
    var properties: [String] = []

    @Option(help: "An inbound integration, by id, name or 'Workflow/Name'.", completion: .integrations)
    var integration: String?

    @Option(
        name: .shortAndLong, help: "Whom to tell, as often as wanted: people, groups, devices.", completion: .groups)
    var to: [String] = []

    @Option(help: "A scenario of the form, by id or name: what it fills in counts where nothing else is said.")
    var scenario: String?

    @Option(help: "HIGH, MEDIUM or LOW.", completion: .list(["HIGH", "MEDIUM", "LOW"]))
    var priority: String?

    @Option(help: "How many minutes until it expires.")
    var expires: Int?

    @Option(help: "A file that is the body of the request, as it is; - for the input.", completion: .file())
    var body: String?

    @Option(help: "The body's type.")
    var contentType = "application/json"

    @Flag(help: "Stay until somebody answers.")
    var wait = false

    @Option(help: "How long to stay at most, as in 90s, 15m or 2h.", transform: Self.patience)
    var timeout: Double?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static func patience(_ text: String) throws -> Double {
        guard let seconds = Moment.seconds(of: text) else {
            throw CommandError("\(text) is no span of time. Say it as in 90s, 15m or 2h.")
        }
        return seconds
    }

    /// Of an integration whose whole URL is given.
    var openAddress: String? { isURL ? target : nil }

    private var isURL: Bool { target?.hasPrefix("http://") == true || target?.hasPrefix("https://") == true }

    func validate() throws {
        guard target != nil || integration != nil else {
            throw ValidationError(
                "Which form? Name one, as in tocsin alerts send 'Workflow/Form' Host=db-1 --to oncall.")
        }
        guard scenario == nil || (integration == nil && !isURL) else {
            throw ValidationError("--scenario goes with a form.")
        }
        guard body == nil || integration != nil || isURL else {
            throw ValidationError("--body goes with an integration; a form takes properties, as NAME=VALUE.")
        }
    }

    func run(_ server: ServerClient) async throws {
        let request = try await send(server)
        if !wait {
            if output.json { return try Output.json(["requestId": .string(request)]) }
            return print("Sent. Request \(request)")
        }
        Terminal.endsWhenInterrupted()
        let deadline = timeout.map { Date().addingTimeInterval($0) } ?? .distantFuture
        let alert = try await alert(of: request, until: deadline, server)
        try await answer(to: alert, until: deadline, server)
    }

    // MARK: - Sending

    /// - Returns: The id of the request.
    private func send(_ server: ServerClient) async throws -> String {
        if integration == nil, !isURL {
            let form = try await server.find(.form, target ?? "")
            let answer = try await server.post("/forms/\(form.text("id"))/triggers", try alertBody())
            return answer.text("requestId")
        }
        let bytes = Array(try requestBody().utf8)
        let answer: JSONValue
        if isURL, let target {
            answer = try await post(bytes, to: target, server)
        } else {
            let row = try await server.find(.integration, integration ?? "")
            guard row.text("integrationType") == "INBOUND_WEBHOOK" else {
                throw CommandError("\(row.text("name")) is an outbound integration: it takes no requests.")
            }
            let path = row.text("triggerUrl")
            guard !path.isEmpty else {
                throw CommandError("You may not see the address of \(row.text("name")). Give its URL instead.")
            }
            answer = try server.decoded(
                try await server.send("POST", Self.path(of: path), bytes, type: contentType))
        }
        return answer.text("requestId")
    }

    /// To an address that needs nothing but its key.
    private func post(_ body: [UInt8], to url: String, _ server: ServerClient) async throws -> JSONValue {
        guard let parts = URLComponents(string: url), let host = parts.host else {
            throw CommandError("\(url) is no address.")
        }
        let base = "\(parts.scheme ?? "https")://\(host)\(parts.port.map { ":\($0)" } ?? "")"
        let query = parts.percentEncodedQuery.map { "?\($0)" } ?? ""
        // The key of an address is enough, and one's own goes to one's own server only.
        let needsLogin = !query.contains("apiKey=") && base == server.base
        let other = server.at(base)
        let answer: OutboundResponse
        do {
            answer = try await other.send(
                "POST", parts.percentEncodedPath + query, body, type: contentType, isAuthenticated: needsLogin)
        } catch {
            await other.close()
            throw error
        }
        await other.close()
        return try server.decoded(answer)
    }

    private static func path(of address: String) -> String {
        guard address.hasPrefix("http"), let parts = URLComponents(string: address) else { return address }
        return parts.percentEncodedPath + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
    }

    private func alertBody() throws -> JSONValue {
        var fields: [String: JSONValue] = ["properties": .object(try InputText.fields(properties))]
        if !to.isEmpty { fields["recipients"] = .array(to.map { ["id": .string($0)] }) }
        fields["priority"] = priority.map { .string($0.uppercased()) }
        fields["expirationInMinutes"] = expires.map { .whole($0) }
        fields["scenario"] = scenario.map(JSONValue.string)
        return .object(fields)
    }

    private func requestBody() throws -> String {
        if let body { return try InputText.file(body) }
        let pairs = (isURL ? [] : [target].compactMap { $0 }) + properties
        var fields = try InputText.fields(pairs)
        if !to.isEmpty { fields["recipients"] = .array(to.map { ["id": .string($0)] }) }
        fields["priority"] = priority.map { .string($0.uppercased()) }
        return String(decoding: try JSONEncoder().encode(fields), as: UTF8.self)
    }

    // MARK: - Waiting

    private func alert(of request: String, until deadline: Date, _ server: ServerClient) async throws -> JSONValue {
        let limit = min(deadline, Date().addingTimeInterval(60))
        var pause = Duration.milliseconds(100)
        while Date() < limit {
            let rows = try await server.rows("/events", [("requestId", request), ("eventType", "USER")]).rows
            if let alert = rows.first { return alert }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
        throw CommandError(
            "No alert has come of request \(request). Look at what became of it: "
                + "tocsin integrations logs INTEGRATION \(request)")
    }

    private func answer(to alert: JSONValue, until deadline: Date, _ server: ServerClient) async throws {
        var answer: JSONValue?
        let last = try await Follower(server: server, alert: alert.text("id")).run(until: deadline) { rows in
            for row in rows {
                if !output.json { Output.error(AlertTimeline.line(row)) }
                if answer == nil, AlertTimeline.isAnswer(row) != nil { answer = row }
            }
            return answer == nil
        }
        if output.json {
            try Output.json(["alert": last, "answer": answer?["response"] ?? .null])
        } else if let answer {
            print(Output.plain(answer.text("response.response")))
        } else {
            Output.error(
                last.text("status") == "TERMINATED"
                    ? "Alert \(last.text("eventId")) ended without an answer."
                    : "Nobody has answered alert \(last.text("eventId")) in time; it goes on.")
        }
        guard let answer, AlertTimeline.isAnswer(answer) == true else { throw Ending.negative }
    }
}
