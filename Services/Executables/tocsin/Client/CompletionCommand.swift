import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print what makes a shell complete tocsin's commands, options and names.",
        discussion: """
            bash: tocsin completion bash > ~/.local/share/bash-completion/completions/tocsin
            zsh:  tocsin completion zsh > a folder of $fpath, as _tocsin
            fish: tocsin completion fish > ~/.config/fish/completions/tocsin.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let completed: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(TocsinCommand.completionScript(for: completed))
    }
}
