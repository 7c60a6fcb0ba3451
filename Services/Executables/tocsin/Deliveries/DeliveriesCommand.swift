import AlertCore
import ArgumentParser
import Foundation

struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "See what went to outbound integrations and why, send it again, give it up, replay history.",
        discussion: Ending.help,
        subcommands: [
            DeliveriesListCommand.self, DeliveriesShowCommand.self, DeliveriesWhyCommand.self,
            DeliveriesRedriveCommand.self, DeliveriesCancelCommand.self, DeliveriesReplayCommand.self,
        ])
}

/// Which deliveries.
struct DeliverySelection: ParsableArguments {
    @Option(help: "Integrations, by id or name, with commas.", completion: .integrations)
    var integration: String?

    @Option(
        name: [.customLong("workflow"), .customLong("plan")],
        help: "A workflow, by id or name: all its integrations.", completion: .workflows)
    var plan: String?

    @Option(name: [.customLong("alert"), .customLong("event")], help: "An alert, by number or id.")
    var event: String?

    @Option(help: "PARKED, DELIVERED, EXHAUSTED, CANCELLED or SKIPPED; several with commas.")
    var status: String?

    @Option(help: "Why it waits or was not sent, as in retry, circuitOpen, disabled, filter; several with commas.")
    var reason: String?

    @OptionGroup var span: SpanOptions

    @Option(help: "Requested by this replay.")
    var replay: String?

    var query: [(String, String?)] {
        [
            ("integration", integration), ("plan", plan), ("event", event), ("status", status), ("reason", reason),
            ("replay", replay),
        ] + span.query
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

struct DeliveriesListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List deliveries, newest first.")

    @OptionGroup var selection: DeliverySelection
    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        try await server.show("/deliveries", selection.query, list, Self.show)
    }

    static func show(_ rows: [JSONValue]) {
        Output.table(
            ["DELIVERY", "STATUS", "INTEGRATION", "ALERT", "REQUESTED", "FAILED", "WHY"],
            rows.map { row in
                let why = [row.text("reason"), row.text("detail")].filter { !$0.isEmpty }.joined(separator: ": ")
                let until = row.time("nextAttempt")
                return [
                    row.text("id"), row.text("status"), row.text("integration.name"), row.text("event.eventId"),
                    row.time("requested"), row.text("failedAttempts"), until.isEmpty ? why : "\(why), at \(until)",
                ]
            })
    }
}

struct DeliveriesShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one delivery with every attempt and its answer.")

    @Argument(help: "The delivery's id, which receivers see as webhook-id.")
    var delivery: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.get("/deliveries/\(ServerClient.escaped(delivery))")
        if output.json { return try Output.json(row) }
        DeliveriesListCommand.show([row])
        print("\nPayload: \(Output.plain(row.text("payload")))\n")
        Output.table(
            ["AT", "WHAT", ""],
            row.rows("history").map { line in [line.time("at"), line.text("kind"), Self.words(line)] })
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

struct DeliveriesWhyCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say for each event of an alert why an integration got it, or did not.")

    @Argument(help: "The alert, by number or id.")
    var event: String

    @Option(
        help: "One integration, by id or name: then also the events that never concern it.",
        completion: .integrations)
    var integration: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let (rows, total) = try await server.rows(
            "/events/\(ServerClient.escaped(event))/why", [("integration", integration)])
        if output.json {
            try Output.json(["total": .whole(total), "data": .array(rows)])
        } else {
            Output.table(
                ["EVENT", "AT", "INTEGRATION", "OUTCOME", "CONFIGURATION", "WHY"],
                rows.map { row in
                    let until = row.time("until")
                    return [
                        row.text("kind"), row.time("at"), row.text("integration.name"), row.text("outcome"),
                        row.text("configurationVersion"),
                        row.text("text") + (until.isEmpty ? "" : ", until \(until)"),
                    ]
                })
        }
        if total == 0 { throw Ending.negative }
    }
}
