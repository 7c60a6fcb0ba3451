/// An error as clients of the older interface read it, with the fields of the newer one beside it (spec §4.10).
public struct LegacyError: Encodable, Sendable {
    let type: String
    let message: String
    let code: Int
    let reason: String
    let subcode: String?
    let arguments: [String]?

    public init(_ error: RestError) {
        type = error.subcode ?? "error"
        message = error.message
        code = error.code
        reason = error.reason
        subcode = error.subcode
        arguments = error.arguments
    }
}
