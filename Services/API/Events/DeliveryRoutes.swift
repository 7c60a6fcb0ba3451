import AlertCore

// Who was told about an alert, and which webhooks it led to.
extension EventServices {
    var deliveryRoutes: [RESTRoute] {
        [
            .get("events/{event}/user-deliveries") { try await userDeliveries($0) },
            .get("events/{event}/deliveries") { try await deliveries($0) },
        ]
    }

    private func userDeliveries(_ call: RESTCall) async throws -> RESTAnswer {
        let statuses = try EventQuery.choices(
            call.query, "deliveryStatus", of: DeliveryStatus.allCases.map(\.rawValue))
        let order = try call.query.choice("sortBy", of: UserDeliveries.Order.allCases.map(\.rawValue))
        let isDescending = try call.query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
        let history = try await history(call.parameter("event"), call.query)
        let rows = UserDeliveries(
            history, try await cache.current(), withProperties: call.query.embeds("person.properties")
        ).rows(
            statuses: statuses, by: order.flatMap(UserDeliveries.Order.init) ?? .targetName,
            isDescending: isDescending)
        return .ok(try call.page(of: rows))
    }

    /// Ours, for whoever asks why a webhook has not arrived.
    private func deliveries(_ call: RESTCall) async throws -> RESTAnswer {
        let history = try await history(call.parameter("event"))
        return .ok(try call.page(of: history.deliveries.map { DeliveryRepresentation(delivery: $0).value }))
    }
}
