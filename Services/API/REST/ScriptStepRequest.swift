import AlertCore
import Foundation
import Persistence

/// The fields of a script step; those that are absent stay as they are, and `inputs`, `outputs` and `libraries`
/// each replace all that were there.
struct ScriptStepRequest {
    private static let listLimit = 200
    /// The platform's longest input in characters (spec §2.7).
    private static let inputLength = 0...20_000

    let fields: RequestFields

    func step(_ existing: ScriptStep?, in plan: Plan, _ edit: DirectoryEdit) throws -> ScriptStep {
        let name = try fields.requiredName("name", or: existing?.name)
        guard let script = try fields.script() ?? existing?.script else { throw RestError.missingField("script") }
        let kind = try fields.choice("scriptStepType", ScriptStep.Kind.self)
        var step =
            existing
            ?? ScriptStep(id: edit.newID(), plan: plan.id, name: name, kind: kind ?? .user, script: script)
        step.name = name
        step.script = script
        step.kind = kind ?? step.kind
        step.description = try fields.text("description") ?? step.description
        if let inputs = try fields.objects("inputs", limit: Self.listLimit) {
            step.inputs = try inputs.map { try Self.input($0, edit) }
            try Self.checkNames(step.inputs.map(\.name), in: "inputs", field: "name")
        }
        if let outputs = try fields.objects("outputs", limit: Self.listLimit) {
            step.outputs = try outputs.map { given in
                ScriptStep.Output(
                    id: try given.text("id", limit: 255) ?? edit.newID(),
                    name: try given.requiredName("name", or: nil),
                    description: try given.text("description") ?? "")
            }
            try Self.checkNames(step.outputs.map(\.name), in: "outputs", field: "name")
        }
        if let libraries = try fields.objects("libraries", limit: Self.listLimit) {
            step.libraries = try libraries.map(Self.library)
            try Self.checkNames(step.libraries.map(\.referenceName), in: "libraries", field: "referenceName")
        }
        return step
    }

    private static func input(_ given: RequestFields, _ edit: DirectoryEdit) throws -> ScriptStep.Input {
        var input = ScriptStep.Input(
            id: try given.text("id", limit: 255) ?? edit.newID(), name: try given.requiredName("name", or: nil))
        input.helpText = try given.text("helpText") ?? ""
        input.defaultValue = try given.text("defaultValue", limit: inputLength.upperBound * 4) ?? ""
        input.required = try given.bool("required") ?? false
        input.multiline = try given.bool("multiline") ?? false
        input.minLength = try given.integer("minLength", in: inputLength)
        input.maxLength = try given.integer("maxLength", in: inputLength)
        if let least = input.minLength, let most = input.maxLength, least > most {
            throw RestError.invalidValue(given.name("minLength"), "it is more than maxLength.")
        }
        if let pattern = try given.text("validationRegex", limit: 1000), !pattern.isEmpty {
            input.validation = try given.compiling(pattern, of: "validationRegex")
        }
        return input
    }

    private static func library(_ given: RequestFields) throws -> ScriptStep.Library {
        guard let library = try given.object("library") else { throw RestError.missingField(given.name("library")) }
        let name = try library.requiredName("name", or: nil)
        guard let script = try library.script() else { throw RestError.missingField(library.name("script")) }
        return ScriptStep.Library(
            referenceName: try given.requiredName("referenceName", or: name), name: name, script: script)
    }

    private static func checkNames(_ names: [String], in list: String, field: String) throws {
        var seen: Set<String> = []
        for (index, name) in names.enumerated() where !seen.insert(name).inserted {
            throw RestError.invalidValue("\(list)[\(index)].\(field)", "\(name) is there twice.")
        }
    }
}

extension RequestFields {
    /// - Throws: 400 when the text is no regular expression.
    func compiling(_ pattern: String, of field: String) throws(RestError) -> String {
        do {
            _ = try NSRegularExpression(pattern: pattern)
        } catch {
            throw .invalidValue(name(field), "\(pattern) is no regular expression.")
        }
        return pattern
    }
}

extension ScriptStep: PlanPart {
    static let collection = "script-steps"

    var wire: JSONValue {
        [
            "id": .string(id), "plan": ["id": .string(plan)], "name": .string(name),
            "description": .string(description), "scriptStepType": .string(kind.rawValue), "script": .script(script),
            "inputs": .array(inputs.enumerated().map { $1.wire(position: $0) }),
            "outputs": .array(
                outputs.enumerated().map { position, output in
                    [
                        "id": .string(output.id), "name": .string(output.name),
                        "description": .string(output.description), "position": .whole(position),
                    ]
                }),
            "libraries": .array(
                libraries.map { library in
                    [
                        "referenceName": .string(library.referenceName),
                        "library": ["name": .string(library.name), "script": .script(library.script)],
                    ]
                }),
            "links": .links("/plans/\(plan)/script-steps/\(id)"),
        ]
    }
}

extension ScriptStep.Input {
    fileprivate func wire(position: Int) -> JSONValue {
        .fields([
            "id": .string(id), "name": .string(name), "helpText": .string(helpText),
            "defaultValue": .string(defaultValue), "required": .bool(required), "multiline": .bool(multiline),
            "minLength": minLength.map(JSONValue.whole), "maxLength": maxLength.map(JSONValue.whole),
            "validationRegex": .text(validation), "position": .whole(position),
        ])
    }
}
