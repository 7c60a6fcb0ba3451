import AlertCore
import ArgumentParser
import Foundation

/// What a request of an integration came to.
struct IntegrationRun {
    let server: ServerClient
    let integration: String

    /// How long a run is waited for.
    private static let patience = 60.0

    /// Of an answer that holds the run, or only the id of a request that goes on: waits for its end.
    /// - Throws: Exit code 1 for a run that failed.
    func show(_ answer: JSONValue, _ output: OutputOptions) async throws {
        let row = answer["status"] == nil ? try await end(of: answer.text("requestId")) : answer
        if output.json { try Output.json(row) } else { Self.show(row) }
        if row.text("status") == "FAILED" { throw Ending.negative }
    }

    private func end(of request: String) async throws -> JSONValue {
        let deadline = Date().addingTimeInterval(Self.patience)
        let progress = ProgressBar("Waiting for request")
        progress.say(request)
        while true {
            let row = try await server.getIfThere("/integrations/\(integration)/logs/\(request)")
            if let row, row.text("status") != "RUNNING" { return row }
            guard Date() < deadline else {
                throw CommandError("Request \(request) has not come to an end within \(Int(Self.patience)) s.")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Everything about one request.
    static func show(_ row: JSONValue) {
        let problem = row["error"]
        let place = problem?.text("line").isEmpty == false ? " (line \(problem?.text("line") ?? ""))" : ""
        Output.fields([
            ("Request", row.text("requestId")), ("Status", row.text("status")), ("Received", row.time("received")),
            ("Took", row.text("durationMilliseconds").isEmpty ? "" : "\(row.text("durationMilliseconds")) ms"),
            ("Kind", row.text("attempt")), ("Run again from", row.text("rerunOf")), ("As", row.person("by")),
            ("From", row.text("remoteAddress")), ("Script version", row.text("scriptVersion")),
            ("Error", (problem?.text("message") ?? "") + place),
            ("Notes", row.rows("notes").compactMap(\.string).joined(separator: "\n")),
            ("Alerts", row.rows("events").map { $0.text("eventId") }.joined(separator: ", ")),
        ])
        let body = row.text("requestBody")
        if !body.isEmpty {
            Output.heading("\(row.text("requestMethod")) with")
            print(Output.plain(body, keepingLines: true))
        }
        if !row.text("log").isEmpty {
            Output.heading("Log")
            print(Output.plain(row.text("log"), keepingLines: true))
        }
        for draft in row.rows("drafts") {
            Output.heading("Would have begun")
            Output.fields([
                ("Form", "\(draft.text("plan.name"))/\(draft.text("form.name"))"), ("Priority", draft.text("priority")),
                ("Subject", draft.text("subject")),
                ("Recipients", draft.rows("recipients").map { $0.text("targetName") }.joined(separator: ", ")),
                ("Properties", draft["properties"]?.readable ?? ""),
            ])
        }
    }

    static func table(_ rows: [JSONValue]) {
        Output.table(
            ["REQUEST", "STATUS", "RECEIVED", "MS", "KIND", "ALERTS", "WHAT"],
            rows.map { row in
                [
                    row.text("requestId"), row.text("status"), row.time("received"),
                    row.text("durationMilliseconds"), row.text("attempt"),
                    row.rows("events").map { $0.text("eventId") }.joined(separator: ","),
                    [row.text("error.message"), row.text("suppression.rule"), row.text("requestBody")]
                        .first { !$0.isEmpty } ?? "",
                ]
            })
    }
}

struct IntegrationsLogsCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "List the requests of an inbound integration, newest first; follow them; show one in full.")

    @Argument(help: "The integration.", completion: .integrations)
    var integration: String

    @Argument(help: "One request, by its id: with its log, calls and alerts.")
    var request: String?

    @Flag(name: .shortAndLong, help: "Print what comes in, until Ctrl-C.")
    var follow = false

    @Option(
        help: "RUNNING, COMPLETED, FAILED or SUPPRESSED; several with commas.",
        completion: .list(["RUNNING", "COMPLETED", "FAILED", "SUPPRESSED"]))
    var status: String?

    @Flag(help: "Only what failed.")
    var failed = false

    @OptionGroup var span: SpanOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let id = try await server.find(.integration, integration).text("id")
        if let request {
            let path = "/integrations/\(id)/logs/\(ServerClient.escaped(request))"
            guard let row = try await server.getIfThere(path) else {
                throw CommandError(
                    "There is no request \(request) of it, or not any more. "
                        + "Type tocsin integrations logs \(integration)"
                )
            }
            return list.json ? try Output.json(row) : IntegrationRun.show(row)
        }
        let query = [("status", failed ? "FAILED" : status)] + span.query
        if follow { return try await follow(id, query, server) }
        try await server.show("/integrations/\(id)/logs", query, list, IntegrationRun.table)
    }

    private func follow(_ id: String, _ query: [(String, String?)], _ server: ServerClient) async throws {
        Terminal.endsWellWhenInterrupted()
        var polling = Polling()
        var since = span.from ?? Moment(.now)
        var shown: Set<String> = []
        while true {
            do {
                let asked = Date()
                let rows = try await server.rows(
                    "/integrations/\(id)/logs", query.filter { $0.0 != "from" } + [("from", since.iso)]
                ).rows.filter { $0.text("status") != "RUNNING" && !shown.contains($0.text("requestId")) }
                for row in rows.reversed() { try print(row) }
                // What runs long, or came while we looked, is looked for again a while later.
                since = Moment(max(since.date, asked.addingTimeInterval(-120)))
                shown.formUnion(rows.map { $0.text("requestId") })
                polling.answered(withNews: !rows.isEmpty)
            } catch {
                try polling.failed(error)
            }
            try await Task.sleep(for: polling.pause)
        }
    }

    private func print(_ row: JSONValue) throws {
        if list.json { return try Output.jsonLine(row) }
        let alerts = row.rows("events").map { "alert \($0.text("eventId"))" }.joined(separator: ", ")
        let what = [row.text("error.message"), row.text("suppression.rule"), alerts].first { !$0.isEmpty } ?? ""
        Output.now(
            "\(row.time("received"))  \(Output.colouredByMeaning(row.text("status")))  \(row.text("requestId"))  "
                + "\(row.text("durationMilliseconds")) ms  \(Output.plain(what))")
    }
}

struct IntegrationsRerunCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun", abstract: "Run a stored request again, through the present script or an older one.",
        discussion: "Makes real alerts, unless it is a --dry-run. Ends with 1 when the run failed.")

    @Argument(help: "The integration.", completion: .integrations)
    var integration: String

    @Argument(help: "The request, by its id.")
    var request: String

    @Option(help: "The version of the script, from 1.")
    var scriptVersion: Int?

    @Option(help: "With --dry-run: a file with a script that is not saved.", completion: .file(extensions: ["js"]))
    var script: String?

    @Flag(help: "Make no alert and no calls, and show what would have been.")
    var dryRun = false

    @Flag(help: "With --dry-run: calls are answered as they were then.")
    var recordedCalls = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard dryRun || (script == nil && !recordedCalls) else {
            throw ValidationError("--script and --recorded-calls go with --dry-run.")
        }
    }

    func run(_ server: ServerClient) async throws {
        let id = try await server.find(.integration, integration).text("id")
        var body: [String: JSONValue] = ["dryRun": .bool(dryRun)]
        body["scriptVersion"] = scriptVersion.map { .whole($0) }
        if let script { body["script"] = .string(Data(try InputText.file(script).utf8).base64EncodedString()) }
        if recordedCalls { body["calls"] = "recorded" }
        let path = "/integrations/\(id)/logs/\(ServerClient.escaped(request))/rerun"
        try await IntegrationRun(server: server, integration: id).show(
            try await server.post(path, .object(body)), output)
    }
}
