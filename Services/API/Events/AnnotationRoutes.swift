import AlertCore
import Persistence

// Comments on alerts, `annotations` on the wire (spec §4.2). They are events of the alert's history.
extension EventServices {
    var annotationRoutes: [RESTRoute] {
        [
            .get("events/{event}/annotations") { try await annotations($0) },
            .get("events/{event}/annotations/{annotation}") { try await annotation($0) },
            .post("events/{event}/annotations", permission: .comment) { try await annotate($0) },
        ]
    }

    private func annotations(_ call: RESTCall) async throws -> RESTAnswer {
        let (event, events) = try await comments(call.parameter("event"))
        return .ok(try call.page(of: event.annotations(events)))
    }

    private func annotation(_ call: RESTCall) async throws -> RESTAnswer {
        let id = call.parameter("annotation")
        let (event, events) = try await comments(call.parameter("event"))
        let found = event.annotations(events).first { $0["id"]?.string == id.lowercased() }
        guard let found else { throw RestError.notFound("There is no annotation \(id) of this event.") }
        return .ok(found)
    }

    private func annotate(_ call: RESTCall) async throws -> RESTAnswer {
        let text = try call.fields().requiredName("comment", or: nil, limit: Self.commentLimit)
        let row = try await alert(call.parameter("event"))
        let id = try await comment(text, on: row, by: call.caller.person)
        let (event, events) = try await comments(row.id)
        guard let made = event.annotations(events).first(where: { $0["id"]?.string == id }) else {
            throw RestError(500, "The comment \(id) was recorded and cannot be found.", subcode: "internal")
        }
        return .saved(made, isNew: true)
    }

    private func comments(
        _ idOrNumber: String
    ) async throws -> (EventRepresentation, [AlertHistory.Entry<Alert.Event>]) {
        try await database.reading { connection in
            let row = try Self.alert(idOrNumber, in: connection)
            return (EventRepresentation(row: row), try AlertHistory.events(of: row.id, in: connection))
        }
    }
}
