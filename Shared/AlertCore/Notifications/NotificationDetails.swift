extension Notification {
    /// Who is told what, where and when.
    public struct Plan: Codable, Equatable, Sendable {
        public var id: String
        /// Empty for a message that belongs to none: see ``purpose``.
        public var alert: String
        public var alertNumber: Int64
        public var recipient: PersonReference
        public var device: NamedReference
        public var deviceNumber: Int64
        /// Where the message goes: an email address, a phone number, or the device's `pin` as it is stored.
        public var address: String
        public var dueAt: Timestamp
        /// Why this person on this device, for people to read.
        public var reason: String
        public var correlation: String
        /// Whether the limit on notifications holds for it.
        @Later public var isLimited: Bool
        /// As ``DeviceClass``; empty in older records.
        @Later public var deviceClass: String
        /// As ``Device/Kind``, which says by which channel it goes; empty for email in older records.
        @Later public var deviceType: String
        /// The provider that the device wants; empty for any that has its kind.
        @Later public var provider: String
        /// The recipient's language.
        @Later public var language: String
        /// As ``Purpose``; empty for an alert.
        @Later public var purpose: String
        /// Whether no answer is asked for.
        @Later public var isOneWay: Bool

        public init(
            id: String, alert: String, alertNumber: Int64, recipient: PersonReference, device: NamedReference,
            deviceNumber: Int64, address: String, dueAt: Timestamp, reason: String, correlation: String,
            isLimited: Bool = false, deviceClass: DeviceClass = .other
        ) {
            self.id = id
            self.alert = alert
            self.alertNumber = alertNumber
            self.recipient = recipient
            self.device = device
            self.deviceNumber = deviceNumber
            self.address = address
            self.dueAt = dueAt
            self.reason = reason
            self.correlation = correlation
            self.isLimited = isLimited
            self.deviceClass = deviceClass.rawValue
            deviceType = ""
            provider = ""
            language = ""
            purpose = ""
            isOneWay = false
        }

        /// What it is for.
        public var kindOfPurpose: Purpose { Purpose(rawValue: purpose) ?? .alert }
        public var kindOfDevice: Device.Kind { Device.Kind(rawValue: deviceType) ?? .email }
    }

    /// What a message is for.
    public enum Purpose: String, Codable, Sendable {
        /// One alert.
        case alert = ""
        /// Tells of all that was held in a storm.
        case digest
        /// Shows whether a provider works: sent by that one alone.
        case test
    }
}
