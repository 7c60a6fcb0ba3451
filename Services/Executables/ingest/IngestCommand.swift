import Bootstrap

@main
struct IngestCommand {
    static func main() async { await runProcess(.ingest) }
}
