import AlertCore
import OutboundHTTP

/// This server's own API, reached within the process: the answers are those that the network would give, but who
/// calls is said by us, not proven by a header.
public protocol InternalAPI: Sendable {
    /// - Returns: Any answer, errors included.
    /// - Throws: When the call was given up.
    func send(_ request: InternalRequest, as caller: InternalCaller) async throws -> OutboundResponse
}

public struct InternalRequest: Sendable {
    /// In upper case.
    public let method: String
    /// With its query, from the root: `/api/xm/1/people?limit=1`.
    public let path: String
    /// Without credentials and what frames the message.
    public let headers: [(String, String)]
    public let body: [UInt8]
    /// Bytes that the body of the answer may have.
    public let answerLimit: Int

    public init(method: String, path: String, headers: [(String, String)], body: [UInt8], answerLimit: Int) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.answerLimit = answerLimit
    }
}

/// For whom an internal call is made.
public struct InternalCaller: Sendable {
    /// How often in a row a request may set off the next one.
    public static let depthLimit = 10
    /// What carries ``depth`` on calls that leave this server, and may come back to it. An answer to a stranger who
    /// sends it is a refusal at most.
    public static let depthHeader = "X-Tocsin-Depth"

    public let person: Person
    /// How many requests in a row have led here, each set off by the script of the one before; 0 for one from
    /// outside.
    public let depth: Int

    public init(person: Person, depth: Int) {
        self.person = person
        self.depth = depth
    }

    /// - Throws: 508 when requests go round in a circle.
    public static func check(depth: Int) throws(RestError) {
        guard depth > depthLimit else { return }
        throw RestError(
            508, "Scripts have set off \(depthLimit) requests, each from the one before: this looks like a circle.",
            subcode: "request.loop")
    }
}

/// The context of an internal call, for routes that would authenticate otherwise. No network server makes one.
public protocol InternalCallContext {
    var internalCaller: InternalCaller? { get }
}
