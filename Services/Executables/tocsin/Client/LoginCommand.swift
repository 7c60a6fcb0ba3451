import AlertCore
import ArgumentParser
import Foundation

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Make an API key for this machine and keep it, with the server's address.",
        discussion: """
            Later commands need neither --url nor --key. Of several servers each has a --profile; the first one, or \
            the one with --default, is meant without it. The file is \(Profiles.path), for oneself alone.
            """)

    @OptionGroup var server: ServerOptions

    @Flag(help: "Mean this server where none is said.")
    var `default` = false

    @Option(help: "The name of the key, by which it can be found among others.")
    var keyName: String?

    func run() async throws {
        try await Ending.reporting {
            var profiles = try Profiles.load()
            let name = server.profile ?? "default"
            let known = profiles.profiles[name]
            guard
                let given = server.url ?? known?.url ?? ProcessInfo.processInfo.environment["TOCSIN_URL"]
                    ?? (Terminal.canAsk ? Terminal.ask("The server's address: ") : nil)
            else { throw CommandError("Which server? Add --url https://HOST.") }
            var options = server
            options.url = try ServerOptions.address(given)
            options.profile = nil
            options.insecure = server.insecure || (server.url == nil && known?.insecure == true)
            options.ca = server.ca ?? (server.url == nil ? known?.ca : nil)
            let (key, person) = try await key(options)
            profiles.profiles[name] = Profiles.Profile(
                url: options.url ?? given, key: key, insecure: options.insecure ? true : nil,
                ca: options.ca.map { URL(filePath: $0).standardizedFileURL.path() })
            if `default` || profiles.default == nil { profiles.default = name }
            try profiles.save()
            if let known, known.url == options.url, options.key == nil { await revoke(known.key, options, with: key) }
            print("Signed in to \(options.url ?? given) as \(Output.plain(person)). Kept as \(name).")
        }
    }

    /// A key that works, new or given, and whose it is.
    private func key(_ options: ServerOptions) async throws -> (key: String, person: String) {
        if let key = options.key {
            let client = try options.client()
            let me = try await closing(client) { try await client.me() }
            return (key, me.text("targetName"))
        }
        guard let user = options.user ?? (Terminal.canAsk ? Terminal.ask("Login: ") : nil), !user.isEmpty else {
            throw CommandError("As whom? Add --user NAME:PASSWORD, or --key KEY:SECRET.")
        }
        let client = try options.client(as: try ServerOptions.credentials(user))
        // Names of keys are unique.
        let mark = String(UInt32.random(in: .min ... .max), radix: 36)
        let name = keyName ?? "tocsin on \(ProcessInfo.processInfo.hostName), \(mark)"
        let made = try await closing(client) { try await client.post("/api-keys", ["name": .string(name)]) }
        return ("\(made.text("key")):\(made.text("secret"))", made.text("person.targetName"))
    }

    /// The key that the new one takes the place of.
    private func revoke(_ old: String?, _ options: ServerOptions, with key: String) async {
        var options = options
        (options.key, options.user) = (key, nil)
        // One that is revoked already is none to revoke.
        guard let old, let client = try? options.client() else { return }
        _ = try? await client.delete("/api-keys/\(ServerClient.escaped(String(old.prefix { $0 != ":" })))")  // as above
        await client.close()
    }

    private func closing<Result>(
        _ client: ServerClient, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await body()
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}

struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Revoke the key that login has made, and forget the server.")

    @Option(help: "Which one; otherwise the one that is meant without a name.", completion: .profiles)
    var profile: String?

    func run() async throws {
        try await Ending.reporting {
            var profiles = try Profiles.load()
            guard let name = profile ?? profiles.default else {
                Output.error("There is nothing to forget.")
                throw Ending.negative
            }
            let kept = try profiles.required(name)
            var isRevoked = false
            if let key = kept.key, let options = try? ServerOptions.parse(["--profile", name]),  // said below
                let client = try? options.client()
            {
                let id = String(key.prefix { $0 != ":" })
                // A server that is gone, or has revoked it already, is no reason to keep the key.
                isRevoked = (try? await client.delete("/api-keys/\(ServerClient.escaped(id))")) != nil
                await client.close()
            }
            profiles.profiles[name] = nil
            if profiles.default == name { profiles.default = profiles.profiles.keys.sorted().first }
            try profiles.save()
            print("Forgot \(name).")
            if !isRevoked { Output.error("Its key could not be revoked; see tocsin admin keys list.") }
        }
    }
}

struct ProfilesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles", abstract: "List the servers that login keeps, or choose the one that is meant.")

    @Option(help: "Mean this one where none is said.", completion: .profiles)
    var use: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Ending.reporting {
            var profiles = try Profiles.load()
            if let use {
                _ = try profiles.required(use)
                profiles.default = use
                try profiles.save()
            }
            let rows = profiles.profiles.sorted { $0.key < $1.key }
            if output.json {
                try Output.json(
                    .array(
                        rows.map { name, profile in
                            [
                                "name": .string(name), "url": .string(profile.url),
                                "isDefault": .bool(name == profiles.default),
                                "key": .string(String((profile.key ?? "").prefix { $0 != ":" })),
                            ]
                        }))
            } else if !rows.isEmpty {
                Output.table(
                    ["", "PROFILE", "SERVER"],
                    rows.map { name, profile in [name == profiles.default ? "*" : "", name, profile.url] })
            } else {
                Output.error("There are none. Type tocsin login --url https://HOST")
            }
            if rows.isEmpty { throw Ending.negative }
        }
    }
}

struct WhoAmICommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show which server this is, as whom, and with which roles.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let me = try await server.me()
        let roles = try await server.rows("/people/\(me.text("id"))/roles").rows
        if output.json {
            return try Output.json(["server": .string(server.base), "person": me, "roles": .array(roles)])
        }
        Output.fields([
            ("Server", server.base), ("Person", "\(me.text("firstName")) \(me.text("lastName"))"),
            ("Name", me.text("targetName")), ("Roles", roles.map { $0.text("name") }.joined(separator: ", ")),
        ])
    }
}
