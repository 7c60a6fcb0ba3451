import AlertCore

/// How a form's alerts are handled: from `handlingOption`, or else from the platform's own properties in the handling
/// section (spec §5.3, §7.1).
extension Form {
    mutating func readHandling(_ document: Document, _ scope: Scope) {
        let option = document.document("handlingOption")
        let system = Self.systemValues(document, scope)
        if let text = (option?["priority"] ?? system["priority"])?.readable, !text.isEmpty {
            if let known = Priority(ignoringCase: text) {
                priority = known
            } else {
                document.note(.unusable, "handlingOption.priority", "unknown priority \(text.prefix(100))")
            }
        }
        if let value = option?["expirationInMinutes", "duration"] ?? system["duration"] {
            if let minutes = Self.minutes(value, unit: option?.filled("durationUnit")) {
                expirationInMinutes = minutes
            } else {
                document.note(.unusable, "handlingOption.duration", "is no duration: \(value.readable.prefix(100))")
            }
        }
        func flag(_ name: String, _ system: JSONValue?) -> Bool { (option?[name] ?? system)?.readFlag ?? false }
        handling.overrideDeviceRestrictions = flag("overrideDeviceRestrictions", system["overrideDeviceRestrictions"])
        handling.escalationOverride = flag("escalationOverride", system["escalationOverride"])
        handling.bypassPhoneIntro = flag("bypassPhoneIntro", system["bypassPhoneIntro"])
        handling.requirePhonePassword =
            (option?["requirePhonePassword", "requireAuthentication"] ?? system["requireAuthentication"])?.readFlag
            ?? false
        readVoicemail(option, system["voiceMailOptions"])
    }

    private mutating func readVoicemail(_ option: Document?, _ system: JSONValue?) {
        var voicemail = VoicemailOptions()
        if let retry = option?.whole("voicemailNumRetries") ?? system?["retry"]?.readWhole, (0...100).contains(retry) {
            voicemail.retry = retry
        }
        if let every = option?.whole("voicemailRetryInterval") ?? system?["every"]?.readWhole,
            (0...86_400).contains(every)
        {
            voicemail.every = every
        }
        let leave =
            option?.filled("voicemailOption", "voicemailOptions", "voiceMailOptions", "leave")
            ?? system?["leave"]?.string ?? system?.string
        if let leave, let known = VoicemailOptions.Leave(rawValue: leave.lowercased()) { voicemail.leave = known }
        handling.voicemailOptions = voicemail
    }

    /// By the name after `:system:handling:`. A form's own voicemail options have its id at the end.
    private static func systemValues(_ document: Document, _ scope: Scope) -> [String: JSONValue] {
        let prefix = ":system:handling:"
        var values: [String: JSONValue] = [:]
        // Quiet: the sections themselves are read, and their problems noted, elsewhere.
        let sections = Document(document.fields, at: document.path, Notes()).documents("layoutSections")
        for (_, section) in sections {
            for (_, item) in section.documents("sectionItems", "items") {
                guard let name = item.filled("propertyName"), name.hasPrefix(prefix) else { continue }
                guard let value = item["defaultValue", "value"] ?? scope.systemDefaults[name], value != "" else {
                    continue
                }
                var short = String(name.dropFirst(prefix.count))
                if short.hasPrefix("voiceMailOptions") { short = "voiceMailOptions" }
                values[short] = value
            }
        }
        return values
    }

    /// A number of minutes, or a text as in `3 Hours`.
    static func minutes(_ value: JSONValue, unit: String?) -> Int? {
        let words = value.readable.split(separator: " ")
        guard words.count <= 2, let first = words.first, let number = Int(first), (1...525_600).contains(number) else {
            return nil
        }
        let unit = (unit ?? (words.count == 2 ? String(words[1]) : "minutes")).lowercased()
        let factor = ["min": 1, "hou": 60, "day": 1440][String(unit.prefix(3))] ?? 1
        return min(number * factor, 525_600)
    }

    /// What is set apart from the defaults, beside what the file had.
    var handlingOption: JSONValue? {
        var option = archived?["handlingOption"]?.object ?? [:]
        let standard = HandlingDefaults()
        option["priority"] = .string(priority.rawValue)
        option["expirationInMinutes"] = JSONValue(expirationInMinutes)
        for (name, value, normal) in [
            ("overrideDeviceRestrictions", handling.overrideDeviceRestrictions, standard.overrideDeviceRestrictions),
            ("escalationOverride", handling.escalationOverride, standard.escalationOverride),
            ("bypassPhoneIntro", handling.bypassPhoneIntro, standard.bypassPhoneIntro),
            ("requirePhonePassword", handling.requirePhonePassword, standard.requirePhonePassword),
        ] where value != normal || archived != nil {
            option[name] = .bool(value)
        }
        option["voicemailNumRetries"] = JSONValue(handling.voicemailOptions.retry)
        option["voicemailRetryInterval"] = JSONValue(handling.voicemailOptions.every)
        option["voicemailOption"] = .string(handling.voicemailOptions.leave.rawValue)
        return .object(option)
    }

    // MARK: What sections of their own kinds set

    /// The form's own fields lead, then those of the section of the kind.
    mutating func readSectionSettings(_ document: Document, _ scope: Scope) {
        // Quiet: what is no object is noted where the sections are read.
        for (_, section) in Document(document.fields, at: document.path, Notes()).documents("layoutSections") {
            readSettings(of: Document(section.fields, at: section.path, scope.notes), scope)
        }
        if let names = document.list("recipients") {
            recipients = Self.recipients(names, document.place("recipients"), scope)
        }
        if let names = document.list("targetDeviceNames") { targetDeviceNames = names.compactMap(Self.recipientName) }
        if let sender = document.document("senderOverrides") {
            let given = SenderOverrides(
                displayName: sender.filled("displayName"), callerId: sender.filled("callerId"))
            senderOverrides = given == SenderOverrides() ? nil : given
        }
    }

    private mutating func readSettings(of section: Document, _ scope: Scope) {
        if let names = section.list("recipients", "defaultRecipients", "targets") {
            recipients = Self.recipients(names, section.place("recipients"), scope)
        }
        readDeviceFilter(section)
        var sender = SenderOverrides()
        for (_, detail) in section.documents("senderOverrideDetails") {
            switch detail.text("type")?.uppercased() {
            case "EMAIL_DISPLAY_NAME": sender.displayName = detail.filled("defaultValue", "value")
            case "CALLER_ID": sender.callerId = detail.filled("defaultValue", "value")
            default: detail.note(.kept, "type", "unknown sender override; it does nothing here")
            }
        }
        if sender != SenderOverrides() { senderOverrides = sender }
    }

    /// All devices chosen, or none, is no restriction.
    private mutating func readDeviceFilter(_ section: Document) {
        var chosen: [String] = []
        var isRestricted = false
        for (_, group) in section.documents("deviceFilter") {
            let isGroupChosen = group.flag("isSelected") ?? true
            for (_, device) in group.documents("devices") {
                guard let name = device.filled("name") else { continue }
                if isGroupChosen && device.flag("isSelected") ?? true {
                    chosen.append(name)
                } else {
                    isRestricted = true
                }
            }
        }
        if isRestricted, !chosen.isEmpty { targetDeviceNames = chosen }
    }

    /// Those that are here; the others are for a person to see to.
    private static func recipients(_ list: [JSONValue], _ place: String, _ scope: Scope) -> [String] {
        var known: [String] = []
        for (index, value) in list.enumerated() {
            guard let name = recipientName(value), !name.isEmpty else { continue }
            if scope.knowsRecipient(name) {
                if !known.contains(name) { known.append(name) }
            } else {
                scope.notes.add(
                    .byHand, "\(place)[\(index)]", "there is no recipient \(name.prefix(100)) here; make or choose one")
            }
        }
        return known
    }
}
