import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Persistence

/// Shows errors as pages, those of unknown addresses included. Errors below `/api` have their own shape and are
/// left alone.
struct ConsoleErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    let pages: ConsolePages
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let path = request.uri.path.collapsingSlashes
            guard path != "/api", !path.hasPrefix("/api/") else { throw error }
            return try answer(to: error, method: request.method, path: path)
        }
    }

    private func answer(to error: any Error, method: HTTPRequest.Method, path: String) throws -> Response {
        let known = RESTErrorMiddleware<Context>.restError(for: error, path: path)
        if known.code >= 500 {
            logger.error(
                "page failed",
                metadata: ["method": "\(method)", "path": "\(path)", "status": "\(known.code)", "error": "\(error)"])
        }
        var response = try pages.problem(
            .init(code: known.code), title: Self.title(of: known.code), message: known.message)
        for (name, value) in known.headers where known.code != 401 {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private static func title(of code: Int) -> String {
        switch code {
        case 401: "Please sign in"
        case 403: "Not allowed"
        case 404: "Not found"
        case 409: "Not possible any more"
        case 413: "Too long"
        case 429: "Too many attempts"
        case 503: "Not available at present"
        case 500...: "Something went wrong"
        default: "That did not work"
        }
    }
}
