import AlertCore
import ArgumentParser
import Foundation

struct IntegrationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "integrations",
        abstract: "See the ways in and out of workflows, try them, read what they did, run requests again.",
        discussion: "Integrations are named by id, name or 'Workflow/Name'. \(Ending.help)",
        subcommands: [
            IntegrationsListCommand.self, IntegrationsShowCommand.self, IntegrationsTestCommand.self,
            IntegrationsLogsCommand.self, IntegrationsRerunCommand.self,
        ], aliases: ["integration"])
}

struct IntegrationsListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List integrations.")

    @Option(
        name: [.customLong("workflow"), .customLong("plan")], help: "Of one workflow, by name or id.",
        completion: .workflows)
    var workflow: String?

    @Flag(help: "Only inbound ones.")
    var inbound = false

    @Flag(help: "Only outbound ones.")
    var outbound = false

    @Flag(help: "Only those that are out of service.")
    var disabled = false

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let plans: [JSONValue]
        if let workflow {
            plans = [try await server.find(.workflow, workflow)]
        } else {
            plans = try await server.rows("/plans").rows
        }
        let type = inbound == outbound ? nil : inbound ? "INBOUND_WEBHOOK" : "OUTBOUND_WEBHOOK"
        let rows = try await server.integrations(of: plans, [("integrationType", type)])
            .filter { !disabled || $0["deployed"]?.bool == false || !$0.text("disabledReason").isEmpty }
        try ServerClient.show(Array(rows.prefix(list.limit)), of: rows.count, list) { rows in
            Output.table(Self.header, rows.map { Self.cells($0, in: $0.text("plan.name")) })
        }
    }

    static let header = ["INTEGRATION", "DIRECTION", "DOES", "WHEN", "IN SERVICE", "ID"]

    static func cells(_ row: JSONValue, in workflow: String) -> [String] {
        let isInbound = row.text("integrationType") == "INBOUND_WEBHOOK"
        let reason = row.text("disabledReason")
        return [
            "\(workflow)/\(row.text("name"))", isInbound ? "in" : "out", row.text("operation"),
            isInbound ? row.text("authenticationType") : row.text("triggeredBy"),
            !reason.isEmpty ? reason : row["deployed"]?.bool == false ? "no" : "yes", row.text("id"),
        ]
    }
}

struct IntegrationsShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an integration; with --script, only its script.")

    @Argument(help: "The integration.", completion: .integrations)
    var integration: String

    @Flag(help: "Show the key in its address, and secrets.")
    var secrets = false

    @Flag(help: "Print the script and nothing else.")
    var script = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        var row = try await server.find(.integration, integration)
        let text = row["script"]?.string.flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
        if script {
            guard let text else { throw CommandError("\(row.text("name")) has no script.") }
            return print(text)
        }
        if !secrets { row = Self.masked(row) }
        if output.json { return try Output.json(row) }
        let delivery = (row["delivery"]?.object ?? [:]).sorted { $0.key < $1.key }
        let address = row.text("triggerUrl")
        Output.fields([
            ("Integration", "\(row.text("plan.name"))/\(row.text("name"))"), ("Type", row.text("integrationType")),
            ("Does", row.text("operation")), ("Triggered by", row.text("triggeredBy")),
            ("Only for", row.text("responseChoice")), ("Form", row.text("form.name")),
            ("Endpoint", row.text("endpoint.name") + row.text("path")),
            ("In service", row["deployed"]?.bool == false ? "no" : "yes"), ("Because", row.text("disabledReason")),
            ("Not run", row.text("notExecuted")), ("Authentication", row.text("authenticationType")),
            ("Acts as", row.person("authenticatingUser")),
            ("Address", address.isEmpty || address.hasPrefix("http") ? address : server.base + address),
            (
                "Retries",
                row["retrySchedule"]?.array.map { $0.map { "\($0.readable) s" }.joined(separator: ", ") } ?? ""
            ),
            ("Delivery", delivery.map { "\($0.key) \($0.value.readable)" }.joined(separator: ", ")),
            ("Signing secret", row.text("signingSecret")), ("Public key", row.text("signingPublicKey")),
            ("Script", text.map { "\($0.split(separator: "\n").count) lines; --script prints it" } ?? ""),
            ("Id", row.text("id")),
        ])
    }

    private static func masked(_ row: JSONValue) -> JSONValue {
        guard var fields = row.object else { return row }
        if let url = fields["triggerUrl"]?.string, let key = url.firstRange(of: "apiKey=") {
            fields["triggerUrl"] = .string(url[..<key.upperBound] + "***")
        }
        if fields["signingSecret"] != nil { fields["signingSecret"] = "***" }
        return .object(fields)
    }
}

struct IntegrationsTestCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Try an integration, and show the exchange.",
        discussion: """
            Of an outbound one, a sample goes to its target; nothing is recorded. Of an inbound one, a request that \
            --body describes runs; with --dry-run, without any effect. Ends with 1 when it failed.
            """)

    @Argument(help: "The integration.", completion: .integrations)
    var integration: String

    @Option(help: "Inbound: a file that is the request's body; - for the input.", completion: .file())
    var body: String?

    @Option(help: "Inbound: a header of the request, as NAME=VALUE, as often as wanted.")
    var header: [String] = []

    @Option(help: "Inbound: a parameter of the request, as NAME=VALUE, as often as wanted.")
    var parameter: [String] = []

    @Flag(help: "Inbound: make no alert and no calls, and show what would have been.")
    var dryRun = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.find(.integration, integration)
        guard row.text("integrationType") == "INBOUND_WEBHOOK" else {
            guard body == nil, !dryRun else {
                throw CommandError("\(row.text("name")) is outbound: --body and --dry-run are for inbound ones.")
            }
            return try await testOutbound(row, server)
        }
        guard let body else {
            throw CommandError("Which request? Add --body FILE, or --body - and give it on the input.")
        }
        var request: [String: JSONValue] = ["method": "POST", "body": .string(try InputText.file(body))]
        var headers = try InputText.fields(header)
        if headers.isEmpty { headers["Content-Type"] = "application/json" }
        request["headers"] = .object(headers)
        request["parameters"] = .object(try InputText.fields(parameter))
        request["dryRun"] = .bool(dryRun)
        let answer = try await server.post("/integrations/\(row.text("id"))/test-requests", .object(request))
        try await IntegrationRun(server: server, integration: row.text("id")).show(answer, output)
    }

    private func testOutbound(_ row: JSONValue, _ server: ServerClient) async throws {
        let answer = try await server.post("/plans/\(row.text("plan.id"))/integrations/\(row.text("id"))/test", [:])
        let isSuccess = answer["success"]?.bool == true
        if output.json {
            try Output.json(answer)
        } else {
            let request = answer["request"] ?? .null
            print("\(Output.plain("\(request.text("method")) \(request.text("url"))"))")
            Self.show(request)
            if let response = answer["response"], response != .null {
                print("\nHTTP \(response.text("status")) after \(answer.text("durationMilliseconds")) ms")
                Self.show(response)
            }
            Output.fields([
                ("Error", answer.text("error")), ("Filter", answer.text("filtered")),
                ("Out of service", answer.text("disabledReason")),
            ])
            print("\n\(Output.colouredByMeaning(isSuccess ? "OK" : "FAILED"))")
        }
        if !isSuccess { throw Ending.negative }
    }

    private static func show(_ message: JSONValue) {
        for header in message.rows("headers") {
            print("\(Output.plain(header.text("name"))): \(Output.plain(header.text("value")))")
        }
        if !message.text("body").isEmpty { print("\n\(Output.plain(message.text("body"), keepingLines: true))") }
    }
}
