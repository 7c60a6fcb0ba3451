import AlertCore
import Persistence

// What the self-audit finds, and what it has said.
extension EventServices {
    var selfAuditRoutes: [RESTRoute] { [.get("self-audit") { try await selfAudit($0) }] }

    private func selfAudit(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        return try await database.reading { connection in
            let store = SelfAuditStore(connection)
            let state = try store.load().state
            let (total, notices) = try store.notices(offset: paging.offset, limit: paging.limit)
            let deliveries = Dictionary(grouping: try store.deliveries(of: notices.map(\.id)), by: \.notice)
            let rows = notices.map { $0.representation(deliveries[$0.id] ?? []) }
            return .ok([
                "checked": (state.checkedAt?.iso).map(JSONValue.string) ?? .null,
                "findings": .array(state.findings.map(\.representation)),
                "notices": call.page(rows, total: total, paging),
            ])
        }
    }
}

extension AuditNotice {
    fileprivate func representation(_ deliveries: [AuditDelivery]) -> JSONValue {
        [
            "id": .string(id), "at": .string(at.iso), "summary": .string(subject),
            "raised": .array(raised.map(\.representation)), "lasting": .array(lasting.map(\.representation)),
            "cleared": .array(cleared.map(\.representation)),
            "deliveries": .array(
                deliveries.map { delivery in
                    [
                        "target": .string(delivery.target), "status": .string(delivery.status.rawValue),
                        "attempts": .integer(Int64(delivery.attempts)), "detail": .string(delivery.detail),
                        "at": .string(delivery.updatedAt.iso),
                    ]
                }),
        ]
    }
}
