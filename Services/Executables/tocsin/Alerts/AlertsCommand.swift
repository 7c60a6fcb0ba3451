import AlertCore
import ArgumentParser

struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "See alerts, follow them as they go, begin and end them, answer and comment.",
        discussion: Ending.help,
        subcommands: [
            AlertsListCommand.self, AlertsShowCommand.self, AlertsFollowCommand.self, AlertsSendCommand.self,
            AlertsRespondCommand.self, AlertsCommentCommand.self, AlertsEndCommand.self, AlertsSuspendCommand.self,
            AlertsResumeCommand.self,
        ], aliases: ["alert"])
}

/// Which alerts.
struct AlertSelection: ParsableArguments {
    @Option(
        help: "ACTIVE, SUSPENDED, TERMINATED or SUPPRESSED; several with commas.",
        completion: .list(["ACTIVE", "SUSPENDED", "TERMINATED", "SUPPRESSED"]))
    var status: String?

    @Option(help: "HIGH, MEDIUM or LOW; several with commas.", completion: .list(["HIGH", "MEDIUM", "LOW"]))
    var priority: String?

    @Option(
        name: [.customLong("workflow"), .customLong("plan")], help: "A workflow, by name or id.",
        completion: .workflows)
    var workflow: String?

    @Option(help: "A form, by name or id.", completion: .forms)
    var form: String?

    @Option(help: "Who began it, by name or id.", completion: .people)
    var submitter: String?

    @Option(help: "Whom or what the request named: a person, group or device.", completion: .groups)
    var recipient: String?

    @Option(help: "A person whom a notification was planned for.", completion: .people)
    var notified: String?

    @Option(help: "The requestId of the request that began it.")
    var request: String?

    @Option(name: .customLong("property"), help: "NAME=VALUE, as often as wanted; see --match.")
    var properties: [String] = []

    @Option(
        help: "How values of properties are compared: equals, contains, starts or ends.",
        completion: .list(Match.allCases.map(\.rawValue)))
    var match = Match.equals

    @Option(help: "Words in the subject or in a value of a property, or the number.")
    var search: String?

    @Flag(help: "All the words of --search, not just one.")
    var allWords = false

    @Option(help: "USER or SYSTEM.", completion: .list(["USER", "SYSTEM"]))
    var type: String?

    @OptionGroup var span: SpanOptions

    enum Match: String, ExpressibleByArgument, CaseIterable {
        case equals, contains, starts, ends

        var wire: String { ["starts": "STARTS_WITH", "ends": "ENDS_WITH"][rawValue] ?? rawValue.uppercased() }
    }

    func validate() throws {
        for property in properties where !property.contains("=") {
            throw ValidationError("--property \(property) has no value: it has to be NAME=VALUE.")
        }
        let names = properties.compactMap { $0.split(separator: "=").first }
        guard names.count < 2 || !properties.contains(where: { $0.contains(",") }) else {
            throw ValidationError("Of several --property, none can have a comma in its value.")
        }
    }

    var isEmpty: Bool { query.allSatisfy { $0.1 == nil } }

    var query: [(String, String?)] {
        let pairs = properties.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false) }
        func joined(_ part: Int) -> String? {
            pairs.isEmpty ? nil : pairs.map { String($0[part]) }.joined(separator: ",")
        }
        return [
            ("status", status), ("priority", priority), ("plan", workflow),
            ("form", form?.components(separatedBy: "/").last),
            ("submitter", submitter), ("targetedRecipients", recipient), ("resolvedUsers", notified),
            ("requestId", request), ("propertyName", joined(0)), ("propertyValue", joined(1)),
            ("propertyValueOperator", pairs.isEmpty ? nil : match.wire), ("search", search),
            ("operand", allWords ? "AND" : nil), ("eventType", type),
        ] + span.query
    }
}

struct AlertsListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List alerts, newest first.")

    @OptionGroup var selection: AlertSelection

    @Option(help: "As they were at this time.", transform: Moment.init(parsing:))
    var at: Moment?

    @Flag(help: "Oldest first.")
    var oldestFirst = false

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        var query = selection.query + [("at", at?.iso)]
        if oldestFirst { query += [("sortBy", "START_TIME"), ("sortOrder", "ASCENDING")] }
        if list.json { query.append(("embed", "properties")) }
        try await server.show("/events", query, list, Self.show)
    }

    static func show(_ rows: [JSONValue]) {
        Output.table(
            ["ALERT", "STATUS", "PRIORITY", "BEGAN", "WORKFLOW", "FORM", "SUBJECT"],
            rows.map { row in
                [
                    row.text("eventId"), row.text("status"), row.text("priority"), row.time("created"),
                    row.text("plan.name"), row.text("form.name"), row.text("name"),
                ]
            })
    }
}

struct AlertsRespondCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "respond", abstract: "Answer an alert, as oneself.",
        discussion: "Without an answer, shows the ones there are.")

    @Argument(help: "The alert, by number or id.")
    var alert: String

    @Argument(help: "The answer: its number, text or id.")
    var answer: String?

    @Option(help: "A comment to go with it.")
    var comment: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.alert(alert, [("embed", "responseOptions")])
        let options = row.rows("responseOptions")
        let texts = options.map { $0.text("text") }
        guard let answer else {
            if options.isEmpty { throw CommandError("Alert \(row.text("eventId")) has no answers to give.") }
            if output.json { return try Output.json(.array(options)) }
            Output.table(
                ["ANSWER", "TEXT", "DOES"],
                options.map { [$0.text("number"), $0.text("text"), $0.text("action")] })
            return
        }
        let isKnown = options.contains { option in
            [option.text("number"), option.text("id"), option.text("text").lowercased()]
                .contains(answer.lowercased())
        }
        guard isKnown else {
            let all = options.map { "\($0.text("number")) \($0.text("text"))" }.joined(separator: ", ")
            let hint = Nearness.hint(
                for: answer, among: texts, otherwise: all.isEmpty ? "It has none." : "It has \(all).")
            throw CommandError("Alert \(row.text("eventId")) has no answer \(answer).\(hint)")
        }
        var body: [String: JSONValue] = ["response": .string(answer)]
        body["comment"] = comment.map { .string($0) }
        let given = try await server.post("/events/\(row.text("id"))/responses", .object(body))
        if output.json { return try Output.json(given) }
        print("Answered alert \(row.text("eventId")): \(Output.plain(given.text("response")))")
    }
}

struct AlertsCommentCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "comment", abstract: "Comment on an alert.")

    @Argument(help: "The alert, by number or id.")
    var alert: String

    @Argument(help: "The comment; - reads it from the input.")
    var text: [String]

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let id = try await server.alert(alert).text("id")
        let words = text == ["-"] ? try InputText.standard() : text.joined(separator: " ")
        guard !words.isEmpty else { throw CommandError("The comment is empty.") }
        let made = try await server.post("/events/\(id)/annotations", ["comment": .string(words)])
        if output.json { return try Output.json(made) }
        print("Commented on alert \(made.text("event.eventId")).")
    }
}
