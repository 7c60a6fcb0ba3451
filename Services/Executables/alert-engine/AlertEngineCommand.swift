import Bootstrap

@main
struct AlertEngineCommand {
    static func main() async { await runProcess(.alertEngine) }
}
