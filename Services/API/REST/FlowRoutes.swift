import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// Canvases, the steps on them and the filters of their triggers: ours, the platform has them in its files
    /// only (spec §7.1).
    var flowRoutes: [RESTRoute] {
        routes(of: ScriptStep.self) { try ScriptStepRequest(fields: $0).step($1, in: $2, $3) }
            + routes(of: Canvas.self) { try Self.canvas($0, $1, in: $2, $3) }
            + routes(of: TriggerFilter.self) { try Self.filter($0, $1, in: $2, $3) }
    }

    private static func canvas(
        _ fields: RequestFields, _ existing: Canvas?, in plan: Plan, _ edit: DirectoryEdit
    ) throws -> Canvas {
        let name = try fields.requiredName("name", or: existing?.name)
        let drawing = try fields.object("canvas")?.values
        guard drawing != nil || existing != nil else { throw RestError.missingField("canvas") }
        for list in ["blocks", "edges"] { _ = try fields.object("canvas")?.objects(list, limit: 5000) }
        var canvas = existing ?? Canvas(id: edit.newID(), plan: plan.id, name: name, archived: nil)
        canvas.name = name
        canvas.description = try fields.text("description") ?? canvas.description
        if let given = fields["canvas"], drawing != nil { canvas.archived = given }
        return canvas
    }

    private static func filter(
        _ fields: RequestFields, _ existing: TriggerFilter?, in plan: Plan, _ edit: DirectoryEdit
    ) throws -> TriggerFilter {
        var filter = existing ?? TriggerFilter(id: edit.newID(), plan: plan.id)
        filter.flow = try fields.text("flowId", limit: 255) ?? filter.flow
        filter.enabled = try fields.bool("isActive") ?? filter.enabled
        if let reference = try fields.reference("trigger") {
            guard
                let trigger = try edit.directory.resolve(Integration.self, reference, in: plan.id),
                trigger.integrationType == .inbound
            else { throw RestError.invalidValue("trigger", "the plan has no inbound integration \(reference).") }
            filter.trigger = trigger.id
        }
        if let config = try fields.object("config") {
            filter.outputs = try config.texts("outputs", limit: 50) ?? filter.outputs
            filter.periodSeconds = try config.integer("periodSeconds", in: 1...86_400) ?? filter.periodSeconds
            filter.threshold = try config.integer("floodThreshold", in: 1...1_000_000) ?? filter.threshold
        }
        return filter
    }
}

extension Canvas: PlanPart {
    static let collection = "canvases"

    var wire: JSONValue {
        .fields([
            "id": .string(id), "plan": ["id": .string(plan)], "name": .string(name),
            "description": .string(description), "canvas": archived,
            "links": .links("/plans/\(plan)/canvases/\(id)"),
        ])
    }

    /// A list leaves out what was drawn: it can be large.
    func wire(in plan: Plan, isListed: Bool) -> JSONValue {
        guard isListed, case .object(var fields) = wire else { return wire }
        fields["canvas"] = nil
        return .object(fields)
    }
}

extension TriggerFilter: PlanPart {
    static let collection = "trigger-filters"

    var wire: JSONValue {
        .fields([
            "id": .string(id), "plan": ["id": .string(plan)], "flowId": .string(flow), "isActive": .bool(enabled),
            "trigger": trigger.map { ["id": .string($0)] },
            "config": [
                "outputs": .array(outputs.map(JSONValue.string)), "periodSeconds": .whole(periodSeconds),
                "floodThreshold": .whole(threshold),
            ],
            "links": .links("/plans/\(plan)/trigger-filters/\(id)"),
        ])
    }
}
