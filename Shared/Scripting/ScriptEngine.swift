/// Runs scripts that nobody has checked.
public protocol ScriptEngine: Sendable {
    /// Runs a script once, from nothing: no run sees what another has left behind.
    ///
    /// Never throws; what goes wrong is in the outcome. Cancelling the caller does not stop a script
    /// that is running (its limits do), but a run that still waits for its turn is given up.
    func run(_ run: ScriptRun, limits: ScriptLimits, host: any ScriptHost) async -> ScriptOutcome
}

/// What a run may reach. The script waits while a call is made, and its time does not run; so each
/// call needs a timeout of its own. Calls of one run come one after the other.
public protocol ScriptHost: Sendable {
    /// Makes the request of `http.request({…}).write(…)`.
    ///
    /// - Throws: When there is no answer. The script sees an `Error` with the description as message.
    ///   An answer of any status is an answer.
    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer

    /// Does what `form.post(trigger)` asks for, and answers as the form's own URL would: 2xx with
    /// `{"id":"…"}`, or a status that says why not.
    ///
    /// - Parameter triggerJSON: The argument as JSON, unchecked.
    func postForm(_ triggerJSON: String) async -> ScriptHTTPAnswer

    /// The token that `http.authenticate('Endpoint')` answers, for a header such as `Bearer …`.
    ///
    /// - Throws: When there is none. The script sees an `Error` with the description as message.
    func authenticate(_ endpoint: String) async throws -> String
}

extension ScriptHost {
    public func authenticate(_ endpoint: String) async throws -> String {
        throw NoToken(endpoint: endpoint)
    }
}

private struct NoToken: Error, CustomStringConvertible {
    let endpoint: String

    var description: String {
        "http.authenticate: there are no tokens for the endpoint \(endpoint) here"
    }
}

/// One request that a script wants to have made.
public struct ScriptHTTPCall: Sendable, Equatable {
    /// The name of an endpoint, as the script wrote it.
    public var endpoint: String?
    /// What follows the endpoint's base URL, as the script wrote it; empty when it gave none.
    public var path: String
    /// In upper case; `GET` when the script gave none.
    public var method: String
    public var headers: [String: String]
    /// `nil` when the script sent none, which is not the same as an empty one.
    public var body: String?
    /// Whether the path is still to be URI-encoded.
    public var autoEncodeURI: Bool
    /// What the script wants to stand in the `Host` header; `nil` for the endpoint's own.
    public var host: String?

    public init(
        endpoint: String?, path: String, method: String = "GET", headers: [String: String] = [:],
        body: String? = nil, autoEncodeURI: Bool = true, host: String? = nil
    ) {
        self.endpoint = endpoint
        self.path = path
        self.method = method
        self.headers = headers
        self.body = body
        self.autoEncodeURI = autoEncodeURI
        self.host = host
    }
}

/// What the script gets back. Its members are those of the object that it sees.
public struct ScriptHTTPAnswer: Sendable, Equatable {
    public var statusCode: Int
    public var headers: [String: String]
    public var body: String

    public init(statusCode: Int, headers: [String: String] = [:], body: String = "") {
        self.statusCode = statusCode
        self.headers = headers
        self.body = body
    }
}
