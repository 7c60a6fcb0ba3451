import AlertCore
import Answers
import Endpoints
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import Persistence

/// Everything that the API service answers: `/api/xm/1`, the console, the links in notifications, what providers tell.
public struct APIRoutes<Context: RequestContext>: Sendable {
    private let rest: RESTAPI<Context>
    private let tokens: TokenRoutes<Context>
    private let console: ConsoleRoutes<Context>
    private let respond: RespondRoutes<Context>
    private let calendarFeeds: CalendarFeedRoutes<Context>
    private let providers: ProviderRoutes<Context>
    private let errors: ConsoleErrorMiddleware<Context>
    private let document: OpenAPIRoutes<Context>

    /// Every operation of the API that has a route of its own.
    var operations: [RESTRoute] { rest.operations }

    /// - Parameters:
    ///   - secrets: Has the keys that sign sessions and links: the same in each process of an installation.
    ///   - publicURL: What people's browsers reach us by; cookies are for https only when it is.
    ///   - authenticator: The process's one; a new one when there is none yet.
    ///   - hasMail: Whether the settings name a mail server, as the list of providers says.
    ///   - webhookClient: What tries of webhooks go out by; `nil` where none can.
    ///   - oauthClientId: What clients of OAuth2 have to give; `nil` lets every one pass.
    ///   - rates: What counts the calls of the API; `nil` for no limit.
    ///   - version: Of the program, as the OpenAPI document says it.
    /// - Throws: When the templates of the pages are missing or wrong.
    public init(
        database: any SQLDatabase, bus: any MessageBus, cache: DirectoryCache, secrets: SecretBox,
        publicURL: String, now: @escaping Clock, logger: Logger, authenticator: Authenticator? = nil,
        oauthClientId: String? = nil, hasMail: Bool = false, webhookClient: EndpointClient? = nil,
        rates: CallRates? = nil, version: String = "0"
    ) throws {
        let accessTokens = AccessTokens(secrets: secrets)
        let authenticator =
            authenticator
            ?? Authenticator(
                cache: cache, tokens: accessTokens, signIns: SignInRecorder(database: database), now: now)
        let services = EventServices(
            database: database, cache: cache, authenticator: authenticator,
            gateway: CommandGateway(database: database, bus: bus), now: now)
        let pages = ConsolePages(assets: try ConsoleAssets())
        rest = RESTAPI(
            database: database, bus: bus, cache: cache, secrets: secrets, authenticator: authenticator, now: now,
            publicURL: publicURL, hasMail: hasMail, webhookClient: webhookClient, rates: rates)
        document = OpenAPIRoutes(routes: rest.operations, version: version, publicURL: publicURL)
        calendarFeeds = CalendarFeedRoutes(services: rest.services)
        tokens = TokenRoutes(
            database: database, cache: cache, authenticator: authenticator, tokens: accessTokens,
            clientId: oauthClientId, now: now)
        let inside = InternalREST(rest.services, and: services.routes)
        console = ConsoleRoutes(
            pages: pages,
            sessions: ConsoleSessions(cache: cache, secrets: secrets, publicURL: publicURL, now: now),
            services: services, live: LiveAlerts(services: services, pages: pages, rest: inside),
            rest: inside, publicURL: publicURL, logger: logger)
        let desk = AnswerDesk(database: database, bus: bus, directory: cache, now: now)
        respond = RespondRoutes(pages: pages, services: services, desk: desk, secrets: secrets)
        providers = ProviderRoutes(desk: desk, secrets: secrets, publicURL: publicURL, logger: logger)
        errors = ConsoleErrorMiddleware(pages: pages, logger: logger)
    }

    /// Adds all routes, and what makes pages or API errors of everything that fails, unknown addresses included.
    /// Routes that are added to the router before are not affected.
    public func add(to router: Router<Context>) {
        router.add(middleware: errors)
        document.add(to: router)
        rest.add(to: router)
        tokens.add(to: router)
        console.add(to: router)
        respond.add(to: router)
        calendarFeeds.add(to: router)
        providers.add(to: router)
    }
}
