import Bootstrap

@main
struct SelfAuditCommand {
    static func main() async { await runProcess(.selfAudit) }
}
