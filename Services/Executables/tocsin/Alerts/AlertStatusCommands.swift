import AlertCore
import ArgumentParser

/// What is common to ending, suspending and resuming.
struct AlertOrderOptions: ParsableArguments {
    @Argument(help: "Alerts, by numbers or ids; without any, those that the options say.")
    var alerts: [String] = []

    @OptionGroup var selection: AlertSelection
    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    /// More than that at a time are refused.
    private static let most = 10_000

    /// - Parameters:
    ///   - status: As the API calls it.
    ///   - present: The statuses that it makes sense for.
    ///   - words: The verb, and what is said when it is done.
    func order(
        _ status: String, from present: String, words: (verb: String, done: String), _ server: ServerClient
    ) async throws {
        let rows = try await chosen(from: present, server)
        guard !rows.isEmpty else {
            Output.error("There is nothing to \(words.verb).")
            throw Ending.negative
        }
        if rows.count > 1, !confirm.yes, !output.json {
            AlertsListCommand.show(Array(rows.prefix(20)))
            if rows.count > 20 { print("… and \(rows.count - 20) more") }
        }
        if rows.count > 1 { try confirm.require("\(words.verb.capitalized) \(rows.count) alerts") }
        var changed: [JSONValue] = []
        var failures: [String] = []
        let progress = ProgressBar(words.done.capitalized)
        for row in rows {
            do {
                changed.append(
                    try await server.post("/events", ["id": .string(row.text("id")), "status": .string(status)]))
                progress.show(changed.count, of: rows.count)
            } catch let error as ServerError where error.status == 409 || error.status == 404 {
                failures.append("\(row.text("eventId")): \(error.message)")
            }
        }
        if output.json {
            try Output.json(["total": .whole(changed.count), "data": .array(changed)])
        } else if !changed.isEmpty {
            print("\(words.done.capitalized): \(changed.map { $0.text("eventId") }.joined(separator: ", "))")
        }
        guard failures.isEmpty else { throw CommandError(failures.joined(separator: "\n")) }
    }

    private func chosen(from present: String, _ server: ServerClient) async throws -> [JSONValue] {
        guard alerts.isEmpty else {
            var rows: [JSONValue] = []
            for alert in alerts { rows.append(try await server.alert(alert)) }
            return rows
        }
        guard !selection.isEmpty else {
            throw CommandError("Which alerts? Name them by their numbers, or say --workflow, --search, …")
        }
        var query = selection.query
        if selection.status == nil { query += [("status", present)] }
        let (rows, total) = try await server.rows("/events", query, limit: Self.most)
        guard total <= Self.most else {
            throw CommandError("These are \(total) alerts: more than \(Self.most) at a time. Narrow it down.")
        }
        return rows
    }
}

struct AlertsEndCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "end", abstract: "End alerts: nobody is told any more.", aliases: ["terminate"])

    @OptionGroup var options: AlertOrderOptions
    var server: ServerOptions { options.server }

    func run(_ server: ServerClient) async throws {
        try await options.order("TERMINATED", from: "ACTIVE,SUSPENDED", words: ("end", "ended"), server)
    }
}

struct AlertsSuspendCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Suspend alerts: nobody is told until they are resumed.")

    @OptionGroup var options: AlertOrderOptions
    var server: ServerOptions { options.server }

    func run(_ server: ServerClient) async throws {
        try await options.order("SUSPENDED", from: "ACTIVE", words: ("suspend", "suspended"), server)
    }
}

struct AlertsResumeCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Resume suspended alerts.")

    @OptionGroup var options: AlertOrderOptions
    var server: ServerOptions { options.server }

    func run(_ server: ServerClient) async throws {
        try await options.order("ACTIVE", from: "SUSPENDED", words: ("resume", "resumed"), server)
    }
}
