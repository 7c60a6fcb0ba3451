import AlertCore
import ArgumentParser
import Foundation

struct AlertsFollowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Print what happens to an alert until it ends, or what begins and ends among all of them.",
        discussion: """
            With --json, one document a line. Ctrl-C ends it. A server that is away is waited for. \
            Of one alert the exit code is 0 when it has ended.
            """)

    @Argument(help: "The alert, by number or id; otherwise all that the options say.")
    var alert: String?

    @OptionGroup var selection: AlertSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        guard let alert else {
            Terminal.endsWellWhenInterrupted()
            return try await followAll(server)
        }
        Terminal.endsWhenInterrupted()
        let row = try await server.alert(alert)
        if !output.json { AlertsListCommand.show([row]) }
        fflush(nil)  // what follows goes round the buffer
        try await Follower(server: server, alert: row.text("id")).run { rows in
            for row in rows { output.json ? try Output.jsonLine(row) : Output.now(AlertTimeline.line(row)) }
            return true
        }
    }

    private func followAll(_ server: ServerClient) async throws {
        var polling = Polling()
        var watch = AlertWatch(query: selection.query)
        // What goes on now is there already.
        let first = try await watch.changes(server)
        if !output.json {
            let running = first.count { $0.text("status") != "TERMINATED" }
            Output.error("\(running) go on. What begins and changes is printed; Ctrl-C ends it.")
        }
        while true {
            try await Task.sleep(for: polling.pause)
            do {
                let changes = try await watch.changes(server)
                for row in changes { try print(row) }
                polling.answered(withNews: !changes.isEmpty)
            } catch {
                try polling.failed(error)
            }
        }
    }

    private func print(_ row: JSONValue) throws {
        if output.json { return try Output.jsonLine(row) }
        let status = row.text("status")
        let time = status == "TERMINATED" ? row.time("terminated") : Moment(Date()).readable
        Output.now(
            "\(time)  \(row.text("eventId"))  \(Output.colouredByMeaning(status))  \(row.text("priority"))  "
                + Output.plain("\(row.text("plan.name"))/\(row.text("form.name")): \(row.text("name"))"))
    }
}

/// How long to wait between two looks: short while something happens, longer while nothing does or the server is away.
struct Polling {
    private(set) var pause = Duration.seconds(1)
    private var isAway = false

    mutating func answered(withNews hasNews: Bool) {
        if isAway { Output.error("The server is there again.") }
        isAway = false
        pause = hasNews ? .seconds(1) : min(pause * 1.5, .seconds(5))
    }

    /// - Throws: What waiting does not mend.
    mutating func failed(_ error: any Error) throws {
        let isLasting = (error as? ServerError).map { $0.status < 500 && $0.status != 429 } ?? !(error is CommandError)
        guard !isLasting else { throw error }
        if !isAway { Output.error("\(error) Waiting for it.") }
        isAway = true
        pause = min(pause * 2, .seconds(30))
    }
}

/// What has changed among the alerts of a query since the last look.
private struct AlertWatch {
    /// The clocks of two machines differ, and alerts become visible a little after they began.
    private static let overlap = 60.0
    private static let most = 5000

    private let query: [(String, String?)]
    /// The last status of each alert that goes on, and of those that ended a short while ago.
    private var statuses: [String: String] = [:]
    private var looked = Date()

    init(query: [(String, String?)]) {
        self.query = query.filter { !["from", "to", "status"].contains($0.0) }
    }

    /// In the order of their numbers.
    mutating func changes(_ server: ServerClient) async throws -> [JSONValue] {
        let begin = Moment(looked.addingTimeInterval(-Self.overlap))
        let asked = Date()
        var found: [String: JSONValue] = [:]
        for part in [[("status", "ACTIVE,SUSPENDED")], [("from", begin.iso)]] {
            for row in try await server.rows("/events", query + part, limit: Self.most).rows {
                found[row.text("id")] = row
            }
        }
        for id in statuses.filter({ $0.value != "TERMINATED" }).keys where found[id] == nil {
            found[id] = try await server.getIfThere("/events/\(id)")
        }
        let changed = found.values.filter { statuses[$0.text("id")] != $0.text("status") }
        statuses = found.mapValues { $0.text("status") }
        looked = asked
        return changed.sorted {
            ($0.number("eventId") ?? 0, $0.text("eventId")) < ($1.number("eventId") ?? 0, $1.text("eventId"))
        }
    }
}

/// One alert, look by look.
struct Follower {
    let server: ServerClient
    let alert: String

    /// - Parameter each: Gets what is new, oldest first; `false` ends it.
    /// - Returns: The alert as it was last.
    @discardableResult
    func run(until deadline: Date = .distantFuture, _ each: ([JSONValue]) throws -> Bool) async throws -> JSONValue {
        var polling = Polling()
        var seen = 0
        while true {
            do {
                // The alert first: what ended it is among its rows then.
                let row = try await server.get("/events/\(alert)")
                let rows = try await AlertTimeline.rows(of: alert, after: seen, server)
                seen += rows.count
                let goesOn = try each(rows)
                if !goesOn || row.text("status") == "TERMINATED" || Date() >= deadline { return row }
                polling.answered(withNews: !rows.isEmpty)
            } catch {
                try polling.failed(error)
                if Date() >= deadline { throw error }
            }
            try await Task.sleep(for: min(polling.pause, .seconds(max(0.1, deadline.timeIntervalSinceNow))))
        }
    }
}
