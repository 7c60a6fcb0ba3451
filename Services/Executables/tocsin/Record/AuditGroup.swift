import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Ask the log what happened, verify it, take it out, bring it in.",
        discussion: Ending.help,
        subcommands: [
            AuditQueryCommand.self, AuditShowCommand.self, AuditChainCommand.self, AuditAtCommand.self,
            HoldsCommand.self, AuditVerifyCommand.self, AuditCheckpointsCommand.self, AuditExportCommand.self,
            AuditImportCommand.self,
        ])
}
