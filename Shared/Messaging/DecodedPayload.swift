import Foundation

/// What the body of a message says, for all readers of the message in this process: it is decoded once.
final class DecodedPayload: @unchecked Sendable {  // `value` under `lock` only
    private let lock = NSLock()
    private var value: (any Sendable)?

    /// - Parameter value: What the body was made of, where it was made in this process.
    init(_ value: (any Sendable)?) { self.value = value }

    func get<Payload: Sendable>(_ type: Payload.Type) -> Payload? { lock.withLock { value as? Payload } }

    func set(_ payload: any Sendable) { lock.withLock { value = payload } }
}

extension Message {
    /// What the body says.
    public func decode<Payload: Decodable & Sendable>(_ type: Payload.Type = Payload.self) throws -> Payload {
        if let known = decoded?.get(type) { return known }
        let payload = try JSONDecoder().decode(type, from: Data(body.utf8))
        decoded?.set(payload)
        return payload
    }
}
