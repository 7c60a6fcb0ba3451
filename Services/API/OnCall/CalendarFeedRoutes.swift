import AlertCore
import HTTPTypes
import Hummingbird
import Persistence

/// What calendar programs subscribe to: a person's duties at an address that is the secret itself.
struct CalendarFeedRoutes<Context: RequestContext>: Sendable {
    let services: RESTServices

    func add(to router: Router<Context>) {
        router.get("/\(CalendarFeedAddress.root)/{feed}") { _, context in
            try await answer(context.parameters.get("feed") ?? "")
        }
    }

    /// 404 for an address that was never made, one that was revoked, and one of somebody who is inactive.
    private func answer(_ name: String) async throws -> Response {
        guard let id = CalendarFeedAddress.feed(in: name, secrets: services.secrets),
            let feed = try await services.database.reading({ try Directory($0).get(CalendarFeed.self, id: id) })
        else { return Response(status: .notFound) }
        let state = try await services.onCall()
        guard state.view.people[feed.person]?.status == .active else { return Response(status: .notFound) }
        let now = services.now()
        let range = CalendarRange(now: now)
        let calendar = state.roster.calendar(ofPerson: feed.person, from: range.from, to: range.to)
        return Response(
            status: .ok,
            headers: [
                .contentType: CalendarRange.mediaType, .cacheControl: "private, max-age=300",
                .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: calendar.text(stamp: now))))
    }
}
