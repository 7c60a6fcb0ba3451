import OutboundHTTP

/// A message for one device.
public struct ChannelMessage: Sendable, Equatable {
    /// The same for each try to send it.
    public var id: String
    public var address: String
    public var subject: String
    public var text: String
    public var html: String

    public init(id: String, address: String, subject: String, text: String, html: String) {
        self.id = id
        self.address = address
        self.subject = subject
        self.text = text
        self.html = html
    }
}

/// Why a provider did not take a message.
public struct ChannelError: Error, Equatable, Sendable {
    /// In words, as people see it.
    public let reason: String
    /// Whether another try is pointless.
    public let isPermanent: Bool

    public init(reason: String, isPermanent: Bool) {
        self.reason = reason
        self.isPermanent = isPermanent
    }
}

/// A way to reach devices. Email is the first.
public protocol NotificationChannel: Sendable {
    /// - Returns: What the provider said, as a receipt.
    /// - Throws: ``ChannelError``.
    func send(_ message: ChannelMessage) async throws -> String
}

/// For an installation without a mail server: every message fails, visibly.
public struct UnconfiguredChannel: NotificationChannel {
    public init() {}

    public func send(_ message: ChannelMessage) async throws -> String {
        throw ChannelError(reason: "no mail server is configured: set TOCSIN_SMTP_URL", isPermanent: true)
    }
}
