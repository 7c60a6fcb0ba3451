import AlertCore
import Endpoints
import HTTPTypes
import Hummingbird
import Persistence

extension Authenticator {
    /// Who sends the request: by its `Authorization` header, or as the context of an internal call says.
    /// - Throws: As ``Authenticator/authenticate(authorization:)``.
    func authenticate(_ request: Request, _ context: some RequestContext) async throws(RestError) -> Caller {
        if let inside = context as? any InternalCallContext {
            guard let caller = inside.internalCaller else { throw Self.noCaller }
            return try await self.caller(caller.person.id)
        }
        return try await authenticate(authorization: request.headers[.authorization])
    }

    private static var noCaller: RestError { RestError(401, "Authentication is required.") }
}
