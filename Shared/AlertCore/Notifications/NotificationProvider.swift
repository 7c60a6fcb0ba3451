/// Somebody who carries messages to devices: a mail server, a telephone company, a chat.
public struct NotificationProvider: Codable, Hashable, Sendable, Identifiable {
    /// What it speaks.
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case smtp = "SMTP"
        /// SMS and voice by an API as Twilio's.
        case twilio = "TWILIO"
        /// Incoming webhooks of chats: each device has its own address.
        case slack = "SLACK"
        case msTeams = "MS_TEAMS"
        case mattermost = "MATTERMOST"
        case discord = "DISCORD"
        case ntfy = "NTFY"
        /// RFC 8030, 8291 and 8292: the console as an installed app.
        case webPush = "WEB_PUSH"
        /// A request of the operator's own making.
        case http = "HTTP"
        /// A script that sends the message.
        case script = "SCRIPT"
    }

    /// How many messages it takes in a time; what is more waits, and shows until when.
    public struct Limit: Codable, Hashable, Sendable {
        public var messages: Int
        public var seconds: Int

        public init(messages: Int, seconds: Int) {
            self.messages = messages
            self.seconds = seconds
        }
    }

    public var id: String
    /// Unique, ignoring case.
    public var name: String
    public var kind: Kind
    /// The devices that it can reach.
    public var deviceTypes: [Device.Kind]
    /// Of the providers of a device's kind, the one with the least is tried first, the next when it fails.
    public var order: Int
    public var enabled: Bool
    /// Its address, where devices do not have one each.
    public var url: String
    /// Whom we are to it: a user's name, an account's id.
    public var account: String
    /// Sealed by `SecretBox`.
    public var sealedSecret: String?
    /// Whom messages come from: an email address, a phone number.
    public var from: String
    public var limit: Limit?
    /// Of ``Kind/script`` only.
    public var script: String
    /// Of ``Kind/http`` only: the request's body with placeholders.
    public var template: String
    /// Of ``Kind/http`` only: further headers of the request.
    @Later public var headers: [String: String]

    public init(
        id: String, name: String, kind: Kind, deviceTypes: [Device.Kind], order: Int = 1, enabled: Bool = true,
        url: String = "", account: String = "", sealedSecret: String? = nil, from: String = "",
        limit: Limit? = nil, script: String = "", template: String = ""
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.deviceTypes = deviceTypes
        self.order = order
        self.enabled = enabled
        self.url = url
        self.account = account
        self.sealedSecret = sealedSecret
        self.from = from
        self.limit = limit
        self.script = script
        self.template = template
        headers = [:]
    }
}
