/// What a request over HTTP did wrong, in the shape that clients of the platform read (spec §4.1).
public struct RestError: Error, Hashable, Sendable, Encodable, CustomStringConvertible {
    /// The HTTP status.
    public let code: Int
    /// For a person, complete: it names the field and what would be right.
    public let message: String
    /// For a program, stable.
    public let subcode: String?
    /// What the message was made of, for clients that show one of their own.
    public let arguments: [String]?
    /// Sent beside the body: `WWW-Authenticate`, `Retry-After`, `Allow`.
    public let headers: [String: String]

    public init(
        _ code: Int, _ message: String, subcode: String? = nil, arguments: [String]? = nil,
        headers: [String: String] = [:]
    ) {
        self.code = code
        self.message = message
        self.subcode = subcode
        self.arguments = arguments
        self.headers = headers
    }

    /// The status in words.
    public var reason: String { Self.reasons[code] ?? (code < 500 ? "Bad Request" : "Internal Server Error") }
    public var description: String { "\(code) \(reason): \(message)" }

    enum CodingKeys: String, CodingKey { case code, message, reason, subcode, arguments }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(code, forKey: .code)
        try container.encode(message, forKey: .message)
        try container.encode(reason, forKey: .reason)
        try container.encodeIfPresent(subcode, forKey: .subcode)
        try container.encodeIfPresent(arguments, forKey: .arguments)
    }

    private static let reasons = [
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        406: "Not Acceptable", 409: "Conflict", 411: "Length Required", 413: "Content Too Large",
        415: "Unsupported Media Type", 429: "Too Many Requests", 500: "Internal Server Error",
        501: "Not Implemented", 503: "Service Unavailable", 504: "Gateway Timeout",
        508: "Loop Detected",
    ]
}

extension RestError {
    public static func notFound(_ what: String) -> RestError {
        RestError(404, what, subcode: "validation.common.not_found")
    }

    public static func missingField(_ field: String) -> RestError {
        RestError(
            400, "The \(field) field is required.", subcode: "validation.common.field.missing", arguments: [field])
    }

    /// - Parameter expected: With its article, as in "a string".
    public static func wrongType(_ field: String, expected: String, found: String) -> RestError {
        RestError(
            400, "The \(field) field must be \(expected), not \(found).",
            subcode: "validation.common.field.invalid.type", arguments: [field, expected, found])
    }

    public static func invalidChoice(_ field: String, _ value: String, valid: [String]) -> RestError {
        let list = valid.joined(separator: ", ")
        return RestError(
            400, "The \(field) field contains an invalid value: \(value). Valid values include: \(list).",
            subcode: "validation.common.field.invalid.enum", arguments: [field, value, list])
    }

    /// - Parameter rule: A sentence that says what is right.
    public static func invalidValue(_ field: String, _ rule: String) -> RestError {
        RestError(
            400, "The \(field) field is not valid: \(rule)", subcode: "validation.common.field.invalid.value",
            arguments: [field])
    }

    /// For what the platform knows and this server does not do yet: refused, so that nobody relies on it.
    public static func unsupported(_ field: String, _ value: String, supported: String) -> RestError {
        RestError(
            400, "The \(field) field contains a value that is not supported yet: \(value). Supported: \(supported).",
            subcode: "validation.common.field.unsupported", arguments: [field, value, supported])
    }

    public static func conflict(_ message: String, subcode: String = "validation.common.conflict") -> RestError {
        RestError(409, message, subcode: subcode)
    }
}
