import AlertCore
import Logging
import OutboundHTTP
import Persistence
import Scripting

/// Makes the channel of each provider, and keeps it for as long as the provider stays as it is.
public actor ProviderChannels: ChannelRegistry {
    /// Makes a channel for a provider of SMS and voice from it and its opened secret.
    public typealias Telephony = @Sendable (NotificationProvider, String?) throws -> any NotificationChannel

    /// What channels are made of.
    public struct Parts: Sendable {
        /// The provider "Email" of the process's own settings; `nil` when no mail server is configured.
        public var mail: (any NotificationChannel)?
        /// Makes every call: to a chat, to a push service, of a script.
        public var client: OutboundHTTPClient
        /// Which mail servers of providers may be reached.
        public var policy: OutboundPolicy
        public var database: any SQLDatabase
        public var secrets: SecretBox
        /// `nil` where there is no sandbox.
        public var engine: (any ScriptEngine)?
        public var telephony: Telephony?
        /// Where mails are answered to; `nil` where no answers are taken.
        public var replies: ReplyAddresses?
        /// How push services reach us, as `mailto:` or `https:`.
        public var contact: String
        public var now: Clock
        public var logger: Logger

        public init(
            mail: (any NotificationChannel)?, client: OutboundHTTPClient, policy: OutboundPolicy,
            database: any SQLDatabase, secrets: SecretBox, engine: (any ScriptEngine)?, telephony: Telephony? = nil,
            replies: ReplyAddresses? = nil,
            contact: String, now: @escaping Clock, logger: Logger
        ) {
            self.mail = mail
            self.client = client
            self.policy = policy
            self.database = database
            self.secrets = secrets
            self.engine = engine
            self.telephony = telephony
            self.replies = replies
            self.contact = contact
            self.now = now
            self.logger = logger
        }
    }

    private let parts: Parts
    private var kept: [String: (provider: NotificationProvider, channel: any NotificationChannel)] = [:]

    public init(_ parts: Parts) { self.parts = parts }

    public nonisolated func route(
        for plan: AlertCore.Notification.Plan, among configured: [NotificationProvider]
    ) -> [NotificationProvider] {
        NotificationProvider.route(
            for: plan.kindOfDevice, wanted: plan.provider,
            among: NotificationProvider.all(configured, hasMail: parts.mail != nil),
            isOnly: plan.kindOfPurpose == .test)
    }

    public func channel(for provider: NotificationProvider) throws -> any NotificationChannel {
        if let known = kept[provider.id], known.provider == provider { return known.channel }
        let channel = try make(provider)
        kept[provider.id] = (provider, channel)
        return channel
    }

    private func make(_ provider: NotificationProvider) throws -> any NotificationChannel {
        let secret = try secret(of: provider)
        let call = ProviderCall(client: parts.client, provider: provider.name)
        switch provider.kind {
        case .smtp: return try mail(provider, secret)
        case .twilio:
            guard let telephony = parts.telephony else {
                throw ChannelError(reason: "\(provider.name): telephony is not set up here", isPermanent: true)
            }
            return try telephony(provider, secret)
        case .slack: return SlackChannel(provider: provider, call: call)
        case .msTeams: return TeamsChannel(provider: provider, call: call)
        case .mattermost: return MattermostChannel(provider: provider, call: call)
        case .discord: return DiscordChannel(provider: provider, call: call)
        case .ntfy: return NtfyChannel(provider: provider, secret: secret, call: call)
        case .webPush:
            return WebPushChannel(
                call: call, database: parts.database, secrets: parts.secrets, contact: parts.contact, now: parts.now)
        case .http: return HTTPChannel(provider: provider, secret: secret, call: call)
        case .script:
            guard let engine = parts.engine else {
                throw ChannelError(reason: "\(provider.name): scripts cannot be run here", isPermanent: true)
            }
            return ScriptChannel(provider: provider, secret: secret, engine: engine, client: parts.client)
        }
    }

    private func secret(of provider: NotificationProvider) throws -> String? {
        do {
            return try provider.sealedSecret.map { try parts.secrets.open($0, for: .provider(provider.id)) }
        } catch {
            throw ChannelError(
                reason: "the secret of \(provider.name) cannot be opened with the present key", isPermanent: true)
        }
    }

    /// A provider without an address is the process's own mail server, by whatever name.
    private func mail(_ provider: NotificationProvider, _ secret: String?) throws -> any NotificationChannel {
        guard !provider.url.isEmpty else {
            if let mail = parts.mail { return mail }
            throw ChannelError(
                reason: "no mail server is configured: set TOCSIN_SMTP_URL, or the url of \(provider.name)",
                isPermanent: true)
        }
        do {
            let settings = try SMTPSettings(url: provider.url).with(user: provider.account, password: secret)
            let client = SMTPClient(
                settings, connections: 4, waitingLimit: 1000, policy: parts.policy, logger: parts.logger)
            return EmailChannel(
                client: client, from: try Mail.Address(parsing: provider.from), replies: parts.replies,
                files: EmailChannel.files(in: parts.database), now: parts.now)
        } catch {
            throw ChannelError(reason: "\(provider.name) is not ready: \(error)", isPermanent: true)
        }
    }
}
