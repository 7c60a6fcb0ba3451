/// A conference of somebody else's that alerts can point to (spec §4.8).
public struct ConferenceBridge: Codable, Hashable, Sendable, Identifiable {
    public enum Connection: String, Codable, CaseIterable, Sendable {
        case toll = "TOLL"
        case tollFree = "TOLL_FREE"
    }

    public var id: String
    /// Unique, ignoring case: what an alert's `bridgeId` names.
    public var name: String
    public var description: String
    public var tollNumber: String?
    public var tollFreeNumber: String?
    public var preferredConnectionType: Connection
    /// Seconds between the answer of the bridge and its prompt.
    public var pauseBeforeBridgePrompt: Int
    /// Whether ``bridgeNumber`` is always the same, and not the alert's.
    public var staticBridgeNumber: Bool
    public var bridgeNumber: String?
    /// Keys that are pressed after the bridge's number.
    public var dialAfterBridge: String?
    public var meetingLink: String?

    public init(
        id: String, name: String, description: String = "", preferredConnectionType: Connection = .toll,
        pauseBeforeBridgePrompt: Int = 0, staticBridgeNumber: Bool = false
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.preferredConnectionType = preferredConnectionType
        self.pauseBeforeBridgePrompt = pauseBeforeBridgePrompt
        self.staticBridgeNumber = staticBridgeNumber
    }
}
