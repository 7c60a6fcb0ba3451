import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Persistence

/// Gives every error below `/api/` the one shape of the API, those of unknown routes included; and below `/reapi/` that
/// of the older interface.
public struct RESTErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    private let prefix: String
    private let logger: Logger
    private let outages: PacedLog

    public init(prefix: String = "/api/", logger: Logger) {
        self.prefix = prefix
        self.logger = logger
        outages = PacedLog(logger)
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            guard (request.uri.path.collapsingSlashes + "/").hasPrefix(prefix) else { throw error }
            let trace = UUID().uuidString.lowercased()
            let answer = Self.restError(for: error, path: request.uri.path)
            if answer.code == 503 {
                outages.log(
                    .error, "requests are answered 503",
                    metadata: ["path": "\(request.uri.path)", "trace": "\(trace)", "error": "\(error)"])
            } else if answer.code >= 500, answer.code != 501 {
                logger.error(
                    "request failed",
                    metadata: [
                        "method": "\(request.method)", "path": "\(request.uri.path)", "trace": "\(trace)",
                        "error": "\(error)",
                    ])
            }
            let status = HTTPResponse.Status(code: answer.code)
            if prefix == RESTPath.legacy {
                return try Response(status: status, json: LegacyError(answer), trace: trace, headers: answer.headers)
            }
            return try Response(status: status, json: answer, trace: trace, headers: answer.headers)
        }
    }

    static func restError(for error: any Error, path: String) -> RestError {
        switch error {
        case let error as RestError: return error
        case let error as StoreError where error.isRetryable:
            return RestError(
                503, "The database does not answer at present: try again.", subcode: "store.unavailable",
                headers: ["Retry-After": "1"])
        case let error as any HTTPResponseError: return of(error.status, path: path)
        default: return RestError(500, "Something went wrong on our side.", subcode: "internal")
        }
    }

    private static func of(_ status: HTTPResponse.Status, path: String) -> RestError {
        switch status {
        case .notFound: RestError(404, "There is nothing at \(path).", subcode: "request.route_not_found")
        case .contentTooLarge: RestError(413, "The body is too large.", subcode: "request.body_too_large")
        default: RestError(status.code, status.reasonPhrase.isEmpty ? "\(status.code)" : status.reasonPhrase)
        }
    }
}
