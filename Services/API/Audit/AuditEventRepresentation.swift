import AlertCore
import Persistence

/// Events of the log as the API shows them.
struct AuditEventRepresentation {
    /// The alerts that they belong to, by stream.
    private let alerts: [String: AlertRow]
    private let directory: DirectoryView

    init(_ events: [RecordedEvent], _ directory: DirectoryView, in connection: any SQLConnection) throws {
        let ids = try AlertsOfStreams(connection).alerts(of: Set(events.map(\.stream)))
        let rows = try Alerts(connection).rows(of: Array(Set(ids.values)))
        alerts = ids.compactMapValues { rows[$0] }
        self.directory = directory
    }

    func row(_ hit: AuditSearch.Hit, includingData: Bool) -> JSONValue {
        var fields = row(hit.event, includingData: includingData)
        fields["sequence"] = .integer(hit.sequence)
        fields["links"] = .links("/audit/\(hit.sequence)")
        return .object(fields)
    }

    func row(_ event: RecordedEvent, includingData: Bool) -> [String: JSONValue] {
        let actor = event.origin.actor
        let alert = alerts[event.stream]
        var fields: [String: JSONValue?] = [
            "id": .string(event.id), "at": .string(event.recordedAt.iso), "kind": .string(event.type),
            "actor": .fields(["name": .string(actor), "id": .text(directory.person(actor)?.id)]),
            "stream": .string(event.stream), "version": .integer(event.version),
            "cause": .string(event.origin.causation), "request": .string(event.origin.correlation),
            "hash": .string(event.hash), "summary": .string(AuditSummary.text(event)),
            "alert": alert.map { EventRepresentation(row: $0).reference },
        ]
        if includingData {
            // What is no JSON is shown as it is.
            fields["data"] = (try? JSON.decode(event.data, as: JSONValue.self)) ?? .string(event.data)
        }
        return fields.compactMapValues { $0 }
    }
}
