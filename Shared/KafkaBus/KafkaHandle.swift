import CLibRDKafka
import Foundation
import Logging

/// An open librdkafka client, with the observer that its callbacks call. Whoever opened it calls ``destroy()``, once,
/// when nobody uses ``client`` any more; a handle that is never destroyed leaks, and does no other harm.
final class KafkaHandle: @unchecked Sendable {  // rd_kafka_t is thread-safe; the rest is immutable.
    let client: OpaquePointer
    private let observer: Unmanaged<ObserverBox>

    /// - Throws: ``KafkaError/Code-swift.enum/misconfigured`` with librdkafka's own words.
    init(_ type: rd_kafka_type_t, properties: [String: String], observer: any KafkaObserver) throws(KafkaError) {
        var reason = [CChar](repeating: 0, count: 512)
        let configuration = rd_kafka_conf_new()!
        // In the order of their names: some properties are only aliases, and the outcome must not vary.
        for (name, value) in properties.sorted(by: { $0.key < $1.key })
        where rd_kafka_conf_set(configuration, name, value, &reason, reason.count) != RD_KAFKA_CONF_OK {
            rd_kafka_conf_destroy(configuration)
            throw KafkaError(.misconfigured, text(reason))
        }
        let opaque = Unmanaged.passRetained(ObserverBox(observer))
        rd_kafka_conf_set_opaque(configuration, opaque.toOpaque())
        installCallbacks(on: configuration, for: type)
        guard let client = rd_kafka_new(type, configuration, &reason, reason.count) else {
            rd_kafka_conf_destroy(configuration)  // Only a new handle takes the configuration over.
            opaque.release()
            throw KafkaError(.misconfigured, text(reason))
        }
        self.client = client
        self.observer = opaque
    }

    /// Ends the client and its threads. Blocks, forever if a partition list or a queue of it is still alive.
    /// - Parameter flags: `RD_KAFKA_DESTROY_F_…`.
    func destroy(_ flags: Int32 = 0) {
        rd_kafka_destroy_flags(client, flags)
        observer.release()
    }
}

func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

func text(_ code: rd_kafka_resp_err_t) -> String { String(cString: rd_kafka_err2str(code)) }

/// Takes an error object over: its text, and the object is gone.
func consume(_ error: OpaquePointer) -> (code: rd_kafka_resp_err_t, detail: String) {
    defer { rd_kafka_error_destroy(error) }
    return (rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)))
}

/// Runs `body`, which blocks, away from the threads that Swift's tasks share.
func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}
