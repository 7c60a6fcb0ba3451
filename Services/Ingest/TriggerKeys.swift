import AlertCore
import HTTPTypes
import Messaging
import Persistence

/// Triggers with an `Idempotency-Key`: a repetition within a day is the same request, with the same id, and so is run
/// once and makes one alert, at whatever instant the sender gave up waiting for the first answer.
struct TriggerKeys: Sendable {
    let database: any SQLDatabase

    /// - Throws: 422 where the key was used for another request to the same integration or form by the same person;
    ///   what the database says.
    func message(_ message: InboundRequestMessage, _ key: String) async throws -> InboundRequestMessage {
        let source = "\(message.form ?? message.integration)/\(message.person)"
        let parameters = message.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let request = DerivedID.uuid(message.body, parameters.joined(separator: "\n"))
        let id = try await database.retrying { connection in
            try IdempotencyKeys(connection).requestId(
                key, of: source, for: request, orElse: message.requestId, at: message.receivedAt)
        }
        guard let id else {
            throw RestError(
                422, "The key was used for another request: another query or body.",
                subcode: "idempotency.key_reused", arguments: ["Idempotency-Key"])
        }
        var message = message
        message.requestId = id
        message.generation = DerivedID.generation(of: id)
        return message
    }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!  // a valid name
}
