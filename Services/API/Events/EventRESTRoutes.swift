import Hummingbird

/// Alerts and what happened around them, by REST under `/api/xm/1` (spec §4.2, §4.3).
struct EventRESTRoutes<Context: RequestContext>: Sendable {
    let services: EventServices

    func add(to router: Router<Context>) {
        RESTRouteTable(routes: services.routes, authenticator: services.authenticator).add(to: router)
    }
}
