import Hummingbird
import Ingest
import Persistence

/// Lets the authenticator know where a request comes from, so that an address that tries many logins is held back.
struct SignInOrigin<Context: RemoteAddressRequestContext>: RouterMiddleware {
    let addresses: ClientAddress

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let peer = context.remoteAddress?.ipAddress else { return try await next(request, context) }
        let address = addresses.of(peer: peer, headers: request.headers)
        return try await Authenticator.$clientAddress.withValue(address) { try await next(request, context) }
    }
}
