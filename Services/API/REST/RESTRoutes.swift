import AlertCore
import Endpoints
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import Persistence

/// What people configure, by REST under `/api/xm/1` (spec §4).
public struct RESTRoutes<Context: RequestContext>: Sendable {
    let services: RESTServices
    private let rates: CallRates?

    /// Of the writes of this server, whatever they are about.
    var idempotency: IdempotentCalls {
        IdempotentCalls(database: services.database, secrets: services.secrets, now: services.now)
    }

    /// - Parameters:
    ///   - cache: Invalidated after each change, so that who made it sees it at once.
    ///   - secrets: Seals what has to be read again: keys, passwords, signing secrets.
    ///   - authenticator: The process's one, which remembers who has been let in.
    ///   - partitions: Of the bus: whose owner sends what a test of a provider plans.
    ///   - hasMail: Whether the settings name a mail server, as the list of providers says.
    ///   - webhookClient: What tries of webhooks go out by; `nil` where none can.
    ///   - rates: What counts the calls; `nil` for no limit.
    public init(
        database: any SQLDatabase, cache: DirectoryCache, secrets: SecretBox, authenticator: Authenticator,
        now: @escaping Clock, passwordCost: PasswordHash.Cost = .standard, publicURL: String = "",
        partitions: Partitions = Partitions(1), hasMail: Bool = false, webhookClient: EndpointClient? = nil,
        rates: CallRates? = nil
    ) {
        self.rates = rates
        services = RESTServices(
            database: database, cache: cache, secrets: secrets, authenticator: authenticator, now: now,
            passwordCost: passwordCost, publicURL: publicURL, partitions: partitions, hasMail: hasMail,
            webhookClient: webhookClient)
    }

    /// Adds every route. The error middleware goes to the whole router, since only there it sees what no route
    /// matches; it minds `/api/` only.
    public func add(to router: Router<Context>) {
        router.add(middleware: RESTErrorMiddleware(logger: Logger(label: "tocsin.rest")))
        RESTRouteTable(
            routes: services.routes, authenticator: services.authenticator, rates: rates, idempotency: idempotency
        ).add(to: router)
    }
}

/// One operation of the API.
struct RESTRoute: Sendable {
    static let methods: [HTTPRequest.Method] = [
        .get, .post, .put, .patch, .delete, .head, .options, .trace, HTTPRequest.Method("QUERY")!,  // a valid name
    ]
    /// The longest body in bytes: a script of some 3 MB in base64.
    static let bodyLimit = 4 << 20

    let method: HTTPRequest.Method
    /// Below `/api/xm/1/`; parts in braces are parameters.
    let path: String
    let permission: Permission
    let handler: @Sendable (RESTCall) async throws -> RESTAnswer
    /// Of a route whose body is no JSON: the longest in bytes.
    var rawBodyLimit: Int?

    static func get(
        _ path: String, permission: Permission = .readConfiguration,
        _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer
    ) -> RESTRoute {
        RESTRoute(method: .get, path: path, permission: permission, handler: handler)
    }

    static func post(
        _ path: String, permission: Permission = .writeConfiguration,
        _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer
    ) -> RESTRoute {
        RESTRoute(method: .post, path: path, permission: permission, handler: handler)
    }

    static func put(
        _ path: String, permission: Permission = .writeConfiguration,
        _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer
    ) -> RESTRoute {
        RESTRoute(method: .put, path: path, permission: permission, handler: handler)
    }

    static func delete(
        _ path: String, permission: Permission = .writeConfiguration,
        _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer
    ) -> RESTRoute {
        RESTRoute(method: .delete, path: path, permission: permission, handler: handler)
    }
}
