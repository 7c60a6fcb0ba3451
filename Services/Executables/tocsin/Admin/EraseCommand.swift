import AlertCore
import ArgumentParser

struct EraseCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase-person",
        abstract: "Destroy what is personal about somebody, in the log as well. It cannot be taken back.",
        discussion: "The log stays whole and verifiable: what was the person's can be read by nobody any more.")

    @Argument(help: "The person.", completion: .people)
    var person: String

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.find(.person, person)
        let name = row.text("targetName")
        if !confirm.yes {
            guard Terminal.canAsk else {
                throw CommandError("Erasing \(name) cannot be taken back. Add --yes to go ahead.")
            }
            guard Terminal.ask("This cannot be taken back. To erase \(name), type the name: ") == name else {
                Output.error("Nothing was changed.")
                throw Ending.negative
            }
        }
        let answer = try await server.post("/people/\(row.text("id"))/erase", ["confirm": .string(name)])
        if output.json { return try Output.json(answer) }
        let isRunning = answer.text("status") == "RUNNING"
        print("Erased \(Output.plain(name)).\(isRunning ? " Copies in lists and reports follow in a while." : "")")
    }
}
