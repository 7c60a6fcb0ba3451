import AlertCore
import ArgumentParser

struct AbsencesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "absences", abstract: "See, add and remove times in which somebody is not on call.",
        subcommands: [AbsencesListCommand.self, AbsencesAddCommand.self, AbsencesRemoveCommand.self])
}

struct AbsencesListCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List absences that have not ended, or those of a time.")

    @Option(help: "Of this person.", completion: .people)
    var person: String?

    @Option(help: "From this group.", completion: .groups)
    var group: String?

    @OptionGroup var span: SpanOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        var query = span.query
        if let person { query.append(("member", try await server.find(.person, person).text("id"))) }
        if let group { query.append(("groups", try await server.find(.group, group).text("id"))) }
        try await server.show("/temporary-absences", query, list, Self.show)
    }

    static func show(_ rows: [JSONValue]) {
        Output.table(
            ["FROM", "TO", "WHO", "GROUP", "STANDS IN", "ID"],
            rows.map { row in
                let group = row.text("group.targetName")
                return [
                    row.time("start"), row.time("end"), row.person("member"), group.isEmpty ? "all" : group,
                    row.person("replacement"), row.text("id"),
                ]
            })
    }
}

/// From when to when somebody is away.
struct AbsenceSpan: ParsableArguments {
    @Option(help: "From this time on: now by default, 'tomorrow 08:00', 2026-12-24.", transform: Moment.init(parsing:))
    var from: Moment?

    @Option(help: "Until this time: +3d, 2026-12-27.", transform: Moment.init(parsing:))
    var to: Moment?

    @Option(name: .customLong("for"), help: "How long, instead of --to: 8h, 3d, 2w.", transform: Self.length)
    var length: Double?

    private static func length(_ text: String) throws -> Double {
        guard let seconds = Moment.seconds(of: text) else {
            throw CommandError("\(text) is no span of time. Say it as in 90m, 8h, 3d or 2w.")
        }
        return seconds
    }

    func validate() throws {
        guard (to == nil) != (length == nil) else {
            throw ValidationError("Until when? Add --to, as in --to +3d, or --for, as in --for 8h; not both.")
        }
    }

    /// `start` and `end` of a request.
    var fields: [String: JSONValue] {
        let begin = from ?? Moment(.now)
        let end = to ?? Moment(begin.date.addingTimeInterval(length ?? 0))
        return ["start": .string(begin.iso), "end": .string(end.iso)]
    }
}

struct AbsencesAddCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Say that somebody is away; with --replacement, who stands in.")

    @Argument(help: "Who is away.", completion: .people)
    var person: String

    @OptionGroup var span: AbsenceSpan

    @Option(help: "Who stands in.", completion: .people)
    var replacement: String?

    @Option(help: "Only from this group; otherwise from all.", completion: .groups)
    var group: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let made = try await server.addAbsence(
            of: person, span, replacement: replacement, group: group)
        if output.json { return try Output.json(made) }
        AbsencesListCommand.show([made])
    }
}

extension ServerClient {
    func addAbsence(
        of person: String, _ span: AbsenceSpan, replacement: String?, group: String?
    ) async throws -> JSONValue {
        var body = span.fields
        body["member"] = .string(try await find(.person, person).text("id"))
        body["absenceType"] = replacement == nil ? "AWAY" : "REPLACEMENT"
        if let replacement { body["replacement"] = .string(try await find(.person, replacement).text("id")) }
        if let group { body["group"] = .string(try await find(.group, group).text("id")) }
        return try await post("/temporary-absences", .object(body))
    }
}

struct AbsencesRemoveCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove absences: these people are on call again.")

    @Argument(help: "Absences, by the ids that list shows.")
    var absences: [String]

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        var rows: [JSONValue] = []
        for absence in absences {
            guard let row = try await server.getIfThere("/temporary-absences/\(ServerClient.escaped(absence))") else {
                throw CommandError("There is no absence \(absence). Type tocsin on-call absences list")
            }
            rows.append(row)
        }
        if rows.count > 1 {
            AbsencesListCommand.show(rows)
            try confirm.require("Remove \(rows.count) absences")
        }
        for row in rows {
            try await server.delete("/temporary-absences/\(row.text("id"))")
            print("Removed the absence of \(Output.plain(row.person("member"))).")
        }
    }
}

struct OnCallOverrideCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "override", abstract: "Put somebody on call in somebody else's place for a while.",
        discussion:
            "This makes an absence with a replacement. As in: on-call override Database anna --instead-of ben --for 4h")

    @Argument(help: "The group.", completion: .groups)
    var group: String

    @Argument(help: "Who stands in.", completion: .people)
    var person: String

    @Option(help: "In whose place; otherwise that of the first who is on call now.", completion: .people)
    var insteadOf: String?

    @OptionGroup var span: AbsenceSpan
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.find(.group, group)
        let made = try await server.addAbsence(
            of: try await replaced(in: row, server), span, replacement: person, group: row.text("id"))
        if output.json { return try Output.json(made) }
        AbsencesListCommand.show([made])
    }

    private func replaced(in group: JSONValue, _ server: ServerClient) async throws -> String {
        if let insteadOf { return insteadOf }
        let members = try await server.onCall([group], [("at", span.from?.iso)]).flatMap { $0.rows("members") }
        guard let first = members.first(where: { $0.text("member.recipientType") == "PERSON" }) else {
            throw CommandError("Nobody is on call in \(group.text("targetName")) then. Say --instead-of PERSON.")
        }
        return first.text("member.id")
    }
}
