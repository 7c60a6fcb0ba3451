import AlertCore
import Foundation
import Persistence

/// What belongs to a plan and stands by itself there: a property definition, a constant, an endpoint.
protocol PlanPart: DirectoryEntry {
    /// The collection's name in a path.
    static var collection: String { get }

    var wire: JSONValue { get }
}

extension RESTServices {
    /// The parts of plans (spec §4.7).
    var planPartRoutes: [RESTRoute] {
        routes(of: PropertyDefinition.self) { try PropertyRequest(fields: $0).property($1, in: $2, $3) }
            + routes(of: Constant.self) { try Self.constant($0, $1, in: $2, $3) }
            + routes(of: Endpoint.self) { [secrets] in
                try EndpointFields(fields: $0, secrets: secrets).endpoint($1, in: $2, $3)
            }
    }

    /// - Parameter make: The part that a request asks for: what is there already, or a new one.
    private func routes<Part: PlanPart>(
        of type: Part.Type,
        make: @escaping @Sendable (RequestFields, Part?, Plan, DirectoryEdit) throws -> Part
    ) -> [RESTRoute] {
        let base = "plans/{plan}/\(Part.collection)"
        return [
            .get(base) { call in
                let paging = try call.query.paging()
                return try await read { directory in
                    let plan = try directory.required(Plan.self, call.parameter("plan"))
                    let page = try directory.list(Part.self, in: plan.id, offset: paging.offset, limit: paging.limit)
                    return .ok(call.page(page.entries.map(\.wire), total: page.total, paging))
                }
            },
            .post(base) { call in
                let fields = try call.fields()
                return try await write(call) { edit in
                    let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
                    let existing = try edit.existing(Part.self, fields, in: plan.id)
                    let part = try make(fields, existing, plan, edit)
                    try edit.put(part)
                    return .saved(part.wire, isNew: existing == nil)
                }
            },
            .get("\(base)/{part}") { call in
                try await read { directory in
                    let plan = try directory.required(Plan.self, call.parameter("plan"))
                    return .ok(try directory.required(Part.self, call.parameter("part"), in: plan.id).wire)
                }
            },
            .delete("\(base)/{part}") { call in
                try await write(call) { edit in
                    let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
                    guard let part = try edit.directory.resolve(Part.self, call.parameter("part"), in: plan.id)
                    else { return .noContent }
                    try edit.delete(part)
                    return .ok(part.wire)
                }
            },
        ]
    }

    private static func constant(
        _ fields: RequestFields, _ existing: Constant?, in plan: Plan, _ edit: DirectoryEdit
    ) throws -> Constant {
        let name = try fields.requiredName("name", or: existing?.name)
        var constant = existing ?? Constant(id: edit.newID(), plan: plan.id, name: name, value: "")
        constant.name = name
        constant.value = try fields.text("value", limit: 100_000) ?? constant.value
        constant.description = try fields.text("description") ?? constant.description
        return constant
    }
}

extension Constant: PlanPart {
    static let collection = "constants"

    var wire: JSONValue {
        [
            "id": .string(id), "plan": ["id": .string(plan)], "name": .string(name), "value": .string(value),
            "description": .string(description), "links": .links("/plans/\(plan)/constants/\(id)"),
        ]
    }
}

// MARK: - Property definitions

extension PropertyDefinition: PlanPart {
    static let collection = "property-definitions"

    /// As a form's section names it.
    var reference: JSONValue {
        [
            "id": .string(id), "name": .string(name), "propertyType": .string(propertyType.rawValue),
            "links": .links(path),
        ]
    }

    private var path: String { "/plans/\(plan)/property-definitions/\(id)" }

    var wire: JSONValue {
        .fields([
            "id": .string(id), "plan": ["id": .string(plan)], "propertyType": .string(propertyType.rawValue),
            "name": .string(name), "description": .string(description), "helpText": .string(helpText),
            "default": propertyType == .password ? nil : defaultValue,
            "minLength": minLength.map(JSONValue.whole), "maxLength": maxLength.map(JSONValue.whole),
            "pattern": .text(pattern), "validate": .bool(pattern != nil),
            "minimum": minimum.map(JSONValue.number), "maximum": maximum.map(JSONValue.number),
            "items": items.map { .array($0.map(JSONValue.string)) },
            "categories": categories.map { .array($0.map(JSONValue.string)) },
            "links": .links(path),
        ])
    }
}

/// The fields of a property definition; those that are absent stay as they are.
struct PropertyRequest {
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
        property.minLength = try fields.integer("minLength", in: 0...100_000) ?? property.minLength
        property.maxLength = try fields.integer("maxLength", in: 1...100_000) ?? property.maxLength
        property.minimum = try fields.number("minimum") ?? property.minimum
        property.maximum = try fields.number("maximum") ?? property.maximum
        property.items = try fields.texts("items") ?? property.items
        property.categories = try fields.texts("categories") ?? property.categories
        property.pattern = try pattern() ?? property.pattern
        property.defaultValue = fields["default"] ?? property.defaultValue
        try check(property)
        return property
    }

    private func pattern() throws(RestError) -> String? {
        guard let pattern = try fields.text("pattern", limit: 1000), !pattern.isEmpty else { return nil }
        do {
            _ = try NSRegularExpression(pattern: pattern)
        } catch {
            throw .invalidValue("pattern", "\(pattern) is no regular expression.")
        }
        return pattern
    }

    private func check(_ property: PropertyDefinition) throws(RestError) {
        if let least = property.minLength, let most = property.maxLength, least > most {
            throw .invalidValue("minLength", "it is more than maxLength.")
        }
        if let least = property.minimum, let most = property.maximum, least > most {
            throw .invalidValue("minimum", "it is more than maximum.")
        }
        let isList = property.propertyType == .singleSelect || property.propertyType == .multiSelect
        if isList, property.items?.isEmpty ?? true { throw .missingField("items") }
        if property.propertyType == .hierarchy, property.categories?.isEmpty ?? true {
            throw .missingField("categories")
        }
        guard let value = property.defaultValue else { return }
        let expected = Self.expectedDefault(of: property.propertyType)
        guard expected.accepts(value) else {
            throw .wrongType("default", expected: expected.words, found: value.kindName)
        }
    }

    private static func expectedDefault(
        of kind: PropertyDefinition.Kind
    ) -> (words: String, accepts: (JSONValue) -> Bool) {
        switch kind {
        case .boolean: ("a boolean", { $0.bool != nil })
        case .number: ("a number", { $0.kindName == "a number" })
        case .text, .password, .singleSelect: ("a string", { $0.string != nil })
        case .multiSelect:
            ("an array of strings", { $0.string != nil || $0.array?.allSatisfy { $0.string != nil } == true })
        case .hierarchy: ("an array", { $0.array != nil })
        }
    }
}
