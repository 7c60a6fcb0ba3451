/// The values of a form's properties: what a request gives, and the defaults for the rest (spec §2.4). Pure.
struct FormProperties {
    struct Checked {
        var values: [String: JSONValue] = [:]
        /// By name and language.
        var translations: [String: [String: String]] = [:]
        /// A line for each value that was left out.
        var notes: [String] = []
    }

    let form: Form
    /// The plan's, by id.
    let definitions: [String: PropertyDefinition]

    /// - Parameter items: Of the form, in their order.
    func check(
        _ given: [String: JSONValue], _ items: [FormSection.Item]
    ) throws(FieldProblem) -> Checked {
        var checked = Checked()
        var known: Set<String> = []
        var languages = Self.languages(given)
        for item in items {
            guard let definition = definitions[item.propertyDefinition] else { continue }
            let name = definition.name
            known.insert(name)
            let other = languages.removeValue(forKey: name) ?? [:]
            known.formUnion(other.keys.map { "\(name)#\($0)" })
            let isLenient = item.archived?["lenient_list_values"]?.bool == true
            let own = given[name] ?? other["en"] ?? other.sorted { $0.key < $1.key }.first?.value
            if let own, let value = try definition.check(own, isLenient: isLenient) {
                checked.values[name] = value
                var translations = try definition.translations(in: own)
                for (language, text) in other where language != "en" { translations[language] = text.readable }
                if !translations.isEmpty { checked.translations[name] = translations }
            } else if let preset = definition.defaultValue,
                let value = try definition.check(preset, isLenient: true)
            {
                checked.values[name] = value
            } else if item.required {
                throw FieldProblem("properties.\(name)", "is mandatory on the form \(form.name) and is missing")
            }
        }
        checked.notes = given.keys.filter { !known.contains($0) }.sorted()
            .map { "property \($0) is not on the form \(form.name) and was left out" }
        return checked
    }

    /// By name and language: the values whose keys carry one, as in `Host#en`.
    private static func languages(_ given: [String: JSONValue]) -> [String: [String: JSONValue]] {
        var found: [String: [String: JSONValue]] = [:]
        for (key, value) in given {
            guard let mark = key.lastIndex(of: "#") else { continue }
            found[String(key[..<mark]), default: [:]][String(key[key.index(after: mark)...])] = value
        }
        return found
    }
}
