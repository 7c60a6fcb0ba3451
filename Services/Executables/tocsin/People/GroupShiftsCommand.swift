import AlertCore
import ArgumentParser

struct GroupShiftsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shifts", abstract: "See the shifts of a group.",
        subcommands: [ShiftsListCommand.self, ShiftsShowCommand.self])
}

extension ServerClient {
    func shift(_ wanted: String, of group: JSONValue) async throws -> JSONValue {
        let path = "/groups/\(group.text("id"))/shifts"
        if let shift = try await getIfThere("\(path)/\(Self.escaped(wanted))") { return shift }
        let names = try await rows(path).rows.map { $0.text("name") }
        let hint = Nearness.hint(
            for: wanted, among: names, otherwise: "Its shifts: \(names.joined(separator: ", ")).")
        throw CommandError("\(group.text("targetName")) has no shift \(wanted).\(hint)")
    }
}

struct ShiftsListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the shifts of a group.")

    @Argument(help: "The group.", completion: .groups)
    var group: String

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let id = try await server.find(.group, group).text("id")
        try await server.show("/groups/\(id)/shifts", [], list, Self.show)
    }

    static func show(_ rows: [JSONValue]) {
        Output.table(
            ["SHIFT", "REPEATS", "BEGAN", "ENDS", "ROTATION", "MEMBERS"],
            rows.map { row in
                [
                    row.text("name"), row.text("recurrence.frequency"), row.time("start"), row.time("end"),
                    row.text("rotation.type"),
                    row.rows("members").map { $0.text("recipient.targetName") }.joined(separator: ", "),
                ]
            })
    }
}

struct ShiftsShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a shift: when it is on, and who stands in it.")

    @Argument(help: "The group.", completion: .groups)
    var group: String

    @Argument(help: "The shift, by name or id.")
    var shift: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.shift(shift, of: try await server.find(.group, group))
        if output.json { return try Output.json(row) }
        Output.fields([
            ("Shift", row.text("name")), ("Group", row.text("group.targetName")),
            ("Description", row.text("description")), ("First", "\(row.time("start")) to \(row.time("end"))"),
            ("Zone", row.text("timezone")), ("Repeats", Self.words(row["recurrence"])),
            ("Rotation", Self.words(row["rotation"])),
            (
                "Again",
                row["repeatEscalation"]?["repeatEnabled"]?.bool == true ? Self.words(row["repeatEscalation"]) : ""
            ),
            ("Id", row.text("id")),
        ])
        Output.heading("Members")
        Output.table(
            ["", "MEMBER", "DELAY", "ESCALATION", "IN ROTATION"],
            row.rows("members").map { member in
                [
                    member.text("position"), member.person("recipient"), "\(member.text("delay")) min",
                    member.text("escalationType"), member["inRotation"]?.bool == false ? "no" : "yes",
                ]
            })
    }

    private static func words(_ value: JSONValue?) -> String {
        (value?.object ?? [:]).sorted { $0.key < $1.key }.filter { !$0.value.readable.isEmpty }
            .map { "\($0.key) \(Moment.readable($0.value.readable))" }.joined(separator: ", ")
    }
}
