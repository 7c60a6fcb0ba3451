import AlertCore
import ArgumentParser

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "See, make and revoke API keys.",
        subcommands: [KeysListCommand.self, KeysCreateCommand.self, KeysRevokeCommand.self])
}

struct KeysListCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List one's own keys, and those of people whom one administers.")

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        try await server.show("/api-keys", [], list) { rows in
            Output.table(
                ["KEY", "PERSON", "MADE", "NAME"],
                rows.map { [$0.text("id"), $0.person("person"), $0.time("created"), $0.text("name")] })
        }
    }
}

struct KeysCreateCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an API key; its secret is shown once.")

    @Argument(help: "What it is for.")
    var name: String

    @Option(help: "Whose key it is: it may do what that person may; otherwise oneself.", completion: .people)
    var person: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        var body: [String: JSONValue] = ["name": .string(name)]
        if let person { body["person"] = .string(try await server.find(.person, person).text("id")) }
        let made = try await server.post("/api-keys", .object(body))
        if output.json { return try Output.json(made) }
        Output.error("The key of \(made.person("person")), for TOCSIN_API_KEY or --key; not shown again:")
        print("\(made.text("key")):\(made.text("secret"))")
    }
}

struct KeysRevokeCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke API keys: they are worth nothing from now on.")

    @Argument(help: "Keys, by their ids or names.")
    var keys: [String]

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let all = try await server.rows("/api-keys").rows
        var found: [JSONValue] = []
        for key in keys {
            let rows = all.filter { $0.text("id") == key || $0.text("name").lowercased() == key.lowercased() }
            guard rows.count == 1 else {
                let hint = Nearness.hint(
                    for: key, among: all.map { $0.text("name") }, otherwise: "Type tocsin admin keys list")
                throw CommandError(
                    rows.isEmpty
                        ? "There is no key \(key).\(hint)" : "There are \(rows.count) keys \(key): give the id.")
            }
            found += rows
        }
        let names = found.map { "\($0.text("name")) of \($0.text("person.targetName"))" }
        try confirm.require("Revoke \(names.joined(separator: ", "))")
        for row in found {
            try await server.delete("/api-keys/\(ServerClient.escaped(row.text("id")))")
            print("Revoked \(Output.plain(row.text("name"))).")
        }
    }
}
