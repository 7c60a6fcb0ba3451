/// One message between the pool and a worker: a kind, a length and that many bytes.
///
/// The worker speaks only when spoken to: `ready` once after its start; then for each `run` any number
/// of `http`, `form` and `token`, each answered by `answer` or `failure`, and at last one `outcome`. What the
/// script writes to its console goes another way: see ``LogArea``.
package struct Frame: Sendable {
    package enum Kind: UInt8, Sendable {
        /// To the pool: the worker is confined and waits. Payload: empty, or why it is less confined.
        case ready = 0x59  // Y
        /// To the worker: ``SandboxedRun``.
        case run = 0x52  // R
        /// To the pool: ``ScriptHTTPCall``.
        case http = 0x48  // H
        /// To the pool: what was given to `form.post`, as JSON.
        case form = 0x46  // F
        /// To the pool: the name of the endpoint that `http.authenticate` wants a token of.
        case token = 0x54  // T
        /// To the worker: ``ScriptHTTPAnswer``; of a token, one with the token as its body.
        case answer = 0x41  // A
        /// To the worker: the message of an exception.
        case failure = 0x45  // E
        /// To the pool: ``ScriptOutcome``.
        case outcome = 0x4F  // O
    }

    package var kind: Kind
    package var payload: [UInt8]

    package init(_ kind: Kind, _ payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }

    package init(_ kind: Kind, _ text: String) {
        self.init(kind, Array(text.utf8))
    }

    package static let headerBytes = 5

    /// The bytes on the wire: one of kind, four of length with the lowest first, the payload.
    package var bytes: [UInt8] {
        let count = UInt32(payload.count)
        var bytes = [UInt8]()
        bytes.reserveCapacity(Self.headerBytes + payload.count)
        bytes.append(kind.rawValue)
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        return bytes + payload
    }

    /// What a header announces; `nil` when its kind is none of ours.
    package static func parseHeader(_ header: [UInt8]) -> (kind: Kind, payloadBytes: Int)? {
        precondition(header.count == headerBytes)
        guard let kind = Kind(rawValue: header[0]) else { return nil }
        return (kind, header[1...].reversed().reduce(0) { $0 << 8 | Int($1) })
    }
}

extension ScriptLimits {
    /// The largest frame that an honest worker sends: a call, or the outputs of a step with an error.
    var workerFrameBytesMax: Int { hostBytes + 64 << 10 }
}
