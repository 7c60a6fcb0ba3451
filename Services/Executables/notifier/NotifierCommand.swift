import Bootstrap

@main
struct NotifierCommand {
    static func main() async { await runProcess(.notifier) }
}
