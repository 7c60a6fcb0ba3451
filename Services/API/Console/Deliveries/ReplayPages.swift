import AlertCore
import Foundation
import Hummingbird
import Persistence

/// A replay as pages show it.
struct ReplayLine: Sendable {
    let id: String
    let integration: String
    let status: String
    let statusClass: String
    let since: String
    let begun: TimeText
    let by: String
    let progress: String
    let counts: String
    let rate: String
    let isRunning: Bool
    let problem: String?

    init(_ replay: Replay, _ format: TimeFormat, _ directory: DirectoryView) {
        id = replay.id
        integration = directory.integrations[replay.integration]?.name ?? replay.integration
        (status, statusClass) =
            switch replay.status {
            case .running: ("Running", "wait")
            case .done: ("Done", "good")
            case .cancelled: ("Cancelled", "ended")
            case .failed: ("Failed", "bad")
            }
        since = format.full(replay.since)
        begun = format.text(replay.createdAt)
        by = replay.by.displayName
        progress = "\(replay.scanned) of \(replay.total) events"
        counts = "\(replay.sent) sent, \(replay.passedOver) had been sent before, \(replay.refused) not wanted"
        rate = "\(replay.rate)"
        isRunning = replay.status == .running
        problem = replay.problem
    }
}

/// All replays, and the form for a new one.
struct ReplaysPage: Sendable {
    static let pageSize = 50
    static let path = "/console/replays"

    struct Form: Sendable {
        var integrations: [Choice]
        var since: String
        var rate: String
        var includesSent: Bool
        let csrf: String
    }

    /// What a dry run says.
    struct DryRun: Sendable {
        let text: String
        let sample: [NamedValue]
    }

    /// `nil` for whoever may not begin one.
    let form: Form?
    let rows: [ReplayLine]
    let hasRows: Bool
    let pager: Pager
    var dryRun: DryRun?
    var problem: String?
}

/// One replay.
struct ReplayPage: Sendable {
    let replay: ReplayLine
    let csrf: String
    let canCancel: Bool
    let isRunning: Bool
    let deliveries: String
}

extension ReplaysPage.DryRun {
    /// - Parameter answer: Of the API.
    init(_ answer: JSONValue) {
        func number(_ name: String) -> Int64 { answer[name]?.integer ?? 0 }
        let atLeast = answer["isComplete"]?.bool == false ? "at least " : ""
        text =
            "\(atLeast)\(number("total")) would be sent, of \(number("events")) events; \(number("passedOver")) have "
            + "been sent before, \(number("refused")) are not wanted."
        sample = (answer["sample"]?.array ?? []).map { row in
            NamedValue(
                name: "Alert \(row["event"]?["eventId"]?.string ?? "")",
                value: "\(row["kind"]?.string ?? "") \(row["at"]?.string ?? "")")
        }
    }
}

// The pages of replays.
extension ConsoleRoutes {
    func addReplays(to router: Router<Context>) {
        get("/console/replays", to: router) { request, _, session in
            let parameters = QueryParameters(request.uri.query ?? "")
            return try await replays(parameters, session)
        }
        post("/console/replays", to: router) { _, _, session, form in
            try session.caller.require(.writeConfiguration)
            do {
                let wish = try wish(form)
                let person = PersonReference(session.person)
                guard form["action"] != "dry" else {
                    let answer = try await services.dryRun(wish, by: person)
                    return try await replays(form, session, dryRun: ReplaysPage.DryRun(answer))
                }
                let begun = try await services.begin(
                    wish, by: person, fallbackId: UUID().uuidString.lowercased())
                return Response.redirect(to: "\(ReplaysPage.path)/\(begun.replay.id)")
            } catch let error as RestError where error.code < 500 {
                return try await replays(form, session, problem: error)
            }
        }
        get("/console/replays/{replay}", to: router) { _, context, session in
            let replay = try await services.replay(parameter("replay", context))
            let page = ReplayPage(
                replay: ReplayLine(replay, format(for: session), try await services.cache.current()),
                csrf: session.csrf,
                canCancel: replay.status == .running && session.caller.may(.writeConfiguration),
                isRunning: replay.status == .running,
                deliveries: WebAddress.make(DeliveriesPage.path, [("replay", replay.id)]))
            return try pages.page(page, with: "replay", for: session, at: .more)
        }
        post("/console/replays/{replay}/cancel", to: router) { _, context, session, _ in
            try session.caller.require(.writeConfiguration)
            let replay = try await services.cancelReplay(
                parameter("replay", context), by: PersonReference(session.person))
            return Response.redirect(to: "\(ReplaysPage.path)/\(replay.id)")
        }
    }

    private func wish(_ form: QueryParameters) throws(RestError) -> ReplayWish {
        let rates = EventServices.replayRates
        guard let rate = Int(form["rate"] ?? ""), rates.contains(rate) else {
            throw .invalidValue("rate", "it must be from \(rates.lowerBound) to \(rates.upperBound).")
        }
        guard let since = form["since"], !since.isEmpty else { throw .missingField("since") }
        return ReplayWish(
            id: nil, integration: form["integration"] ?? "", since: since, rate: rate,
            includesSent: form["includeSent"] == "true")
    }

    private func replays(
        _ parameters: QueryParameters, _ session: ConsoleSession, dryRun: ReplaysPage.DryRun? = nil,
        problem: RestError? = nil
    ) async throws -> Response {
        let offset = try parameters.paging().offset
        let directory = try await services.cache.current()
        let found = try await services.database.reading {
            try Replays($0).list(integration: nil, offset: offset, limit: ReplaysPage.pageSize)
        }
        let format = format(for: session)
        let chosen = parameters["integration"] ?? ""
        let outbound = directory.integrations.values.filter { $0.integrationType == .outbound && $0.deployed }
            .sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
        let dayBefore = services.now().advanced(by: .seconds(-86_400)).iso
        var page = ReplaysPage(
            form: session.caller.may(.writeConfiguration)
                ? ReplaysPage.Form(
                    integrations: outbound.map { Choice(value: $0.id, text: $0.name, isChosen: $0.id == chosen) },
                    since: parameters["since"] ?? dayBefore,
                    rate: parameters["rate"] ?? String(EventServices.standardReplayRate),
                    includesSent: parameters["includeSent"] == "true", csrf: session.csrf) : nil,
            rows: found.rows.map { ReplayLine($0, format, directory) }, hasRows: !found.rows.isEmpty,
            pager: Pager(offset: offset, count: found.rows.count, limit: ReplaysPage.pageSize, total: found.total) {
                WebAddress.make(ReplaysPage.path, [("offset", String($0))])
            })
        page.dryRun = dryRun
        page.problem = problem?.message
        return try pages.page(
            page, with: "replays", for: session, at: .more, status: .init(code: problem?.code ?? 200))
    }
}
