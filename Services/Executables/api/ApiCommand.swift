import Bootstrap

@main
struct ApiCommand {
    static func main() async { await runProcess(.api) }
}
