import AlertCore
import ArgumentParser
import Foundation

/// What is common to ordering something for deliveries.
struct DeliveryOrderOptions: ParsableArguments {
    @Argument(help: "Deliveries, by their ids; without any, those that the options say.")
    var deliveries: [String] = []

    @OptionGroup var selection: DeliverySelection

    @Flag(help: "Every one there is, when nothing else is said.")
    var all = false

    @Option(help: "At most so many a second, 1 to 1000.")
    var rate: Int?

    @Flag(help: "Change nothing, only say how many there are, and show the first.")
    var dryRun = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    /// - Parameter done: In words, as in "sent again".
    func order(_ path: String, done: String, _ client: ServerClient) async throws {
        var body = selection.fields
        if !deliveries.isEmpty { body["ids"] = .array(deliveries.map { .string($0) }) }
        if body.isEmpty, !all {
            throw CommandError("Which deliveries? Name them, or say --integration, --workflow, --alert, … or --all.")
        }
        if all { body["all"] = true }
        if dryRun { body["dryRun"] = true }
        body["rate"] = rate.map { .integer(Int64($0)) }
        let answer = try await client.post(path, .object(body))
        if output.json {
            try Output.json(answer)
        } else {
            let (total, ordered) = (answer.text("total"), answer.text("ordered"))
            print(dryRun ? "\(total) would be \(done). The first of them:" : "\(ordered) of \(total): \(done).")
            if dryRun { DeliveriesListCommand.show(answer["sample"]?.array ?? []) }
            if !dryRun, ordered != total { print("Come again for the rest.") }
        }
        if answer["total"]?.integer == 0 { throw Ending.negative }
    }
}

struct DeliveriesRedriveCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive", abstract: "Send deliveries again, with a fresh schedule and the same webhook-id.",
        discussion: "By options, those that are EXHAUSTED; others by --status.")

    @OptionGroup var options: DeliveryOrderOptions
    var server: ServerOptions { options.server }

    func run(_ server: ServerClient) async throws {
        try await options.order("/deliveries/redrive", done: "sent again", server)
    }
}

struct DeliveriesCancelCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Give up deliveries that wait; who did so stays to be seen.")

    @OptionGroup var options: DeliveryOrderOptions
    var server: ServerOptions { options.server }

    func run(_ server: ServerClient) async throws {
        try await options.order("/deliveries/cancel", done: "given up", server)
    }
}

struct DeliveriesReplayCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Send the history of alerts to an integration, in order per alert; look at a replay, or cancel it.")

    @Argument(help: "The integration, by id or name.", completion: .integrations)
    var integration: String?

    @Option(help: "From this time on, as in 2h or 2026-03-09T14:00:00Z, or from a place in the log, as in alert/3:120.")
    var since: String?

    @Option(help: "At most so many a second, 1 to 500.")
    var rate: Int?

    @Flag(help: "Also what the integration has had already.")
    var includeSent = false

    @Flag(help: "Change nothing, only say what would be sent.")
    var dryRun = false

    @Flag(help: "Stay until all is sent, showing how far it is.")
    var wait = false

    @Option(help: "An id for the replay: a repeated command with the same one begins no second.")
    var id: String?

    @Option(help: "Show the replay of this id.")
    var show: String?

    @Option(help: "Cancel the replay of this id.")
    var cancel: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard show == nil, cancel == nil else { return }
        guard integration != nil, since != nil else {
            throw ValidationError("Say which integration and --since when; or --show or --cancel with a replay's id.")
        }
    }

    func run(_ server: ServerClient) async throws {
        var answer = try await answer(of: server)
        if wait, !dryRun { answer = try await end(of: answer, server) }
        if output.json { return try Output.json(answer) }
        if answer["dryRun"]?.bool == true {
            let atLeast = answer["isComplete"]?.bool == false ? "At least " : ""
            print(
                "\(atLeast)\(answer.text("total")) would be sent, of \(answer.text("events")) events; "
                    + "\(answer.text("passedOver")) had been sent before.")
        } else {
            print(
                "Replay \(answer.text("id")): \(answer.text("status")), \(answer.text("sent")) sent, "
                    + "\(answer.text("scanned")) of \(answer.text("events")) events.")
        }
    }

    private func answer(of server: ServerClient) async throws -> JSONValue {
        if let cancel { return try await server.post("/replays/\(ServerClient.escaped(cancel))/cancel", [:]) }
        if let show { return try await server.get("/replays/\(ServerClient.escaped(show))") }
        let since = since ?? ""
        var body: [String: JSONValue] = [
            "integration": .string(integration ?? ""),
            "since": .string(since.contains("/") ? since : try Moment(parsing: since).iso),
            "includeSent": .bool(includeSent), "dryRun": .bool(dryRun),
        ]
        body["rate"] = rate.map { .whole($0) }
        body["id"] = id.map { .string($0) }
        return try await server.post("/replays", .object(body))
    }

    private func end(of first: JSONValue, _ server: ServerClient) async throws -> JSONValue {
        Terminal.endsWhenInterrupted()
        let progress = ProgressBar("Replaying")
        var replay = first
        while replay.text("status") == "RUNNING" {
            progress.show(replay.number("scanned") ?? 0, of: replay.number("events"))
            try await Task.sleep(for: .seconds(1))
            replay = try await server.get("/replays/\(ServerClient.escaped(first.text("id")))")
        }
        return replay
    }
}
