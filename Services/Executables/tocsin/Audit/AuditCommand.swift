import AlertCore
import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Ask the log what happened, who did it, and how something stood at a time.",
        discussion: Ending.help,
        subcommands: [AuditQueryCommand.self, AuditAtCommand.self])
}

struct AuditQueryCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Find events in the log, by the query language of the audit page.",
        discussion: """
            As in: tocsin audit query 'alert:12', 'actor:admin kind:alert.terminated', 'workflow:Monitoring'. \
            Without a query, everything. Pages belong to one moment, however the log grows meanwhile.
            """)

    @Argument(help: "The query; several words are one query.")
    var query: [String] = []

    @Option(help: "As the log was at this place: what an earlier query answered as asOf.")
    var asOf: String?

    @OptionGroup var span: SpanOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        var (rows, total, moment) = ([JSONValue](), 0, asOf)
        do {
            let progress = Progress("Reading")
            repeat {
                let page = try await server.get(
                    "/audit",
                    [
                        ("query", query.joined(separator: " ")), ("limit", String(min(list.limit - rows.count, 1000))),
                        ("offset", String(rows.count)), ("asOf", moment),
                    ] + span.query)
                let found = page.rows("data")
                rows += found
                total = page.number("total") ?? rows.count
                moment = moment ?? page["asOf"]?.readable
                progress.show(rows.count, of: min(total, list.limit))
                if found.isEmpty { break }
            } while rows.count < min(total, list.limit)
        }
        if list.json {
            try Output.json([
                "total": .whole(total), "data": .array(rows), "asOf": moment.map { .string($0) } ?? .null,
            ])
        } else {
            if !rows.isEmpty { Self.show(rows) }
            Output.count(rows.count, of: total)
        }
        if rows.isEmpty { throw Ending.negative }
    }

    private static func show(_ rows: [JSONValue]) {
        Output.table(
            ["PLACE", "AT", "KIND", "WHO", "ALERT", "WHAT"],
            rows.map { row in
                let actor = row.text("actor.targetName")
                let alert = [row.text("alert.eventId"), row.text("alert.number")].first { !$0.isEmpty }
                return [
                    row.text("sequence"), row.time("at"), row.text("kind"),
                    actor.isEmpty ? row["actor"]?.readable ?? "" : actor, alert ?? row["alert"]?.readable ?? "",
                    row.text("summary").isEmpty ? row.text("stream") : row.text("summary"),
                ]
            })
    }
}

struct AuditAtCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "at", abstract: "Show how something stood at a time.",
        discussion: "As in: tocsin audit at alert:12 --at yesterday; also workflow:NAME, person:NAME, on-call:GROUP.")

    @Argument(help: "alert:NUMBER, workflow:NAME, person:NAME or on-call:GROUP; ids go as well.")
    var of: String

    @Option(help: "The time: 2h, yesterday, 2026-03-09T03:00:00Z; otherwise now.", transform: Moment.init(parsing:))
    var at: Moment?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let kinds = ["alert", "workflow", "person", "on-call"]

    func validate() throws {
        let parts = of.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, Self.kinds.contains(parts[0]) else {
            let hint = Nearness.hint(
                for: parts.first ?? "", among: Self.kinds, otherwise: "It has to begin with alert:, workflow:, …")
            throw ValidationError("\(of) says not what it is.\(hint) As in alert:12 or on-call:Database.")
        }
    }

    func run(_ server: ServerClient) async throws {
        let state = try await server.get("/audit/state", [("of", of), ("at", (at ?? Moment(.now)).iso)])
        output.json ? try Output.json(state) : Output.tree(state)
    }
}
