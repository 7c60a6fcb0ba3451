import AlertCore

/// Where the record is not what it was, and how.
public struct LogFault: Codable, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: String, Codable, Sendable {
        /// A column of the row is not what its hash was made over.
        case changed
        /// Rows are missing, from this position on.
        case removed
        /// The row does not belong to the log.
        case added
        /// The row belongs elsewhere.
        case reordered
        /// What `log_partitions` says of the end does not go with the rows.
        case head
        /// A checkpoint is missing, is not what it was, or has another place in its chain.
        case checkpoint
        /// A checkpoint was not signed by whom it should have been.
        case signature
        /// An export is no export, or has lost its end.
        case format
    }

    public let kind: Kind
    /// As in `alert/3`; empty for what belongs to none.
    public var partition = ""
    /// Of the first row that is wrong, or missing; of a checkpoint, its number; of an export, the line.
    public var position: Position = 0
    /// Of the row that stands there; `nil` when none does.
    public var stream: String?
    public var type: String?
    /// When that row was recorded, in ISO 8601.
    public var time: String?
    /// What is wrong, in words.
    public let detail: String

    init(
        _ kind: Kind, in partition: String, at position: Position, row event: StoredEvent? = nil, _ detail: String
    ) {
        self.kind = kind
        self.partition = partition
        self.position = position
        stream = event?.stream
        type = event?.type
        time = event.flatMap { $0.recordedAt >= 0 ? Timestamp(milliseconds: $0.recordedAt).iso : nil }
        self.detail = detail
    }

    init(_ kind: Kind, checkpoint number: Int64, _ detail: String) {
        self.kind = kind
        position = number
        self.detail = detail
    }

    init(line: Int64, _ detail: String) {
        kind = .format
        position = line
        self.detail = detail
    }

    public var description: String {
        let place =
            switch kind {
            case .checkpoint, .signature: "checkpoint \(position)"
            case .format: "line \(position)"
            default: "\(partition) position \(position)"
            }
        let row = [stream, type, time].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
        return "\(place): \(kind.rawValue)\(row.isEmpty ? "" : " (\(row))"): \(detail)"
    }
}

/// A hash that a row of the log has to have, because somebody has signed it.
public struct LogMark: Equatable, Sendable {
    public let head: LogHead
    /// The checkpoint that says so.
    public let checkpoint: Int64
}
