import AlertCore
import ArgumentParser

struct AuditQueryCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Find events in the log, newest first.",
        discussion: """
            As in: tocsin audit query alert:100234
                   tocsin audit query person:mary kind:config.changed --from 30d
                   tocsin audit query '(kind:alert.created OR kind:alert.terminated) -actor:admin'
            docs/AUDIT.md has the whole language. Without a query, everything. The pages of one answer belong to one \
            moment, however the log grows meanwhile.
            """)

    @Argument(help: "Conditions that must all hold; one alone may be a whole query with OR and parentheses.")
    var query: [String] = []

    @Option(help: "As the log was at this place: what an earlier query answered as asOf.")
    var asOf: String?

    @Flag(help: "Oldest first.")
    var oldestFirst = false

    @Flag(help: "With --json: also the events themselves.")
    var data = false

    @OptionGroup var span: SpanOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    /// With their data, pages are at most this long.
    private static let (pageLimit, dataLimit) = (1000, 200)

    func run(_ server: ServerClient) async throws {
        var (rows, total, moment, isComplete) = ([JSONValue](), 0, asOf, true)
        do {
            let progress = ProgressBar("Reading")
            repeat {
                let most = min(list.limit - rows.count, data ? Self.dataLimit : Self.pageLimit)
                let page = try await server.get(
                    "/audit",
                    [
                        ("query", Self.text(query, span)), ("limit", String(most)), ("offset", String(rows.count)),
                        ("asOf", moment), ("sortOrder", oldestFirst ? "ASCENDING" : nil),
                        ("embed", data ? "data" : nil),
                    ])
                let found = page.rows("data")
                rows += found
                total = page.number("total") ?? rows.count
                moment = moment ?? page["asOf"]?.readable
                isComplete = isComplete && page["isComplete"]?.bool != false
                progress.show(rows.count, of: min(total, list.limit))
                if found.isEmpty { break }
            } while rows.count < min(total, list.limit)
        }
        if !isComplete { Output.error("The newest events are not indexed yet: ask again in a while.") }
        if list.json {
            try Output.json([
                "total": .whole(total), "data": .array(rows), "asOf": moment.map { .string($0) } ?? .null,
                "isComplete": .bool(isComplete),
            ])
        } else {
            if !rows.isEmpty { AuditRows.show(rows) }
            Output.count(rows.count, of: total)
        }
        if rows.isEmpty { throw Ending.negative }
    }

    /// Conditions as one query. A shell has taken the quotation marks off values with blanks: of several, these are put
    /// on again.
    static func text(_ conditions: [String], _ span: SpanOptions) -> String {
        var parts = conditions
        if conditions.count > 1 {
            parts = conditions.map { condition in
                guard condition.contains(" "), !condition.contains(where: { "\"()".contains($0) }),
                    let colon = condition.firstIndex(of: ":")
                else { return condition }
                return "\(condition[...colon])\"\(condition[condition.index(after: colon)...])\""
            }
        }
        let bounds = span.query.compactMap { name, value in value.map { "\(name):\($0)" } }
        let whole = parts.joined(separator: " ")
        if bounds.isEmpty || whole.isEmpty { return (bounds.isEmpty ? [whole] : bounds).joined(separator: " ") }
        return "(\(whole)) \(bounds.joined(separator: " "))"
    }
}

/// Events of the log as a table.
enum AuditRows {
    /// - Parameter marks: Of a chain: what stands before the events of these ids, which also say their causes.
    static func show(_ rows: [JSONValue], marks: [String: String]? = nil) {
        let header = ["EVENT", "AT", "KIND", "WHO", "ALERT", "WHAT"]
        Output.table(
            marks == nil ? header : [""] + header.dropLast() + ["BECAUSE OF", "WHAT"],
            rows.map { row in
                let alert = row.text("alert.eventId")
                let cells = [
                    row.text("sequence"), row.time("at"), row.text("kind"), who(row),
                    alert.isEmpty ? row["alert"]?.readable ?? "" : alert,
                ]
                let summary = row.text("summary").isEmpty ? row.text("stream") : row.text("summary")
                guard let marks else { return cells + [summary] }
                let cause = "\(row.text("causedBy.kind").lowercased()) \(row.text("causedBy.id"))"
                return [marks[row.text("id")] ?? ""] + cells + [cause, summary]
            })
    }

    static func who(_ row: JSONValue) -> String {
        let name = row.text("actor.name")
        return name.isEmpty ? row["actor"]?.readable ?? "" : name
    }
}

struct AuditShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one event of the log, whole: with what was before and after.")

    @Argument(help: "The event, by the number that query shows.")
    var event: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.get("/audit/\(ServerClient.escaped(event))")
        if output.json { return try Output.json(row) }
        Output.fields([
            ("Event", row.text("sequence")), ("At", row.time("at")), ("Kind", row.text("kind")),
            ("Who", AuditRows.who(row)), ("Alert", row.text("alert.eventId")), ("What", row.text("summary")),
            ("Stream", "\(row.text("stream")), version \(row.text("version"))"), ("Request", row.text("request")),
            ("Cause", row.text("cause")), ("Hash", row.text("hash")), ("Id", row.text("id")),
        ])
        guard let data = row["data"] else { return }
        Output.heading("Data")
        Output.tree(data, indent: "  ")
    }
}

struct AuditChainCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain", abstract: "Show what led to something, and what came of it: all of one request.",
        discussion: """
            As in: tocsin audit chain delivery:WEBHOOK-ID; also alert:NUMBER, notification:ID, request:ID, \
            event:NUMBER. < marks what led to it, > what came of it.
            """)

    @Argument(help: "delivery:ID, alert:NUMBER, notification:ID, request:ID or event:NUMBER.")
    var of: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let kinds = ["delivery", "alert", "notification", "request", "event"]

    func validate() throws { try AuditAtCommand.check(of, kinds: Self.kinds) }

    func run(_ server: ServerClient) async throws {
        let chain = try await server.get("/audit/chain", [("of", of)])
        if output.json { return try Output.json(chain) }
        var marks: [String: String] = [:]
        for id in chain.rows("consequences").compactMap(\.string) { marks[id] = ">" }
        for id in chain.rows("path").compactMap(\.string) { marks[id] = "<" }
        let rows = chain.rows("events")
        if !rows.isEmpty { AuditRows.show(rows, marks: marks) }
        print("\nRequest \(chain.text("request"))")
        Output.count(rows.count, of: chain.number("total") ?? rows.count)
        if rows.isEmpty { throw Ending.negative }
    }
}

struct AuditAtCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "at", abstract: "Show how something stood at a time.",
        discussion:
            "As in: tocsin audit at alert:100234 --at yesterday; also workflow:NAME, person:NAME, on-call:GROUP.")

    @Argument(help: "alert:NUMBER, workflow:NAME, person:NAME, group:NAME or on-call:GROUP; ids go as well.")
    var of: String

    @Option(help: "The time: 2h, yesterday, 2026-03-09T03:00:00Z; otherwise now.", transform: Moment.init(parsing:))
    var at: Moment?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let kinds = ["alert", "workflow", "person", "group", "on-call"]

    func validate() throws { try Self.check(of, kinds: Self.kinds) }

    static func check(_ of: String, kinds: [String]) throws {
        let parts = of.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, kinds.contains(parts[0]) else {
            let all = kinds.map { "\($0):" }.joined(separator: ", ")
            let hint = Nearness.hint(
                for: parts.first ?? "", among: kinds, otherwise: "It has to begin with one of \(all).")
            throw ValidationError("\(of) does not say of what.\(hint)")
        }
    }

    func run(_ server: ServerClient) async throws {
        let answer = try await server.get("/audit/state", [("of", of), ("at", (at ?? Moment(.now)).iso)])
        if output.json { return try Output.json(answer) }
        let state = answer["state"] ?? answer
        print("\(Output.plain(of)) at \(answer.time("at"))\n")
        if of.hasPrefix("on-call:"), let rows = state.array {
            guard !rows.isEmpty else { return print("Nobody was on call.") }
            Output.table(
                ["SHIFT", "LEVEL", "WHO", "AFTER"],
                rows.map { row in
                    [
                        row.text("shift.name"), row.text("escalationLevel"), row.person("recipient"),
                        row.number("delay") ?? 0 > 0 ? "\(row.text("delay")) min" : "at once",
                    ]
                })
            return
        }
        Output.tree(state)
    }
}
