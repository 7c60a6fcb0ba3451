import AlertCore
import Crypto
import Foundation

/// One line of an export: a JSON object with one key, which says what it is.
///
/// ```
/// {"header": {"format": "tocsin-ledger", "version": 1, "after": {}, "upTo": {…}, …}}
/// {"event": {"partition": "alert/0", "position": 1, …, "hash": "…"}}      one for each row of the log
/// {"row": {"table": "directory", "values": {"id": "…", …}}}               what does not follow from the log
/// {"end": {"heads": {…}, "events": 2, "rows": 1, "checkpoint": {…}, "digest": "…"}}
/// ```
struct ExportLine: Codable {
    var header: ExportHeader?
    var event: StoredEvent?
    var row: ExportRow?
    var end: ExportEnd?
}

/// Where an export begins.
public struct ExportHeader: Codable, Equatable, Sendable {
    public static let format = "tocsin-ledger"
    public static let version = 1

    public let format: String
    public let version: Int
    /// When the export was begun.
    public let begun: Timestamp
    /// The last event before the export, by partition; those that are not in it begin at their beginning.
    public let after: [String: LogHead]
    /// How far the log was then. What came later is in it as well, behind the rest.
    public let upTo: [String: LogHead]
    /// What retention had taken out of the log.
    public let dropped: [DroppedRange]
    /// Whether the rows that do not follow from the log are in it.
    public let hasState: Bool
    /// Whether it went on for ever: such an export need not have an end.
    public let isFollowing: Bool
    /// Of the database that it is from.
    public let migrations: [String]

    /// Whether everything is in it that an import needs.
    public var isWhole: Bool { after.isEmpty && hasState }

    /// What goes along the lines of a partition.
    func chain(of partition: String, marks: [LogMark] = []) -> ChainVerifier {
        ChainVerifier(
            partition, after: after[partition] ?? .beginning, marks: marks,
            dropped: dropped.filter { $0.partition == partition })
    }
}

/// A row that does not follow from the log.
public struct ExportRow: Codable, Equatable, Sendable {
    public let table: String
    /// By column.
    public let values: [String: SQLValue]
}

/// What has to have been there.
public struct ExportEnd: Codable, Equatable, Sendable {
    public let at: Timestamp
    /// The last events of all partitions.
    public let heads: [String: LogHead]
    public let events: Int64
    public let rows: Int64
    /// The newest signed one, if there is one.
    public let checkpoint: SignedCheckpoint?
    /// SHA-256 of all lines before this one, with their ends, and of this end with an empty digest; in lower-case
    /// hexadecimal.
    public private(set) var digest: String

    /// - Parameter hash: Of all lines before this one.
    func sealed(by hash: SHA256) throws -> ExportEnd {
        var (hash, end) = (hash, self)
        end.digest = ""
        hash.update(data: Data(try JSON.encode(end).utf8))
        end.digest = hash.finalize().hexadecimal
        return end
    }
}

extension SQLValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let number = try? container.decode(Int64.self) {  // otherwise it is a text
            self = .integer(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .integer(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}
