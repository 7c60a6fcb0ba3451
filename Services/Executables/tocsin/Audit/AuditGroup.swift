import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Ask the log what happened, who did it, and how something stood at a time.",
        discussion: Ending.help,
        subcommands: [
            AuditQueryCommand.self, AuditShowCommand.self, AuditChainCommand.self, AuditAtCommand.self,
        ])
}
