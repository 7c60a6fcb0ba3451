import CLibRDKafka
import Foundation

// A broker should hold an empty fetch for `fetch.wait.max.ms`. One that answers at once instead, as small brokers for
// development do, is asked again at once by librdkafka, some ten thousand times a second, which takes a core on either
// side. So whatever is answered faster than any waiting broker would is followed by a short pause. It delays what comes
// meanwhile by that long at most, and lets it come together; a broker that waits is never slowed down.

/// A fetch that took less than this did not wait: microseconds.
private let promptAnswer: Int64 = 1000
/// How long the thread of that broker rests then: microseconds.
private let pause: UInt32 = 3000
/// The key of Fetch requests in the Kafka protocol.
private let fetchKey: Int16 = 1

/// For the configuration of a consumer.
func installFetchPacing(on configuration: OpaquePointer) {
    rd_kafka_conf_interceptor_add_on_new(
        configuration, "fetch-pacing",
        { client, _, _, _, _ in
            rd_kafka_interceptor_add_on_response_received(
                client, "fetch-pacing",
                { _, _, _, _, key, _, _, _, roundTrip, error, _ in
                    if key == fetchKey, error == RD_KAFKA_RESP_ERR_NO_ERROR, (0..<promptAnswer).contains(roundTrip) {
                        usleep(pause)
                    }
                    return RD_KAFKA_RESP_ERR_NO_ERROR
                }, nil)
        }, nil)
}
