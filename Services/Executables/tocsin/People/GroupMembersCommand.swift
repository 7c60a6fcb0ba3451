import AlertCore
import ArgumentParser

struct GroupMembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "See, add and remove members of a group, or of one of its shifts.",
        subcommands: [MembersListCommand.self, MembersAddCommand.self, MembersRemoveCommand.self])
}

/// A group, or one of its shifts.
struct RosterOptions: ParsableArguments {
    @Argument(help: "The group.", completion: .groups)
    var group: String

    @Option(help: "A shift of it, by name or id.")
    var shift: String?

    /// The path of its members.
    func path(_ server: ServerClient) async throws -> String {
        let row = try await server.find(.group, group)
        guard let shift else { return "/groups/\(row.text("id"))/members" }
        return "/groups/\(row.text("id"))/shifts/\(try await server.shift(shift, of: row).text("id"))/members"
    }
}

struct MembersListCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List members; those of a shift in the order of the escalation.")

    @OptionGroup var roster: RosterOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let isShift = roster.shift != nil
        try await server.show(try await roster.path(server), [], list) { rows in
            let who = isShift ? "recipient" : "member"
            Output.table(
                ["", "MEMBER", "TYPE", "DELAY"],
                rows.map { row in
                    [
                        row.text("position"), row.person(who), row.text("\(who).recipientType"),
                        isShift ? "\(row.text("delay")) min" : "",
                    ]
                })
        }
    }
}

struct MembersAddCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Put people, groups or devices into a group, or into a shift of it.")

    @OptionGroup var roster: RosterOptions

    @Argument(help: "People, groups or devices ('bsmith|Work Email').", completion: .people)
    var members: [String]

    @Option(help: "In a shift: the place of the first one, from 1; otherwise the last.")
    var place: Int?

    @Option(help: "In a shift: how many minutes after the one before.")
    var delay: Int?

    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let path = try await roster.path(server)
        for (index, member) in members.enumerated() {
            let id = try await Self.recipient(member, server).text("id")
            var body: [String: JSONValue] = roster.shift == nil ? ["id": .string(id)] : ["recipient": .string(id)]
            if roster.shift != nil {
                body["position"] = place.map { .whole($0 + index) }
                body["delay"] = delay.map { .whole($0) }
            }
            try await server.post(path, .object(body))
            print("Added \(Output.plain(member)).")
        }
    }

    /// A person, group or device.
    static func recipient(_ name: String, _ server: ServerClient) async throws -> JSONValue {
        if name.contains("|"), let device = try await server.getIfThere("/devices/\(ServerClient.escaped(name))") {
            return device
        }
        if let group = try await server.getIfThere("/groups/\(ServerClient.escaped(name))") { return group }
        return try await server.find(.person, name)
    }
}

struct MembersRemoveCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take members off a group and all its shifts, or off one shift.")

    @OptionGroup var roster: RosterOptions

    @Argument(help: "Members.", completion: .people)
    var members: [String]

    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let path = try await roster.path(server)
        var absent: [String] = []
        for member in members {
            let id = try await MembersAddCommand.recipient(member, server).text("id")
            if try await server.delete("\(path)/\(id)") == nil {
                absent.append(member)
            } else {
                print("Removed \(Output.plain(member)).")
            }
        }
        guard absent.isEmpty else {
            Output.error("Not in it: \(absent.joined(separator: ", "))")
            throw Ending.negative
        }
    }
}
