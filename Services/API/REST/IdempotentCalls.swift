import AlertCore
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Persistence

/// Carries out a write with an `Idempotency-Key` once, and answers its repetitions as the first one was answered.
///
/// A write that is refused (4xx) has changed nothing, and its key is free again. Where an answer is lost because the
/// process died or the database did not confirm, the write is not repeated either: 409 says that its outcome is not
/// known.
struct IdempotentCalls: Sendable {
    /// The longest body of an answer that is kept, in bytes.
    private static let answerLimit = 256 << 10

    let database: any SQLDatabase
    let secrets: SecretBox
    let now: Clock

    /// A write with a key.
    private struct Claim {
        let key: String
        let caller: String
        let request: String
    }

    /// - Parameter body: As it came.
    func answering(
        _ request: Request, body: Data?, by caller: Caller, _ carryOut: () async throws -> Response
    ) async throws -> Response {
        guard request.method != .get, let claim = try claim(request, body, caller) else { return try await carryOut() }
        let at = now()
        let entry = try await database.retrying { connection in
            try IdempotencyKeys(connection).take(claim.key, of: claim.caller, for: claim.request, at: at)
        }
        guard entry == .taken else { return try repetition(entry, claim) }
        let response: Response
        do {
            response = try await carryOut()
        } catch let error as RestError where error.code < 500 {
            try await database.retrying { try IdempotencyKeys($0).release(claim.key, of: claim.caller) }
            throw error
        }
        return try await keep(response, claim)
    }

    private func claim(_ request: Request, _ body: Data?, _ caller: Caller) throws(RestError) -> Claim? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        try IdempotencyKeys.check(key)
        var hash = SHA256()
        for part in [Data(request.method.rawValue.utf8), Data((request.uri.string).utf8), body ?? Data()] {
            // With its length, so that one part's end is not another's beginning.
            hash.update(data: Data("\(part.count):".utf8))
            hash.update(data: part)
        }
        let text = hash.finalize().map { String(format: "%02x", $0) }.joined()
        return Claim(key: key, caller: caller.id, request: text)
    }

    private func keep(_ response: Response, _ claim: Claim) async throws -> Response {
        var response = response
        let collector = AnswerBytes()
        try await response.body.write(AnswerWriter(bytes: collector))
        let bytes = collector.buffer
        response.body = ResponseBody(byteBuffer: bytes)
        let text = String(buffer: bytes)
        // 0: an answer that is too large to be kept.
        let status = bytes.readableBytes > Self.answerLimit ? 0 : response.status.code
        let sealed =
            status == 0 || text.isEmpty
            ? nil : secrets.seal(text, for: .idempotentAnswer(claim.caller, claim.key))
        try await database.retrying { connection in
            try IdempotencyKeys(connection).answer(claim.key, of: claim.caller, status: status, body: sealed)
        }
        return response
    }

    private func repetition(_ entry: IdempotencyKeys.Entry, _ claim: Claim) throws -> Response {
        switch entry {
        case .taken: preconditionFailure("the first request is carried out")
        case .answered(let status, let sealed):
            guard status != 0 else { throw Self.refusal("answer_not_kept", Self.notKept) }
            let context = SecretContext.idempotentAnswer(claim.caller, claim.key)
            let text: String?
            do {
                text = try sealed.map { sealed throws(SecretError) in try secrets.open(sealed, for: context) }
            } catch {
                throw Self.refusal("answer_not_kept", Self.notKept)  // sealed with a key that is gone
            }
            return try Self.response(status, text)
        case .underWay:
            throw Self.refusal(
                "under_way", "The first request with this key is being carried out.", ["Retry-After": "1"])
        case .unknown(let begunAt):
            throw Self.refusal(
                "outcome_unknown",
                "A request with this key was begun at \(begunAt.iso), and what became of it is not known: look "
                    + "whether it had its effect, and use a new key.")
        case .otherRequest:
            throw RestError(
                422, "The key was used for another request: another method, path, query or body.",
                subcode: "idempotency.key_reused", arguments: ["Idempotency-Key"])
        case .full:
            throw RestError(
                429, "There may be at most \(IdempotencyKeys.limit) keys in 24 hours.",
                subcode: "idempotency.too_many_keys", headers: ["Retry-After": "3600"])
        }
    }

    private static let notKept =
        "A request with this key was carried out; its answer was too large to be kept, or can be read no more."

    private static func refusal(_ reason: String, _ message: String, _ headers: [String: String] = [:]) -> RestError {
        RestError(
            409, message, subcode: "idempotency.\(reason)", arguments: ["Idempotency-Key"], headers: headers)
    }

    private static func response(_ status: Int, _ text: String?) throws -> Response {
        var response = try Response(
            status: .init(code: status), json: nil as JSONValue?, trace: UUID().uuidString.lowercased(),
            headers: ["Idempotent-Replayed": "true"])
        guard let text else { return response }
        response.headers[.contentType] = "application/json;charset=utf-8"
        response.headers[.contentLength] = String(text.utf8.count)
        response.body = ResponseBody(byteBuffer: ByteBuffer(string: text))
        return response
    }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!  // a valid name
}

/// What the writer of a body has written: all of it is in memory already.
private final class AnswerBytes {
    var buffer = ByteBuffer()
}

private struct AnswerWriter: ResponseBodyWriter {
    let bytes: AnswerBytes

    mutating func write(_ buffer: ByteBuffer) async throws { bytes.buffer.writeImmutableBuffer(buffer) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
