/// The words of an alert for one person: in the person's language where the form has it, else in the form's first one.
/// Pure.
public struct AlertText: Sendable {
    public let subject: String
    /// HTML.
    public let body: String
    /// The form's words for a text message; `nil` where it has none.
    public let sms: String?
    /// What the form says on the phone; `nil` where it has nothing to say.
    public let speech: String?
    /// The properties in the order of their names, as people read them.
    public let properties: [(name: String, value: String)]

    /// - Parameters:
    ///   - form: As it is now; `nil` when it is gone. What the alert began with stays as it was then.
    ///   - definitions: The plan's properties, by id.
    ///   - conference: The alert's, if it has one.
    public init(
        _ details: AlertDetails, form: Form?, definitions: [String: PropertyDefinition], language: String,
        conference: ConferenceAccess? = nil
    ) {
        var values = details.properties
        for (name, translations) in details.propertyTranslations {
            if let text = Self.variant(of: Array(translations), language, by: \.key)?.value {
                values[name] = .string(text)
            }
        }
        let items = (form?.sections ?? []).flatMap(\.items).compactMap { item in
            definitions[item.propertyDefinition].map { (item.id.lowercased(), $0.name) }
        }
        let texts = FormText(
            properties: values, number: details.number,
            items: Dictionary(items, uniquingKeysWith: { first, _ in first }), conference: conference)
        let mail = Self.variant(of: form?.emailTemplates ?? [], language, by: \.language)
        // The first template was filled when the alert began: only another one is filled now.
        let isOther = mail != nil && mail?.language != form?.emailTemplates.first?.language
        subject = isOther ? mail.map { texts.filled($0.subject, isHTML: false) } ?? details.subject : details.subject
        body = isOther ? mail.map { texts.filled($0.body, isHTML: true) } ?? details.body : details.body
        let short = Self.variant(of: form?.smsTemplates ?? [], language, by: \.language) ?? form?.smsTemplates.first
        sms = short.map { texts.filled($0.text, isHTML: false) }.flatMap { $0.isBlank ? nil : $0 }
        let voice = Self.variant(of: form?.voiceTemplates ?? [], language, by: \.language) ?? form?.voiceTemplates.first
        speech = voice.map { Self.spoken($0.steps, texts, details) }.flatMap { $0.isBlank ? nil : $0 }
        properties = values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.readable) }
    }

    /// The one of that language: `de-CH` finds `de-CH`, else `de`.
    static func variant<Variant>(
        of variants: [Variant], _ language: String, by key: (Variant) -> String
    ) -> Variant? {
        let wanted = language.lowercased().replacing("_", with: "-")
        if let exact = variants.first(where: { key($0).lowercased().replacing("_", with: "-") == wanted }) {
            return exact
        }
        let primary = wanted.prefix { $0 != "-" }
        return variants.first { key($0).lowercased().prefix { $0 != "-" && $0 != "_" } == primary }
    }

    private static func spoken(
        _ steps: [Form.VoiceTemplate.Step], _ texts: FormText, _ details: AlertDetails
    ) -> String {
        steps.compactMap { step in
            if let phrase = step.phrase { return texts.filled(phrase, isHTML: false) }
            if let property = step.property {
                let value = texts.filled("${\(property)}", isHTML: false)
                return step.playback == "CHARACTERS" ? value.map(String.init).joined(separator: " ") : value
            }
            guard let common = step.commonProperty?.lowercased() else { return nil }
            if common.contains("priority") { return details.priority.rawValue.lowercased() }
            return common.contains("id") ? String(details.number) : nil
        }.filter { !$0.isBlank }.joined(separator: ". ")
    }
}

extension ResponseOption {
    /// How the option is called and spoken in a language.
    public func words(in language: String) -> (text: String, prompt: String) {
        let translation = AlertText.variant(of: translations, language, by: \.language)
        return (translation?.text ?? text, translation?.prompt ?? translation?.text ?? prompt)
    }
}

extension String {
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
