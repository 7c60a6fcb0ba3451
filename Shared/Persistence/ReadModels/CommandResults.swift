import AlertCore

extension CommandOutcome<Alert> {
    /// Why the command was refused, as ``CommandResults`` keeps it. A late answer is recorded and yet refused.
    public var refusal: String? {
        switch result {
        case .failure(.unknown): "unknown"
        case .failure(.terminated): "terminated"
        case .failure(.noSuchResponse): "noSuchResponse"
        case .success(let events):
            events.contains { if case .responseRejected = $0 { true } else { false } } ? "terminated" : nil
        }
    }
}

/// What became of commands whose senders wait for an answer. Kept for an hour.
public struct CommandResults {
    private static let kept = Duration.seconds(3600)

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// - Parameter rejection: `nil` when the command was carried out.
    public func put(_ commandId: String, rejection: String?, at now: Timestamp) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO command_results (command_id, rejection, recorded_at)
            VALUES (\(commandId), \(rejection.sqlValue), \(now.milliseconds)) ON CONFLICT (command_id) DO NOTHING
            """)
        try connection.execute(
            "DELETE FROM command_results WHERE recorded_at < \(now.advanced(by: .zero - Self.kept).milliseconds)")
    }

    /// Those of the commands that have a result.
    public func known(_ commandIds: [String]) throws(StoreError) -> Set<String> {
        guard !commandIds.isEmpty else { return [] }
        return Set(
            try connection.execute("SELECT command_id FROM command_results WHERE command_id IN \(list: commandIds)")
                .map { $0.text(0) })
    }

    /// `nil` while there is none; then the rejection, if it was one.
    public func get(_ commandId: String) throws(StoreError) -> (rejection: String?, Void)? {
        try connection.execute("SELECT rejection FROM command_results WHERE command_id = \(commandId)").first
            .map { ($0.optionalText(0), ()) }
    }
}
