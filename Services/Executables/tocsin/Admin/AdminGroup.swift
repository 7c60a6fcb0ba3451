import ArgumentParser

struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Who may do what, API keys, the secret key, and what is wrong with the installation.",
        discussion: Ending.help,
        subcommands: [
            UsersCommand.self, KeysCommand.self, AdminRotateCommand.self, DoctorCommand.self, EraseCommand.self,
            AdminRebuildCommand.self,
        ])
}
