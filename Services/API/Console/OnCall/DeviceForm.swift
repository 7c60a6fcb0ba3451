import AlertCore
import Persistence

/// The form of a device; its fields have the names that they have in the API.
struct DeviceForm {
    /// Where a message goes, by the kind of the device.
    enum Address: String {
        case email = "emailAddress"
        case phone = "phoneNumber"
        case pin
    }

    /// The kinds that somebody can add by hand.
    static let kinds: [Device.Kind] = [.email, .textPhone, .voice, .slack, .msTeams, .generic, .textPager]
    /// More make no rule that anybody could read.
    private static let mostTimeframes = 6

    let owner: Person
    /// `nil` for a new one.
    let device: Device?
    let kind: Device.Kind
    let directory: DirectoryView
    /// Names that a device of this kind can have.
    let names: [String]

    private var base: String { "/console/people/\(owner.id)" }

    private var address: Address {
        switch kind {
        case .email: .email
        case .voice, .textPhone, .voiceIVR, .fax: .phone
        default: .pin
        }
    }

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let action = device.map { "\(base)/devices/\($0.id)" } ?? "\(base)/devices/new?type=\(kind.rawValue)"
        var form = FormView(
            to: action, for: session, submit: device == nil ? "Add" : "Save", cancel: base,
            [.init("Where", addressFields(values)), .init("When and for what", ruleFields(values))]
                + timeframeParts(values))
        form.proposals = [
            ZonedTime.proposals,
            Proposals(id: "device-names", names.map { NamedValue(name: $0, value: "") }),
        ]
        let crumbs = [
            NamedValue(name: "People", value: "", href: "/console/people"),
            NamedValue(name: owner.displayName, value: "", href: base),
        ]
        var page = FormPage(
            title: device.map { "\($0.name)" } ?? "Add a device: \(kind.title)", crumbs: crumbs, form: form)
        if device == nil {
            page.tabs = Self.kinds.map { other in
                .init(
                    name: other.title, href: "\(base)/devices/new?type=\(other.rawValue)", isCurrent: other == kind)
            }
        }
        return page
    }

    private func addressFields(_ values: FormValues) -> [FormField] {
        let taken = Set(directory.devices(of: owner.id).map(\.name))
        let usual =
            kind == .email || kind == .voice ? names.sorted { $0.hasPrefix("Work") && !$1.hasPrefix("Work") } : names
        let proposed = usual.first { !taken.contains($0) } ?? (taken.contains(kind.title) ? "" : kind.title)
        var fields: [FormField] = [
            .text(
                "name", "Name", values.text("name", device?.name ?? proposed), limit: 100, isRequired: true,
                list: "device-names")
        ]
        switch address {
        case .email:
            fields.append(
                .text(
                    "emailAddress", "Email address", values.text("emailAddress", device?.emailAddress), type: "email",
                    isRequired: true, placeholder: "mmcbride@example.com"))
        case .phone:
            fields.append(
                .text(
                    "phoneNumber", "Phone number", values.text("phoneNumber", device?.phoneNumber), type: "tel",
                    limit: 40, isRequired: true, placeholder: "+4930123456", hint: "With + and the country's code."))
        case .pin: fields.append(pinField(values))
        }
        if let provider = providerField(values) { fields.append(provider) }
        return fields
    }

    /// An address that is a secret is not shown again: the mask in its place leaves it as it is.
    private func pinField(_ values: FormValues) -> FormField {
        let label =
            switch kind {
            case .slack, .msTeams: "Address of the incoming webhook"
            case .webPush: "Subscription"
            case .textPager: "Pager number"
            default: "Address, as the provider wants it"
            }
        let isStored = kind.hasSecretPin && device?.pin.isEmpty == false
        let saved = isStored ? DeviceRepresentation.mask : device?.pin
        return .text(
            "pin", label, values.text("pin", saved), limit: 4000, isRequired: true,
            hint: isStored ? "\(DeviceRepresentation.mask) stands for the present one, and keeps it." : nil)
    }

    private func providerField(_ values: FormValues) -> FormField? {
        let fitting = NotificationProvider.all(directory.providers.values, hasMail: true)
            .filter { $0.reaches.contains(kind) }
        guard fitting.count > 1 || device?.provider.isEmpty == false else { return nil }
        return .select(
            "provider", "Provider", values.text("provider", device?.provider ?? ""),
            [("", "Any, in their order")] + fitting.map { ($0.id, $0.name) })
    }

    private func ruleFields(_ values: FormValues) -> [FormField] {
        let count = directory.devices(of: owner.id).count
        let last = device == nil ? count + 1 : max(1, count)
        let places = (1...last).map { (String($0), $0 == 1 ? "1st" : $0 == last && device == nil ? "last" : "\($0).") }
        return [
            .select(
                "sequence", "Place in the order", values.text("sequence", String(device?.sequence ?? last)), places),
            .number(
                "delay", "Delay in minutes", values.text("delay", String(device?.delay ?? 0)), in: 0...10_080,
                hint: "After the device before; 0 to be used together with it."),
            .select(
                "priorityThreshold", "Alerts",
                values.text("priorityThreshold", device?.priorityThreshold.rawValue ?? "LOW"),
                [("LOW", "Of every priority"), ("MEDIUM", "Medium and high"), ("HIGH", "High only")]),
            .select(
                "status", "Status", values.text("status", device?.status.rawValue ?? "ACTIVE"),
                [("ACTIVE", "Active"), ("INACTIVE", "Inactive: is not used")]),
            .check(
                "defaultDevice", "Failsafe device", values.isTicked("defaultDevice", device?.defaultDevice ?? false),
                hint: "Is used when no other device can be."),
        ]
    }
}

// MARK: - Timeframes

extension DeviceForm {
    /// One part for each timeframe, and an empty one.
    private func timeframeParts(_ values: FormValues) -> [FormView.Part] {
        let saved = device?.timeframes ?? []
        let typed = values.typed.map { Self.rows(in: $0) }
        let count = min(Self.mostTimeframes, (typed ?? saved.count) + (values.typed == nil ? 1 : 0))
        return (0..<max(1, count)).map { index in
            let frame = saved.indices.contains(index) ? saved[index] : nil
            let heading =
                frame.map { "Timeframe: \($0.name)" }
                ?? (saved.isEmpty ? "Only at certain times?" : "One more timeframe")
            let intro =
                index == 0 && saved.isEmpty
                ? "Without a timeframe the device is used at any time. To add more, save and edit again." : nil
            return FormView.Part(heading, intro: intro, timeframeFields(index, frame, values))
        }
    }

    private func timeframeFields(_ index: Int, _ frame: Timeframe?, _ values: FormValues) -> [FormField] {
        let field = { (name: String) in "timeframes[\(index)].\(name)" }
        return [
            .text(
                field("name"), "Name", values.text(field("name"), frame?.name), limit: 100,
                placeholder: "Working hours", hint: frame == nil ? nil : "Empty to delete the timeframe."),
            .time(
                field("startTime"), "From", values.text(field("startTime"), frame?.startTime ?? "08:00"), type: "time"),
            .time(
                field("endTime"), "To", values.text(field("endTime"), frame?.endTime ?? "18:00"), type: "time",
                hint: "The same as From for 24 hours."),
            .text(
                field("timezone"), "Time zone", values.text(field("timezone"), frame?.timezone ?? owner.timezone),
                limit: 100, list: ZonedTime.proposals.id),
            .boxes(
                field("days"), "Days",
                values.ticked(field("days"), (frame?.days ?? Array(Weekday.allCases.prefix(5))).map(\.rawValue)),
                Weekday.allCases.map { ($0.rawValue, $0.short) }),
            .check(
                field("excludeHolidays"), "Not on holidays of the site",
                values.isTicked(field("excludeHolidays"), frame?.excludeHolidays ?? false)),
        ]
    }

    private static func rows(in typed: QueryParameters) -> Int {
        (0..<mostTimeframes).prefix { typed["timeframes[\($0)].name"] != nil }.count
    }

    /// Those that have a name.
    private func timeframes(_ typed: QueryParameters) throws(RestError) -> [JSONValue] {
        var frames: [JSONValue] = []
        for index in 0..<Self.rows(in: typed) {
            let field = { (name: String) in "timeframes[\(index)].\(name)" }
            guard let name = typed.filled(field("name")) else { continue }
            guard let start = Self.minutes(typed[field("startTime")]) else {
                throw .invalidValue(field("startTime"), "it must be a time, as 08:00 is.")
            }
            guard let end = Self.minutes(typed[field("endTime")]) else {
                throw .invalidValue(field("endTime"), "it must be a time, as 18:00 is.")
            }
            let days = typed.all(field("days"))
            guard !days.isEmpty else { throw .missingField(field("days")) }
            let length = (end - start + 1440) % 1440
            frames.append(
                .fields([
                    "name": name, "startTime": typed.filled(field("startTime")),
                    "timezone": typed.filled(field("timezone")),
                    "durationInMinutes": .whole(length == 0 ? 1440 : length),
                    "days": .array(days.map(JSONValue.string)),
                    "excludeHolidays": .bool(typed[field("excludeHolidays")] == "true"),
                ]))
        }
        return frames
    }

    private static func minutes(_ text: String?) -> Int? {
        let parts = (text ?? "").split(separator: ":").map { Int($0) }
        guard parts.count >= 2, let hour = parts[0], let minute = parts[1], (0...23).contains(hour),
            (0...59).contains(minute)
        else { return nil }
        return hour * 60 + minute
    }
}

// MARK: - As the API takes it

extension DeviceForm {
    /// - Throws: 400 for what is no number or no time.
    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let frames = try timeframes(typed)
        var fields: [String: JSONValue?] = [
            "recipientType": "DEVICE", "name": typed.filled("name"), "status": typed.filled("status"),
            "priorityThreshold": typed.filled("priorityThreshold"), "delay": try typed.whole("delay"),
            "sequence": try typed.whole("sequence"), "defaultDevice": .bool(typed["defaultDevice"] == "true"),
            address.rawValue: typed.filled(address.rawValue),
        ]
        // Nothing in the place of a stored one is a mistake, and does not keep it.
        if device != nil, typed["pin"]?.isEmpty == true { fields["pin"] = "" }
        if typed["provider"] != nil { fields["provider"] = typed.filled("provider") ?? "" }
        if device?.timeframes.isEmpty == false || !frames.isEmpty { fields["timeframes"] = .array(frames) }
        if device == nil {
            fields["owner"] = .string(owner.id)
            fields["deviceType"] = .string(kind.rawValue)
        }
        return .fields(fields)
    }
}

extension QueryParameters {
    /// A field with a whole number; `nil` when it is empty.
    func whole(_ name: String) throws(RestError) -> JSONValue? {
        guard let text = filled(name)?.string else { return nil }
        guard let number = Int64(text) else { throw .invalidValue(name, "it must be a whole number.") }
        return .integer(number)
    }
}
