import AlertCore
import ArgumentParser

struct PeopleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "people",
        abstract: "See and change people and their devices.",
        discussion: "People are named by target name, web login, id or 'First Last'. \(Ending.help)",
        subcommands: [
            PeopleListCommand.self, PeopleShowCommand.self, PeopleCreateCommand.self, PeopleEditCommand.self,
            PeopleDeleteCommand.self, PeopleDevicesCommand.self, PeopleImportCommand.self,
        ], aliases: ["person"])
}

struct PeopleListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List people, by target name.")

    @Option(help: "Words that begin a name, a login, an e-mail address or a phone number.")
    var search: String?

    @Option(help: "A role.")
    var role: String?

    @Option(help: "Members of a group, by name or id.", completion: .groups)
    var group: String?

    @Option(help: "At a site, by name or id.")
    var site: String?

    @Option(help: "Whose supervisor this is, by name or id.", completion: .people)
    var supervisor: String?

    @Option(help: "ACTIVE or INACTIVE.", completion: .list(["ACTIVE", "INACTIVE"]))
    var status: String?

    @Flag(help: "Only those who have no device to be told on.")
    var withoutDevices = false

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let fields = "FIRST_NAME,LAST_NAME,TARGET_NAME,WEB_LOGIN,EMAIL_ADDRESS,PHONE_NUMBER"
        let query = [
            ("search", search), ("fields", search == nil ? nil : fields), ("roles", role), ("groups", group),
            ("site", site), ("supervisors", supervisor), ("status", status),
            ("devices.exists", withoutDevices ? "false" : nil), ("embed", "roles"),
        ]
        try await server.show("/people", query, list, Self.show)
    }

    static func show(_ rows: [JSONValue]) {
        Output.table(
            ["PERSON", "NAME", "STATUS", "LOGIN", "LAST LOGIN", "ROLES"],
            rows.map { row in
                [
                    row.text("targetName"), "\(row.text("firstName")) \(row.text("lastName"))", row.text("status"),
                    row.text("webLogin"), row.time("lastLogin"),
                    row.rows("roles").map { $0.text("name") }.joined(separator: ", "),
                ]
            })
    }
}

struct PeopleShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a person with devices, groups, roles and supervisors.")

    @Argument(help: "The person.", completion: .people)
    var person: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let id = try await server.find(.person, person).text("id")
        let row = try await server.get("/people/\(id)", [("embed", "roles,supervisors")])
        let devices = try await server.rows("/people/\(id)/devices").rows
        let groups = try await server.rows("/people/\(id)/group-memberships").rows
        if output.json {
            return try Output.json(["person": row, "devices": .array(devices), "groups": .array(groups)])
        }
        Output.fields([
            ("Person", row.text("targetName")), ("Name", "\(row.text("firstName")) \(row.text("lastName"))"),
            ("Status", row.text("status")), ("Login", row.text("webLogin")), ("Last login", row.time("lastLogin")),
            ("Roles", row.rows("roles").map { $0.text("name") }.joined(separator: ", ")),
            ("Supervisors", row.rows("supervisors").map { $0.text("targetName") }.joined(separator: ", ")),
            ("Site", row.text("site.name")), ("Language", row.text("language")), ("Zone", row.text("timezone")),
            ("Groups", groups.map { $0.text("group.targetName") }.joined(separator: ", ")), ("Id", id),
        ])
        for (name, value) in (row["properties"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            Output.fields([(name, value.readable)], indent: "  ")
        }
        Output.heading("Devices")
        guard !devices.isEmpty else {
            return print("  None: \(row.text("targetName")) cannot be told anything.")
        }
        DevicesListCommand.show(devices)
    }
}

/// What a person can be given.
struct PersonFields: ParsableArguments {
    @Option(help: "First name.")
    var first: String?

    @Option(help: "Last name.")
    var last: String?

    @Option(help: "The name to sign in with; otherwise the target name.")
    var login: String?

    @Option(help: "A role, as often as wanted: all that there are to be.")
    var role: [String] = []

    @Option(help: "A supervisor, as often as wanted: all that there are to be.", completion: .people)
    var supervisor: [String] = []

    @Option(help: "The site, by name or id.")
    var site: String?

    @Option(help: "The language of messages, as in en or fr.")
    var language: String?

    @Option(help: "The time zone, as in Europe/Paris.")
    var timezone: String?

    @Option(help: "A field of one's own, as NAME=VALUE or NAME:=JSON, as often as wanted.")
    var property: [String] = []

    @Flag(help: "Ask for a password to sign in with, or read it from the input.")
    var password = false

    @Flag(help: "The password has to be changed at the next login.")
    var resetPassword = false

    func fields(over properties: [String: JSONValue] = [:]) throws -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        for (name, value) in [
            ("firstName", first), ("lastName", last), ("webLogin", login), ("site", site), ("language", language),
            ("timezone", timezone),
        ] { fields[name] = value.map { .string($0) } }
        if !role.isEmpty { fields["roles"] = .array(role.map { .string($0) }) }
        if !supervisor.isEmpty { fields["supervisors"] = .array(supervisor.map { .string($0) }) }
        if !property.isEmpty {
            fields["properties"] = .object(properties.merging(try InputText.fields(property)) { $1 })
        }
        if password { fields["password"] = .string(try Self.newPassword()) }
        if resetPassword { fields["forcePasswordReset"] = true }
        return fields
    }

    static func newPassword() throws -> String {
        guard let password = Terminal.askSecretly("New password: "), !password.isEmpty else {
            throw CommandError("There is no password in the input.")
        }
        if Terminal.canAsk, Terminal.askSecretly("Once more: ") != password {
            throw CommandError("The two passwords are not the same. Nothing was changed.")
        }
        return password
    }
}

struct PeopleCreateCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a person.",
        discussion: "Without a role a Standard User. With --email and --phone, devices are made as well.")

    @Argument(help: "The target name: by it the person is named everywhere.")
    var name: String

    @OptionGroup var fields: PersonFields

    @Option(help: "An address for a device of the name Work Email.")
    var email: String?

    @Option(help: "A number in E.164 for devices of the names Work Phone and SMS Phone.")
    var phone: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        guard fields.first != nil, fields.last != nil else {
            throw CommandError("Add --first and --last: people are shown by these names.")
        }
        guard try await server.getIfThere("/people/\(ServerClient.escaped(name))") == nil else {
            throw CommandError("There is a person \(name) already. To change it: tocsin people edit \(name) …")
        }
        var body = try fields.fields()
        body["targetName"] = .string(name)
        let made = try await server.post("/people", .object(body))
        try await server.makeDevices(of: made.text("id"), email: email, phone: phone)
        if output.json { return try Output.json(made) }
        print("Made \(Output.plain(made.text("targetName"))), id \(made.text("id"))")
    }
}

extension ServerClient {
    /// The usual devices of somebody new.
    func makeDevices(of owner: String, email: String?, phone: String?) async throws {
        if let email, !email.isEmpty {
            try await post(
                "/devices",
                [
                    "name": "Work Email", "deviceType": "EMAIL", "recipientType": "DEVICE",
                    "emailAddress": .string(email), "owner": .string(owner),
                ])
        }
        guard let phone, !phone.isEmpty else { return }
        for (name, type) in [("SMS Phone", "TEXT_PHONE"), ("Work Phone", "VOICE")] {
            try await post(
                "/devices",
                [
                    "name": .string(name), "deviceType": .string(type), "recipientType": "DEVICE",
                    "phoneNumber": .string(phone), "owner": .string(owner),
                ])
        }
    }
}

struct PeopleEditCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change a person; what is not said stays as it is.")

    @Argument(help: "The person.", completion: .people)
    var person: String

    @OptionGroup var fields: PersonFields

    @Option(help: "Another target name.")
    var name: String?

    @Option(
        help: "ACTIVE or INACTIVE: whether somebody can sign in and is told.",
        completion: .list(["ACTIVE", "INACTIVE"]))
    var status: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.find(.person, person)
        var body = try fields.fields(over: row["properties"]?.object ?? [:])
        body["targetName"] = name.map { .string($0) }
        body["status"] = status.map { .string($0.uppercased()) }
        guard !body.isEmpty else { throw CommandError("What is to be changed? See tocsin people edit --help.") }
        let changed = try await server.post("/people/\(row.text("id"))", .object(body))
        if output.json { return try Output.json(changed) }
        print("Changed \(Output.plain(changed.text("targetName"))).")
    }
}

struct PeopleDeleteCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete people, with their devices and their places in groups.")

    @Argument(help: "People.", completion: .people)
    var people: [String]

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        var rows: [JSONValue] = []
        for person in people { rows.append(try await server.find(.person, person)) }
        let names = rows.map { "\($0.text("firstName")) \($0.text("lastName")) (\($0.text("targetName")))" }
        try confirm.require("Delete \(names.joined(separator: ", "))")
        for row in rows {
            try await server.delete("/people/\(row.text("id"))")
            print("Deleted \(Output.plain(row.text("targetName"))).")
        }
    }
}
