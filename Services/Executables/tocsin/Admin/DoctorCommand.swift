import AlertCore
import ArgumentParser
import Bootstrap
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check what usually is wrong, and say what to do about it.",
        discussion: """
            Asks the server that --url or tocsin login says. With --data, or with other settings of the server behind \
            --, looks also at what it stands on, from the machine that it runs on, as in: \
            tocsin admin doctor -- --database-url …

            Ends with 1 when something FAILs; with --strict, also after a WARN.
            """)

    @Option(help: "The server's data folder.", completion: .directory)
    var data: String?

    @Argument(parsing: .postTerminator, help: "Settings of the server, behind --.")
    var settings: [String] = []

    @Flag(help: "Do not ask a server: look at the settings only.")
    var offline = false

    @Flag(help: "End with 1 also when there is only a WARN.")
    var strict = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await Ending.reporting {
            var findings: [Checkup.Finding] = []
            var checkup: Checkup?
            if hasSettings {
                let arguments = (data.map { ["--data", $0] } ?? []) + settings
                checkup = await Checkup(
                    arguments: arguments, environment: ProcessInfo.processInfo.environment)
                findings += checkup?.findings ?? []
            }
            if !offline {
                let client = try server.client()
                findings += await ServerCheckup(server: client).findings()
                if let address = checkup?.publicURL, address != client.base {
                    findings += await ServerCheckup(server: client.at(address)).reachability("public address")
                }
                await client.close()
            } else if checkup == nil {
                throw CommandError("What is to be looked at? Add --data DIR, or settings behind --.")
            }
            try report(findings)
        }
    }

    /// Whether there are settings of a server beside those of its clients.
    private var hasSettings: Bool {
        let environment = ProcessInfo.processInfo.environment
        return data != nil || !settings.isEmpty || environment["TOCSIN_DATA"] != nil
            || environment["TOCSIN_DATABASE_URL"] != nil
    }

    private func report(_ findings: [Checkup.Finding]) throws {
        if output.json {
            try Output.json(
                .array(
                    findings.map { finding in
                        [
                            "level": .string(finding.level.rawValue), "subject": .string(finding.subject),
                            "text": .string(finding.text), "advice": .string(finding.advice),
                        ]
                    }))
        } else {
            let width = findings.map(\.subject.count).max() ?? 0
            for finding in findings {
                let level = finding.level.rawValue
                let blanks = String(repeating: " ", count: width - finding.subject.count)
                let mark = Output.colouredByMeaning(level) + String(repeating: " ", count: 4 - level.count)
                print("\(mark)  \(finding.subject)\(blanks)  \(Output.plain(finding.text))")
                if !finding.advice.isEmpty {
                    print("\(String(repeating: " ", count: width + 8))→ \(Output.plain(finding.advice))")
                }
            }
            let count = Checkup.Level.allCases.map { level in
                "\(findings.count { $0.level == level }) \(level.rawValue)"
            }
            Output.error(count.joined(separator: ", "))
        }
        let isBad = findings.contains { $0.level == .failure || (strict && $0.level == .warning) }
        if isBad { throw Ending.negative }
    }
}
