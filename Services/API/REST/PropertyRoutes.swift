import AlertCore
import Persistence

extension PropertyDefinition: PlanPart {
    static let collection = "property-definitions"

    private var path: String { "/plans/\(plan)/property-definitions/\(id)" }

    /// As a form's section names it.
    var reference: JSONValue {
        [
            "id": .string(id), "name": .string(name), "propertyType": .string(propertyType.rawValue),
            "links": .links(path),
        ]
    }

    /// The default of a password is never shown.
    var wire: JSONValue {
        .fields([
            "id": .string(id), "plan": ["id": .string(plan)], "propertyType": .string(propertyType.rawValue),
            "name": .string(name), "description": .string(description), "helpText": .string(helpText),
            "default": propertyType == .password ? nil : defaultValue,
            "minLength": minLength.map(JSONValue.whole), "maxLength": maxLength.map(JSONValue.whole),
            "pattern": .text(pattern), "validate": .bool(validates),
            "minimum": minimum.map(Self.number), "maximum": maximum.map(Self.number), "units": .text(units),
            "items": items.map { .array($0.map(JSONValue.string)) }, "delimiter": .text(delimiter),
            "categories": categories.map { .array($0.map(JSONValue.string)) },
            "paths": paths.map { .array($0.map { path in .array(path.map { ["value": .string($0)] }) }) },
            "links": .links(path),
        ])
    }

    private static func number(_ value: Double) -> JSONValue {
        Int64(exactly: value).map(JSONValue.integer) ?? .number(value)
    }
}

/// The fields of a property definition; those that are absent stay as they are.
struct PropertyRequest {
    private static let lengths = 0...100_000

    let fields: RequestFields

    func property(
        _ existing: PropertyDefinition?, in plan: Plan, _ edit: DirectoryEdit
    ) throws -> PropertyDefinition {
        let name = try fields.requiredName("name", or: existing?.name)
        let given = try fields.choice("propertyType", PropertyDefinition.Kind.self)
        guard let kind = given ?? existing?.propertyType else { throw RestError.missingField("propertyType") }
        if let existing, existing.propertyType != kind {
            throw RestError.invalidValue(
                "propertyType", "it cannot be changed from \(existing.propertyType.rawValue).")
        }
        var property =
            existing ?? PropertyDefinition(id: edit.newID(), plan: plan.id, propertyType: kind, name: name)
        property.name = name
        property.description = try fields.text("description") ?? property.description
        property.helpText = try fields.text("helpText") ?? property.helpText
        switch kind {
        case .text, .password: try setText(&property)
        case .number: try setNumber(&property)
        case .singleSelect, .multiSelect: try setList(&property)
        case .hierarchy: try setHierarchy(&property)
        case .boolean: break
        }
        try setDefault(&property)
        return property
    }

    private func setText(_ property: inout PropertyDefinition) throws {
        property.minLength = try fields.integer("minLength", in: Self.lengths) ?? property.minLength
        property.maxLength = try fields.integer("maxLength", in: 1...Self.lengths.upperBound) ?? property.maxLength
        if let least = property.minLength, let most = property.maxLength, least > most {
            throw RestError.invalidValue("minLength", "it is more than maxLength.")
        }
        if let pattern = try fields.text("pattern", limit: 1000) {
            property.pattern = pattern.isEmpty ? nil : try fields.compiling(pattern, of: "pattern")
        }
        property.validate = try validate() ?? property.validate
    }

    private func setNumber(_ property: inout PropertyDefinition) throws {
        property.minimum = try fields.number("minimum") ?? property.minimum
        property.maximum = try fields.number("maximum") ?? property.maximum
        property.units = try fields.text("units", limit: 255) ?? property.units
        if let least = property.minimum, let most = property.maximum, least > most {
            throw RestError.invalidValue("minimum", "it is more than maximum.")
        }
    }

    private func setList(_ property: inout PropertyDefinition) throws {
        property.items = try fields.texts("items") ?? property.items
        guard let items = property.items, !items.isEmpty else { throw RestError.missingField("items") }
        try Self.checkTexts(items, in: "items")
    }

    private func setHierarchy(_ property: inout PropertyDefinition) throws {
        property.delimiter = try fields.text("delimiter", limit: 20) ?? property.delimiter
        property.categories = try fields.texts("categories", limit: 20) ?? property.categories
        guard let categories = property.categories, !categories.isEmpty else {
            throw RestError.missingField("categories")
        }
        try Self.checkTexts(categories, in: "categories")
        property.paths = try paths() ?? property.paths
        for (index, path) in (property.paths ?? []).enumerated() where path.count > categories.count {
            throw RestError.invalidValue(
                "paths[\(index)]", "it has \(path.count) levels, and there are \(categories.count) categories.")
        }
    }

    /// Each path from the top down; a level is `{"value": …}` or the text itself.
    private func paths() throws -> [[String]]? {
        try fields.list("paths", limit: 10_000)?.enumerated().map { index, path in
            let field = "paths[\(index)]"
            guard let levels = path.array else {
                throw RestError.wrongType(field, expected: "an array", found: path.kindName)
            }
            guard !levels.isEmpty else { throw RestError.invalidValue(field, "it is empty.") }
            return try levels.map { level in
                guard let value = level.string ?? level["value"]?.string else {
                    throw RestError.wrongType(
                        "\(field)[].value", expected: "a string", found: (level["value"] ?? level).kindName)
                }
                guard !value.isEmpty else { throw RestError.invalidValue("\(field)[].value", "it is empty.") }
                return value
            }
        }
    }

    /// A boolean, or its name: clients send both.
    private func validate() throws -> Bool? {
        switch fields["validate"] {
        case .string("true"): true
        case .string("false"): false
        default: try fields.bool("validate")
        }
    }

    /// An empty default takes the default away.
    private func setDefault(_ property: inout PropertyDefinition) throws {
        guard let value = fields["default"] ?? property.defaultValue else { return }
        do {
            property.defaultValue = try property.check(value)
        } catch {
            throw RestError.invalidValue("default", "it \(error.problem).")
        }
    }

    private static func checkTexts(_ texts: [String], in field: String) throws {
        var seen: Set<String> = []
        for (index, text) in texts.enumerated() {
            guard !text.isEmpty, text.utf8.count <= RequestFields.textLimit else {
                throw RestError.invalidValue(
                    "\(field)[\(index)]", "it must have from 1 to \(RequestFields.textLimit) bytes.")
            }
            guard seen.insert(text).inserted else {
                throw RestError.invalidValue("\(field)[\(index)]", "\(text) is there twice.")
            }
        }
    }
}
