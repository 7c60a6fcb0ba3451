import Hummingbird

/// Alerts and what happened around them, by REST under `/api/xm/1` (spec §4.2, §4.3).
struct EventRESTRoutes<Context: RequestContext>: Sendable {
    let services: EventServices
    let rates: CallRates?
    let idempotency: IdempotentCalls

    func add(to router: Router<Context>) {
        RESTRouteTable(
            routes: services.routes, authenticator: services.authenticator, rates: rates, idempotency: idempotency
        ).add(to: router)
    }
}
