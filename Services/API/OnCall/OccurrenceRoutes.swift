import AlertCore
import Persistence

extension RESTServices {
    /// When shifts take place, and when for once they do not (spec §4.6).
    var occurrenceRoutes: [RESTRoute] {
        let occurrence = "groups/{group}/shifts/{shift}/occurrences"
        return [
            .get("groups/{group}/occurrences", listOccurrences),
            .get("groups/{group}/shifts/{shift}/exclusions", listExclusions),
            .get(occurrence, listOccurrences),
            .change(.post, occurrence, restoreOccurrences),
            .change(.delete, "\(occurrence)/{start}", excludeOccurrence),
            .get("\(occurrence)/{start}/members", listOccurrenceMembers),
        ]
    }

    /// The most occurrences of a shift that can be excluded at a time.
    private static let mostExclusions = 5000

    /// Of a group, or of the shift of the path.
    private func listOccurrences(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let embeds = try OccurrenceEmbeds(call.query, always: false)
        let range = try Self.range(of: call.query, now: now())
        let state = try await onCall()
        let view = state.view
        let group = try view.group(call.parameter("group"), for: call.caller)
        var shifts: Set<String> = []
        for name in call.parameters["shift"].map({ [$0] }) ?? call.query.list("shifts") ?? [] {
            shifts.insert(try view.shift(name, of: group).id)
        }
        let occurrences = state.roster.onCall(
            group: group.id, from: range.from, to: range.to, shifts: shifts, limit: Self.mostOccurrences)
        let rows = paging.cut(occurrences).map { view.wire($0, in: group, embeds) }
        return .ok(call.page(rows, total: occurrences.count, paging))
    }

    private func listExclusions(_ call: RESTCall) async throws -> RESTAnswer {
        let span = try call.query.span()
        let view = try await view()
        let group = try view.group(call.parameter("group"), for: call.caller)
        let shift = try view.shift(call.parameter("shift"), of: group)
        let excluded = shift.exclusions.sorted()
            .filter { start in (span.from ?? start) <= start && (span.to.map { start < $0 } ?? true) }
        return .ok(try call.page(of: excluded.map { view.exclusion($0, of: shift, in: group) }))
    }

    /// `{startDate, endDate}`: what was excluded from the one to the other, both included, takes place again.
    private func restoreOccurrences(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        guard let from = try fields.time("startDate") else { throw RestError.missingField("startDate") }
        let to = try fields.time("endDate") ?? from
        guard from <= to else { throw RestError.invalidValue("endDate", "it must not be before startDate.") }
        let ((group, shift, restored), view) = try await change(call) { edit in
            var (group, shift) = try edit.changeableShift()
            let restored = shift.exclusions.filter { from <= $0 && $0 <= to }.sorted()
            shift.exclusions.removeAll(where: restored.contains)
            try edit.put(shift)
            return (group, shift, restored)
        }
        return .ok(try call.page(of: restored.map { view.exclusion($0, of: shift, in: group) }))
    }

    /// Makes one occurrence not take place. 204 when none begins at that time, or it is excluded already.
    private func excludeOccurrence(_ call: RESTCall) async throws -> RESTAnswer {
        let start = try call.startOfOccurrence()
        let before = try await view()
        let (excluded, view) = try await change(call) { edit -> (Group, Shift)? in
            var (group, shift) = try edit.changeableShift()
            guard !shift.exclusions.contains(start),
                before.roster.calendar(of: shift).occurrence(beginningAt: start) != nil
            else { return nil }
            guard shift.exclusions.count < Self.mostExclusions else {
                throw RestError.conflict("A shift may have at most \(Self.mostExclusions) exclusions.")
            }
            shift.exclusions = (shift.exclusions + [start]).sorted()
            try edit.put(shift)
            return (group, shift)
        }
        return .deleted(excluded.map { view.exclusion(start, of: $1, in: $0) })
    }

    /// Who stands in it at its beginning, or now when it has begun.
    private func listOccurrenceMembers(_ call: RESTCall) async throws -> RESTAnswer {
        let start = try call.startOfOccurrence()
        let withOwner = call.query.embeds("owner") || call.query.embeds("members.owner")
        let state = try await onCall()
        let (view, roster) = (state.view, state.roster)
        let group = try view.group(call.parameter("group"), for: call.caller)
        let shift = try view.shift(call.parameter("shift"), of: group)
        let calendar = roster.calendar(of: shift)
        guard !shift.exclusions.contains(start), let occurrence = calendar.occurrence(beginningAt: start) else {
            throw RestError.notFound("The shift \(shift.name) has no occurrence that begins at \(start.iso).")
        }
        let now = now()
        let onCall = roster.onCall(calendar, in: occurrence, at: occurrence.contains(now) ? now : start)
        return .ok(
            try call.page(of: onCall.members.map { view.wire($0, during: onCall, withOwner: withOwner) }))
    }
}

extension RESTCall {
    fileprivate func startOfOccurrence() throws(RestError) -> Timestamp {
        let text = parameter("start")
        guard let start = Timestamp(iso: text) else {
            throw .invalidValue("start", "\(text) is no time, as 2018-04-17T14:00:00Z is.")
        }
        return start
    }
}

extension DirectoryView {
    /// An occurrence that is excluded, or was.
    fileprivate func exclusion(_ start: Timestamp, of shift: Shift, in group: Group) -> JSONValue {
        let end = roster.calendar(of: shift).occurrence(beginningAt: start)?.end
        return .fields([
            "group": group.reference,
            "shift": ["id": .string(shift.id), "name": .string(shift.name), "links": .links(shift.path)],
            "start": .string(start.isoSeconds), "end": .text(end?.isoSeconds),
        ])
    }
}
