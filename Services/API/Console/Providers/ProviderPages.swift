import AlertCore
import Foundation
import Hummingbird
import Persistence

/// The list of notification providers.
struct ProvidersPage: Sendable {
    struct Row: Sendable {
        let href: String
        let name: String
        let kind: String
        let reaches: String
        let order: Int
        let limit: String?
        let isOff: Bool
        let isBuiltIn: Bool
        let lacksSettings: Bool
    }

    /// Those that were added, and those that are built in.
    let rows: [Row]
    let mayAdd: Bool
    let notice: String?

    /// - Parameter hasMail: Whether the settings name a mail server.
    init(_ directory: DirectoryView, hasMail: Bool, for session: ConsoleSession, notice: String?) {
        rows = NotificationProvider.all(directory.providers.values, hasMail: true).map { provider in
            Row(
                href: "/console/providers/\(provider.id)", name: provider.name,
                kind: ProviderForm.title(of: provider.kind), reaches: provider.reachText, order: provider.order,
                limit: provider.limit?.text, isOff: !provider.enabled, isBuiltIn: provider.isBuiltIn,
                lacksSettings: !provider.isConfigured(hasMail: hasMail))
        }
        mayAdd = session.caller.may(.administerSystem)
        self.notice = notice
    }
}

/// One provider: what it is, and a way to try it.
struct ProviderPage: Sendable {
    let id: String
    let name: String
    let isOff: Bool
    let isBuiltIn: Bool
    let lacksSettings: Bool
    let csrf: String
    let mayEdit: Bool
    let mayTest: Bool
    let details: [NamedValue]
    /// Whose device a test goes to.
    let devices: [Choice]
    let hasDevices: Bool
    var notice: String?
    var warning: String?
    var result: String?
    var resultClass = ""
    var exchange: [NamedValue] = []

    init(
        _ provider: NotificationProvider, _ directory: DirectoryView, hasMail: Bool, for session: ConsoleSession,
        chosen: String?
    ) {
        id = provider.id
        name = provider.name
        isOff = !provider.enabled
        isBuiltIn = provider.isBuiltIn
        lacksSettings = !provider.isConfigured(hasMail: hasMail)
        csrf = session.csrf
        mayEdit = session.caller.may(.administerSystem) && !provider.isBuiltIn
        mayTest = session.caller.may(.administerSystem)
        let facts: [(String, String?)] = [
            ("Kind", ProviderForm.title(of: provider.kind)), ("Address", provider.url), ("Account", provider.account),
            ("Secret", provider.isBuiltIn ? nil : provider.sealedSecret == nil ? "none" : "stored"),
            ("Sender", provider.from), ("Reaches", provider.reachText), ("Order", String(provider.order)),
            ("Limit", provider.limit?.text),
        ]
        details = facts.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : NamedValue(name: name, value: $0) }
        }
        devices = directory.devices(of: session.person.id).filter {
            provider.deviceTypes.contains($0.deviceType) || $0.provider == provider.id
        }.map { Choice(value: $0.id, text: "\($0.name), \($0.shownAddress)", isChosen: $0.id == chosen) }
        hasDevices = !devices.isEmpty
    }

    /// - Parameter answer: Of the API's test.
    mutating func tell(of answer: JSONValue, _ format: TimeFormat) {
        switch answer["status"]?.string {
        case "DELIVERED": (result, resultClass) = ("The provider has taken the message.", "good")
        case "FAILED": (result, resultClass) = ("The message could not be sent.", "bad")
        default: (result, resultClass) = ("Nothing has come of it yet.", "")
        }
        exchange = (answer["exchange"]?.array ?? []).map { line in
            let at = line["at"]?.string.flatMap { Timestamp(iso: $0) }
            return NamedValue(name: at.map { format.short($0) } ?? "", value: line["text"]?.string ?? "")
        }
    }
}

extension NotificationProvider {
    fileprivate var reachText: String {
        let kinds = reaches.map(\.title).joined(separator: ", ")
        return deviceTypes.isEmpty ? "\(kinds), where a device names it" : kinds
    }
}

extension NotificationProvider.Limit {
    var text: String { "\(messages) message\(messages == 1 ? "" : "s") in \(Duration.seconds(seconds).words)" }
}

extension ConsoleRoutes {
    private static var route: String { "notification-providers" }

    func addProviders(to router: Router<Context>) {
        get("/console/providers", to: router) { request, _, session in
            let page = ProvidersPage(
                try await services.cache.current(), hasMail: rest.services.hasMail, for: session,
                notice: Self.notice(QueryParameters(request.uri.query ?? "")))
            return try pages.page(page, with: "providers", for: session, at: .more)
        }
        get("/console/providers/{provider}", to: router) { request, context, session in
            let notice = Self.notice(QueryParameters(request.uri.query ?? ""))
            return try await provider(parameter("provider", context), session) { $0.notice = notice }
        }
        add(providerForm(isNew: true), at: "/console/providers/new", to: router)
        add(providerForm(isNew: false), at: "/console/providers/{provider}/edit", to: router)
        addRemoval(at: "/console/providers/{provider}/delete", place: .more, to: router) { call in
            try await changeableProvider(call.parameter("provider"), call.session)
        } page: { provider, session in
            ConfirmPage(
                title: "Delete \(provider.name)?", text: "Devices that only it reaches are not reached any more.",
                action: "/console/providers/\(provider.id)/delete", csrf: session.csrf, submit: "Delete",
                back: "/console/providers/\(provider.id)")
        } remove: { provider, session in
            _ = try await rest.call(
                .delete, "\(Self.route)/{provider}", ["provider": provider.id], by: session.caller)
            return "/console/providers?done=deleted"
        }
        post("/console/providers/{provider}/test", to: router) { _, context, session, form in
            let id = parameter("provider", context)
            do {
                let answer = try await rest.call(
                    .post, "\(Self.route)/{provider}/test", ["provider": id],
                    body: .fields(["device": form.filled("device")]), by: session.caller)
                return try await provider(id, session, chosen: form["device"]) { page in
                    page.tell(of: answer.body ?? .null, format(for: session))
                }
            } catch let error as RestError where error.isForTheForm {
                return try await provider(id, session, chosen: form["device"]) { $0.warning = error.message }
            }
        }
    }

    /// One that can be changed, to somebody who may change it.
    /// - Throws: 403, 404.
    private func changeableProvider(_ id: String, _ session: ConsoleSession) async throws -> NotificationProvider {
        try session.caller.require(.administerSystem)
        let provider = try await knownProvider(id).0
        guard !provider.isBuiltIn else { throw RestError.notFound("\(provider.name) is built in: nobody changes it.") }
        return provider
    }

    /// - Throws: 404.
    private func knownProvider(_ id: String) async throws -> (NotificationProvider, DirectoryView) {
        let directory = try await services.cache.current()
        let all = NotificationProvider.all(directory.providers.values, hasMail: true)
        guard let provider = all.first(where: { $0.id == id }) else {
            throw RestError.notFound("There is no such provider.")
        }
        return (provider, directory)
    }

    private func provider(
        _ id: String, _ session: ConsoleSession, chosen: String? = nil, _ change: (inout ProviderPage) -> Void
    ) async throws -> Response {
        let (provider, directory) = try await knownProvider(id)
        var page = ProviderPage(
            provider, directory, hasMail: rest.services.hasMail, for: session, chosen: chosen)
        change(&page)
        return try pages.page(page, with: "provider", for: session, at: .more)
    }

    private func providerForm(isNew: Bool) -> ConsoleForm<ProviderForm> {
        ConsoleForm(
            place: .more,
            subject: { call in
                try call.session.caller.require(.administerSystem)
                guard !isNew else {
                    let kind = NotificationProvider.Kind(rawValue: call.query["kind"] ?? "") ?? .smtp
                    return ProviderForm(provider: nil, kind: kind)
                }
                let provider = try await changeableProvider(call.parameter("provider"), call.session)
                return ProviderForm(provider: provider, kind: provider.kind)
            },
            page: { form, values, session in form.page(values, for: session) },
            send: { form, typed, session in
                let path = form.provider.map { ["provider": $0.id] } ?? [:]
                let answer = try await rest.call(
                    .post, path.isEmpty ? Self.route : "\(Self.route)/{provider}", path, body: try form.body(typed),
                    by: session.caller)
                return "/console/providers/\(answer.body?["id"]?.string ?? "")?done=saved"
            })
    }
}
