import AlertCore
import Hummingbird
import Persistence

/// The list of what devices can be called.
struct DeviceNamesPage: Sendable {
    struct Row: Sendable {
        let href: String
        let name: String
        let kind: String
        let description: String?
        let domains: String?
        let isPrivileged: Bool
    }

    let rows: [Row]
    let mayAdd: Bool
    var notice: String?

    /// - Parameter names: As the API answers them.
    init(_ names: [JSONValue], for session: ConsoleSession) {
        rows = names.map(KnownDeviceName.init).map { name in
            Row(
                href: "/console/device-names/\(name.id)", name: name.name, kind: name.kind.title,
                description: name.description.isEmpty ? nil : name.description,
                domains: name.domains.isEmpty ? nil : name.domains.joined(separator: ", "),
                isPrivileged: name.privileged)
        }
        mayAdd = session.caller.may(.administerSystem)
    }
}

/// A device name as the API answers it.
struct KnownDeviceName: Sendable {
    let id: String
    let name: String
    let kind: Device.Kind
    let description: String
    let privileged: Bool
    let domains: [String]

    init(_ json: JSONValue) {
        id = json["id"]?.string ?? ""
        name = json["name"]?.string ?? ""
        kind = json["deviceType"]?.string.flatMap(Device.Kind.init(rawValue:)) ?? .email
        description = json["description"]?.string ?? ""
        privileged = json["privileged"]?.bool ?? false
        domains = json["domains"]?.array?.compactMap(\.string) ?? []
    }
}

/// The form of a device name; its fields have the names that they have in the API.
struct DeviceNameForm {
    static let list = "/console/device-names"

    /// `nil` for a new one.
    let name: KnownDeviceName?

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        var fields: [FormField] = [
            .text("name", "Name", values.text("name", name?.name), type: "name", limit: 100, isRequired: true)
        ]
        if name == nil {
            fields.append(
                .select(
                    "deviceType", "Of devices of the kind", values.text("deviceType", Device.Kind.email.rawValue),
                    DeviceForm.kinds.map { ($0.rawValue, $0.title) }))
        }
        fields.append(
            .check(
                "privileged", "Privileged", values.isTicked("privileged", name?.privileged ?? false),
                hint: "Only who administers the owner may change such a device."))
        if name.map({ $0.kind == .email }) ?? true {
            fields.append(
                FormField.text(
                    "domains", "Domains", values.text("domains", name?.domains.joined(separator: ", ")), limit: 4000,
                    placeholder: "example.com", hint: "Of email: the only ones that an address may have. Empty for any."
                ).wide)
        }
        fields.append(
            .area("description", "Description", values.text("description", name?.description), rows: 2, limit: 1000))
        let form = FormView(
            to: name.map { "\(Self.list)/\($0.id)" } ?? "\(Self.list)/new", for: session,
            submit: name == nil ? "Add" : "Save", cancel: Self.list, [.init(nil, fields)])
        return FormPage(
            title: name?.name ?? "Add a device name",
            crumbs: [NamedValue(name: "Device names", value: "", href: Self.list)],
            lead: name.map { "Of devices of the kind \($0.kind.title)." },
            removal: name.map { "\(Self.list)/\($0.id)/delete" }, form: form)
    }

    func body(_ typed: QueryParameters) -> JSONValue {
        let domains = typed.names("domains")
        let isEmail = (name?.kind.rawValue ?? typed["deviceType"]) == Device.Kind.email.rawValue
        return .fields([
            "name": .string(typed.text("name") ?? ""), "deviceType": name == nil ? typed.filled("deviceType") : nil,
            "description": .string(typed.text("description") ?? ""),
            "privileged": .bool(typed["privileged"] == "true"),
            "domains": isEmail || !domains.isEmpty ? .array(domains.map(JSONValue.string)) : nil,
        ])
    }
}

extension ConsoleRoutes {
    func addDeviceNames(to router: Router<Context>) {
        let list = DeviceNameForm.list
        get(RouterPath(list), to: router) { request, _, session in
            let answer = try await rest.call(
                .get, "device-names", query: QueryParameters("limit=1000"), by: session.caller)
            var page = DeviceNamesPage(answer.body?["data"]?.array ?? [], for: session)
            page.notice = Self.notice(QueryParameters(request.uri.query ?? ""))
            return try pages.page(page, with: "device-names", for: session, at: .more)
        }
        add(deviceNameForm(isNew: true), at: RouterPath("\(list)/new"), to: router)
        add(deviceNameForm(isNew: false), at: RouterPath("\(list)/{name}"), to: router)
        addRemoval(at: RouterPath("\(list)/{name}/delete"), place: .more, to: router) { call in
            try await changeableDeviceName(call.parameter("name"), call.session)
        } page: { name, session in
            ConfirmPage(
                title: "Delete the name \(name.name)?", text: "A name that devices have stays.",
                action: "\(list)/\(name.id)/delete", csrf: session.csrf, submit: "Delete", back: "\(list)/\(name.id)")
        } remove: { name, session in
            _ = try await rest.call(.delete, "device-names/{name}", ["name": name.id], by: session.caller)
            return "\(list)?done=deleted"
        }
    }

    /// - Throws: 403, 404.
    private func changeableDeviceName(_ id: String, _ session: ConsoleSession) async throws -> KnownDeviceName {
        try session.caller.require(.administerSystem)
        let answer = try await rest.call(.get, "device-names/{name}", ["name": id], by: session.caller)
        return KnownDeviceName(answer.body ?? .null)
    }

    private func deviceNameForm(isNew: Bool) -> ConsoleForm<DeviceNameForm> {
        ConsoleForm(
            place: .more,
            subject: { call in
                guard isNew else {
                    return DeviceNameForm(name: try await changeableDeviceName(call.parameter("name"), call.session))
                }
                try call.session.caller.require(.administerSystem)
                return DeviceNameForm(name: nil)
            },
            page: { form, values, session in form.page(values, for: session) },
            send: { form, typed, session in
                let path = form.name.map { ["name": $0.id] } ?? [:]
                _ = try await rest.call(
                    .post, path.isEmpty ? "device-names" : "device-names/{name}", path, body: form.body(typed),
                    by: session.caller)
                return "\(DeviceNameForm.list)?done=saved"
            })
    }
}
