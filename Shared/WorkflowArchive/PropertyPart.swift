import AlertCore
import Foundation

/// `properties/properties.json[]` (spec §7.1).
extension PropertyDefinition: WorkflowPart {
    static let noun = "property"
    static let idFields = ["uuid", "id"]

    static func read(_ document: Document, id: String, _ scope: Scope) -> PropertyDefinition? {
        guard let name = document.filled("name"), IDs.isUsable(name: name) else {
            document.note(.unusable, "name", "a property needs a name of at most 500 bytes")
            return nil
        }
        guard let kind = kind(document) else { return nil }
        var property = PropertyDefinition(
            id: id, plan: scope.plan, propertyType: kind, name: name,
            description: document.text("description") ?? "", helpText: document.text("helpText") ?? "",
            archived: .object(document.fields))
        property.minLength = document.whole("minLength")
        property.maxLength = document.whole("maxLength")
        property.minimum = document.number("minValue", "minimum")
        property.maximum = document.number("maxValue", "maximum")
        property.units = document.filled("units")
        property.delimiter = document.filled("delimiter")
        if document.flag("isValidate") ?? true { property.pattern = document.filled("validationRegex", "pattern") }
        property.categories = document.list("categories")?.compactMap { Self.text(of: $0) }
        switch kind {
        case .singleSelect, .multiSelect:
            property.items = document.list("values", "items")?.compactMap { Self.text(of: $0) }
        case .hierarchy: property.paths = document.list("values", "paths").map { paths(in: $0, property.delimiter) }
        case .boolean, .number, .text, .password: break
        }
        property.defaultValue = defaultValue(of: kind, document)
        // A default of this kind is a secret: it is not kept where exports and audits would show it.
        if kind == .password, document.filled("defaultValue") != nil {
            var fields = document.fields
            fields["defaultValue"] = nil
            property.archived = .object(fields)
        }
        return property
    }

    private static let kinds: [(number: Int, kind: Kind)] = [
        (0, .boolean), (1, .number), (3, .text), (5, .password), (7, .hierarchy), (21, .singleSelect),
        (22, .multiSelect),
    ]

    private static func kind(_ document: Document) -> Kind? {
        if let number = document["baseType"]?.readWhole {
            if let kind = kinds.first(where: { $0.number == number })?.kind { return kind }
            document.note(.unusable, "baseType", "unknown type \(number)")
            return nil
        }
        if document["baseType", "propertyType"] == nil {
            document.note(.unusable, "baseType", "is missing")
            return nil
        }
        return document.choice("baseType", "propertyType")
    }

    static func text(of value: JSONValue) -> String? {
        value.string ?? value["value"]?.string ?? value["name"]?.string
    }

    private static func defaultValue(of kind: Kind, _ document: Document) -> JSONValue? {
        let value = document["defaultValue", "default"].flatMap { $0 == "" ? nil : $0 }
        switch kind {
        case .boolean: return value.flatMap { $0.readFlag.map(JSONValue.bool) ?? $0 }
        case .number: return value == nil ? nil : document.number("defaultValue", "default").map { JSONValue($0) }
        case .text, .password, .hierarchy: return value
        case .singleSelect: return value ?? chosen(document).first.map(JSONValue.string)
        case .multiSelect:
            let chosen = chosen(document)
            return value ?? (chosen.isEmpty ? nil : .array(chosen.map(JSONValue.string)))
        }
    }

    private static func chosen(_ document: Document) -> [String] {
        (document.list("values", "items") ?? []).filter { $0["isDefault"]?.readFlag == true }
            .compactMap { text(of: $0) }
    }

    /// Of a hierarchy: values within values, lists of values, or texts with the delimiter between them.
    private static func paths(in values: [JSONValue], _ delimiter: String?) -> [[String]] {
        var paths: [[String]] = []
        for value in values {
            switch value {
            case .string(let text):
                paths.append(delimiter.map { text.components(separatedBy: $0) } ?? [text])
            case .array(let levels): paths.append(levels.compactMap { Self.text(of: $0) })
            case .object(let fields):
                if let levels = (fields["path"] ?? fields["levels"])?.array {
                    paths.append(levels.compactMap { Self.text(of: $0) })
                    continue
                }
                guard let top = text(of: value) else { continue }
                let below = (fields["children"] ?? fields["values"])?.array ?? []
                let rest = Self.paths(in: below, delimiter)
                paths += rest.isEmpty ? [[top]] : rest.map { [top] + $0 }
            default: break
            }
        }
        return paths
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("uuid", "id", text: id)
        fields.add("name", text: name)
        fields.add("description", text: description)
        fields.add("helpText", text: helpText)
        fields.add(
            "baseType", "propertyType", value: Self.kinds.first { $0.kind == propertyType }.map { .init($0.number) })
        fields.add("minLength", whole: minLength)
        fields.add("maxLength", whole: maxLength)
        fields.add("minValue", "minimum", value: minimum.map { JSONValue($0) })
        fields.add("maxValue", "maximum", value: maximum.map { JSONValue($0) })
        fields.add("units", text: units)
        fields.add("delimiter", text: delimiter)
        fields.add("isValidate", value: pattern == nil ? nil : true)
        fields.add("validationRegex", "pattern", text: pattern)
        fields.add("categories", value: categories.map { .array($0.map(JSONValue.string)) })
        fields.add("values", "items", value: values)
        let isShown = propertyType != .password && items == nil
        fields.add("defaultValue", "default", value: isShown ? defaultValue : nil)
        return fields
    }

    /// Of a list: each value with whether it is chosen, otherwise as it was in the file.
    private var values: JSONValue? {
        if let paths { return .array(paths.map { .array($0.map(JSONValue.string)) }) }
        guard let items else { return nil }
        let before = (archived?["values"] ?? archived?["items"])?.array ?? []
        let chosen = Set(defaultValue?.string.map { [$0] } ?? defaultValue?.array?.compactMap(\.string) ?? [])
        return .array(
            items.map { item in
                var value = before.first { Self.text(of: $0) == item }?.object ?? ["isVisible": true]
                value["value"] = value["value"] ?? .string(item)
                value["isDefault"] = .bool(chosen.contains(item))
                return .object(value)
            })
    }
}
