/// One thing that an operator can set: `--outbound-allow`, `TOCSIN_OUTBOUND_ALLOW`, or a line in a file.
public struct Setting: Hashable, Sendable {
    /// As the flag, without dashes in front: `outbound-allow`.
    public let name: String
    /// As it stands in the help; `nil` where there is none.
    public let defaultValue: String?
    /// One line for people, with the unit and the range.
    public let help: String
    public let isSecret: Bool

    init(_ name: String, default defaultValue: String? = nil, isSecret: Bool = false, _ help: String) {
        self.name = name
        self.defaultValue = defaultValue
        self.help = help
        self.isSecret = isSecret
    }

    public var flag: String { "--\(name)" }
    public var variable: String { "TOCSIN_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined() }
}

extension Setting {
    public static let activityDays = Setting(
        "activity-days", default: "30",
        """
        Days for which inbound requests and what came of them are kept, from 1 to 3650.
        """)
    public static let alertMonths = Setting(
        "alert-months", default: "0",
        """
        Whole months for which alerts that have ended are kept with everything that belongs to them, up to 1200; 0 for \
        ever. Workflows can say otherwise (retentionMonths).
        """)
    public static let adminPassword = Setting(
        "admin-password", isSecret: true, "Password of the first administrator, used once, when there is nobody yet.")
    public static let adminUser = Setting(
        "admin-user", "Name of the first administrator, used once, when there is nobody yet.")
    public static let alertFloodLimit = Setting(
        "alert-flood-limit", default: "4",
        """
        Alerts that one integration can make for the same recipients within alert-flood-period; further ones are \
        suppressed. From 0, for no limit, to 1000.
        """)
    public static let alertFloodPeriod = Setting(
        "alert-flood-period", default: "60", "Seconds of alert-flood-limit, from 1 to 86400.")
    public static let apiRate = Setting(
        "api-rate", default: "60000",
        """
        Calls of the REST API a minute that an api process answers to one person or API key, from 0, for no limit, to \
        10000000; more are answered 429.
        """)
    public static let auditCheckpointEvery = Setting(
        "audit-checkpoint-every", default: "3600",
        """
        Seconds between two signed checkpoints of the event log, from 0, for none, to 604800.
        """)
    public static let auditCheckpointFile = Setting(
        "audit-checkpoint-file",
        """
        A file that every signed checkpoint is appended to as well, one a line, best on another machine.
        """)
    public static let auditClearAfter = Setting(
        "audit-clear-after", default: "60",
        """
        Seconds for which the self-audit must not find a thing any more until it takes it back, from 1 to 3600.
        """)
    public static let auditEmail = Setting(
        "audit-email",
        """
        Mail addresses, separated by commas, at most 10, that the self-audit pages by TOCSIN_SMTP_URL.
        """)
    public static let auditInterval = Setting(
        "audit-interval", default: "15", "Seconds between two checks of the self-audit, from 1 to 300.")
    public static let auditOverdue = Setting(
        "audit-overdue", default: "60",
        """
        Seconds after which the self-audit calls something overdue, from 5 to 3600: timers, notifications, accepted \
        requests, their alerts, events on their way.
        """)
    public static let auditRepeat = Setting(
        "audit-repeat", default: "15",
        """
        Minutes after which the self-audit pages again what lasts, from 0, for never, to 1440.
        """)
    public static let auditUnsettled = Setting(
        "audit-unsettled", default: "300",
        """
        Seconds after which the self-audit finds an attempt to send a notification without an end, from 5 to 3600.
        """)
    public static let auditURL = Setting(
        "audit-url", isSecret: true,
        """
        An http or https address that the self-audit sends its pages to as JSON, beside or instead of mail.
        """)
    public static let auditWebhookOverdue = Setting(
        "audit-webhook-overdue", default: "300",
        """
        Seconds after which the self-audit calls a parked webhook overdue, from 5 to 86400.
        """)
    public static let config = Setting(
        "config",
        """
        A file of KEY=value lines with TOCSIN_… names; flags and environment go first.
        """)
    public static let data = Setting("data", "Directory of the all-in-one server: database, secret key.")
    public static let databaseConnections = Setting(
        "database-connections", default: "8", "Connections to PostgreSQL, from 2 to 100.")
    public static let databaseTimeout = Setting(
        "database-timeout", default: "30",
        """
        Seconds that PostgreSQL may work on one statement, from 1 to 600; a connection that is silent for 2 s longer \
        is given up.
        """)
    public static let databaseURL = Setting(
        "database-url", isSecret: true,
        """
        PostgreSQL, as in postgresql://user:password@host:5432/tocsin?sslmode=verify-full.
        """)
    public static let host = Setting("host", default: "127.0.0.1", "Address to listen on.")
    public static let inboundBodyMax = Setting(
        "inbound-body-max", default: "524288",
        """
        Bytes that the body of an inbound request may have, from 1024 to 900000.
        """)
    public static let inboundRate = Setting(
        "inbound-rate", default: "600000",
        """
        Requests a minute that an ingest process takes for one integration or form, from 0, for no limit, to \
        10000000; more are answered 429.
        """)
    public static let inboundRateWorkflow = Setting(
        "inbound-rate-workflow", default: "0",
        """
        Requests a minute that an ingest process takes for one workflow, from 0, for no limit, to 10000000; more \
        are answered 429.
        """)
    public static let instanceID = Setting(
        "instance-id",
        """
        Name of this process in its Kafka groups. With it, a process that is started again within the session \
        timeout goes on with its partitions at once; it must differ between processes of one kind.
        """)
    public static let kafkaBrokers = Setting("kafka-brokers", "Brokers, as in host:9092,host:9092.")
    public static let kafkaOptions = Setting(
        "kafka-options", isSecret: true,
        """
        Further librdkafka properties, as in security.protocol=ssl,ssl.ca.location=/path.
        """)
    public static let kafkaReplication = Setting(
        "kafka-replication", default: "1", "Replicas of each topic that is created, from 1 to 10; 3 in production.")
    public static let kafkaSessionTimeout = Setting(
        "kafka-session-timeout", default: "10",
        """
        Seconds after which a silent process loses its partitions, from 6 to 45.
        """)
    public static let logLevel = Setting(
        "log-level", default: "info", "trace, debug, info, notice, warning, error or critical.")
    public static let mailDomain = Setting(
        "mail-domain",
        """
        Domain of the addresses to which notifications by email are answered; without it, there are none.
        """)
    public static let mailFrom = Setting(
        "mail-from", default: "Tocsin <tocsin@localhost>", "Sender of notifications by email.")
    public static let mailListen = Setting(
        "mail-listen",
        """
        Where the notifier takes answers by email, by SMTP or LMTP, as in 127.0.0.1:2525; off by default.
        """)
    public static let notificationFloodClasses = Setting(
        "notification-flood-classes", default: "mobile,chat,sms,voice",
        """
        Kinds of devices that notification-flood-limit holds for, of mobile, chat, sms, voice, email and other.
        """)
    public static let notificationFloodLimit = Setting(
        "notification-flood-limit", default: "1",
        """
        Notifications to one person on one kind of device within notification-flood-period, for integrations and \
        workflows with flood control; further ones are suppressed. From 0, for no limit, to 1000.
        """)
    public static let notificationFloodPeriod = Setting(
        "notification-flood-period", default: "300", "Seconds of notification-flood-limit, from 1 to 86400.")
    public static let notificationStormBypass = Setting(
        "notification-storm-bypass", default: "HIGH",
        """
        Alerts of this priority or above are not held by notification-storm-limit: HIGH, MEDIUM, or none for no \
        exception.
        """)
    public static let notificationStormLimit = Setting(
        "notification-storm-limit", default: "10",
        """
        Messages to one device within notification-storm-window; further ones are held, and told of in one message \
        when it ends. From 0, for no limit, to 1000.
        """)
    public static let notificationStormWindow = Setting(
        "notification-storm-window", default: "60", "Seconds of notification-storm-limit, from 1 to 3600.")
    public static let oauthClientId = Setting(
        "oauth-client-id",
        """
        The client_id that clients have to give for a token of OAuth2; any by default.
        """)
    public static let outboundAllow = Setting(
        "outbound-allow",
        """
        Address blocks (CIDR, comma separated) that webhooks and scripts may reach although they are private or \
        loopback.
        """)
    public static let outboundNoProxy = Setting(
        "outbound-no-proxy",
        """
        Hosts that are reached without outbound-proxy, separated by commas; .example.org stands for all names below it.
        """)
    public static let outboundProxy = Setting(
        "outbound-proxy", isSecret: true,
        """
        The proxy that webhooks, scripts and HTTP providers go through, as in http://user:password@proxy:3128; it has \
        to take CONNECT to addresses.
        """)
    public static let partitions = Setting(
        "partitions",
        """
        Partitions of each topic at the first start, from 1 to 256: 8 with Kafka, 4 without, by default. Later, \
        tocsin partitions raise.
        """)
    public static let port = Setting("port", default: "8080", "Port to listen on; 0 takes a free one, which is logged.")
    public static let publicURL = Setting(
        "public-url",
        "Where people reach the console, for links in notifications; http://HOST:PORT by default, https with TLS.")
    public static let scriptCalls = Setting(
        "script-calls", default: "100", "Requests, posts and tokens that one script may ask for, from 1 to 10000.")
    public static let scriptMemory = Setting(
        "script-memory", default: "64", "Mebibytes that a script may use, from 8 to 1024.")
    public static let scriptProcessorTime = Setting(
        "script-processor-time", default: "10", "Seconds of processor time that a script may use, from 1 to 600.")
    public static let scriptSandbox = Setting(
        "script-sandbox", "Path of the script-sandbox executable; beside this one by default.")
    public static let scriptTimeout = Setting(
        "script-timeout", default: "60",
        """
        Seconds that a script may take, from 1 to 600; time spent waiting for answers is not counted.
        """)
    public static let scriptTotalTime = Setting(
        "script-total-time", default: "300",
        """
        Seconds that a script and the calls it waits for may take together, from 1 to 3600; a call is not cut off.
        """)
    public static let scriptWorkers = Setting(
        "script-workers", default: "4", "Scripts that run at the same time, from 1 to 64.")
    public static let secretKey = Setting(
        "secret-key", isSecret: true,
        """
        Base64 of 32 random bytes that seal secrets in the database: the same for all processes. Several, separated \
        by commas, while keys are changed: the first one seals.
        """)
    public static let secretKeyFile = Setting(
        "secret-key-file",
        """
        A file with such keys, one a line, instead of TOCSIN_SECRET_KEY. Processes follow its changes.
        """)
    public static let smtpURL = Setting(
        "smtp-url", isSecret: true,
        """
        Mail server, as in smtp://user:password@host:587; smtps:// for TLS from the start.
        """)
    public static let spoolMegabytes = Setting(
        "spool-megabytes", default: "2048",
        """
        Megabytes of inbound requests that the database keeps while the broker is away, from 1 to 1000000; more are \
        answered 503.
        """)
    public static let spoolMessages = Setting(
        "spool-messages", default: "1000000",
        """
        Inbound requests that the database keeps while the broker is away, from 1000 to 100000000; more are \
        answered 503.
        """)
    public static let tlsCertificate = Setting(
        "tls-certificate",
        """
        A PEM file with the server's certificate and those between it and the authority: with tls-key, the server \
        speaks https and nothing else. Processes follow its changes.
        """)
    public static let tlsKey = Setting(
        "tls-key", "A PEM file with the private key of tls-certificate, without a passphrase.")
    public static let trustedProxies = Setting(
        "trusted-proxies",
        """
        Address blocks (CIDR, comma separated) of the proxies whose X-Forwarded-For says where a request comes from.
        """)
    public static let webhookDisableAfter = Setting(
        "webhook-disable-after", default: "432000",
        """
        Seconds of nothing but failures after which an outbound integration is taken out of service and its owner is \
        told, from 0, for never, to 31536000; 5 days by default.
        """)
    public static let webhookParkAfter = Setting(
        "webhook-park-after", default: "2000",
        """
        Milliseconds after which a webhook without an answer is parked, so that nothing waits for it, from 100 to \
        60000.
        """)
    public static let webhookTimeout = Setting(
        "webhook-timeout", default: "30", "Seconds that one attempt to deliver a webhook may take, from 1 to 300.")

    /// All of them, in the order of their names.
    public static let all: [Setting] = [
        activityDays, adminPassword, adminUser, alertFloodLimit, alertFloodPeriod, alertMonths, apiRate,
        auditCheckpointEvery, auditCheckpointFile, auditClearAfter, auditEmail, auditInterval, auditOverdue,
        auditRepeat,
        auditUnsettled, auditURL, auditWebhookOverdue, config, data, databaseConnections, databaseTimeout,
        databaseURL, host, inboundBodyMax, inboundRate, inboundRateWorkflow, instanceID, kafkaBrokers, kafkaOptions,
        kafkaReplication, kafkaSessionTimeout, logLevel, mailDomain, mailFrom, mailListen, notificationFloodClasses,
        notificationFloodLimit, notificationFloodPeriod, notificationStormBypass, notificationStormLimit,
        notificationStormWindow, oauthClientId, outboundAllow, partitions, port, publicURL, scriptCalls, scriptMemory,
        scriptProcessorTime, scriptSandbox, scriptTimeout, scriptTotalTime, scriptWorkers, secretKey, secretKeyFile,
        smtpURL, spoolMegabytes, spoolMessages, tlsCertificate, tlsKey, trustedProxies, webhookDisableAfter,
        webhookParkAfter, webhookTimeout,
    ]
}
