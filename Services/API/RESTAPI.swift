import AlertCore
import Endpoints
import Hummingbird
import Messaging
import Persistence

/// All of `/api/xm/1`, and what there is of `/reapi`, without console and links: what programs call, over the network
/// or from within.
public struct RESTAPI<Context: RequestContext>: Sendable {
    private let configuration: RESTRoutes<Context>
    private let events: EventRESTRoutes<Context>
    private let legacy: LegacyRoutes<Context>

    var services: RESTServices { configuration.services }

    /// Every operation below `/api/xm/1/` that has a route of its own.
    var operations: [RESTRoute] { configuration.services.routes + events.services.routes }

    /// - Parameters:
    ///   - hasMail: Whether the settings name a mail server, as the list of providers says.
    ///   - webhookClient: What tries of webhooks go out by; `nil` where none can.
    ///   - rates: What counts the calls; `nil` for no limit.
    public init(
        database: any SQLDatabase, bus: any MessageBus, cache: DirectoryCache, secrets: SecretBox,
        authenticator: Authenticator, now: @escaping Clock, publicURL: String = "", hasMail: Bool = false,
        webhookClient: EndpointClient? = nil, rates: CallRates? = nil
    ) {
        configuration = RESTRoutes(
            database: database, cache: cache, secrets: secrets, authenticator: authenticator, now: now,
            publicURL: publicURL, partitions: bus.partitions, hasMail: hasMail, webhookClient: webhookClient,
            rates: rates)
        events = EventRESTRoutes(
            services: EventServices(
                database: database, cache: cache, authenticator: authenticator,
                gateway: CommandGateway(database: database, bus: bus), now: now), rates: rates,
            idempotency: configuration.idempotency)
        legacy = LegacyRoutes(
            operations: LegacyOperations(rest: InternalREST(configuration.services, and: events.services.routes)),
            authenticator: authenticator, rates: rates, idempotency: configuration.idempotency)
    }

    /// Adds the routes, and what gives every error below `/api/` its shape.
    public func add(to router: Router<Context>) {
        configuration.add(to: router)
        events.add(to: router)
        legacy.add(to: router)
    }
}
