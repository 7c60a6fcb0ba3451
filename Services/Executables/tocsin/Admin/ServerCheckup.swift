import AlertCore
import Bootstrap
import Foundation
import OutboundHTTP

/// Looks at a server from outside, by what it answers.
struct ServerCheckup {
    let server: ServerClient

    typealias Finding = Checkup.Finding

    /// In seconds: what a clock may be off, and what the self-audit may be silent for.
    private static let (clockLimit, silenceLimit) = (5.0, 300.0)
    /// In days.
    private static let (soon, tooSoon) = (21.0, 3.0)

    func findings() async -> [Finding] {
        let reachable = await reachability("server")
        guard reachable.first?.level != .failure else { return reachable }
        guard let login = await signIn(), login.level != .failure else {
            return reachable + [await signIn()].compactMap { $0 }
        }
        var findings = reachable + [login]
        for check in [selfAudit, providers, deadLetters, integrations, onCall, partitions] {
            do {
                findings += try await check()
            } catch let error as ServerError where error.status == 403 {
                findings.append(
                    Finding(.warning, "rights", error.message, advice: "ask as somebody who may read everything"))
            } catch {
                findings.append(Finding(.failure, "server", "\(error)", advice: "look at the server's log"))
            }
        }
        return findings
    }

    // MARK: - Whether it is there

    /// It answers, its clock is right, its certificate is good for a while.
    func reachability(_ subject: String) async -> [Finding] {
        let before = Date()
        let answer: OutboundResponse
        do {
            answer = try await server.send("GET", "/health/ready", isAuthenticated: false)
        } catch let error as ServerError {
            let advice =
                error.status == 503 ? "look at \(server.base)/health/ready and the server's log" : "check the address"
            return [Finding(.failure, subject, "\(error)", advice: advice)]
        } catch {
            return [Finding(.failure, subject, "\(error)", advice: "start it, or check the address")]
        }
        let health = try? server.decoded(answer)  // said as unusual below
        var findings: [Finding] = []
        switch health?.text("status") {
        case "UP": findings.append(Finding(.ok, subject, "\(server.base) answers and is ready"))
        case "DEGRADED":
            findings.append(
                Finding(
                    .warning, subject, "it works by other means: \(health?["checks"]?.readable ?? "")",
                    advice: "see docs/OPERATIONS.md, the broker is away"))
        default:
            findings.append(
                Finding(.failure, subject, "\(server.base) answers, but not as Tocsin", advice: "check the address"))
        }
        if let finding = clock(answer, between: before, and: Date()) { findings.append(finding) }
        if server.base.hasPrefix("https") { findings.append(await certificate()) }
        return findings
    }

    private func clock(_ answer: OutboundResponse, between before: Date, and after: Date) -> Finding? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let text = answer.header("date"), let theirs = formatter.date(from: text) else { return nil }
        // Theirs is cut to the second, and was written in between.
        let skew = max(before.timeIntervalSince(theirs) - 1, theirs.timeIntervalSince(after), 0)
        guard skew > Self.clockLimit else { return Finding(.ok, "clock", "the server's and this machine's agree") }
        return Finding(
            .warning, "clock", "the server's differs from this machine's by \(Int(skew)) s",
            advice: "run a time service (chrony, systemd-timesyncd) on both")
    }

    private func certificate() async -> Finding {
        do {
            let date = try await CertificateExpiry.date(of: server.base)
            let days = date.timeIntervalSinceNow / 86_400
            let level: Checkup.Level = days < Self.tooSoon ? .failure : days < Self.soon ? .warning : .ok
            let text = days < 0 ? "it expired at \(Moment(date).readable)" : "it is good until \(Moment(date).readable)"
            return Finding(level, "certificate", text, advice: level == .ok ? "" : "renew it")
        } catch {
            return Finding(.warning, "certificate", "it cannot be read: \(error)", advice: "look at it with openssl")
        }
    }

    private func signIn() async -> Finding? {
        do {
            let me = try await server.me()
            return Finding(.ok, "login", "these are the rights of \(me.text("targetName"))")
        } catch let error as ServerError where error.status == 401 {
            return Finding(.failure, "login", error.message, advice: "tocsin login, or check TOCSIN_API_KEY")
        } catch {
            return Finding(.warning, "login", "\(error)", advice: "tocsin login")
        }
    }

    // MARK: - Whether it does its work

    private func selfAudit() async throws -> [Finding] {
        let audit = try await server.get("/self-audit", [("limit", "1")])
        let advice = "see the page Self-audit of the console"
        var findings = audit.rows("findings").map { finding in
            let text = ["text", "summary", "detail", "kind"].map { finding.text($0) }.first { !$0.isEmpty }
            return Finding(.failure, "overdue", text ?? finding.readable, advice: advice)
        }
        let checked = audit.text("checked")
        let age = (try? Moment(parsing: checked)).map { -$0.date.timeIntervalSinceNow }  // never: said below
        if let age, age < Self.silenceLimit {
            if findings.isEmpty {
                findings.append(Finding(.ok, "overdue", "nothing is, as of \(Moment.readable(checked))"))
            }
        } else {
            let text = age == nil ? "it has never looked" : "it last looked at \(Moment.readable(checked))"
            findings.append(Finding(.failure, "self-audit", text, advice: "start the service self-audit"))
        }
        return findings
    }

    /// Whether what devices need is there.
    private func providers() async throws -> [Finding] {
        let all = try await server.rows("/notification-providers").rows.filter { $0["enabled"]?.bool == true }
        var findings: [Finding] = []
        for (type, name) in [("EMAIL", "mail"), ("TEXT_PHONE", "SMS"), ("VOICE", "calls")] {
            let devices = try await server.rows(
                "/devices", [("deviceType", type), ("deviceStatus", "ACTIVE")], limit: 1
            ).total
            let usable = all.filter { row in
                row["configured"]?.bool != false && row.rows("deviceTypes").contains { $0.string == type }
            }
            if usable.isEmpty, devices > 0 {
                findings.append(
                    Finding(
                        .failure, name, "\(devices) devices of \(type) cannot be reached: no provider is configured",
                        advice: type == "EMAIL"
                            ? "set TOCSIN_SMTP_URL, or add a provider in the console" : "add a provider in the console")
                )
            } else {
                let names = usable.map { $0.text("name") }.joined(separator: ", ")
                findings.append(
                    Finding(.ok, name, usable.isEmpty ? "no provider, and no device needs one" : "goes by \(names)"))
            }
        }
        return findings
    }

    private func deadLetters() async throws -> [Finding] {
        let letters = try await server.rows("/dead-letters", [("redriven", "false")], limit: 1).total
        let exhausted = try await server.rows("/deliveries", [("status", "EXHAUSTED")], limit: 1).total
        var findings: [Finding] = []
        if letters > 0 {
            findings.append(
                Finding(
                    .warning, "dead letters", "\(letters) messages could not be understood",
                    advice: "see the page Dead letters of the console"))
        }
        if exhausted > 0 {
            findings.append(
                Finding(
                    .warning, "deliveries", "\(exhausted) webhooks were given up",
                    advice: "tocsin deliveries list --status EXHAUSTED, then tocsin deliveries redrive"))
        }
        return findings.isEmpty ? [Finding(.ok, "deliveries", "none were given up")] : findings
    }

    private func integrations() async throws -> [Finding] {
        let plans = try await server.rows("/plans").rows
        let disabled = try await server.integrations(of: plans, [("integrationType", "OUTBOUND_WEBHOOK")])
            .filter { !$0.text("disabledReason").isEmpty }
        guard !disabled.isEmpty else { return [Finding(.ok, "integrations", "none was put out of service")] }
        return disabled.map { row in
            let name = "\(row.text("plan.name"))/\(row.text("name"))"
            return Finding(
                .warning, "integrations", "\(name) is out of service: \(row.text("disabledReason"))",
                advice: "tocsin integrations test '\(name)', then put it into service again in the console")
        }
    }

    private func onCall() async throws -> [Finding] {
        let groups = try await server.onCallGroups([])
        let covered = Set(
            try await server.onCall(groups, []).filter { row in
                row.rows("members").contains { !$0.text("notified.id").isEmpty }
            }.map { $0.text("group.id") })
        let empty = groups.filter { !covered.contains($0.text("id")) }.map { $0.text("targetName") }
        guard !empty.isEmpty else {
            return [Finding(.ok, "on call", groups.isEmpty ? "there are no groups" : "somebody is, in every group")]
        }
        return [
            Finding(
                .warning, "on call", "nobody is in \(empty.prefix(10).joined(separator: ", "))",
                advice: "tocsin on-call gaps")
        ]
    }

    private func partitions() async throws -> [Finding] {
        let schedule = try await server.get("/partitions")
        guard schedule["isPending"]?.bool == true else { return [] }
        return [Finding(.ok, "partitions", "their number is being raised to \(schedule.text("generations"))")]
    }
}
