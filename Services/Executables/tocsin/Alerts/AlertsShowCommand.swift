import AlertCore
import ArgumentParser

struct AlertsShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show an alert: its properties, whom it reached and why, answers, comments and history.")

    @Argument(help: "The alert, by number or id.")
    var alert: String

    @Option(help: "As it was at this time.", transform: Moment.init(parsing:))
    var at: Moment?

    @Option(help: "Explain in full why this person was told, or was not.", completion: .people)
    var person: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let embeds = "properties,recipients,responseOptions,annotations,attachments,suppressions"

    func run(_ server: ServerClient) async throws {
        let row = try await server.alert(alert, [("embed", Self.embeds), ("at", at?.iso)])
        let id = row.text("id")
        let told = try await server.rows("/events/\(id)/user-deliveries", [("at", at?.iso)]).rows
        let timeline = try await AlertTimeline.rows(of: id, at: at, server)
        let name = person == nil ? nil : try await server.find(.person, person ?? "").text("targetName")
        let explained = try await server.get("/events/\(id)/explain", [("person", name)])
        if output.json {
            return try Output.json([
                "alert": row, "userDeliveries": .array(told), "timeline": .array(timeline), "explanation": explained,
            ])
        }
        show(row)
        showRecipients(row, told)
        showReasons(explained)
        showTexts(row, timeline)
    }

    private func show(_ row: JSONValue) {
        Output.fields([
            ("Alert", row.text("eventId")), ("Subject", row.text("name")), ("Status", row.text("status")),
            ("Priority", row.text("priority")),
            ("Workflow", "\(row.text("plan.name")) / \(row.text("form.name"))"),
            ("Began", "\(row.time("created")) by \(row.person("submitter"))"),
            ("Ended", row.time("terminated")),
            ("Expires after", "\(row.text("expirationInMinutes")) min"), ("Request", row.text("requestId")),
            ("Id", row.text("id")),
            ("Suppressed", row.number("suppressedCount").flatMap { $0 > 0 ? "\($0) more like it" : nil } ?? ""),
        ])
        let properties = row["properties"]?.object ?? [:]
        if !properties.isEmpty {
            Output.heading("Properties")
            Output.fields(
                properties.sorted { $0.key < $1.key }.map { name, value in
                    (name.hasSuffix("#en") ? String(name.dropLast(3)) : name, value.readable)
                }, indent: "  ")
        }
        let options = row.rows("responseOptions").map { "\($0.text("number")) \($0.text("text"))" }
        if !options.isEmpty, row.text("status") == "ACTIVE" {
            Output.heading("Answers")
            print("  \(Output.plain(options.joined(separator: ", "))): tocsin alerts respond \(row.text("eventId")) 1")
        }
    }

    private func showRecipients(_ row: JSONValue, _ told: [JSONValue]) {
        let named = row.rows("recipients").filter { $0["targeted"]?.bool == true }
        guard !named.isEmpty || !told.isEmpty else { return }
        Output.heading("Recipients")
        print("  For \(Output.plain(named.map { $0.text("targetName") }.joined(separator: ", ")))")
        guard !told.isEmpty else { return }
        Output.table(
            ["  PERSON", "STATUS", "ANSWER", "DEVICES"],
            told.map { person in
                let devices = person.rows("notifications").map { notification in
                    "\(notification.text("recipient.name")) \(notification.text("deliveryStatus").lowercased())"
                }
                return [
                    "  \(person.person("person"))", person.text("deliveryStatus"),
                    person.text("response.response"), devices.joined(separator: ", "),
                ]
            })
    }

    private func showReasons(_ explained: JSONValue) {
        let people = explained.rows("people")
        guard !people.isEmpty else { return }
        Output.heading("Why")
        Output.table(
            ["  PERSON", "OUTCOME", "REASON"],
            people.map { ["  \($0.person("person"))", $0.text("outcome"), $0.text("text")] })
        guard person != nil else { return }
        print("")
        Output.table(
            ["  AT", "WHAT", "DEVICE", "REASON"],
            explained.rows("lines").map { line in
                ["  \(line.time("at"))", line.text("kind"), line.text("device.name"), line.text("text")]
            })
    }

    private func showTexts(_ row: JSONValue, _ timeline: [JSONValue]) {
        let files = row.rows("attachments")
        if !files.isEmpty {
            Output.heading("Files")
            for file in files { print("  \(Output.plain(file.text("name")))  \(file.text("size")) bytes") }
        }
        Output.heading("History")
        for line in timeline { print("  \(AlertTimeline.line(line))") }
    }
}
