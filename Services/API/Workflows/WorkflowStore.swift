import AlertCore
import Persistence
import WorkflowArchive

extension Directory {
    /// The plan with all that belongs to it.
    func workflow(of plan: Plan) throws -> Workflow {
        var workflow = Workflow(plan: plan)
        workflow.properties = try all(PropertyDefinition.self, in: plan.id)
        workflow.forms = try all(Form.self, in: plan.id)
        workflow.integrations = try all(Integration.self, in: plan.id)
        workflow.endpoints = try all(Endpoint.self, in: plan.id)
        workflow.constants = try all(Constant.self, in: plan.id)
        workflow.libraries = try all(SharedLibrary.self, in: plan.id)
        workflow.scriptSteps = try all(ScriptStep.self, in: plan.id)
        workflow.triggerFilters = try all(TriggerFilter.self, in: plan.id)
        workflow.canvases = try all(Canvas.self, in: plan.id)
        workflow.files = try all(WorkflowFile.self, in: plan.id)
        return workflow
    }

    /// Whether something of another plan has that id.
    func isTaken(_ kind: WorkflowImport.Kind, _ id: String, byOtherThan plan: String) throws -> Bool {
        func holder<Entry: DirectoryEntry>(_ type: Entry.Type) throws -> Bool {
            guard let entry = try get(Entry.self, id: id) else { return false }
            return entry.parentID != plan
        }
        switch kind {
        case .property: return try holder(PropertyDefinition.self)
        case .form: return try holder(Form.self)
        case .integration: return try holder(Integration.self)
        case .scriptStep: return try holder(ScriptStep.self)
        case .triggerFilter: return try holder(TriggerFilter.self)
        case .canvas: return try holder(Canvas.self)
        case .endpoint: return try holder(Endpoint.self)
        case .constant: return try holder(Constant.self)
        case .library: return try holder(SharedLibrary.self)
        }
    }

    /// Whether alerts can be sent to someone or something of that name or id.
    func knowsRecipient(_ name: String) throws -> Bool {
        if try resolve(Person.self, name) != nil { return true }
        if try resolve(Group.self, name) != nil { return true }
        return try device(name) != nil
    }
}

extension DirectoryEdit {
    /// Puts the workflow into the place of the one before: what it no longer has goes first, so that its names are
    /// free.
    func replace(_ before: Workflow, by after: Workflow) throws {
        let endpoints = Set(after.endpoints.map(\.id))
        try remove(before.integrations, keeping: after.integrations)
        for var integration in before.integrations where after.integrations.contains(where: { $0.id == integration.id })
        {
            // An endpoint that something uses cannot be deleted.
            guard let endpoint = integration.endpoint, !endpoints.contains(endpoint) else { continue }
            integration.endpoint = nil
            try put(integration)
        }
        try remove(before.forms, keeping: after.forms)
        try remove(before.properties, keeping: after.properties)
        try remove(before.endpoints, keeping: after.endpoints)
        try remove(before.constants, keeping: after.constants)
        try remove(before.libraries, keeping: after.libraries)
        try remove(before.scriptSteps, keeping: after.scriptSteps)
        try remove(before.triggerFilters, keeping: after.triggerFilters)
        try remove(before.canvases, keeping: after.canvases)
        try remove(before.files, keeping: after.files)
        try put(after.plan)
        for entry in after.properties { try put(entry) }
        for entry in after.endpoints { try put(entry) }
        for entry in after.constants { try put(entry) }
        for entry in after.libraries { try put(entry) }
        for entry in after.scriptSteps { try put(entry) }
        for var form in after.forms {
            if form.number == 0 { form.number = try directory.nextNumber(of: "form") }
            try put(form)
        }
        for entry in after.integrations { try put(entry) }
        for entry in after.triggerFilters { try put(entry) }
        for entry in after.canvases { try put(entry) }
        for entry in after.files { try put(entry) }
    }

    private func remove<Entry: DirectoryEntry>(_ before: [Entry], keeping after: [Entry]) throws {
        let kept = Set(after.map(\.id))
        for entry in before where !kept.contains(entry.id) { try delete(entry) }
    }
}
