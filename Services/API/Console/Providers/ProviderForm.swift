import AlertCore
import Foundation
import Persistence

/// The form of a notification provider; its fields have the names that they have in the API. The secret is never shown.
struct ProviderForm {
    /// `nil` for a new one.
    let provider: NotificationProvider?
    let kind: NotificationProvider.Kind

    /// What a kind of provider wants to know.
    private struct Words {
        let title: String
        let lead: String
        /// `nil` where there is no such thing.
        var url: String?
        var urlExample = ""
        var account: String?
        var secret: String?
        var from: String?
        var fromExample = ""
        let reaches: [Device.Kind]
    }

    static func title(of kind: NotificationProvider.Kind) -> String { words(of: kind).title }

    private static func words(of kind: NotificationProvider.Kind) -> Words {
        switch kind {
        case .smtp:
            Words(
                title: "Mail server", lead: "Sends email by SMTP.", url: "Server",
                urlExample: "smtp://mail.example.com:587",
                account: "User", secret: "Password", from: "Sender", fromExample: "alerts@example.com",
                reaches: [.email])
        case .twilio:
            Words(
                title: "SMS and voice",
                lead: "By an API such as Twilio's: text messages, and calls with answers by keypad.",
                url: "Address of the API", urlExample: "empty for Twilio's", account: "Account SID",
                secret: "Auth token", from: "Calls from", fromExample: "+12505550100", reaches: [.textPhone, .voice])
        case .slack: chat("Slack", [.slack])
        case .msTeams: chat("Microsoft Teams", [.msTeams])
        case .mattermost: chat("Mattermost", [.generic])
        case .discord: chat("Discord", [.generic])
        case .ntfy:
            Words(
                title: "ntfy", lead: "Push notifications by ntfy: a device names its topic.", url: "Server",
                urlExample: "https://ntfy.sh", account: "User, if it wants one", secret: "Password or access token",
                reaches: [.generic])
        case .webPush:
            Words(
                title: "Web Push", lead: "Notifications of the browsers that people have subscribed.",
                reaches: [.webPush])
        case .http:
            Words(
                title: "HTTP request", lead: "A request of your own making to any server.", url: "Address",
                urlExample: "https://sms.example.com/send", account: "User", secret: "Password or token",
                from: "Sender",
                reaches: [.generic, .textPhone, .textPager, .email, .voice, .fax])
        case .script:
            Words(
                title: "Script", lead: "A script of your own that sends the message.", url: "Address", account: "User",
                secret: "Secret", from: "Sender",
                reaches: [.generic, .textPhone, .textPager, .email, .voice, .fax, .slack, .msTeams])
        }
    }

    private static func chat(_ name: String, _ reaches: [Device.Kind]) -> Words {
        Words(
            title: name, lead: "Posts to \(name) by incoming webhooks: each device has the address of its own.",
            reaches: reaches)
    }

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let words = Self.words(of: kind)
        var parts: [FormView.Part] = [
            .init("The provider", nameFields(values)), .init("How it is reached", addressFields(words, values)),
            .init(
                "For which devices",
                intro:
                    "Of several providers of a kind, the one with the lowest number is tried first, the next when it "
                    + "fails.", orderFields(words, values)),
        ]
        parts.removeAll { $0.fields.isEmpty }
        let form = FormView(
            to: provider.map { "/console/providers/\($0.id)/edit" } ?? "/console/providers/new?kind=\(kind.rawValue)",
            for: session, submit: provider == nil ? "Add" : "Save",
            cancel: provider.map { "/console/providers/\($0.id)" } ?? "/console/providers", parts)
        var page = FormPage(
            title: provider?.name ?? "Add a provider: \(words.title)",
            crumbs: [NamedValue(name: "Providers", value: "", href: "/console/providers")], lead: words.lead,
            form: form)
        if provider == nil {
            page.tabs = NotificationProvider.Kind.allCases.map {
                .init(
                    name: Self.title(of: $0), href: "/console/providers/new?kind=\($0.rawValue)", isCurrent: $0 == kind)
            }
        }
        return page
    }

    private func nameFields(_ values: FormValues) -> [FormField] {
        [
            .text(
                "name", "Name", values.text("name", provider?.name ?? Self.title(of: kind)), type: "name", limit: 100,
                isRequired: true),
            .check("enabled", "In use", values.isTicked("enabled", provider?.enabled ?? true)),
        ]
    }

    private func addressFields(_ words: Words, _ values: FormValues) -> [FormField] {
        var fields: [FormField] = []
        if let label = words.url {
            fields.append(
                .text(
                    "url", label, values.text("url", provider?.url), limit: 2000, placeholder: words.urlExample
                ).wide)
        }
        if let label = words.account {
            fields.append(.text("account", label, values.text("account", provider?.account), limit: 500))
        }
        if let label = words.secret {
            let isKept = provider?.sealedSecret != nil
            fields.append(.secret("secret", label, hint: isKept ? "Is stored. Empty to keep it." : nil))
        }
        if let label = words.from {
            fields.append(
                .text(
                    "from", label, values.text("from", provider?.from), limit: 500, placeholder: words.fromExample))
        }
        if kind == .http {
            fields.append(
                .area(
                    "template", "Body of the request", values.text("template", provider?.template), rows: 8,
                    limit: 65_536, hint: "With placeholders as ${subject}, ${text} and ${address}."))
        }
        if kind == .script {
            fields.append(.area("script", "Script", values.text("script", provider?.script), rows: 16, limit: 262_144))
        }
        return fields
    }

    private func orderFields(_ words: Words, _ values: FormValues) -> [FormField] {
        let chosen = (provider?.deviceTypes ?? words.reaches).map(\.rawValue)
        let offered = words.reaches + (provider?.deviceTypes ?? []).filter { !words.reaches.contains($0) }
        return [
            .boxes(
                "deviceTypes", "Reaches", values.ticked("deviceTypes", chosen),
                offered.map { ($0.rawValue, $0.title) }),
            .number("order", "Order", values.text("order", String(provider?.order ?? 1)), in: 1...1000),
            .number(
                "limit.messages", "At most this many messages",
                values.text("limit.messages", provider?.limit.map { String($0.messages) } ?? ""), in: 0...1000,
                hint: "Empty or 0 for as many as there are. What is more waits, and shows until when."),
            .number(
                "limit.seconds", "In so many seconds",
                values.text("limit.seconds", provider?.limit.map { String($0.seconds) } ?? "1"), in: 1...86_400),
        ]
    }

    /// - Throws: 400 for what is no number.
    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        var fields: [String: JSONValue?] = [
            "kind": .string(kind.rawValue), "name": typed.filled("name"), "enabled": .bool(typed["enabled"] == "true"),
            "deviceTypes": .array(typed.all("deviceTypes").map(JSONValue.string)), "order": try typed.whole("order"),
        ]
        for name in ["url", "account", "from", "template", "script"] where typed[name] != nil {
            let text = typed.text(name) ?? ""
            fields[name] = .string(
                name == "script" || name == "template" ? text : text.trimmingCharacters(in: .whitespaces))
        }
        if let secret = typed["secret"], !secret.isEmpty { fields["secret"] = .string(secret) }
        let messages = try typed.whole("limit.messages") ?? 0
        fields["limit"] = .fields(["messages": messages, "seconds": try typed.whole("limit.seconds")])
        return .fields(fields)
    }
}
