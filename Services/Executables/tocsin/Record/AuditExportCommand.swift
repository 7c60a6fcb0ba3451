import ArgumentParser
import Bootstrap
import Foundation
import Logging
import Persistence

struct AuditExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the log, and the rows that do not follow from it, as JSON Lines; or the log to a Kafka topic.",
        discussion: """
            FILE is there when it is whole; until then it is FILE.part, with which --resume goes on. Exit codes: \
            0 done, 2 failed.
            """)

    @Argument(help: "The file; - for the standard output.")
    var file: String?

    @OptionGroup var ledger: LedgerOptions

    @Option(help: "Only events behind this one, as in alert/3:120; may be repeated. Then without --state.")
    var after: [String] = []

    @Flag(inversion: .prefixedNo, help: "Also the rows that do not follow from the log, which an import needs.")
    var state = true

    @Flag(help: "Go on with FILE.part.")
    var resume = false

    @Flag(help: "Go on with what is appended, until SIGINT or SIGTERM.")
    var follow = false

    @Option(help: "A topic that every event goes to instead, at least once; brokers by TOCSIN_KAFKA_BROKERS.")
    var kafkaTopic: String?

    func validate() throws {
        guard (file == nil) != (kafkaTopic == nil) else {
            throw ValidationError("Say a FILE, - for the standard output, or --kafka-topic NAME.")
        }
        if resume, file == nil || file == "-" { throw ValidationError("--resume needs a FILE.") }
        if kafkaTopic != nil, !after.isEmpty {
            throw ValidationError("--kafka-topic goes on where it was; --after is for files.")
        }
        _ = try places()
    }

    func run() async throws {
        let stop = StopSignal()
        let progress = Throughput("events exported")
        try await ledger.run { access in
            if let kafkaTopic {
                try await publish(access, kafkaTopic, progress, stop)
            } else {
                try await write(access, progress, stop)
            }
            progress.end()
        }
    }

    private func publish(
        _ access: LedgerAccess, _ name: String, _ progress: Throughput, _ stop: StopSignal
    ) async throws {
        var logger = Logger(label: "export")
        logger.logLevel = .warning
        let topic = try await LedgerTopic(access.database, topic: name, logger: logger)
        do {
            let count = try await topic.run(
                progress: { progress.add($0) }, until: { !follow || stop.isGiven })
            await topic.close()
            Output.error("\(count) events published to \(name).")
        } catch {
            await topic.close()
            throw error
        }
    }

    private func write(_ access: LedgerAccess, _ progress: Throughput, _ stop: StopSignal) async throws {
        let export = LogExport(access.database, now: Platform.now) { progress.add($0) }
        let path = file.flatMap { $0 == "-" ? nil : $0 }
        // What is followed has no end that it could be put in its place at.
        let draft = path.map { follow ? $0 : "\($0).part" }
        let output: ExportOutput
        if let draft, resume {
            let point = try ExportPoint(of: draft)
            output = try ExportOutput(resuming: draft, at: point)
            try await export.resume(point, to: output) { stop.isGiven }
        } else {
            var wish = LogExport.Wish()
            wish.after = try places()
            wish.hasState = state
            wish.isFollowing = follow
            output = try draft.map { try ExportOutput(creating: $0) } ?? ExportOutput()
            try await export.write(wish, to: output) { stop.isGiven }
        }
        try output.close()
        if let path, let draft, draft != path, rename(draft, path) != 0 {
            throw CommandError("\(path) cannot be written.")
        }
        Output.error("\(output.events) events and \(output.rows) other rows exported.")
    }

    private func places() throws -> [String: Int64] {
        var places: [String: Int64] = [:]
        for text in after {
            guard let colon = text.lastIndex(of: ":"), let position = Int64(text[text.index(after: colon)...]),
                position >= 0, text[..<colon].contains("/")
            else { throw ValidationError("'\(text)' is no place in the log, as in alert/3:120.") }
            places[String(text[..<colon])] = position
        }
        return places
    }
}
