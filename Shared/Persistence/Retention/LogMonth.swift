import AlertCore

/// The month by which events are kept together: that in which what their stream belongs to began. All of an alert's
/// history is of one month, however long it went on.
enum LogMonth {
    /// What is never dropped: configuration, and whatever has no time in its id.
    static let none: Int64 = 0
    /// The categories whose streams have the id of an alert, or one beside it.
    private static let categories: Set<Substring> = ["alert", "escalation", "notification", "delivery", "answer"]

    /// - Parameter stream: `<category>-<id>`.
    /// - Returns: As in 202601.
    static func of(_ stream: String) -> Int64 {
        guard let dash = stream.firstIndex(of: "-"), categories.contains(stream[..<dash]),
            let time = DerivedID.time(of: String(stream[stream.index(after: dash)...]))
        else { return none }
        return Int64(time.month)
    }

    /// The months in which some streams can have events: those from before there were months have none.
    static func of(_ streams: [String]) -> Set<Int64> { Set(streams.map(of)).union([none]) }
}
