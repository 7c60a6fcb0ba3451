import AlertCore
import ArgumentParser

struct OnCallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "on-call",
        abstract: "See who is on call, when somebody is, where nobody is; absences and who stands in.",
        discussion: Ending.help,
        subcommands: [
            OnCallNowCommand.self, OnCallWhenCommand.self, OnCallGapsCommand.self, AbsencesCommand.self,
            OnCallOverrideCommand.self,
        ], defaultSubcommand: OnCallNowCommand.self, aliases: ["oncall"])
}

extension ServerClient {
    /// Of a list of who is on call, in one request.
    private static var mostGroups: Int { 50 }

    /// The groups of these names, or all that are on call.
    func onCallGroups(_ names: [String]) async throws -> [JSONValue] {
        guard names.isEmpty else {
            var groups: [JSONValue] = []
            for name in names { groups.append(try await find(.group, name)) }
            return groups
        }
        return try await rows("/groups", [("groupType", "ON_CALL"), ("status", "ACTIVE")]).rows
    }

    /// Occurrences of the shifts of groups, with who stands in them.
    func onCall(_ groups: [JSONValue], _ query: [(String, String?)]) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        let progress = ProgressBar("Reading groups")
        for begin in stride(from: 0, to: groups.count, by: Self.mostGroups) {
            if begin > 0 { progress.show(begin, of: groups.count) }
            let ids = groups[begin..<min(begin + Self.mostGroups, groups.count)].map { $0.text("id") }
            found += try await rows("/on-call", query + [("groups", ids.joined(separator: ","))]).rows
        }
        return found
    }
}

/// Occurrences of shifts as a table: a line for each member.
enum OnCallRows {
    static func show(_ rows: [JSONValue]) {
        Output.table(
            ["GROUP", "SHIFT", "UNTIL", "", "WHO", "AFTER", "NOTE"],
            rows.flatMap { row in
                let members = row.rows("members")
                let place = [row.text("group.targetName"), row.text("shift.name"), row.time("end")]
                guard !members.isEmpty else { return [place + ["", "nobody", "", ""]] }
                return members.map { member in
                    place + [
                        member.text("position"), member.person("member"),
                        member.number("delay") ?? 0 > 0 ? "\(member.text("delay")) min" : "at once", note(member),
                    ]
                }
            })
    }

    /// Who is told instead, or why nobody is.
    private static func note(_ member: JSONValue) -> String {
        let skipped = member.text("skipped")
        if !skipped.isEmpty { return skipped }
        let notified = member.text("notified.targetName")
        return notified.isEmpty || notified == member.text("member.targetName")
            ? "" : "\(member.person("notified")) stands in"
    }
}

struct OnCallNowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "now", abstract: "Show who is on call, now or at a time, for some groups or all.",
        discussion: "Ends with 1 when it is nobody.")

    @Argument(help: "Groups; without any, all.", completion: .groups)
    var groups: [String] = []

    @Option(
        help: "At this time, also in the past: +2h, yesterday, 2026-03-09T03:00:00Z.", transform: Moment.init(parsing:))
    var at: Moment?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let rows = try await server.onCall(try await server.onCallGroups(groups), [("at", at?.iso)])
        if output.json {
            try Output.json(["total": .whole(rows.count), "data": .array(rows)])
        } else if rows.isEmpty {
            Output.error("Nobody is on call.")
        } else {
            OnCallRows.show(rows)
        }
        guard rows.contains(where: { row in row.rows("members").contains { !$0.text("notified.targetName").isEmpty } })
        else { throw Ending.negative }
    }
}

struct OnCallWhenCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "when", abstract: "Show when somebody is on call, oneself by default.",
        discussion: "From now for 14 days by default. Ends with 1 when never.")

    @Argument(help: "The person; without one, oneself.", completion: .people)
    var person: String?

    @OptionGroup var span: SpanOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let who: JSONValue
        if let person { who = try await server.find(.person, person) } else { who = try await server.me() }
        let memberships = try await server.rows("/people/\(who.text("id"))/group-memberships").rows
        let groups = try await withReplaced(memberships.compactMap { $0["group"] }, who, server)
            .filter { $0.text("groupType") != "DYNAMIC" }
        let from = span.from ?? Moment(.now)
        let to = span.to ?? Moment(from.date.addingTimeInterval(14 * 86_400))
        let id = who.text("id")
        let rows = try await server.onCall(groups, [("from", from.iso), ("to", to.iso)])
            .filter { row in Self.places(of: id, in: row).contains { $0.text("notified.id") == id } }
            .sorted { $0.text("start") < $1.text("start") }
        if output.json {
            try Output.json(["total": .whole(rows.count), "data": .array(rows)])
        } else if rows.isEmpty {
            Output.error("\(who.text("targetName")) is not on call until \(to.readable).")
        } else {
            Output.table(
                ["FROM", "TO", "GROUP", "SHIFT", "PLACE", "AFTER"],
                Self.joined(rows, of: id).map { row in
                    let place = Self.places(of: id, in: row)[0]
                    return [
                        row.time("start"), row.time("end"), row.text("group.targetName"), row.text("shift.name"),
                        place.text("position"),
                        place.number("delay") ?? 0 > 0 ? "\(place.text("delay")) min" : "at once",
                    ]
                })
        }
        if rows.isEmpty { throw Ending.negative }
    }

    /// With occurrences that follow each other, in the same place, as one.
    private static func joined(_ rows: [JSONValue], of person: String) -> [JSONValue] {
        var joined: [JSONValue] = []
        for row in rows {
            let previous = joined.lastIndex { other in
                other.text("end") == row.text("start") && other.text("shift.id") == row.text("shift.id")
                    && places(of: person, in: other)[0].text("position")
                        == places(of: person, in: row)[0].text("position")
            }
            if let previous, var fields = joined[previous].object {
                fields["end"] = row["end"]
                joined[previous] = .object(fields)
            } else {
                joined.append(row)
            }
        }
        return joined
    }

    /// Where somebody is told, also in somebody else's place.
    private static func places(of person: String, in row: JSONValue) -> [JSONValue] {
        row.rows("members").filter { $0.text("member.id") == person || $0.text("notified.id") == person }
    }

    /// With the groups of those for whom somebody stands in.
    private func withReplaced(
        _ groups: [JSONValue], _ person: JSONValue, _ server: ServerClient
    ) async throws -> [JSONValue] {
        var all = groups
        for absence in try await server.rows("/temporary-absences").rows
        where absence.text("replacement.id") == person.text("id") {
            if let group = absence["group"] {
                all.append(group)
                continue
            }
            let path = "/people/\(absence.text("member.id"))/group-memberships"
            all += try await server.rows(path).rows.compactMap { $0["group"] }
        }
        var seen: Set<String> = []
        return all.filter { seen.insert($0.text("id")).inserted }
    }
}

struct OnCallGapsCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "gaps", abstract: "Show when nobody of a group would be told.",
        discussion: "From now for 14 days by default. Ends with 1 when there are gaps, with 0 when there are none.")

    @Argument(help: "Groups; without any, all.", completion: .groups)
    var groups: [String] = []

    @OptionGroup var span: SpanOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let from = span.from ?? Moment(.now)
        let to = span.to ?? Moment(from.date.addingTimeInterval(14 * 86_400))
        var found: [(group: String, gap: JSONValue)] = []
        do {
            let groups = try await server.onCallGroups(groups)
            let progress = ProgressBar("Looking at groups")
            for (index, group) in groups.enumerated() {
                progress.show(index, of: groups.count)
                let gaps = try await server.rows(
                    "/groups/\(group.text("id"))/gaps", [("from", from.iso), ("to", to.iso)]
                ).rows
                found += gaps.map { (group.text("targetName"), $0) }
            }
        }
        if output.json {
            let data = found.map { group, gap in
                JSONValue.object((gap.object ?? [:]).merging(["group": .string(group)]) { $1 })
            }
            try Output.json(["total": .whole(found.count), "data": .array(data)])
        } else if found.isEmpty {
            print("There are no gaps until \(to.readable).")
        } else {
            Output.table(
                ["GROUP", "FROM", "TO", "CAUSE", "WHY"],
                found.map { [$0, $1.time("start"), $1.time("end"), $1.text("cause"), $1.text("reason")] })
        }
        if !found.isEmpty { throw Ending.negative }
    }
}
