import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Persistence

/// A week of a group: who is first when, and when nobody is.
struct CalendarPage: Sendable {
    /// A part of a day in which the same people are on call.
    struct Bar: Sendable {
        /// Half hours from the beginning of the day, 0 to 48: for the style sheet.
        let from: Int
        let to: Int
        /// A colour, the same for the same person on the page: 0 to 7.
        let hue: Int
        let isGap: Bool
        let time: String
        let who: String
        let what: String
        /// Everybody, in order.
        let title: String
    }

    struct Day: Sendable {
        let date: String
        let label: String
        let isToday: Bool
        let bars: [Bar]
        let isEmpty: Bool
    }

    let groupId: String
    let groupName: String
    let timezone: String
    let title: String
    let days: [Day]
    let previous: String
    let next: String
    let today: String
    let gaps: [NamedValue]
    let hasGaps: Bool
    let calendarURL: String
    let at: String
    let nowAt: OnCallNowCard?
    let momentText: String

    private static let hues = 8

    init(
        _ group: Group, query: QueryParameters, _ directory: DirectoryView, format: TimeFormat
    ) {
        let zone = ZonedTime(group.timezone)
        let roster = directory.roster
        let asked = query["week"].flatMap(zone.parse) ?? format.now
        let start = zone.startOfWeek(asked)
        let starts = (0...7).map { zone.adding(days: $0, to: start) }
        let parts = roster.parts(of: group.id, from: start, to: starts[7])
        let holes = roster.gaps(in: group.id, from: start, to: starts[7])
        groupId = group.id
        groupName = group.targetName
        timezone = group.timezone
        title = "\(zone.shortDay(start)) – \(zone.shortDay(starts[6])) \(zone.day(starts[6]).prefix(4))"
        let hues = Self.hues(parts)
        days = (0..<7).map { index in
            let (from, to) = (starts[index], starts[index + 1])
            let all =
                parts.compactMap { Self.bar($0, from, to, zone, hues, directory) }
                + holes.compactMap { Self.bar($0, from, to, zone) }
            return Day(
                date: zone.day(from), label: zone.shortDay(from), isToday: from <= format.now && format.now < to,
                bars: all.sorted { ($0.from, $0.what) < ($1.from, $1.what) }, isEmpty: all.isEmpty)
        }
        let address = "/console/groups/\(group.id)/calendar"
        previous = WebAddress.make(address, [("week", zone.day(zone.adding(days: -7, to: start)))])
        next = WebAddress.make(address, [("week", zone.day(starts[7]))])
        today = address
        gaps = holes.map { NamedValue(name: zone.span($0.start, $0.end), value: $0.reason) }
        hasGaps = !gaps.isEmpty
        calendarURL = "\(address).ics"
        let moment = query["at"].flatMap(zone.parse)
        at = moment.map(zone.field) ?? ""
        momentText = moment.map { "\(zone.short($0)) \(group.timezone)" } ?? ""
        let local = TimeFormat(now: format.now, timezone: group.timezone)
        nowAt = moment.map { OnCallNowCard(group, roster, directory, at: $0, format: local) }
    }

    /// A colour for whoever is first in a part, by the order in which they come.
    private static func hues(_ parts: [Roster.Part]) -> [String: Int] {
        var hues: [String: Int] = [:]
        for part in parts {
            guard let id = part.shift.members.lazy.compactMap(\.notified).first?.id, hues[id] == nil else { continue }
            hues[id] = hues.count % Self.hues
        }
        return hues
    }

    private static func bar(
        _ part: Roster.Part, _ from: Timestamp, _ to: Timestamp, _ zone: ZonedTime, _ hues: [String: Int],
        _ directory: DirectoryView
    ) -> Bar? {
        guard part.start < to, from < part.end else { return nil }
        guard let first = part.shift.members.lazy.compactMap(\.notified).first else { return nil }
        let steps = EscalationStep.all(part.shift.members, directory)
        let order = steps.map { "\($0.place). \($0.name)\($0.skipped.map { ": \($0)" } ?? ", \($0.when)")" }
        return make(
            max(part.start, from), min(part.end, to), from, to, zone, hue: hues[first.id] ?? 0,
            who: RecipientName(first, directory).name, what: part.shift.shift.name,
            title: order.joined(separator: "\n"))
    }

    private static func bar(_ gap: CoverageGap, _ from: Timestamp, _ to: Timestamp, _ zone: ZonedTime) -> Bar? {
        guard gap.start < to, from < gap.end else { return nil }
        return make(
            max(gap.start, from), min(gap.end, to), from, to, zone, hue: nil, who: "Nobody", what: "",
            title: gap.reason)
    }

    /// - Parameter hue: `nil` for a gap.
    private static func make(
        _ start: Timestamp, _ end: Timestamp, _ from: Timestamp, _ to: Timestamp, _ zone: ZonedTime, hue: Int?,
        who: String, what: String, title: String
    ) -> Bar {
        // A day has 23 to 25 hours: its own length is 48 half hours.
        let day = max(1, to.since(from).milliseconds)
        let place = { (time: Timestamp) in Int((time.since(from).milliseconds * 48 + day / 2) / day) }
        let first = min(47, place(start))
        let isWhole = start == from && end == to
        return Bar(
            from: first, to: max(first + 1, place(end)), hue: hue ?? 0, isGap: hue == nil,
            time: isWhole ? "all day" : "\(zone.clock(start))–\(zone.endClock(end))", who: who, what: what,
            title: title)
    }
}

/// All groups: who is on call now, or at another time.
struct OnCallPage: Sendable {
    /// More groups than that are found by the list of groups.
    private static let limit = 200

    let cards: [OnCallNowCard]
    let hasCards: Bool
    /// "In 2 groups nobody is on call."
    let uncoveredText: String
    let hasUncovered: Bool
    let at: String
    let moment: String
    let isNow: Bool
    let timezone: String
    var problem: String?

    init(_ directory: DirectoryView, query: QueryParameters, for session: ConsoleSession, format: TimeFormat) {
        let zone = ZonedTime(session.person.timezone)
        let asked = query["at"].flatMap { $0.isEmpty ? nil : zone.parse($0) }
        let time = asked ?? format.now
        let roster = directory.roster
        let groups = directory.groups(seenBy: session.caller)
            .filter { $0.groupType == .onCall && $0.status == .active }
            .sorted { ($0.targetName.lowercased(), $0.id) < ($1.targetName.lowercased(), $1.id) }
        let all = groups.prefix(Self.limit).map { OnCallNowCard($0, roster, directory, at: time, format: format) }
        // Where nobody is on call, somebody has to look first.
        cards = all.filter { $0.nobody != nil } + all.filter { $0.nobody == nil }
        hasCards = !cards.isEmpty
        let uncovered = all.count { $0.nobody != nil }
        uncoveredText = "In \(uncovered) group\(uncovered == 1 ? "" : "s") nobody is on call."
        hasUncovered = uncovered > 0
        at = asked.map(zone.field) ?? ""
        moment = zone.short(time)
        isNow = asked == nil
        timezone = session.person.timezone
        if let text = query["at"], !text.isEmpty, asked == nil {
            problem = "\(text) is no time, as 2026-12-24T08:00 is: this is now."
        }
    }
}

extension ConsoleRoutes {
    func addCalendars(to router: Router<Context>) {
        get("/console/on-call", to: router) { request, _, session in
            let page = OnCallPage(
                try await services.cache.current(), query: QueryParameters(request.uri.query ?? ""), for: session,
                format: format(for: session))
            return try pages.page(page, with: "on-call", for: session, at: .onCall)
        }
        get("/console/groups/{group}/calendar", to: router) { request, context, session in
            let (group, directory) = try await knownGroup(parameter("group", context), session)
            let page = CalendarPage(
                group, query: QueryParameters(request.uri.query ?? ""), directory, format: format(for: session))
            return try pages.page(page, with: "calendar", for: session, at: .groups)
        }
        get("/console/groups/{group}/calendar.ics", to: router) { _, context, session in
            let path = ["group": parameter("group", context)]
            return try await file("groups/{group}/calendar.ics", path, session)
        }
        get("/console/people/{person}/calendar.ics", to: router) { _, context, session in
            let path = ["person": parameter("person", context)]
            return try await file("people/{person}/calendar.ics", path, session)
        }
    }

    /// A file of the API, for somebody with a session.
    private func file(_ route: String, _ path: [String: String], _ session: ConsoleSession) async throws -> Response {
        let answer = try await rest.call(.get, route, path, by: session.caller)
        var response = try answer.response(trace: UUID().uuidString.lowercased())
        for header in ConsolePages.securityHeaders() { response.headers[header.name] = header.value }
        return response
    }
}
