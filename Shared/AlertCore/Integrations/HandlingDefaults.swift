/// How an alert is handled where neither the request nor the form says otherwise (spec §5.3).
public struct HandlingDefaults: Codable, Hashable, Sendable, EmptyInitializable {
    @Later public var overrideDeviceRestrictions: Bool
    @Later public var escalationOverride: Bool
    @Later public var bypassPhoneIntro: Bool
    @Later public var requirePhonePassword: Bool
    @Later public var voicemailOptions: VoicemailOptions

    public init() {
        overrideDeviceRestrictions = false
        escalationOverride = false
        bypassPhoneIntro = false
        requirePhonePassword = false
        voicemailOptions = VoicemailOptions()
    }
}

/// What to do when a call reaches a voicemail (spec §2.3).
public struct VoicemailOptions: Codable, Hashable, Sendable, EmptyInitializable {
    public enum Leave: String, Codable, CaseIterable, Sendable {
        case callbackOnly = "callbackonly"
        case callbackAndMessage = "callbackandmessage"
        case messageOnly = "messageonly"
        case hangUp = "hangup"
    }

    /// How often the call is tried again.
    public var retry: Int
    /// Seconds between two tries.
    public var every: Int
    public var leave: Leave

    public init() { self.init(retry: 0, every: 60, leave: .callbackOnly) }

    public init(retry: Int, every: Int, leave: Leave) {
        self.retry = retry
        self.every = every
        self.leave = leave
    }
}

/// Under which name and number messages are sent (spec §2.3).
public struct SenderOverrides: Codable, Hashable, Sendable {
    public var displayName: String?
    /// E.164.
    public var callerId: String?

    public init(displayName: String? = nil, callerId: String? = nil) {
        self.displayName = displayName
        self.callerId = callerId
    }
}
