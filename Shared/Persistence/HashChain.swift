import AlertCore
import Crypto
import Foundation

/// Ties each event of a log partition to all before it: whoever changes, removes or swaps a row breaks every
/// hash after it.
package struct HashChain {
    /// The hash of the last event, in lower-case hexadecimal; empty before the first.
    package private(set) var head: String
    /// What is hashed, all at once: kept from one event to the next for its room.
    private var text: [UInt8] = []

    package init(head: String) { self.head = head }

    /// The event's hash: SHA-256 over the previous hash and each column, every part preceded by its length in
    /// bytes, so that no two rows have the same text.
    package mutating func add(_ event: NewEvent, partition: LogPartition, position: Position) -> String {
        add([
            head, partition.description, String(position), event.stream, String(event.version), event.type,
            event.data, event.origin.actor, event.origin.causation, event.origin.correlation,
            String(event.recordedAt.milliseconds),
        ])
    }

    /// The hash that a row has to have here, by its columns as they are stored.
    package mutating func add(_ event: StoredEvent) -> String {
        add([
            head, event.partition, String(event.position), event.stream, String(event.version), event.type,
            event.data, event.actor, event.causation, event.correlation, String(event.recordedAt),
        ])
    }

    private mutating func add(_ parts: [String]) -> String {
        text.removeAll(keepingCapacity: true)
        for part in parts {
            text.append(contentsOf: String(part.utf8.count).utf8)
            text.append(UInt8(ascii: ":"))
            text.append(contentsOf: part.utf8)
        }
        head = SHA256.hash(data: text).hexadecimal
        return head
    }
}

extension Sequence<UInt8> {
    /// Lower-case hexadecimal, two digits a byte.
    public var hexadecimal: String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * underestimatedCount)
        for byte in self {
            text.append(Self.digit(byte >> 4))
            text.append(Self.digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 87 }
}
