import AlertCore
import ArgumentParser
import Foundation

struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "See what went to outbound integrations and why, send it again, give it up, replay history.",
        discussion: "Exit codes: 0 done, 1 nothing of the kind, 2 failed.",
        subcommands: [
            DeliveriesListCommand.self, DeliveriesShowCommand.self, DeliveriesWhyCommand.self,
            DeliveriesRedriveCommand.self, DeliveriesCancelCommand.self, DeliveriesReplayCommand.self,
        ])

    static let nothing = ExitCode(1)

    static func run(_ server: ServerOptions, _ body: (DeliveriesClient) async throws -> Void) async throws {
        try await WorkflowCommand.run(server) { try await body(DeliveriesClient(server: $0)) }
    }
}

/// Which deliveries.
struct DeliverySelection: ParsableArguments {
    @Option(help: "Integrations, by id or name, with commas.")
    var integration: String?

    @Option(help: "A workflow, by id or name: all its integrations.")
    var plan: String?

    @Option(help: "An alert, by number or id.")
    var event: String?

    @Option(help: "PARKED, DELIVERED, EXHAUSTED, CANCELLED or SKIPPED; several with commas.")
    var status: String?

    @Option(help: "Why it waits or was not sent, as in retry, circuitOpen, disabled, filter; several with commas.")
    var reason: String?

    @Option(help: "Requested at this time or later, as in 2026-03-09T14:00:00Z.")
    var from: String?

    @Option(help: "Requested before this time.")
    var to: String?

    @Option(help: "Requested by this replay.")
    var replay: String?

    var query: [(String, String?)] {
        [
            ("integration", integration), ("plan", plan), ("event", event), ("status", status), ("reason", reason),
            ("from", from), ("to", to), ("replay", replay),
        ]
    }

    /// As a body has it.
    var fields: [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        for (name, value) in query {
            guard let value, !value.isEmpty else { continue }
            let isList = ["integration", "plan", "status", "reason"].contains(name)
            fields[name] =
                isList ? .array(value.split(separator: ",").map { .string(String($0)) }) : .string(value)
        }
        return fields
    }
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "JSON instead of a table.")
    var json = false
}

struct DeliveriesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List deliveries, newest first.")

    @OptionGroup var selection: DeliverySelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    @Option(help: "How many at most.")
    var limit = 100

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is \(limit); it must be at least 1.") }
    }

    func run() async throws {
        try await DeliveriesCommand.run(server) { client in
            let (rows, total) = try await client.rows("/deliveries", selection.query, limit: limit)
            if output.json {
                try Output.json(["total": .integer(Int64(total)), "data": .array(rows)])
            } else {
                Self.show(rows)
                Output.error("\(rows.count) of \(total)")
            }
            if total == 0 { throw DeliveriesCommand.nothing }
        }
    }

    static func show(_ rows: [JSONValue]) {
        Output.table(
            ["DELIVERY", "STATUS", "INTEGRATION", "ALERT", "REQUESTED", "FAILED", "WHY"],
            rows.map { row in
                let why = [row.text("reason"), row.text("detail")].filter { !$0.isEmpty }.joined(separator: ": ")
                let until = row.text("nextAttempt")
                return [
                    row.text("id"), row.text("status"), row.text("integration.name"), row.text("event.eventId"),
                    row.text("requested"), row.text("failedAttempts"), until.isEmpty ? why : "\(why), at \(until)",
                ]
            })
    }
}

struct DeliveriesShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one delivery with every attempt and its answer.")

    @Argument(help: "The delivery's id, which receivers see as webhook-id.")
    var delivery: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await DeliveriesCommand.run(server) { client in
            let row = try await client.get("/deliveries/\(WorkflowClient.escaped(delivery))")
            if output.json { return try Output.json(row) }
            DeliveriesListCommand.show([row])
            print("\nPayload: \(row.text("payload"))\n")
            Output.table(
                ["AT", "WHAT", ""],
                (row["history"]?.array ?? []).map { line in
                    [line.text("at"), line.text("kind"), Self.words(line)]
                })
        }
    }

    private static func words(_ line: JSONValue) -> String {
        guard let attempt = line["attempt"] else {
            return [line.text("reason"), line.text("detail"), line.text("until"), line.text("by.targetName")]
                .filter { !$0.isEmpty }.joined(separator: ", ")
        }
        let status = attempt.text("status")
        let outcome = status.isEmpty ? attempt.text("error") : "HTTP \(status)"
        let doubt = attempt["inDoubt"]?.bool == true ? ", in doubt" : ""
        let body = attempt.text("responseBody").split(separator: "\n").joined(separator: " ").prefix(200)
        return "\(attempt.text("number")): \(attempt.text("url")) \(outcome) after "
            + "\(attempt.text("durationMilliseconds")) ms\(doubt) \(body)"
    }
}

struct DeliveriesWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say for each event of an alert why an integration got it, or did not.")

    @Argument(help: "The alert, by number or id.")
    var event: String

    @Option(help: "One integration, by id or name: then also the events that never concern it.")
    var integration: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await DeliveriesCommand.run(server) { client in
            let (rows, total) = try await client.rowsByOffset(
                "/events/\(WorkflowClient.escaped(event))/why", [("integration", integration)])
            if output.json {
                try Output.json(["total": .integer(Int64(total)), "data": .array(rows)])
            } else {
                Output.table(
                    ["EVENT", "AT", "INTEGRATION", "OUTCOME", "CONFIGURATION", "WHY"],
                    rows.map { row in
                        let until = row.text("until")
                        return [
                            row.text("kind"), row.text("at"), row.text("integration.name"), row.text("outcome"),
                            row.text("configurationVersion"),
                            row.text("text") + (until.isEmpty ? "" : ", until \(until)"),
                        ]
                    })
            }
            if total == 0 { throw DeliveriesCommand.nothing }
        }
    }
}

extension DeliveriesClient {
    /// All rows of a list that is paged by its offset.
    func rowsByOffset(_ path: String, _ query: [(String, String?)]) async throws -> (rows: [JSONValue], total: Int) {
        try await rows(path, query, limit: .max)
    }
}
