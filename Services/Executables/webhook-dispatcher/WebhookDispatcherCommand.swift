import Bootstrap

@main
struct WebhookDispatcherCommand {
    static func main() async { await runProcess(.webhookDispatcher) }
}
