import AlertCore
import HTTPTypes
import Hummingbird
import Persistence

extension Authenticator {
    /// Who sends the request, by its `Authorization` header.
    /// - Throws: As ``Authenticator/authenticate(authorization:)``.
    public func authenticate(_ request: Request) async throws(RestError) -> Caller {
        try await authenticate(authorization: request.headers[.authorization])
    }
}
