import AlertCore
import Crypto
import Foundation
import Persistence

extension RESTServices {
    /// Duties as calendars for other programs; all of this but the retired name of a group's is Tocsin's own.
    var calendarRoutes: [RESTRoute] {
        [
            .get("groups/{group}/calendar.ics", groupCalendar),
            .get("groups/{group}/gaps", listGaps),
            .get("people/{person}/calendar.ics", personCalendar),
            .get("people/{person}/calendar-feed", getFeed),
            .change(.post, "people/{person}/calendar-feed", makeFeed),
            .change(.delete, "people/{person}/calendar-feed", revokeFeed),
        ]
    }

    private func groupCalendar(_ call: RESTCall) async throws -> RESTAnswer {
        let range = try CalendarRange(call.query, now: now())
        let state = try await onCall()
        let group = try state.view.group(call.parameter("group"), for: call.caller)
        let calendar = state.roster.calendar(ofGroup: group.id, from: range.from, to: range.to)
        return file(calendar, name: group.targetName)
    }

    /// Somebody else's shows the groups that the caller may see.
    private func personCalendar(_ call: RESTCall) async throws -> RESTAnswer {
        let range = try CalendarRange(call.query, now: now())
        let state = try await onCall()
        let person = try state.view.required(call.parameter("person"))
        let isOwn = person.id == call.caller.person.id
        let roster =
            isOwn ? state.roster : state.roster.keepingGroups { call.caller.maySee($0, in: state.view) }
        return file(roster.calendar(ofPerson: person.id, from: range.from, to: range.to), name: person.targetName)
    }

    private func file(_ calendar: ICalendar, name: String) -> RESTAnswer {
        RESTAnswer(
            status: .ok, body: nil,
            file: RESTFile(
                bytes: Array(calendar.text(stamp: now()).utf8), type: CalendarRange.mediaType, name: "\(name).ics"))
    }

    /// The times at which nobody of the group would be notified.
    private func listGaps(_ call: RESTCall) async throws -> RESTAnswer {
        let range = try Self.range(of: call.query, now: now())
        let view = try await view()
        let group = try view.group(call.parameter("group"), for: call.caller)
        let gaps = view.roster.gaps(in: group.id, from: range.from, to: range.to)
        return .ok(
            try call.page(
                of: gaps.map { gap in
                    [
                        "group": group.reference, "start": .string(gap.start.isoSeconds),
                        "end": .string(gap.end.isoSeconds), "cause": .string(gap.cause.rawValue),
                        "reason": .string(gap.reason),
                    ]
                }))
    }

    // MARK: - The address that needs no login

    private func getFeed(_ call: RESTCall) async throws -> RESTAnswer {
        let person = try await ownerOfFeed(call)
        let feed = try await database.reading { try Directory($0).all(CalendarFeed.self, in: person.id).first }
        guard let feed else { throw RestError.notFound("\(person.targetName) has no calendar feed.") }
        return .ok(try wire(feed, of: person))
    }

    /// A new address; the one before stops working.
    private func makeFeed(_ call: RESTCall) async throws -> RESTAnswer {
        let person = try await ownerOfFeed(call)
        let (feed, _) = try await change(call) { edit in
            for old in try edit.directory.all(CalendarFeed.self, in: person.id) { try edit.delete(old) }
            let feed = CalendarFeed(id: edit.newID(), person: person.id, created: edit.now)
            try edit.put(feed)
            return feed
        }
        return .saved(try wire(feed, of: person), isNew: true)
    }

    private func revokeFeed(_ call: RESTCall) async throws -> RESTAnswer {
        let person = try await ownerOfFeed(call)
        let (feed, _) = try await change(call) { edit -> CalendarFeed? in
            let feeds = try edit.directory.all(CalendarFeed.self, in: person.id)
            for feed in feeds { try edit.delete(feed) }
            return feeds.first
        }
        return .deleted(try feed.map { try wire($0, of: person) })
    }

    /// Whose address it is: one's own, or that of somebody whom one administers.
    private func ownerOfFeed(_ call: RESTCall) async throws -> Person {
        let person = try await view().required(call.parameter("person"))
        guard person.id == call.caller.person.id || call.caller.administers(person) else {
            throw RestError(
                403, "The user \(call.caller.person.targetName) may not see the calendar feed of \(person.targetName).",
                subcode: "authorization.not_yours")
        }
        return person
    }

    private func wire(_ feed: CalendarFeed, of person: Person) throws -> JSONValue {
        [
            "person": person.reference, "created": .string(feed.created.iso),
            "url": .string("\(publicURL)\(try CalendarFeedAddress.path(of: feed, secrets: secrets))"),
            "links": .links("\(person.path)/calendar-feed"),
        ]
    }
}

/// The time that a calendar covers: what has been lately and comes soon, unless the query says otherwise.
struct CalendarRange: Sendable {
    static let mediaType = "text/calendar; charset=utf-8"
    private static let past = Duration.seconds(30 * 86_400)
    private static let future = Duration.seconds(180 * 86_400)

    let from: Timestamp
    let to: Timestamp

    init(now: Timestamp) {
        from = Timestamp(milliseconds: max(0, now.milliseconds - Self.past.milliseconds))
        to = now.advanced(by: Self.future)
    }

    /// - Throws: 400 for a span that is too long, or ends before it begins.
    init(_ query: QueryParameters, now: Timestamp) throws(RestError) {
        let usual = CalendarRange(now: now)
        let span = try query.span()
        from = span.from ?? usual.from
        to = span.to ?? max(usual.to, from.advanced(by: Self.future))
        guard from < to else { throw .invalidValue("to", "it must be later than from.") }
        guard to.since(from) <= .seconds(RESTServices.longestSpan * 86_400) else {
            throw .invalidValue("to", "it may be at most \(RESTServices.longestSpan) days after from.")
        }
    }
}

/// Makes and reads the addresses of calendar feeds. Nothing but the signature keeps others from making one.
enum CalendarFeedAddress {
    static let root = "calendar"
    private static let suffix = ".ics"
    private static let purpose = "calendar-feeds"

    private struct Content: Codable {
        let feed: String
    }

    static func path(of feed: CalendarFeed, secrets: SecretBox) throws -> String {
        "/\(root)/\(try SignedToken.make(Content(feed: feed.id), key: secrets.subkey(for: purpose)))\(suffix)"
    }

    /// The id of the feed; `nil` for an address that we have not made.
    static func feed(in name: String, secrets: SecretBox) -> String? {
        let token = name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
        return secrets.subkeys(for: purpose).lazy
            .compactMap { SignedToken.read(token, as: Content.self, key: $0)?.feed }.first
    }
}

extension DirectoryView {
    /// - Throws: 404.
    fileprivate func required(_ idOrName: String) throws(RestError) -> Person {
        guard let person = person(idOrName) else { throw .notFound("There is no person \(idOrName).") }
        return person
    }
}

extension Roster {
    /// Without the groups that somebody may not see.
    fileprivate func keepingGroups(where isVisible: (Group) -> Bool) -> Roster {
        Roster(
            version: version, people: people, groups: groups.filter { isVisible($0.value) }, sites: sites,
            devices: devices, shifts: shifts, absences: absences, alertCounts: alertCounts)
    }
}
