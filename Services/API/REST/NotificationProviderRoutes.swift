import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// Notification providers, and the key by which browsers subscribe to Web Push: ours, the platform shows neither.
    var providerRoutes: [RESTRoute] {
        [
            .get("notification-providers", listProviders),
            .post("notification-providers", permission: .administerSystem, saveProvider),
            .get("notification-providers/{provider}") { call in
                try await read { .ok(wire(try knownProvider(call.parameter("provider"), $0))) }
            },
            .post("notification-providers/{provider}", permission: .administerSystem, saveProvider),
            .delete("notification-providers/{provider}", permission: .administerSystem) { call in
                try await write(call) { edit in
                    let name = call.parameter("provider")
                    guard let provider = try edit.directory.resolve(NotificationProvider.self, name) else {
                        try refuseBuiltIn(name, edit.directory)
                        return .noContent
                    }
                    try edit.delete(provider)
                    return .ok(wire(provider))
                }
            },
            .post("notification-providers/{provider}/test", permission: .administerSystem, testProvider),
            .get("web-push-key") { _ in
                let key = try await WebPushKey.current(in: database, secrets: secrets, at: now())
                return .ok(["publicKey": .string(key.publicKey)])
            },
        ]
    }

    private func listProviders(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        return try await read { directory in
            let all = NotificationProvider.all(try directory.all(NotificationProvider.self), hasMail: true)
            let page = all.dropFirst(paging.offset).prefix(paging.limit)
            return .ok(call.page(page.map(wire), total: all.count, paging))
        }
    }

    /// One that was added, or that is built in.
    /// - Throws: 404.
    private func knownProvider(_ name: String, _ directory: Directory) throws -> NotificationProvider {
        let all = NotificationProvider.all(try directory.all(NotificationProvider.self), hasMail: true)
        guard let provider = NotificationProvider.named(name, among: all) else {
            throw RestError.notFound("There is no provider \(name).")
        }
        return provider
    }

    /// - Throws: 409 for the name of a provider that is built in.
    private func refuseBuiltIn(_ name: String, _ directory: Directory) throws {
        let all = NotificationProvider.all(try directory.all(NotificationProvider.self), hasMail: true)
        guard let provider = NotificationProvider.named(name, among: all), provider.isBuiltIn else { return }
        throw RestError.conflict(
            "The provider \(provider.name) is built in and cannot be changed: add one with its name to take its place.")
    }

    private func wire(_ provider: NotificationProvider) -> JSONValue {
        provider.wire(isConfigured: provider.isConfigured(hasMail: hasMail))
    }

    private func saveProvider(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try (call.parameters["provider"] ?? fields.text("id"))
                .map { name in
                    try refuseBuiltIn(name, edit.directory)
                    return try edit.directory.required(NotificationProvider.self, name)
                }
            let provider = try ProviderFields(fields: fields, secrets: secrets).provider(existing, edit)
            try edit.put(provider)
            return .saved(wire(provider), isNew: existing == nil)
        }
    }

    /// Sends a sample by this provider alone, and says what came of it.
    private func testProvider(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        guard let reference = try fields.reference("device") else { throw RestError.missingField("device") }
        let view = try await cache.refreshed()
        let name = call.parameter("provider")
        let all = NotificationProvider.all(view.providers.values, hasMail: true)
        guard let provider = NotificationProvider.named(name, among: all) else {
            throw RestError.notFound("There is no provider \(name).")
        }
        guard let device = view.device(reference), let owner = view.people[device.owner] else {
            throw RestError.invalidValue("device", "there is no device \(reference).")
        }
        let test = ProviderTest(database: database, partitions: partitions, now: now)
        let result = try await test.send(
            to: device, of: owner, by: provider, askedBy: call.caller.person, trace: call.trace)
        return .ok(result)
    }
}

extension NotificationProvider {
    var path: String { "/notification-providers/\(id)" }

    /// Everything but the secret, of which it says whether there is one.
    func wire(isConfigured: Bool) -> JSONValue {
        .fields([
            "id": .string(id), "name": .string(name), "kind": .string(kind.rawValue),
            "deviceTypes": .array(deviceTypes.map { .string($0.rawValue) }), "order": .whole(order),
            "builtIn": .bool(isBuiltIn), "configured": .bool(isConfigured),
            "reaches": .array(reaches.map { .string($0.rawValue) }), "onlyIfNamed": .bool(deviceTypes.isEmpty),
            "enabled": .bool(enabled), "url": .text(url), "account": .text(account),
            "hasSecret": .bool(sealedSecret != nil), "from": .text(from),
            "limit": limit.map { ["messages": .whole($0.messages), "seconds": .whole($0.seconds)] },
            "script": .text(script), "template": .text(template),
            "headers": headers.isEmpty ? nil : .object(headers.mapValues { .string($0) }), "links": .links(path),
        ])
    }
}

/// The fields of a provider; those that are absent stay as they are, the secret above all.
struct ProviderFields {
    private static let secretLimit = 16_384
    private static let scriptLimit = 256 << 10
    private static let headerLimit = 20

    let fields: RequestFields
    let secrets: SecretBox

    func provider(_ existing: NotificationProvider?, _ edit: DirectoryEdit) throws -> NotificationProvider {
        let name = try fields.requiredName("name", or: existing?.name, limit: 100)
        guard let kind = try fields.choice("kind", NotificationProvider.Kind.self) ?? existing?.kind else {
            throw RestError.missingField("kind")
        }
        if let existing, existing.kind != kind {
            throw RestError.invalidValue("kind", "it cannot be changed from \(existing.kind.rawValue).")
        }
        var provider =
            existing
            ?? NotificationProvider(id: edit.newID(), name: name, kind: kind, deviceTypes: kind.usualDeviceTypes)
        provider.name = name
        provider.deviceTypes = try deviceTypes() ?? provider.deviceTypes
        provider.order = try fields.integer("order", in: 1...1000) ?? provider.order
        provider.enabled = try fields.bool("enabled") ?? provider.enabled
        provider.account = try fields.text("account", limit: 500) ?? provider.account
        provider.from = try fields.text("from", limit: 500) ?? provider.from
        provider.script = try fields.text("script", limit: Self.scriptLimit) ?? provider.script
        provider.template = try fields.text("template", limit: 65_536) ?? provider.template
        provider.url = try url(of: kind) ?? provider.url
        provider.headers = try headers() ?? provider.headers
        try setLimit(of: &provider)
        try setSecret(of: &provider, before: existing)
        try checkCompleteness(provider)
        return provider
    }

    private func deviceTypes() throws -> [Device.Kind]? {
        guard let names = try fields.texts("deviceTypes", limit: 20) else { return nil }
        return try names.map { name in
            guard let kind = Device.Kind(rawValue: name) else {
                throw RestError.invalidChoice("deviceTypes", name, valid: Device.Kind.allCases.map(\.rawValue))
            }
            return kind
        }
    }

    private func url(of kind: NotificationProvider.Kind) throws -> String? {
        guard let url = try fields.text("url", limit: 2000), !url.isEmpty else { return nil }
        if kind == .smtp {
            guard url.hasPrefix("smtp://") || url.hasPrefix("smtps://"), !url.contains("@") else {
                throw RestError.invalidValue(
                    "url", "it must be as in smtp://host:587 or smtps://host, without a user or a password.")
            }
            return url
        }
        // A placeholder may not choose the server: it would get the secret.
        let server = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3)
        let plain = url.withoutPlaceholders
        guard WebOrigin(of: plain) != nil, let parts = URLComponents(string: plain), parts.user == nil,
            parts.password == nil, parts.fragment == nil, !server.contains(where: { $0.contains("$") })
        else {
            throw RestError.invalidValue(
                "url", "it must begin with http:// or https:// and name a host, without a user or a fragment.")
        }
        return url
    }

    private func headers() throws -> [String: String]? {
        guard let given = try fields.object("headers") else { return nil }
        guard given.values.count <= Self.headerLimit else {
            throw RestError.invalidValue("headers", "there may be at most \(Self.headerLimit).")
        }
        var headers: [String: String] = [:]
        for name in given.values.keys {
            let isName = name.utf8.allSatisfy { (33..<127).contains($0) && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
            guard isName, !name.isEmpty, name.lowercased() != "authorization" else {
                throw RestError.invalidValue(
                    given.name(name), "it is no name of a header, or one that account and secret stand for.")
            }
            let value = try given.text(name, limit: 1000) ?? ""
            guard !value.utf8.contains(where: { $0 < 32 || $0 == 127 }) else {
                throw RestError.invalidValue(given.name(name), "it holds a control character.")
            }
            headers[name] = value
        }
        return headers
    }

    private func setLimit(of provider: inout NotificationProvider) throws {
        guard let limit = try fields.object("limit") else { return }
        guard let messages = try limit.integer("messages", in: 0...1000) else {
            throw RestError.missingField(limit.name("messages"))
        }
        let seconds = try limit.integer("seconds", in: 1...86_400) ?? 1
        provider.limit = messages == 0 ? nil : .init(messages: messages, seconds: seconds)
    }

    /// A secret that is kept does not go to another server than the one it was given for.
    private func setSecret(of provider: inout NotificationProvider, before: NotificationProvider?) throws {
        if let secret = try fields.text("secret", limit: Self.secretLimit) {
            guard secret.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
                throw RestError.invalidValue("secret", "it holds a control character.")
            }
            provider.sealedSecret = secret.isEmpty ? nil : secrets.seal(secret, for: .provider(provider.id))
            return
        }
        guard let before, before.sealedSecret != nil, before.origin != provider.origin else { return }
        throw RestError.invalidValue("secret", "it has to be given again with a url on another server.")
    }

    private func checkCompleteness(_ provider: NotificationProvider) throws {
        switch provider.kind {
        case .http:
            guard !provider.url.isEmpty else { throw RestError.missingField("url") }
        case .script:
            guard !provider.script.isEmpty else { throw RestError.missingField("script") }
        case .smtp:
            guard !provider.url.isEmpty else { return }
            guard provider.from.contains("@") else { throw RestError.missingField("from") }
        case .twilio:
            guard !provider.account.isEmpty else { throw RestError.missingField("account") }
            guard provider.sealedSecret != nil else { throw RestError.missingField("secret") }
            guard !provider.from.isEmpty else { throw RestError.missingField("from") }
        case .slack, .msTeams, .mattermost, .discord, .ntfy, .webPush: break
        }
    }
}

extension NotificationProvider {
    /// The server that its secret is for: scheme, host and port.
    fileprivate var origin: String {
        URLComponents(string: url.withoutPlaceholders).map {
            "\($0.scheme ?? "")://\($0.host ?? "").\($0.port ?? 0)".lowercased()
        } ?? url
    }
}

extension String {
    /// `${…}` is nothing that a URL may hold.
    fileprivate var withoutPlaceholders: String { replacing("${", with: "").replacing("}", with: "") }
}
