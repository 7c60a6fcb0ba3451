/// What a request says about an alert, kept until it is sent: what a scenario fills in of a form, and what a scheduled
/// message sends. In the newer spelling of spec §2.3.
public struct KeptRequest: Codable, Hashable, Sendable {
    /// By the names of ``names``; people, groups and devices by their ids.
    public var fields: [String: JSONValue]

    /// What is kept. Callbacks are not: they may have passwords.
    public static let names: Set<String> = [
        "properties", "recipients", "priority", "expirationInMinutes", "overrideDeviceRestrictions",
        "escalationOverride", "bypassPhoneIntro", "requirePhonePassword", "voicemailOptions", "conference",
        "targetAllDevices", "targetDeviceNames", "responseOptions", "otherResponseCountThreshold", "senderOverrides",
        "attachments",
    ]

    public init(_ fields: [String: JSONValue] = [:]) { self.fields = fields }

    public var json: JSONValue { .object(fields) }

    /// - Throws: For what is no request, which nothing that was kept is.
    public func request() throws(FieldProblem) -> AlertRequest { try AlertRequest(json) }
}

extension AlertRequest {
    /// This request, and of the other one what this one leaves open. Properties are taken one by one, a value of one
    /// language with those of the others; lists as a whole.
    public func filled(from other: AlertRequest) -> AlertRequest {
        var filled = self
        let given = Set(properties.keys.map(Self.plainName))
        for (name, value) in other.properties where !given.contains(Self.plainName(name)) {
            filled.properties[name] = value
        }
        filled.recipients = recipients ?? other.recipients
        filled.priority = priority ?? other.priority
        filled.expirationInMinutes = expirationInMinutes ?? other.expirationInMinutes
        filled.overrideDeviceRestrictions = overrideDeviceRestrictions ?? other.overrideDeviceRestrictions
        filled.escalationOverride = escalationOverride ?? other.escalationOverride
        filled.bypassPhoneIntro = bypassPhoneIntro ?? other.bypassPhoneIntro
        filled.requirePhonePassword = requirePhonePassword ?? other.requirePhonePassword
        filled.voicemailOptions =
            voicemailOptions.map { $0.filled(from: other.voicemailOptions) }
            ?? other.voicemailOptions
        if conference == nil { (filled.conference, filled.conferenceField) = (other.conference, other.conferenceField) }
        if !targetAllDevices, targetDeviceNames == nil {
            (filled.targetAllDevices, filled.targetDeviceNames) = (other.targetAllDevices, other.targetDeviceNames)
        }
        filled.responseOptions = responseOptions ?? other.responseOptions
        filled.otherResponseCountThreshold = otherResponseCountThreshold ?? other.otherResponseCountThreshold
        filled.senderOverrides =
            senderOverrides.map { own in
                SenderOverrides(
                    displayName: own.displayName ?? other.senderOverrides?.displayName,
                    callerId: own.callerId ?? other.senderOverrides?.callerId)
            } ?? other.senderOverrides
        if attachments.isEmpty { filled.attachments = other.attachments }
        if callbacks.isEmpty { filled.callbacks = other.callbacks }
        return filled
    }

    /// `Host` of `Host#en`.
    private static func plainName(_ key: String) -> Substring {
        key.lastIndex(of: "#").map { key[..<$0] } ?? key[...]
    }
}

extension VoicemailRequest {
    fileprivate func filled(from other: VoicemailRequest?) -> VoicemailRequest {
        var filled = self
        filled.retry = retry ?? other?.retry
        filled.every = every ?? other?.every
        filled.leave = leave ?? other?.leave
        return filled
    }
}
