import AlertCore
import ArgumentParser

struct PeopleDevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "See, add, remove and try the devices of a person.",
        subcommands: [
            DevicesListCommand.self, DevicesAddCommand.self, DevicesRemoveCommand.self, DevicesTestCommand.self,
        ])
}

extension ServerClient {
    /// A device by its name or id, of a person.
    func device(_ wanted: String, of person: JSONValue) async throws -> JSONValue {
        let devices = try await rows("/people/\(person.text("id"))/devices").rows
        let lower = wanted.lowercased()
        let found = devices.first { device in
            device.text("id") == lower || device.text("name").lowercased() == lower
                || device.text("targetName").lowercased() == lower
        }
        guard let found else {
            let name = person.text("targetName")
            let hint = Nearness.hint(
                for: wanted, among: devices.map { $0.text("name") },
                otherwise: "Type tocsin people devices list \(name)")
            throw CommandError("\(name) has no device \(wanted).\(hint)")
        }
        return found
    }
}

struct DevicesListCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the devices of a person in the order in which they are used.")

    @Argument(help: "The person.", completion: .people)
    var person: String

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let id = try await server.find(.person, person).text("id")
        try await server.show("/people/\(id)/devices", [("embed", "timeframes")], list, Self.show)
    }

    static func show(_ rows: [JSONValue]) {
        Output.table(
            ["", "DEVICE", "TYPE", "STATUS", "DELAY", "FROM PRIORITY", "ADDRESS"],
            rows.map { row in
                let address = [row.text("emailAddress"), row.text("phoneNumber"), row.text("pin")]
                return [
                    row.text("sequence"), row.text("name"), row.text("deviceType"), row.text("status"),
                    row.text("delay").isEmpty ? "" : "\(row.text("delay")) min", row.text("priorityThreshold"),
                    address.first { !$0.isEmpty } ?? "",
                ]
            })
    }
}

struct DevicesAddCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Give a person a device.",
        discussion: """
            The type follows from the address: e-mail for one with @, SMS for a telephone number, otherwise GENERIC. \
            SLACK and MS_TEAMS take the address of an incoming webhook.
            """)

    @Argument(help: "The person.", completion: .people)
    var person: String

    @Argument(help: "The device's name, as in 'Work Email'.")
    var name: String

    @Argument(help: "Its address: e-mail, telephone number in E.164, topic, or webhook.")
    var address: String

    @Option(
        help: "EMAIL, TEXT_PHONE, VOICE, TEXT_PAGER, SLACK, MS_TEAMS or GENERIC.",
        completion: .list(["EMAIL", "TEXT_PHONE", "VOICE", "TEXT_PAGER", "SLACK", "MS_TEAMS", "GENERIC"]))
    var type: String?

    @Option(help: "How many minutes after the device before.")
    var delay: Int?

    @Option(help: "Its place in the order, from 1; otherwise the last.")
    var place: Int?

    @Option(help: "Only for alerts of this priority and above.", completion: .list(["LOW", "MEDIUM", "HIGH"]))
    var priority: String?

    @Option(help: "The notification provider, by name or id.")
    var provider: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let owner = try await server.find(.person, person)
        let type = type?.uppercased() ?? Self.type(of: address)
        let field =
            switch type {
            case "EMAIL": "emailAddress"
            case "TEXT_PHONE", "VOICE", "VOICE_IVR", "FAX": "phoneNumber"
            default: "pin"
            }
        var body: [String: JSONValue] = [
            "name": .string(name), "deviceType": .string(type), "recipientType": "DEVICE",
            "owner": .string(owner.text("id")), field: .string(address),
        ]
        body["delay"] = delay.map { .whole($0) }
        body["sequence"] = place.map { .whole($0) }
        body["priorityThreshold"] = priority.map { .string($0.uppercased()) }
        body["provider"] = provider.map { .string($0) }
        let made = try await server.post("/devices", .object(body))
        if output.json { return try Output.json(made) }
        print("Made \(Output.plain(made.text("targetName"))), \(made.text("deviceType")).")
    }

    private static func type(of address: String) -> String {
        if address.contains("@") { return "EMAIL" }
        return address.hasPrefix("+") ? "TEXT_PHONE" : "GENERIC"
    }
}

struct DevicesRemoveCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Take a device from a person.")

    @Argument(help: "The person.", completion: .people)
    var person: String

    @Argument(help: "The device, by name or id.")
    var device: String

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.device(device, of: try await server.find(.person, person))
        try confirm.require("Remove \(row.text("targetName"))")
        try await server.delete("/devices/\(row.text("id"))")
        print("Removed \(Output.plain(row.text("targetName"))).")
    }
}

struct DevicesTestCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send a sample to a device, and show what the provider and it said.",
        discussion: "Ends with 1 when the sample did not arrive.")

    @Argument(help: "The person.", completion: .people)
    var person: String

    @Argument(help: "The device, by name or id.")
    var device: String

    @Option(help: "The provider to send by; otherwise the one that alerts would go by.")
    var provider: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.device(device, of: try await server.find(.person, person))
        let provider = try await provider(for: row, server)
        if Terminal.hasErrors { Output.error("Sending by \(provider.text("name")) …") }
        let answer = try await server.post(
            "/notification-providers/\(ServerClient.escaped(provider.text("id")))/test",
            ["device": .string(row.text("id"))])
        let status = answer.text("status")
        if output.json {
            try Output.json(answer)
        } else {
            print("\(Output.colouredByMeaning(status)) by \(answer.text("provider.name"))")
            for line in answer.rows("exchange") { print("\(line.time("at"))  \(Output.plain(line.text("text")))") }
        }
        if status != "DELIVERED" { throw Ending.negative }
    }

    private func provider(for device: JSONValue, _ server: ServerClient) async throws -> JSONValue {
        let all = try await server.rows("/notification-providers").rows
        let type = device.text("deviceType")
        let wanted = provider ?? device.text("provider.id")
        let named = all.first { $0.text("id") == wanted || $0.text("name").lowercased() == wanted.lowercased() }
        if let named { return named }
        if let provider {
            let hint = Nearness.hint(
                for: provider, among: all.map { $0.text("name") }, otherwise: "Type tocsin admin doctor")
            throw CommandError("There is no notification provider \(provider).\(hint)")
        }
        let usable = all.filter { row in
            row["enabled"]?.bool == true && row["configured"]?.bool != false && row["onlyIfNamed"]?.bool != true
                && row.rows("deviceTypes").contains { $0.string == type }
        }
        guard let first = usable.min(by: { ($0.number("order") ?? 0) < ($1.number("order") ?? 0) }) else {
            throw CommandError("No notification provider that is configured reaches \(type). Add one in the console.")
        }
        return first
    }
}
