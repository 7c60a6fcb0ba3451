import AlertCore

/// `forms/<name>/<n>.json` (spec §7.1).
extension Form: WorkflowPart {
    static let noun = "form"
    static let idFields = ["uuid", "id"]

    static func read(_ document: Document, id: String, _ scope: Scope) -> Form? {
        guard let name = document.filled("name"), IDs.isUsable(name: name) else {
            document.note(.unusable, "name", "a form needs a name of at most 500 bytes")
            return nil
        }
        var form = Form(
            id: id, number: 0, plan: scope.plan, name: name, description: document.text("description") ?? "",
            triggerType: document.filled("triggerType") ?? "MESSAGING",
            mobileEnabled: document.flag("isMobileEnabled") ?? false, uiEnabled: document.flag("isActive") ?? true,
            apiEnabled: document.flag("isREST") ?? true)
        form.position = document.whole("order") ?? 0
        form.responseCountsEnabled = document.flag("enableFillCount") ?? false
        form.otherResponseCountThreshold = document.whole("generalFillCount")
        var archived = document.fields
        // A form without sections has none of this, and the platform's defaults.
        if let list = document.list("layoutSections") {
            let read = PartList.read(
                FormSection.self, list, at: document.place("layoutSections"), scope, owner: id)
            form.sections = read.parts
            archived["layoutSections"] = .array(read.slots)
        }
        if let list = document.list("responses") {
            let read = PartList.read(
                ResponseOption.self, list, at: document.place("responses"), scope, owner: id)
            form.responseOptions = read.parts
            archived["responses"] = .array(read.slots)
        }
        form.archived = .object(archived)
        form.readMessages(document.document("messages"), scope)
        form.readHandling(document, scope)
        form.readSectionSettings(document, scope)
        return form
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("uuid", "id", text: id)
        fields.add("name", text: name)
        fields.add("description", text: description)
        fields.add("triggerType", text: triggerType)
        fields.add("isMobileEnabled", flag: mobileEnabled)
        fields.add("isActive", flag: uiEnabled)
        fields.add("isREST", flag: apiEnabled)
        fields.add("order", whole: position)
        fields.add("enableFillCount", flag: responseCountsEnabled)
        fields.add("generalFillCount", whole: otherResponseCountThreshold)
        fields.add("messages", value: messages(scope))
        fields.add("handlingOption", value: handlingOption)
        // Where sections of their own kinds set them, these lead.
        fields.add("recipients", value: texts(recipients))
        fields.add("targetDeviceNames", value: texts(targetDeviceNames))
        fields.add("senderOverrides", value: senderOverrides?.json ?? (archived == nil ? nil : [:]))
        return fields
    }

    /// An empty list says something only where a section may say otherwise.
    private func texts(_ texts: [String]) -> JSONValue? {
        texts.isEmpty && archived == nil ? nil : .array(texts.map(JSONValue.string))
    }

    func lists(_ scope: Scope) -> [String: [String: JSONValue]] {
        [
            "layoutSections": Dictionary(
                sections.map { ($0.id, $0.document(scope)) }, uniquingKeysWith: { first, _ in first }),
            "responses": Dictionary(
                responseOptions.map { ($0.id, $0.document(scope)) }, uniquingKeysWith: { first, _ in first }),
        ]
    }

    var original: JSONValue? {
        PartList.original(
            PartList.original(archived, "layoutSections", sections), "responses", responseOptions)
    }
}

extension SenderOverrides {
    var json: JSONValue {
        var fields: [String: JSONValue] = [:]
        if let displayName { fields["displayName"] = .string(displayName) }
        if let callerId { fields["callerId"] = .string(callerId) }
        return .object(fields)
    }
}

/// `responses[]` (spec §5.5).
extension ResponseOption: WorkflowPart, Archived, Identifiable {
    static let noun = "response"
    static let idFields = ["id", "uuid"]

    static func read(_ document: Document, id: String, _ scope: Scope) -> ResponseOption? {
        guard let text = document.filled("textResponse", "text"), !text.contains("\0") else {
            document.note(.unusable, "textResponse", "a response needs a text")
            return nil
        }
        let isStated = document.filled("action") != nil
        let action: Action? = isStated ? document.choice("action") : .recordResponse
        guard let action else { return nil }
        var option = ResponseOption(
            id: id, number: document.whole("digit", "number") ?? (document.whole("order") ?? 0) + 1, text: text,
            description: document.text("description"), prompt: document.text("voicePrompt", "prompt"), action: action,
            contribution: document.choice("contribution") ?? .none,
            joinConference: document.flag("isJoinConference", "joinConference") ?? false,
            allowComments: document.flag("isAllowComments", "allowComments") ?? true,
            redirectUrl: document.filled("redirectUrl"), archived: .object(document.fields))
        option.translations = document.documents("translations").compactMap { _, translation in
            guard let language = translation.filled("languageCode", "language") else { return nil }
            return Translation(
                language: language, text: translation.text("textResponse", "text") ?? "",
                prompt: translation.text("voicePrompt", "prompt"), description: translation.text("description"))
        }
        return option
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("id", "uuid", text: id)
        fields.add("digit", "number", whole: number)
        fields.add("textResponse", "text", text: text)
        fields.add("description", text: description)
        fields.add("voicePrompt", "prompt", text: prompt)
        fields.add("action", text: action.rawValue)
        fields.add("contribution", text: contribution.rawValue)
        fields.add("isJoinConference", "joinConference", flag: joinConference)
        fields.add("isAllowComments", "allowComments", flag: allowComments)
        fields.add("redirectUrl", text: redirectUrl)
        fields.add("translations", value: .array(translations.map(document)))
        return fields
    }

    private func document(of translation: Translation) -> JSONValue {
        let before = archived?["translations"]?.array?.first {
            ($0["languageCode"] ?? $0["language"])?.string == translation.language
        }
        var value = before?.object ?? [:]
        value["languageCode"] = .string(translation.language)
        value["textResponse"] = .string(translation.text)
        value["voicePrompt"] = translation.prompt.map(JSONValue.string)
        value["description"] = translation.description.map(JSONValue.string)
        return .object(value)
    }
}
