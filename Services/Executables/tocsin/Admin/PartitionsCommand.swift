import AlertCore
import ArgumentParser

struct PartitionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partitions",
        abstract: "See how many partitions every topic has, and raise the number while everything runs.",
        discussion: Ending.help,
        subcommands: [PartitionsShowCommand.self, PartitionsRaiseCommand.self])

    fileprivate static func show(_ schedule: JSONValue, _ output: OutputOptions) throws {
        if output.json { return try Output.json(schedule) }
        Output.table(
            ["GENERATION", "PARTITIONS", "SINCE", "BY"],
            (schedule["generations"]?.array ?? []).map { row in
                [row.text("generation"), row.text("count"), row.text("since"), row.text("by")]
            })
    }
}

struct PartitionsShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how many partitions there are, and have been.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        try PartitionsCommand.show(try await server.get("/partitions"), output)
    }
}

struct PartitionsRaiseCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "raise", abstract: "Raise the number of partitions of every topic. It cannot be lowered again.")

    @Argument(help: "How many there are to be, up to 256.")
    var count: Int

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let schedule = try await server.post("/partitions", ["count": .whole(count)])
        try PartitionsCommand.show(schedule, output)
        guard !output.json, let last = schedule["generations"]?.array?.last else { return }
        print("\nRequests from \(last.text("since")) on are spread over \(last.text("count")) partitions.")
    }
}
