/// Makes an alert's details from what a request says and what its form is. Pure.
public struct AlertAssembly: Sendable {
    public let plan: Plan
    public let form: Form
    /// The plan's, by id.
    public let definitions: [String: PropertyDefinition]
    public let lookup: RecipientLookup
    /// Finds an external conference bridge by name or id.
    public let bridge: @Sendable (String) -> ConferenceBridge?

    public init(
        plan: Plan, form: Form, definitions: [String: PropertyDefinition], lookup: RecipientLookup,
        bridge: @escaping @Sendable (String) -> ConferenceBridge? = { _ in nil }
    ) {
        self.plan = plan
        self.form = form
        self.definitions = definitions
        self.lookup = lookup
        self.bridge = bridge
    }

    /// The most lines about what has no effect.
    private static let noteLimit = 100

    /// - Parameters:
    ///   - seal: Seals the n-th callback's password.
    ///   - notes: Gets a line, for the author of the integration, for each thing of the request that has no effect.
    ///   - optionId: Makes the id of the n-th option that the request itself defines.
    public func details(
        _ request: AlertRequest, number: Int64, requestId: String, integration: String?, submitter: Person,
        seal: (String, Int) -> String, notes: inout [String], optionId: (Int) -> String
    ) throws(FieldProblem) -> AlertDetails {
        var found: [String] = []
        let items = form.sections.sorted { $0.orderNum < $1.orderNum }
            .flatMap { $0.items.sorted { $0.orderNum < $1.orderNum } }
        let checked = try FormProperties(form: form, definitions: definitions).check(request.properties, items)
        found += checked.notes
        let itemNames = items.compactMap { item in
            definitions[item.propertyDefinition].map { (item.id.lowercased(), $0.name) }
        }
        let texts = FormText(
            properties: checked.values, number: number,
            items: Dictionary(itemNames, uniquingKeysWith: { first, _ in first }),
            conference: try conference(of: request, &found))
        let template = form.emailTemplates.first
        var details = AlertDetails(
            number: number, plan: NamedReference(id: plan.id, name: plan.name),
            form: NamedReference(id: form.id, name: form.name), integration: integration, requestId: requestId,
            submitter: PersonReference(submitter), priority: request.priority ?? form.priority)
        details.properties = checked.values
        details.propertyTranslations = checked.translations
        details.textProperties = items.compactMap { definitions[$0.propertyDefinition] }
            .filter { $0.propertyType == .text && checked.values[$0.name] != nil }.map(\.name)
        details.callbackProperties = items.filter(\.includeInCallback)
            .compactMap { definitions[$0.propertyDefinition]?.name }.filter { checked.values[$0] != nil }
        details.recipients = try lookup.recipients(request.recipients ?? form.recipients.map { .init($0) })
        details.responseOptions = try options(request.responseOptions, optionId)
        details.subject = template.map { texts.filled($0.subject, isHTML: false) } ?? "\(form.name): alert \(number)"
        details.body = template.map { texts.filled($0.body, isHTML: true) } ?? texts.table(title: form.name)
        details.expirationInMinutes = request.expirationInMinutes ?? form.expirationInMinutes
        try handle(request, &details)
        if !form.responseCountsEnabled, request.otherResponseCountThreshold != nil {
            found.append("otherResponseCountThreshold has no effect: the form \(form.name) does not count responses")
        }
        details.conference = request.conference
        details.senderOverrides = request.senderOverrides ?? form.senderOverrides
        details.attachments = request.attachments
        details.callbacks = request.callbacks.enumerated().map { index, given in
            var callback = given.callback
            if callback.isForAgent {
                found.append("callbacks[\(index)] is kept and not called: there are no Integration Agents yet")
            }
            callback.sealedPassword = given.password.map { seal($0, index) }
            return callback
        }
        details.limitsNotifications = plan.floodControl
        notes += found.prefix(Self.noteLimit)
        if found.count > Self.noteLimit { notes.append("and \(found.count - Self.noteLimit) more") }
        return details
    }

    /// How the alert is handled: what the request leaves open, the form says (spec §5.3).
    private func handle(_ request: AlertRequest, _ details: inout AlertDetails) throws(FieldProblem) {
        let handling = form.handling
        details.overrideDeviceRestrictions = request.overrideDeviceRestrictions ?? handling.overrideDeviceRestrictions
        details.escalationOverride = request.escalationOverride ?? handling.escalationOverride
        details.bypassPhoneIntro = request.bypassPhoneIntro ?? handling.bypassPhoneIntro
        details.requirePhonePassword = request.requirePhonePassword ?? handling.requirePhonePassword
        details.targetDeviceNames =
            request.targetAllDevices ? [] : request.targetDeviceNames ?? form.targetDeviceNames
        var voicemail = handling.voicemailOptions
        if let given = request.voicemailOptions {
            voicemail.retry = given.retry ?? voicemail.retry
            voicemail.every = given.every ?? voicemail.every
            voicemail.leave = given.leave ?? voicemail.leave
        }
        if details.requirePhonePassword, voicemail.leave.revealsContent {
            try request.voicemailOptions?.refuseContent(field: "voicemailOptions.leave")
            voicemail.leave = .callbackOnly  // the form's choice gives way to the password
        }
        details.voicemailOptions = voicemail
        details.responseCountsEnabled = form.responseCountsEnabled
        if form.responseCountsEnabled {
            details.otherResponseCountThreshold =
                request.otherResponseCountThreshold ?? form.otherResponseCountThreshold
        }
    }

    /// - Parameter notes: Gets a line for a conference that nobody can join.
    /// - Throws: For a bridge that is not there, and for a kind that the form does not allow.
    private func conference(
        of request: AlertRequest, _ notes: inout [String]
    ) throws(FieldProblem) -> ConferenceAccess? {
        guard let reference = request.conference else { return nil }
        switch reference.type {
        case .external:
            let name = reference.bridgeId ?? ""
            let access = ConferenceAccess(reference, bridge: bridge(name))
            guard access.canBeJoined else {
                throw FieldProblem(
                    request.conferenceField, "names no conference bridge, and there is no bridgeNumber to call: \(name)"
                )
            }
            return access
        case .bridge:
            guard !form.allowsExternalBridgesOnly else {
                throw FieldProblem(
                    "conference.type", "is BRIDGE, and the form \(form.name) allows external conferences only")
            }
            let access = ConferenceAccess(reference, bridge: nil)
            if !access.canBeJoined {
                notes.append("conference is of the type BRIDGE, and no bridges are hosted here: nobody can join it")
            }
            return access
        }
    }

    private func options(
        _ given: [JSONValue]?, _ optionId: (Int) -> String
    ) throws(FieldProblem) -> [ResponseOption] {
        guard let given else { return form.responseOptions }
        var options: [ResponseOption] = []
        for (index, item) in given.enumerated() {
            let field = "responseOptions[\(index)]"
            if let id = item.string ?? item["id"]?.string {
                guard var option = form.responseOptions.first(where: { $0.id == id }) else {
                    throw FieldProblem("\(field).id", "is no response option of the form \(form.name): \(id)")
                }
                if let fields = item.object { try option.override(fields, field) }
                options.append(option)
            } else if let fields = item.object {
                guard let text = fields["text"]?.string, !text.isEmpty else {
                    throw FieldProblem("\(field).text", "is missing")
                }
                var option = ResponseOption(
                    id: optionId(index), number: index + 1, text: text,
                    description: fields["description"]?.string, prompt: fields["prompt"]?.string,
                    action: .recordResponse)
                try option.override(fields, field)
                options.append(option)
            }
        }
        return options
    }
}

extension Form {
    /// Whether its conference section forbids hosted bridges.
    var allowsExternalBridgesOnly: Bool {
        sections.contains { section in
            section.type == FormSection.Kind.conferenceBridge.rawValue
                && section.settings?["bridgeType"]?.string?.uppercased() == "EXTERNAL_BRIDGES_ONLY"
        }
    }
}

extension ResponseOption {
    /// Takes over the fields that a request gives.
    fileprivate mutating func override(_ fields: [String: JSONValue], _ path: String) throws(FieldProblem) {
        let fields = FieldReader(fields, prefix: "\(path).")
        if let number = try fields.integer("number", in: 1...99) { self.number = number }
        if let text = try fields.text("text", limit: 1000), !text.isEmpty { self.text = text }
        if let description = try fields.text("description", limit: 4000) { self.description = description }
        if let prompt = try fields.text("prompt", limit: 4000) { self.prompt = prompt }
        if let action = try fields.choice("action", Action.self) { self.action = action }
        if let contribution = try fields.choice("contribution", Contribution.self) { self.contribution = contribution }
        if let value = try fields.flag("joinConference") { joinConference = value }
        if let value = try fields.flag("allowComments") { allowComments = value }
        if let url = try fields.text("redirectUrl", limit: 2000) {
            guard url.isEmpty || url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw FieldProblem(fields.path("redirectUrl"), "has to begin with http:// or https://")
            }
            redirectUrl = url.isEmpty ? nil : url
        }
    }
}
