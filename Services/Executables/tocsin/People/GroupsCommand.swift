import AlertCore
import ArgumentParser

struct GroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "See and change groups, their members and shifts.", discussion: Ending.help,
        subcommands: [
            GroupsListCommand.self, GroupsShowCommand.self, GroupsCreateCommand.self, GroupsDeleteCommand.self,
            GroupMembersCommand.self, GroupShiftsCommand.self,
        ], aliases: ["group"])
}

struct GroupsListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List groups, by name.")

    @Option(help: "Words that begin a word of the name or description.")
    var search: String?

    @Option(help: "ON_CALL, BROADCAST or DYNAMIC.", completion: .list(["ON_CALL", "BROADCAST", "DYNAMIC"]))
    var type: String?

    @Option(help: "Groups that this person is in.", completion: .people)
    var member: String?

    @Option(help: "Groups that this person supervises.", completion: .people)
    var supervisor: String?

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let query = [("search", search), ("groupType", type), ("members", member), ("supervisors", supervisor)]
        try await server.show("/groups", query, list) { rows in
            Output.table(
                ["GROUP", "TYPE", "STATUS", "DESCRIPTION"],
                rows.map { [$0.text("targetName"), $0.text("groupType"), $0.text("status"), $0.text("description")] })
        }
    }
}

struct GroupsShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a group: members, shifts, and who is on call.")

    @Argument(help: "The group.", completion: .groups)
    var group: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let id = try await server.find(.group, group).text("id")
        let row = try await server.get("/groups/\(id)", [("embed", "supervisors")])
        let members = try await server.rows("/groups/\(id)/members").rows
        let shifts = try await server.rows("/groups/\(id)/shifts").rows
        let onCall = try await server.rows("/on-call", [("groups", id)]).rows
        if output.json {
            return try Output.json([
                "group": row, "members": .array(members), "shifts": .array(shifts), "onCall": .array(onCall),
            ])
        }
        Output.fields([
            ("Group", row.text("targetName")), ("Type", row.text("groupType")), ("Status", row.text("status")),
            ("Description", row.text("description")), ("Site", row.text("site.name")),
            ("Zone", row.text("timezone")),
            ("Supervisors", row.rows("supervisors").map { $0.text("targetName") }.joined(separator: ", ")),
            ("Members", members.map { $0.text("member.targetName") }.joined(separator: ", ")), ("Id", id),
        ])
        if !shifts.isEmpty {
            Output.heading("Shifts")
            ShiftsListCommand.show(shifts)
        }
        Output.heading("On call now")
        guard !onCall.isEmpty else { return print("  Nobody.") }
        OnCallRows.show(onCall)
    }
}

struct GroupsCreateCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a group; one for on call has a shift that is always on.")

    @Argument(help: "Its name.")
    var name: String

    @Option(help: "ON_CALL or BROADCAST.", completion: .list(["ON_CALL", "BROADCAST"]))
    var type: String?

    @Option(help: "What it is for.")
    var description: String?

    @Option(help: "A supervisor, as often as wanted.", completion: .people)
    var supervisor: [String] = []

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        guard try await server.getIfThere("/groups/\(ServerClient.escaped(name))") == nil else {
            throw CommandError("There is a group \(name) already.")
        }
        var body: [String: JSONValue] = ["targetName": .string(name), "recipientType": "GROUP"]
        body["groupType"] = type.map { .string($0.uppercased()) }
        body["description"] = description.map { .string($0) }
        if !supervisor.isEmpty { body["supervisors"] = .array(supervisor.map { .string($0) }) }
        let made = try await server.post("/groups", .object(body))
        if output.json { return try Output.json(made) }
        print("Made \(Output.plain(made.text("targetName"))), id \(made.text("id"))")
    }
}

struct GroupsDeleteCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete a group with its shifts.")

    @Argument(help: "The group.", completion: .groups)
    var group: String

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.find(.group, group)
        try confirm.require("Delete the group \(row.text("targetName"))")
        try await server.delete("/groups/\(row.text("id"))")
        print("Deleted \(Output.plain(row.text("targetName"))).")
    }
}
