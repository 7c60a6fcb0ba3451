import AlertCore
import ArgumentParser

struct HoldsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holds", abstract: "See, make and end legal holds: alerts that are kept whatever their time.",
        subcommands: [HoldsListCommand.self, HoldsCreateCommand.self, HoldsEndCommand.self])
}

struct HoldsListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List legal holds.")

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        try await server.show("/legal-holds", [], list) { rows in
            Output.table(
                ["NAME", "MADE", "BY", "QUERY", "REASON"],
                rows.map {
                    [
                        $0.text("name"), $0.time("created"), $0.person("createdBy"), $0.text("query"),
                        $0.text("reason"),
                    ]
                })
        }
    }
}

struct HoldsCreateCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Hold every alert with an event that a query finds, until the hold ends.",
        discussion: "As in: tocsin audit holds create 'Case 17' 'workflow:Payments from:2026-01-01 to:2026-02-01'")

    @Argument(help: "Its name.")
    var name: String

    @Argument(help: "The query, as of tocsin audit query, which shows beforehand what it finds.")
    var query: String

    @Option(help: "Why.")
    var reason: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        var body: [String: JSONValue] = ["name": .string(name), "query": .string(query)]
        if let reason { body["reason"] = .string(reason) }
        let made = try await server.post("/legal-holds", .object(body))
        if output.json { return try Output.json(made) }
        let found = try await server.get("/audit", [("query", query), ("limit", "1")]).number("total") ?? 0
        print("\(Output.plain(made.text("name"))) holds the alerts of \(found) events, and of those to come.")
    }
}

struct HoldsEndCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "end", abstract: "End a legal hold: what it kept is kept as long as everything else.")

    @Argument(help: "The hold, by its name or id.")
    var hold: String

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let all = try await server.rows("/legal-holds").rows
        guard
            let row = all.first(where: {
                $0.text("id") == hold || $0.text("name").lowercased() == hold.lowercased()
            })
        else {
            let hint = Nearness.hint(
                for: hold, among: all.map { $0.text("name") }, otherwise: "Type tocsin audit holds list")
            throw CommandError("There is no legal hold \(hold).\(hint)")
        }
        try confirm.require("End the legal hold \(row.text("name"))")
        try await server.delete("/legal-holds/\(ServerClient.escaped(row.text("id")))")
        print("Ended \(Output.plain(row.text("name"))).")
    }
}
