import AlertCore
import Messaging
import Persistence

// Webhook deliveries of all alerts: found, looked at, sent again, given up. Ours: the platform has no such calls.
extension EventServices {
    /// Deliveries a second, of a redrive.
    static let rates = 1...1000
    static let standardRate = 10
    /// How many deliveries a dry run shows.
    private static let sampleLimit = 10

    var deliverySearchRoutes: [RESTRoute] {
        [
            .get("deliveries") { try await searchDeliveries($0) },
            .get("deliveries/{delivery}") { try await showDelivery($0) },
            .post("deliveries/redrive") { call in
                try await order(call, isCancelling: false) { .redrive(by: $0, cause: $1) }
            },
            .post("deliveries/cancel") { call in
                try await order(call, isCancelling: true) { .cancel(by: $0, cause: $1) }
            },
        ]
    }

    /// Pages hold together by the last row of the one before, so that what comes and goes moves none.
    private func searchDeliveries(_ call: RESTCall) async throws -> RESTAnswer {
        let directory = try await cache.current()
        let filter = try await DeliveryQuery(call.query, directory, in: database).filter
        let paging = try call.query.paging()
        let after = call.query["after"]?.lowercased()
        let found = try await database.reading { connection in
            let deliveries = WebhookDeliveries(connection)
            var last: WebhookDeliveryRow?
            if let after, !after.isEmpty {
                last = try deliveries.get([after]).first
                guard last != nil else { throw RestError.notFound("There is no delivery \(after).") }
            }
            return try deliveries.list(filter, after: last, offset: paging.offset, limit: paging.limit)
        }
        let rows = found.rows.map { DeliveryRowRepresentation($0, directory).value }
        let next = found.rows.count == paging.limit ? found.rows.last?.id : nil
        return .ok(call.page(rows, total: found.total, after: next, limit: paging.limit))
    }

    private func showDelivery(_ call: RESTCall) async throws -> RESTAnswer {
        let delivery = try await delivery(call.parameter("delivery"))
        return .ok(DeliveryRepresentation(delivery: delivery).complete(try await cache.current()))
    }

    /// - Throws: 404.
    func delivery(_ id: String) async throws -> AlertHistory.DeliveryHistory {
        let id = id.lowercased()
        return try await database.reading { connection in
            guard let row = try WebhookDeliveries(connection).get([id]).first else {
                throw RestError.notFound("There is no delivery \(id).")
            }
            return try AlertHistory.DeliveryHistory(row, in: connection)
        }
    }

    /// What is to be done with some deliveries: the lanes do it, at the rate, within a second of its beginning.
    private func order(
        _ call: RESTCall, isCancelling: Bool,
        _ make: @escaping @Sendable (PersonReference, String) -> DeliveryOrder
    ) async throws -> RESTAnswer {
        let fields = try call.fields()
        let query = try await DeliveryQuery(fields, try await cache.current(), in: database)
        guard try !query.isEmpty || fields.bool("all") == true else {
            throw RestError.invalidValue("ids", "name deliveries, or a filter, or say \"all\": true.")
        }
        let wish = DeliveryWish(
            filter: query.filter, isCancelling: isCancelling,
            rate: try fields.integer("rate", in: Self.rates) ?? Self.standardRate,
            isDry: try fields.bool("dryRun") ?? false)
        let outcome = try await carryOut(wish, make(PersonReference(call.caller.person), "rest-\(call.trace)"))
        let directory = try await cache.current()
        let sample = outcome.sample.map { DeliveryRowRepresentation($0, directory).value }
        return RESTAnswer(
            status: wish.isDry ? .ok : .accepted,
            body: [
                "dryRun": .bool(wish.isDry), "total": .integer(Int64(outcome.total)),
                "ordered": .integer(Int64(outcome.ordered)), "rate": .integer(Int64(wish.rate)),
                "seconds": .integer(Int64(outcome.ordered / wish.rate)), "sample": .array(sample),
            ])
    }

    /// - Returns: How many deliveries there are in all, how many of them are taken on now, and the first of them.
    func carryOut(
        _ wish: DeliveryWish, _ order: DeliveryOrder
    ) async throws -> (total: Int, ordered: Int, sample: [WebhookDeliveryRow]) {
        let (now, partitions) = (now(), gateway.bus.partitions)
        let sampleLimit = Self.sampleLimit
        @Sendable func select(_ connection: any SQLConnection, _ limit: Int) throws -> DeliveryOrders.Selection {
            try DeliveryOrders(connection).select(wish.selected, isCancelling: wish.isCancelling, limit: limit)
        }
        let selection: DeliveryOrders.Selection
        if wish.isDry {
            selection = try await database.reading { try select($0, sampleLimit) }
        } else {
            selection = try await database.retrying { connection in
                let selection = try select(connection, DeliveryOrders.limit)
                try DeliveryOrders(connection).give(
                    order, for: selection.rows, rate: wish.rate,
                    schedule: try partitions.schedule(in: connection), at: now)
                return selection
            }
        }
        return (
            selection.total, min(selection.total, DeliveryOrders.limit), Array(selection.rows.prefix(sampleLimit))
        )
    }
}

/// What somebody wants done with deliveries.
struct DeliveryWish: Sendable {
    let filter: DeliveryFilter
    let isCancelling: Bool
    /// A second.
    let rate: Int
    let isDry: Bool

    /// Without a word about the status, a redrive is for what is exhausted, unless deliveries are named.
    var selected: DeliveryFilter {
        var selected = filter
        if !isCancelling, filter.statuses.isEmpty, filter.ids.isEmpty { selected.statuses = [.exhausted] }
        return selected
    }
}

extension RESTCall {
    /// A page of a list that goes on after a row of it.
    fileprivate func page(_ data: [JSONValue], total: Int, after: String?, limit: Int) -> JSONValue {
        let others = query.items.filter { !["offset", "limit", "after"].contains($0.name) }
        func link(_ first: [(String, String)]) -> JSONValue {
            .string(
                WebAddress.make(path, first + [("limit", String(limit))] + others.map { ($0.name, $0.value) }))
        }
        var links: [String: JSONValue] = ["self": link([("after", query["after"] ?? "")])]
        if let after { links["next"] = link([("after", after)]) }
        return [
            "count": .integer(Int64(data.count)), "total": .integer(Int64(total)), "data": .array(data),
            "links": .object(links),
        ]
    }
}

/// A delivery in a list.
struct DeliveryRowRepresentation {
    let row: WebhookDeliveryRow
    let directory: DirectoryView

    init(_ row: WebhookDeliveryRow, _ directory: DirectoryView) {
        self.row = row
        self.directory = directory
    }

    var value: JSONValue { .object(fields) }

    var fields: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "id": .string(row.id), "status": .string(row.status.rawValue.uppercased()),
            "integration": ["id": .string(row.integration), "name": .string(name)],
            "event": ["id": .string(row.alert), "eventId": .string(String(row.alertNumber))],
            "sequence": .integer(row.sequence), "failedAttempts": .integer(Int64(row.attempts)),
            "requested": .string(row.createdAt.iso), "updated": .string(row.updatedAt.iso),
            "links": .links("/deliveries/\(row.id)"),
        ]
        fields["triggeredBy"] = row.trigger.map { .string($0.rawValue) }
        if !row.reason.isEmpty { fields["reason"] = .string(row.reason) }
        if !row.detail.isEmpty { fields["detail"] = .string(row.detail) }
        fields["nextAttempt"] = row.until.map { .string($0.iso) }
        fields["configurationVersion"] = row.configuration.map { .integer($0) }
        fields["replay"] = row.replay.map { .string($0) }
        return fields
    }

    /// The integration's name; of one that is not there any more, its id.
    var name: String {
        if let name = directory.integrations[row.integration]?.name { return name }
        guard row.integration.hasPrefix(WebhookDelivery.Request.callbackLane) else { return row.integration }
        return "callback to \(row.integration.dropFirst(WebhookDelivery.Request.callbackLane.count))"
    }
}
