import AlertCore
import Persistence

// Alerts that were suppressed because too many like them had come (spec §4.2).
extension EventServices {
    var suppressionRoutes: [RESTRoute] { [.get("event-suppressions") { try await suppressions($0) }] }

    private func suppressions(_ call: RESTCall) async throws -> RESTAnswer {
        guard let id = call.query["event"], !id.isEmpty else { throw RestError.missingField("event") }
        let paging = try call.query.paging()
        return try await database.reading { connection in
            let row = try Self.alert(id, in: connection)
            let (total, rows) = try AlertSuppressions(connection).of(
                parent: row.id, offset: paging.offset, limit: paging.limit)
            let event = EventRepresentation(row: row)
            return .ok(call.page(rows.map(event.suppression), total: total, paging))
        }
    }
}

extension AlertSuppression {
    /// Of the alert that was suppressed: because of which, by which rule, until when.
    var representation: JSONValue {
        [
            "event": [
                "id": .string(parent), "eventId": .string(String(parentNumber)), "links": .links("/events/\(parent)"),
            ],
            "rule": .string(suppression.rule), "until": .string(suppression.until.iso),
        ]
    }
}

extension EventRepresentation {
    /// The first hundred that were suppressed because of this alert.
    static func suppressionsPage(of row: AlertRow, in connection: any SQLConnection) throws -> JSONValue {
        let (total, rows) = try AlertSuppressions(connection).of(parent: row.id, offset: 0, limit: 100)
        let event = EventRepresentation(row: row)
        return [
            "count": .integer(Int64(rows.count)), "total": .integer(Int64(total)),
            "data": .array(rows.map(event.suppression)),
            "links": ["self": .string("\(RESTPath.base)/event-suppressions?event=\(row.id)&offset=0&limit=100")],
        ]
    }

    /// `event` is the alert that people know of, `match` the one that was suppressed, `filters` the rule that did it.
    func suppression(_ row: AlertSuppressionRow) -> JSONValue {
        let rule = row.suppression.suppression
        let filters: JSONValue = [
            ["id": .string(DerivedID.uuid("flood-rule", rule.rule)), "name": .string(rule.rule)]
        ]
        let path = "/events/\(row.alert)"
        return [
            "event": reference,
            "match": [
                "id": .string(row.alert), "eventId": .string(String(row.number)), "at": .string(row.at.iso),
                "filters": filters, "links": .links(path),
            ],
            "at": .string(row.at.iso), "until": .string(rule.until.iso), "filters": filters, "links": .links(path),
        ]
    }
}
