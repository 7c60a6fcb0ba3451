import AlertCore
import Foundation

/// A plan with all that belongs to it.
public struct Workflow: Hashable, Sendable {
    public var plan: Plan
    public var properties: [PropertyDefinition] = []
    public var forms: [Form] = []
    public var integrations: [Integration] = []
    public var endpoints: [Endpoint] = []
    public var constants: [Constant] = []
    public var libraries: [SharedLibrary] = []
    public var scriptSteps: [ScriptStep] = []
    public var triggerFilters: [TriggerFilter] = []
    public var canvases: [Canvas] = []
    public var files: [WorkflowFile] = []

    public init(plan: Plan) { self.plan = plan }
}

/// `engine.json` (spec §7.1). The id of a plan stands in no file.
extension Plan: WorkflowPart {
    static let noun = "plan"
    static let idFields: [String] = []

    static func read(_ document: Document, id: String, _ scope: Scope) -> Plan? {
        var plan = Plan(
            id: id, name: document.text("name") ?? "", description: document.text("description") ?? "",
            enabled: document.flag("isActive") ?? true, created: Timestamp(milliseconds: 0),
            position: document.whole("order") ?? 0, archived: .object(document.fields))
        plan.loggingLevel = document.filled("loggingLevel") ?? plan.loggingLevel
        plan.accessibleByAll = document.flag("accessibleByAll") ?? plan.accessibleByAll
        plan.floodControl = document.flag("floodControl") ?? plan.floodControl
        return plan
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("version", value: archived == nil ? .string(WorkflowExport.version) : nil)
        fields.add("name", text: name)
        fields.add("description", text: description)
        fields.add("isActive", flag: enabled)
        fields.add("order", whole: position)
        fields.add("productType", value: archived == nil ? "XM" : nil)
        fields.add("loggingLevel", value: loggingLevel == "INFO" ? nil : .string(loggingLevel))
        fields.add("accessibleByAll", value: accessibleByAll ? nil : false)
        fields.add("floodControl", value: floodControl ? true : nil)
        return fields
    }
}

/// The documents of a workflow as it is now.
public enum WorkflowExport {
    /// Of the format, where no file says otherwise.
    static let version = "1.9"

    /// Without anything secret. What came from a file stands where and how it stood there, unless it has changed.
    /// - Parameter knowsRecipient: As when it was imported: a recipient of the file that is not there stays in it.
    public static func documents(
        of workflow: Workflow, knowsRecipient: @escaping (String) -> Bool
    ) -> WorkflowDocuments {
        WorkflowExporter(workflow, knowsRecipient: knowsRecipient).documents()
    }
}

private struct WorkflowExporter {
    let workflow: Workflow
    let layout: PlanLayout
    let isNew: Bool
    let scope: Scope

    init(_ workflow: Workflow, knowsRecipient: @escaping (String) -> Bool) {
        self.workflow = workflow
        layout = workflow.plan.layout ?? PlanLayout()
        isNew = workflow.plan.layout == nil
        var scope = Scope(plan: workflow.plan.id)
        scope.knowsRecipient = knowsRecipient
        scope.addNames(of: workflow)
        scope.addSystemDefaults((layout.lists[WorkflowPaths.properties] ?? []).compactMap { $0["raw"] })
        self.scope = scope
    }

    func documents() -> WorkflowDocuments {
        var result = WorkflowDocuments()
        result.documents[WorkflowPaths.engine] = workflow.plan.document(scope)
        result.documents[WorkflowPaths.properties] = list(workflow.properties, WorkflowPaths.properties, isNew)
        result.documents[WorkflowPaths.scriptSteps] = list(workflow.scriptSteps, WorkflowPaths.scriptSteps)
        result.documents[WorkflowPaths.libraries] = list(workflow.libraries, WorkflowPaths.libraries)
        result.documents[WorkflowPaths.triggerFilters] = list(workflow.triggerFilters, WorkflowPaths.triggerFilters)
        addIntegrations(to: &result)
        let forms = workflow.forms.sorted { ($0.position, $0.name, $0.id) < ($1.position, $1.name, $1.id) }
        add(forms, to: &result) { form, number in "forms/\(WorkflowPaths.safe(form.name))/\(number).json" }
        let canvases = workflow.canvases.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        add(canvases, to: &result) { canvas, number in
            "canvases/\(WorkflowPaths.safe(canvas.name))\(number == 1 ? "" : " \(number)").json"
        }
        for file in workflow.files {
            if let bytes = Data(base64Encoded: file.content) { result.files[file.path] = Array(bytes) }
        }
        return result
    }

    private func addIntegrations(to result: inout WorkflowDocuments) {
        let path = WorkflowPaths.integrations
        var fields = layout.fields[path]?.object ?? [:]
        if let list = list(workflow.integrations, "\(path)#integrations", isNew) { fields["integrations"] = list }
        if let list = list(workflow.endpoints, "\(path)#endpoints", isNew) { fields["endpoints"] = list }
        if let list = list(workflow.constants, "\(path)#constants", isNew) { fields["constants"] = list }
        if !fields.isEmpty || layout.fields[path] != nil { result.documents[path] = .object(fields) }
    }

    /// `nil` where the file had none and there is none.
    private func list(_ parts: [some WorkflowPart], _ place: String, _ always: Bool = false) -> JSONValue? {
        let slots = layout.lists[place]
        guard slots != nil || !parts.isEmpty || always else { return nil }
        let documents = Dictionary(
            parts.map { ($0.id, $0.document(scope)) }, uniquingKeysWith: { first, _ in first })
        // The order of the file holds: in the directory, these have none of their own.
        let placed = Set((slots ?? []).compactMap(\.string))
        let order = (slots ?? []).compactMap(\.string) + parts.map(\.id).filter { !placed.contains($0) }
        return .array(PartList.joined(slots ?? [], parts: documents, order: order))
    }

    private func add<Part: WorkflowPart>(
        _ parts: [Part], to result: inout WorkflowDocuments, _ path: (Part, Int) -> String
    ) {
        var taken = Set((Array(result.documents.keys) + layout.paths.values).map { $0.lowercased() })
        for part in parts {
            let place = layout.paths[part.id] ?? WorkflowPaths.free(among: taken) { path(part, $0) }
            taken.insert(place.lowercased())
            result.documents[place] = part.document(scope)
        }
    }
}

extension Scope {
    /// What integrations and section items refer to.
    mutating func addNames(of workflow: Workflow) {
        addProperties(workflow.properties)
        for endpoint in workflow.endpoints {
            endpoints[endpoint.name.lowercased()] = endpoint.id
            endpointNames[endpoint.id] = endpoint.name
        }
        for form in workflow.forms { forms[form.id.lowercased()] = form.id }
    }

    mutating func addProperties(_ list: [PropertyDefinition]) {
        for property in list {
            properties[property.name] = property.id
            if properties[property.name.lowercased()] == nil { properties[property.name.lowercased()] = property.id }
            propertyNames[property.id] = property.name
        }
    }

    mutating func addSystemDefaults(_ properties: [JSONValue]) {
        for property in properties {
            guard let name = property["name"]?.string else { continue }
            let chosen = (property["values"]?.array ?? []).first { $0["isDefault"]?.readFlag == true }
            if let value = property["defaultValue"] ?? chosen.flatMap(PropertyDefinition.text).map(JSONValue.string),
                value != .null, value != ""
            {
                systemDefaults[name] = value
            }
        }
    }
}
