/// For how long an integration has had nothing but failures. Pure.
public struct FailureSpan: Equatable, Sendable {
    /// What has to be written down.
    public enum Change: Equatable, Sendable {
        case began(at: Timestamp)
        case ended
    }

    /// When the first of the failures was; `nil` after a success.
    public private(set) var since: Timestamp?

    public init(since: Timestamp? = nil) { self.since = since }

    /// - Parameter inServiceSince: When somebody put the integration back into service: what was before does not count.
    /// - Returns: What is to be written down, if it differs from what is.
    public mutating func record(success: Bool, inServiceSince: Timestamp?, at now: Timestamp) -> Change? {
        if success {
            defer { since = nil }
            return since == nil ? nil : .ended
        }
        if let since, since >= inServiceSince ?? since { return nil }
        since = now
        return .began(at: now)
    }

    /// Whether it has lasted for too long.
    /// - Parameter limit: `nil` for no limit.
    public func isOver(_ limit: Duration?, at now: Timestamp) -> Bool {
        guard let limit, let since else { return false }
        return now.since(since) >= limit
    }

    /// The integration was taken out of service: whatever comes then begins anew.
    public mutating func forget() { since = nil }
}
