import AlertCore
import ArgumentParser

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "See who may do what; lock people out, let them in, set their passwords.",
        subcommands: [
            UsersListCommand.self, UsersRolesCommand.self, UsersLockCommand.self, UsersUnlockCommand.self,
            UsersPasswordCommand.self,
        ])
}

struct UsersListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List people with their roles.")

    @Option(help: "Only those with this role.")
    var role: String?

    @Flag(help: "Only those who are locked out.")
    var locked = false

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let query = [("roles", role), ("status", locked ? "INACTIVE" : nil), ("embed", "roles")]
        try await server.show("/people", query, list, PeopleListCommand.show)
    }
}

struct UsersRolesCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "roles", abstract: "List the roles there are, or set those of a person.")

    @Argument(help: "A person.", completion: .people)
    var person: String?

    @Argument(help: "All the roles that the person is to have.")
    var roles: [String] = []

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        guard let person else {
            return try await server.show("/roles", [], list) { rows in
                Output.table(["ROLE", "MAY"], rows.map { [$0.text("name"), $0.text("description")] })
            }
        }
        let id = try await server.find(.person, person).text("id")
        if !roles.isEmpty {
            let known = try await server.rows("/roles").rows.map { $0.text("name") }
            for role in roles where !known.contains(where: { $0.lowercased() == role.lowercased() }) {
                let hint = Nearness.hint(for: role, among: known, otherwise: "Type tocsin admin users roles")
                throw CommandError("There is no role \(role).\(hint)")
            }
            try await server.post("/people/\(id)", ["roles": .array(roles.map { .string($0) })])
        }
        try await server.show("/people/\(id)/roles", [], list) { rows in
            for row in rows { print(row.text("name")) }
        }
    }
}

struct UsersLockCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Lock people out: they cannot sign in, nor are they told of alerts.")

    @Argument(help: "People.", completion: .people)
    var people: [String]

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        try confirm.require("Lock \(people.joined(separator: ", ")) out, who will not be told of alerts either")
        try await UsersUnlockCommand.set("INACTIVE", of: people, done: "Locked", server)
    }
}

struct UsersUnlockCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "unlock", abstract: "Let people in again.")

    @Argument(help: "People.", completion: .people)
    var people: [String]

    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        try await Self.set("ACTIVE", of: people, done: "Unlocked", server)
    }

    static func set(_ status: String, of people: [String], done: String, _ server: ServerClient) async throws {
        var ids: [(String, String)] = []
        for person in people {
            let row = try await server.find(.person, person)
            ids.append((row.text("id"), row.text("targetName")))
        }
        for (id, name) in ids {
            try await server.post("/people/\(id)", ["status": .string(status)])
            print("\(done) \(Output.plain(name)).")
        }
    }
}

struct UsersPasswordCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-password",
        abstract: "Give somebody another password, which has to be changed at the next login.",
        discussion: "Without --ask one is made up, and printed once.")

    @Argument(help: "The person.", completion: .people)
    var person: String

    @Flag(help: "Ask for the password, or read it from the input.")
    var ask = false

    @Flag(help: "It need not be changed.")
    var keep = false

    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.find(.person, person)
        let password = ask ? try PersonFields.newPassword() : Self.madeUp()
        try await server.post(
            "/people/\(row.text("id"))", ["password": .string(password), "forcePasswordReset": .bool(!keep)])
        print(ask ? "Changed." : "The password of \(Output.plain(row.text("webLogin"))): \(password)")
    }

    /// Letters and digits that nobody mistakes for each other, about 93 bits.
    private static func madeUp() -> String {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        let parts = (0..<4).map { _ in
            String((0..<5).compactMap { _ in letters.randomElement(using: &generator) })
        }
        return parts.joined(separator: "-")
    }
}
