import AlertCore

/// A message for one device.
public struct ChannelMessage: Sendable, Equatable {
    /// One answer that can be given.
    public struct Answer: Sendable, Equatable {
        /// 1 to 9: the key on a phone, the reply to an SMS.
        public var number: Int
        public var text: String
        /// As it is spoken.
        public var prompt: String
        /// A signed link.
        public var url: String

        public init(number: Int, text: String, prompt: String, url: String) {
            self.number = number
            self.text = text
            self.prompt = prompt
            self.url = url
        }
    }

    /// A file that goes with the alert.
    public struct File: Sendable, Equatable {
        public var name: String
        /// The id of the upload; `nil` for a file that is not kept here.
        public var upload: String?
        /// In bytes, where it is known: of mails.
        public var size: Int?
        /// Where the file is; empty when nobody knows.
        public var url: String

        public init(name: String, upload: String? = nil, size: Int? = nil, url: String) {
            self.name = name
            self.upload = upload
            self.size = size
            self.url = url
        }
    }

    /// The notification's id; the same for each try to send it.
    public var id: String
    public var deviceType: Device.Kind
    /// An email address, a phone number, or the device's opened `pin`.
    public var address: String
    /// The id or name of the provider that the device wants; empty for any.
    public var provider = ""
    public var alertNumber: Int64 = 0
    public var priority = Priority.medium
    public var language = "en"
    public var subject: String
    /// Of a text message or a call, what its template says; else everything that there is to say.
    public var text: String
    /// Of a text message: what has to stay when the text is too long, as how the conference is joined.
    public var note = ""
    public var html: String
    public var files: [File] = []
    public var answers: [Answer] = []
    public var senderOverrides: SenderOverrides?
    /// Of calls: what happens when a machine takes one.
    public var voicemail = VoicemailOptions()
    /// Where the alert is shown; empty for none.
    public var link = ""
    public var textWithNote: String { note.isEmpty ? text : "\(text)\n\(note)" }

    public init(id: String, deviceType: Device.Kind, address: String, subject: String, text: String, html: String) {
        self.id = id
        self.deviceType = deviceType
        self.address = address
        self.subject = subject
        self.text = text
        self.html = html
    }
}

/// Why a provider did not take a message.
public struct ChannelError: Error, Equatable, Sendable {
    /// In words, as people see it. Never holds a secret.
    public let reason: String
    /// Whether another try is pointless.
    public let isPermanent: Bool
    /// Whether the provider may have taken the message all the same: the answer was lost.
    public let isInDoubt: Bool
    /// How long the provider wants to be left alone.
    public let retryAfter: Duration?

    public init(reason: String, isPermanent: Bool, isInDoubt: Bool = false, retryAfter: Duration? = nil) {
        self.reason = reason
        self.isPermanent = isPermanent
        self.isInDoubt = isInDoubt
        self.retryAfter = retryAfter
    }
}

/// A way to reach devices.
public protocol NotificationChannel: Sendable {
    /// - Returns: What the provider said, as a receipt; of a provider that sends word later, what it calls the message.
    /// - Throws: ``ChannelError``.
    func send(_ message: ChannelMessage) async throws -> String
}

/// Who can reach which devices, and how.
public protocol ChannelRegistry: Sendable {
    /// Who is tried for a notification, in this order.
    func route(for plan: AlertCore.Notification.Plan, among configured: [NotificationProvider])
        -> [NotificationProvider]

    /// - Throws: ``ChannelError`` when the provider is not ready.
    func channel(for provider: NotificationProvider) async throws -> any NotificationChannel
}

/// One channel for every device.
public struct OnlyChannel: ChannelRegistry {
    let channel: any NotificationChannel

    public init(_ channel: any NotificationChannel) { self.channel = channel }

    public func route(
        for plan: AlertCore.Notification.Plan, among configured: [NotificationProvider]
    ) -> [NotificationProvider] {
        [NotificationProvider(id: "email", name: "Email", kind: .smtp, deviceTypes: Device.Kind.allCases, order: 0)]
    }

    public func channel(for provider: NotificationProvider) -> any NotificationChannel { channel }
}
