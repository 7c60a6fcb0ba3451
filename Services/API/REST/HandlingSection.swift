import AlertCore

/// The handling options of a request, each plain or as the `value` of an option (spec §4.7, §5.3).
struct HandlingRequest {
    /// From a minute to a year.
    private static let expiration = 1...525_600
    private static let retries = 0...100
    /// Seconds; at most a day.
    private static let pause = 1...86_400
    private static let threshold = 1...1_000_000

    let fields: RequestFields

    func set(_ form: inout Form) throws {
        form.priority = try priority() ?? form.priority
        form.expirationInMinutes = try expirationMinutes() ?? form.expirationInMinutes
        form.handling.overrideDeviceRestrictions =
            try flag("overrideDeviceRestrictions") ?? form.handling.overrideDeviceRestrictions
        form.handling.escalationOverride = try flag("escalationOverride") ?? form.handling.escalationOverride
        form.handling.bypassPhoneIntro = try flag("bypassPhoneIntro") ?? form.handling.bypassPhoneIntro
        form.handling.requirePhonePassword = try flag("requirePhonePassword") ?? form.handling.requirePhonePassword
        form.handling.voicemailOptions = try voicemail(form.handling.voicemailOptions)
        form.responseCountsEnabled = try flag("enableResponseCounts") ?? form.responseCountsEnabled
        form.otherResponseCountThreshold =
            try value("otherResponseCountThreshold").integer("value", in: Self.threshold)
            ?? form.otherResponseCountThreshold
        _ = try flag("expandableGroups")
        let leavesMessage = [.callbackAndMessage, .messageOnly].contains(form.handling.voicemailOptions.leave)
        guard !(leavesMessage && form.handling.requirePhonePassword) else {
            throw RestError.invalidValue(
                "voicemailOptions.leave", "a message cannot be left where requirePhonePassword is on.")
        }
    }

    /// The field as an object with a `value`, whichever of the two it came as.
    private func value(_ name: String) throws -> RequestFields {
        guard let given = fields[name] else { return RequestFields([:]) }
        guard given.object == nil else { return try fields.object(name) ?? RequestFields([:]) }
        return RequestFields(["value": given], prefix: fields.name(name) + ".")
    }

    private func flag(_ name: String) throws -> Bool? { try value(name).bool("value") }

    private func priority() throws -> Priority? {
        let given = try value("priority")
        guard let text = try given.text("value") else { return nil }
        guard let priority = Priority(ignoringCase: text) else {
            throw RestError.invalidChoice("priority", text, valid: Priority.allCases.map(\.rawValue))
        }
        return priority
    }

    private func expirationMinutes() throws -> Int? {
        if let minutes = try value("expirationInMinutes").integer("value", in: Self.expiration) { return minutes }
        guard let outer = try fields.object("expiration") else { return nil }
        let given = outer["value"]?.object == nil ? outer : try outer.object("value") ?? outer
        guard given.has("duration") || given.has("unit") else { return nil }
        guard let duration = try given.integer("duration", in: Self.expiration) else {
            throw RestError.missingField(given.name("duration"))
        }
        let unit = try given.text("unit") ?? "MINUTES"
        guard let factor = ExpirationUnit.minutes(in: unit) else {
            throw RestError.invalidChoice(given.name("unit"), unit, valid: ["MINUTES", "HOURS", "DAYS"])
        }
        guard Self.expiration.contains(duration * factor) else {
            throw RestError.invalidValue(given.name("duration"), "it must be at most a year.")
        }
        return duration * factor
    }

    private func voicemail(_ existing: VoicemailOptions) throws -> VoicemailOptions {
        guard let given = try fields.object("voicemailOptions") else { return existing }
        var options = existing
        options.retry = try given.integer("retry", in: Self.retries) ?? options.retry
        options.every = try given.integer("every", in: Self.pause) ?? options.every
        let selected = try (given.objects("leaveOptions", limit: 20) ?? []).first { try $0.bool("selected") == true }
        if let leave = try given.text("leave") ?? selected?.text("name") {
            guard let leave = VoicemailOptions.Leave(rawValue: leave.lowercased()) else {
                throw RestError.invalidChoice(
                    given.name("leave"), leave, valid: VoicemailOptions.Leave.allCases.map(\.rawValue))
            }
            options.leave = leave
        }
        return options
    }
}

/// The units of an expiry, in the singular or the plural, ignoring case.
private enum ExpirationUnit {
    static func minutes(in unit: String) -> Int? {
        let upper = unit.uppercased()
        return ["MINUTE": 1, "HOUR": 60, "DAY": 1440][upper.hasSuffix("S") ? String(upper.dropLast()) : upper]
    }
}

/// The handling options of a form as its section shows them.
struct HandlingWire {
    let settings: JSONValue?
    let form: Form

    var fields: [String: JSONValue?] {
        let handling = form.handling
        let options: [(name: String, value: JSONValue)] = [
            ("priority", .string(form.priority.rawValue)), ("expirationInMinutes", .whole(form.expirationInMinutes)),
            ("overrideDeviceRestrictions", .bool(handling.overrideDeviceRestrictions)),
            ("escalationOverride", .bool(handling.escalationOverride)),
            ("bypassPhoneIntro", .bool(handling.bypassPhoneIntro)),
            ("requirePhonePassword", .bool(handling.requirePhonePassword)),
        ]
        var fields: [String: JSONValue?] = [:]
        for (index, option) in options.enumerated() {
            fields[option.name] = .option(settings?[option.name], value: option.value, orderNum: index + 1)
        }
        fields["voicemailOptions"] = voicemail(orderNum: options.count + 1)
        fields["expiration"] = expiration
        fields["enableResponseCounts"] = .bool(form.responseCountsEnabled)
        fields["expandableGroups"] = .bool(settings?["expandableGroups"]?.bool ?? false)
        if let threshold = form.otherResponseCountThreshold {
            fields["otherResponseCountThreshold"] = .option(
                settings?["otherResponseCountThreshold"], value: .whole(threshold))
        }
        return fields
    }

    /// In the unit in which it was given, as long as that says what holds.
    private var expiration: JSONValue {
        var fields = settings?["expiration"]?.object ?? [:]
        let given = fields["value"]?.object ?? fields
        let factor = given["unit"]?.string.flatMap(ExpirationUnit.minutes(in:)) ?? 1
        let minutes = given["duration"]?.integer.map { Int($0) * factor }
        fields["value"] = nil
        fields["duration"] = minutes == form.expirationInMinutes ? given["duration"] : .whole(form.expirationInMinutes)
        fields["unit"] = minutes == form.expirationInMinutes ? given["unit"] ?? "MINUTES" : "MINUTES"
        fields["visible"] = fields["visible"] ?? true
        fields["orderNum"] = fields["orderNum"] ?? 2
        return .object(fields)
    }

    private func voicemail(orderNum: Int) -> JSONValue {
        let options = form.handling.voicemailOptions
        var fields = settings?["voicemailOptions"]?.object ?? [:]
        let stored = fields["leaveOptions"]?.array ?? []
        fields["retry"] = .whole(options.retry)
        fields["every"] = .whole(options.every)
        fields["leave"] = .string(options.leave.rawValue)
        fields["leaveOptions"] = .array(
            VoicemailOptions.Leave.allCases.map { leave in
                let before = stored.first { $0["name"]?.string?.lowercased() == leave.rawValue }
                return [
                    "name": .string(leave.rawValue), "selected": .bool(leave == options.leave),
                    "visible": .bool(before?["visible"]?.bool ?? true),
                ]
            })
        fields["visible"] = fields["visible"] ?? true
        fields["orderNum"] = fields["orderNum"] ?? .whole(orderNum)
        return .object(fields)
    }
}
