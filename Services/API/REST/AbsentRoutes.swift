import AlertCore
import HTTPTypes

/// Operations of the platform that have no meaning here, and why: 501, so that nobody takes the answer for an empty
/// one.
extension RESTServices {
    var absentRoutes: [RESTRoute] {
        Self.absent.map { method, path, why in
            var route = RESTRoute(method: method, path: path, permission: .signIn) { _ in
                throw RestError(501, why, subcode: "operation.not_here", arguments: [path])
            }
            // A body of whatever kind is not looked at.
            if method == .post { route.rawBodyLimit = RESTRoute.bodyLimit }
            return route
        }
    }

    private static let absent: [(HTTPRequest.Method, String, String)] = [
        (
            .post, "uploads/epic-v1",
            "Files of Epic's ZipSync are not read here: they synchronise with another vendor's product. Send people by "
                + "POST /uploads/users-v1, groups by POST /groups."
        ),
        (
            .get, "groups/{group}/calendar",
            "The calendar was retired by the platform. Ask GET /groups/{id}/occurrences or GET /on-call, or take "
                + "GET /groups/{id}/calendar.ics."
        ),
    ]
}
