import AlertCore
import Hummingbird
import Persistence

/// When a shift takes place, one occurrence a row, to leave one out or to restore it.
struct OccurrencesPage: Sendable {
    struct Row: Sendable {
        /// As the API reads it.
        let start: String
        let when: String
        let isExcluded: Bool
    }

    /// How many rows a page has.
    private static let limit = 30
    /// How far a page looks, in days.
    private static let days = 366

    let groupId: String
    let groupName: String
    let shiftId: String
    let shiftName: String
    let csrf: String
    let timezone: String
    /// A day, or what somebody typed instead.
    let from: String
    /// What is wrong with that.
    let mistake: String?
    let rows: [Row]
    let hasRows: Bool
    /// Of the page after this one.
    let later: String?
    var notice: String?
    var warning: String?

    init(
        _ group: Group, _ shift: Shift, from typed: String?, _ directory: DirectoryView, for session: ConsoleSession,
        now: Timestamp
    ) {
        let zone = ZonedTime(shift.timezone)
        let asked = typed.flatMap { $0.isEmpty ? nil : zone.parse($0) }
        let begin = asked ?? zone.startOfDay(now)
        groupId = group.id
        groupName = group.targetName
        shiftId = shift.id
        shiftName = shift.name
        csrf = session.csrf
        timezone = shift.timezone
        let isMistaken = typed?.isEmpty == false && asked == nil
        from = isMistaken ? typed ?? "" : zone.day(begin)
        mistake = isMistaken ? "It must be a day, as 2026-12-24 is. These are from today on." : nil
        let all = Self.occurrences(of: shift, directory.roster.calendar(of: shift), from: begin)
        rows = all.prefix(Self.limit).map { start, end, isExcluded in
            Row(start: start.iso, when: end.map { zone.span(start, $0) } ?? zone.short(start), isExcluded: isExcluded)
        }
        hasRows = !rows.isEmpty
        let base = "/console/groups/\(group.id)/shifts/\(shift.id)/occurrences"
        later = all.count > Self.limit ? WebAddress.make(base, [("from", zone.field(all[Self.limit].start))]) : nil
    }

    /// Those that take place and those that are left out, in the order of time: one more than a page has, at most.
    private static func occurrences(
        of shift: Shift, _ calendar: ShiftCalendar, from: Timestamp
    ) -> [(start: Timestamp, end: Timestamp?, isExcluded: Bool)] {
        let to = from.advanced(by: .seconds(days * 86_400))
        let on = calendar.occurrences(from: from, to: to, limit: limit + 1).map { ($0.start, Optional($0.end), false) }
        let off = shift.exclusions.filter { from <= $0 && $0 < to }.map { start in
            (start, calendar.occurrence(beginningAt: start)?.end, true)
        }
        return Array((on + off).sorted { $0.0 < $1.0 }.prefix(limit + 1))
    }
}

extension ConsoleRoutes {
    func addOccurrences(to router: Router<Context>) {
        let path = "/console/groups/{group}/shifts/{shift}/occurrences"
        get(RouterPath(path), to: router) { request, context, session in
            let query = QueryParameters(request.uri.query ?? "")
            return try await occurrences(context, session, from: query["from"], notice: Self.notice(query))
        }
        post(RouterPath("\(path)/exclude"), to: router) { _, context, session, form in
            try await change(context, session, form) { path in
                let start = ["start": form["start"] ?? ""].merging(path) { first, _ in first }
                let answer = try await rest.call(
                    .delete, "groups/{group}/shifts/{shift}/occurrences/{start}", start, by: session.caller)
                guard answer.body == nil else { return }
                throw RestError.conflict("No occurrence begins at that time, or it is left out already.")
            }
        }
        post(RouterPath("\(path)/restore"), to: router) { _, context, session, form in
            try await change(context, session, form) { path in
                _ = try await rest.call(
                    .post, "groups/{group}/shifts/{shift}/occurrences", path,
                    body: .fields(["startDate": form.filled("start")]), by: session.caller)
            }
        }
    }

    private func occurrences(
        _ context: Context, _ session: ConsoleSession, from: String?, notice: String? = nil,
        problem: RestError? = nil
    ) async throws -> Response {
        let (group, shift, directory) = try await changeableShift(
            parameter("group", context), parameter("shift", context), session)
        var page = OccurrencesPage(group, shift, from: from, directory, for: session, now: services.now())
        page.notice = notice
        page.warning = problem?.message
        let code = problem?.code ?? (page.mistake == nil ? 200 : 400)
        return try pages.page(page, with: "occurrences", for: session, at: .groups, status: .init(code: code))
    }

    /// A button of a row; the page that it was on comes again.
    private func change(
        _ context: Context, _ session: ConsoleSession, _ form: QueryParameters,
        _ action: ([String: String]) async throws -> Void
    ) async throws -> Response {
        let (group, shift) = (parameter("group", context), parameter("shift", context))
        do {
            try await action(["group": group, "shift": shift])
        } catch let error as RestError where error.isForTheForm {
            return try await occurrences(context, session, from: form["from"], problem: error)
        }
        return Response.redirect(
            to: WebAddress.make(
                "/console/groups/\(group)/shifts/\(shift)/occurrences",
                [("from", form["from"] ?? ""), ("done", "saved")]))
    }
}
