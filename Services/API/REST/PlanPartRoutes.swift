import AlertCore
import Foundation
import Persistence

/// What belongs to a plan and stands by itself there: a property definition, a constant, an endpoint.
protocol PlanPart: DirectoryEntry {
    /// The collection's name in a path.
    static var collection: String { get }

    var wire: JSONValue { get }
    /// With what its plan, or its place in a list, makes of ``wire``.
    func wire(in plan: Plan, isListed: Bool) -> JSONValue
}

extension PlanPart {
    func wire(in plan: Plan, isListed: Bool) -> JSONValue { wire }
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
    func routes<Part: PlanPart>(
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
                    let parts = page.entries.map { $0.wire(in: plan, isListed: true) }
                    return .ok(call.page(parts, total: page.total, paging))
                }
            },
            .post(base) { call in
                let fields = try call.fields()
                return try await write(call) { edit in
                    let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
                    let existing = try edit.existing(Part.self, fields, in: plan.id)
                    let part = try make(fields, existing, plan, edit)
                    try edit.put(part)
                    return .saved(part.wire(in: plan, isListed: false), isNew: existing == nil)
                }
            },
            .get("\(base)/{part}") { call in
                try await read { directory in
                    let plan = try directory.required(Plan.self, call.parameter("plan"))
                    let part = try directory.required(Part.self, call.parameter("part"), in: plan.id)
                    return .ok(part.wire(in: plan, isListed: false))
                }
            },
            .delete("\(base)/{part}") { call in
                try await write(call) { edit in
                    let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
                    guard let part = try edit.directory.resolve(Part.self, call.parameter("part"), in: plan.id)
                    else { return .noContent }
                    try edit.delete(part)
                    return .ok(part.wire(in: plan, isListed: false))
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
