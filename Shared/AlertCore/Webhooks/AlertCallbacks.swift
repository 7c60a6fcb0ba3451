// The callbacks that an alert's own request asked for, as deliveries like those of integrations (spec §1.11).

extension WebhookDelivery.Request {
    /// What the ids of lanes begin with that belong to no integration.
    public static let callbackLane = "callback:"

    /// One delivery for each callback of the alert that minds the event.
    /// - Parameters:
    ///   - event: The id of the event.
    ///   - body: JSON.
    public static func callbacks(
        of alert: String, _ details: AlertDetails, event: String, sequence: Int64, trigger: Trigger, body: String,
        correlation: String, personal: [PersonalText]? = nil
    ) -> [WebhookDelivery.Request] {
        details.callbacks.enumerated().compactMap { index, callback in
            // What is for an agent is kept with the alert, which its request's log says.
            guard callback.type.trigger == trigger, !callback.isForAgent, let origin = WebOrigin(of: callback.url)
            else { return nil }
            let lane = "\(callbackLane)\(origin.scheme)://\(origin.host):\(origin.port)"
            var request = WebhookDelivery.Request(
                id: DerivedID.beside(alert, "callback", event, String(index)),
                integration: NamedReference(id: lane, name: "callback to \(origin.host)"), trigger: trigger,
                alert: alert, alertNumber: details.number, sequence: sequence, payload: body, correlation: correlation,
                callback: WebhookDelivery.Request.Callback(
                    index: index, url: callback.url, user: callback.user, sealedPassword: callback.sealedPassword))
            request.personal = personal
            return request
        }
    }
}

extension AlertCallback.Kind {
    /// What sets it off.
    public var trigger: Trigger {
        switch self {
        case .status: .status
        case .deliveryStatus: .deliveryStatus
        case .response: .response
        }
    }
}
