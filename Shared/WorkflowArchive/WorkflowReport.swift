import AlertCore

/// Says of a workflow that was read what of it works here and what does not.
struct WorkflowReport {
    private let workflow: Workflow
    private let notes: Notes

    init(_ workflow: Workflow, notes: Notes) {
        self.workflow = workflow
        self.notes = notes
    }

    private func path(_ id: String) -> String { workflow.plan.layout?.paths[id] ?? "" }

    // MARK: What works

    func addUsed() {
        notes.add(.used, WorkflowPaths.engine, "plan \(workflow.plan.name)")
        add(workflow.properties.count, "property definition", WorkflowPaths.properties)
        for form in workflow.forms {
            let parts = [
                Self.count(form.sections.count, "section"),
                Self.count(form.sections.map(\.items.count).reduce(0, +), "property", plural: "properties"),
                Self.count(form.responseOptions.count, "response"),
                Self.count(form.emailTemplates.count, "email template"),
                Self.count(form.smsTemplates.count, "SMS template"),
                Self.count(form.voiceTemplates.count, "voice template"),
            ]
            notes.add(.used, path(form.id), "form \(form.name): \(parts.joined(separator: ", "))")
        }
        let integrations = workflow.integrations
        add(integrations.count { $0.integrationType == .inbound }, "inbound integration", Self.place("integrations"))
        add(integrations.count { $0.integrationType == .outbound }, "outbound integration", Self.place("integrations"))
        add(workflow.endpoints.count, "endpoint", Self.place("endpoints"))
        add(workflow.constants.count, "constant", Self.place("constants"))
        add(workflow.libraries.count, "shared library", WorkflowPaths.libraries, plural: "shared libraries")
        add(workflow.scriptSteps.count, "script step", WorkflowPaths.scriptSteps)
        add(workflow.triggerFilters.count, "trigger filter", WorkflowPaths.triggerFilters)
    }

    private static func place(_ field: String) -> String { "\(WorkflowPaths.integrations): \(field)" }

    private static func count(_ count: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count) \(count == 1 ? noun : plural ?? "\(noun)s")"
    }

    private func add(_ count: Int, _ noun: String, _ path: String, plural: String? = nil) {
        if count > 0 { notes.add(.used, path, Self.count(count, noun, plural: plural)) }
    }

    // MARK: What is only kept

    func addKept() {
        for integration in workflow.integrations { addKept(integration) }
        for form in workflow.forms {
            for (number, section) in form.sections.enumerated() where section.type == "CONFERENCE_BRIDGE" {
                notes.add(
                    .kept, "\(path(form.id)): layoutSections[\(number)]", "no conference bridges are hosted here")
            }
        }
        for canvas in workflow.canvases {
            var kinds: [String: Int] = [:]
            for block in canvas.archived?["blocks"]?.array ?? [] {
                kinds[block["stepType"]?.string ?? "?", default: 0] += 1
            }
            let blocks = kinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            notes.add(
                .kept, path(canvas.id),
                "canvas \(canvas.name): no flow runs here; blocks: \(blocks.isEmpty ? "none" : blocks)")
            addMissing(canvas)
        }
        for file in workflow.files { notes.add(.kept, file.path, "a file beside the documents") }
    }

    private func addKept(_ integration: Integration) {
        let index = workflow.plan.layout?.lists["\(WorkflowPaths.integrations)#integrations"]?
            .firstIndex(of: .string(integration.id))
        let place = Self.place("integrations[\(index ?? 0)]")
        let name = integration.integrationType == .inbound ? "inbound" : "outbound"
        func keep(_ why: String) { notes.add(.kept, place, "\(name) integration \(integration.name): \(why)") }
        guard integration.integrationType == .outbound else { return }
        if integration.triggeredBy == nil { keep("it has no trigger") }
        switch integration.operation {
        case .sendWebhook:
            if integration.endpoint == nil {
                notes.add(.byHand, place, "outbound integration \(integration.name): choose its endpoint")
            }
        case .runScript:
            if integration.script?.isEmpty ?? true { keep("it begins a flow, which is not executed yet") }
        case .sendToAgent: keep("there are no agents here")
        case .createAlert, .transformAndCreateAlert: keep("no outbound integration makes alerts")
        }
    }

    /// Triggers and forms that the canvas names and the file does not have. Steps of scripts may be the platform's
    /// own, which no file holds.
    private func addMissing(_ canvas: Canvas) {
        let integrations = Set(workflow.integrations.map { $0.id.lowercased() })
        let forms = Set(workflow.forms.map { $0.id.lowercased() })
        for (number, block) in (canvas.archived?["blocks"]?.array ?? []).enumerated() {
            guard let step = block["step"]?.string, !step.isEmpty else { continue }
            let place = "\(path(canvas.id)): blocks[\(number)].step"
            switch block["stepType"]?.string {
            case "INTEGRATION" where !integrations.contains(step.lowercased()):
                notes.add(.unusable, place, "the file has no integration \(step.prefix(100))")
            case "CREATE_EVENT" where !forms.contains(step.lowercased()):
                notes.add(.unusable, place, "the file has no form \(step.prefix(100))")
            default: break
            }
        }
    }

    // MARK: What is gone

    func addRemoved(since current: Workflow) {
        removed(current.properties, workflow.properties)
        removed(current.forms, workflow.forms)
        removed(current.integrations, workflow.integrations)
        removed(current.endpoints, workflow.endpoints)
        removed(current.constants, workflow.constants)
        removed(current.libraries, workflow.libraries)
        removed(current.scriptSteps, workflow.scriptSteps)
        removed(current.triggerFilters, workflow.triggerFilters)
        removed(current.canvases, workflow.canvases)
    }

    private func removed<Part: WorkflowPart & Named>(_ before: [Part], _ now: [Part]) {
        let ids = Set(now.map(\.id))
        for part in before where !ids.contains(part.id) {
            notes.add(.removed, "", "\(Part.noun) \(part.shownName)")
        }
    }
}

/// What reports call it.
protocol Named { var shownName: String { get } }

extension PropertyDefinition: Named { var shownName: String { name } }
extension Form: Named { var shownName: String { name } }
extension Integration: Named { var shownName: String { name } }
extension Endpoint: Named { var shownName: String { name } }
extension Constant: Named { var shownName: String { name } }
extension SharedLibrary: Named { var shownName: String { name } }
extension ScriptStep: Named { var shownName: String { name } }
extension TriggerFilter: Named { var shownName: String { id } }
extension Canvas: Named { var shownName: String { name } }
