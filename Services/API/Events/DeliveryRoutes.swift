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
        _ = try EventQuery.time(call.query, "at")  // required by clients' libraries; the answer is of now
        let history = try await history(call.parameter("event"))
        return .ok(try call.page(of: UserDeliveries(history).rows(statuses: statuses)))
    }

    /// Ours, for whoever asks why a webhook has not arrived.
    private func deliveries(_ call: RESTCall) async throws -> RESTAnswer {
        let history = try await history(call.parameter("event"))
        return .ok(try call.page(of: history.deliveries.map { DeliveryRepresentation(delivery: $0).value }))
    }
}
