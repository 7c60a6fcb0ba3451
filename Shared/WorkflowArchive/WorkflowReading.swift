import AlertCore
import Foundation

/// Reads the documents of a workflow, one kind after the other, so that what refers to others comes after them.
struct WorkflowReading {
    let documents: WorkflowDocuments
    let current: Workflow
    private(set) var scope: Scope
    private(set) var workflow: Workflow
    private var layout = PlanLayout()

    init(_ documents: WorkflowDocuments, into current: Workflow, knowsRecipient: @escaping (String) -> Bool) {
        self.documents = documents
        self.current = current
        scope = Scope(plan: current.plan.id)
        scope.knowsRecipient = knowsRecipient
        workflow = Workflow(plan: current.plan)
    }

    mutating func readAll() {
        readPlan()
        readProperties()
        readForms()
        readIntegrations()
        workflow.scriptSteps = readList(ScriptStep.self, WorkflowPaths.scriptSteps)
        let libraries = current.libraries
        workflow.libraries = readList(
            SharedLibrary.self, WorkflowPaths.libraries,
            known: { name in libraries.first { $0.name == name }?.id }, nameKey: \.name)
        workflow.triggerFilters = readList(TriggerFilter.self, WorkflowPaths.triggerFilters)
        readCanvases()
        readFiles()
        workflow.plan.layout = layout
    }

    private mutating func readPlan() {
        guard let value = documents.documents[WorkflowPaths.engine] else {
            scope.notes.add(.unusable, WorkflowPaths.engine, "is missing: the plan has the defaults")
            workflow.plan.archived = nil
            return
        }
        guard let document = Document(value, at: WorkflowPaths.engine, scope.notes),
            var plan = Plan.read(document, id: current.plan.id, scope)
        else {
            scope.notes.add(.unusable, WorkflowPaths.engine, "is \(value.kindName), not an object")
            return
        }
        plan.name = current.plan.name
        plan.created = current.plan.created
        plan.creator = current.plan.creator
        if !document.has("loggingLevel") { plan.loggingLevel = current.plan.loggingLevel }
        if !document.has("accessibleByAll") { plan.accessibleByAll = current.plan.accessibleByAll }
        if !document.has("floodControl") { plan.floodControl = current.plan.floodControl }
        workflow.plan = plan
    }

    private mutating func readProperties() {
        let path = WorkflowPaths.properties
        let list = self.list(at: path, "properties") ?? []
        let used = customNames()
        let read = PartList.read(
            PropertyDefinition.self, list, at: listPlace(path), scope, owner: current.plan.id,
            nameKey: { $0.name.lowercased() },
            skipping: { $0.flag("isSystem") == true && !used.contains($0.filled("name") ?? "") })
        if let value = documents.documents[path] {
            if value.array == nil { keepFile(path, value) } else { layout.lists[path] = read.slots }
        }
        workflow.properties = read.parts
        scope.addProperties(read.parts)
        scope.addSystemDefaults(read.slots.compactMap { $0["raw"] })
        // A secret default does not stand in files: the one that is here stays.
        for index in workflow.properties.indices where workflow.properties[index].propertyType == .password {
            let property = workflow.properties[index]
            guard property.defaultValue == nil else { continue }
            workflow.properties[index].defaultValue = current.properties.first { $0.id == property.id }?.defaultValue
        }
    }

    /// The names of properties that stand in custom sections: they are properties of people, whatever they claim.
    private func customNames() -> Set<String> {
        var names: Set<String> = []
        for (path, form) in documents.documents where WorkflowPaths.isForm(path) {
            for section in form["layoutSections"]?.array ?? [] {
                for item in (section["sectionItems"] ?? section["items"])?.array ?? [] {
                    if let name = item["propertyName"]?.string, !name.hasPrefix(":system:") { names.insert(name) }
                }
            }
        }
        return names
    }

    private mutating func readForms() {
        var ids: Set<String> = []
        var names: Set<String> = []
        for (path, value) in sorted(where: WorkflowPaths.isForm) {
            guard let (document, id) = root(Form.self, value, path, &ids) else { continue }
            guard var form = Form.read(document, id: id, scope) else {
                keepFile(path, value)
                continue
            }
            guard names.insert(form.name.lowercased()).inserted else {
                document.note(.unusable, "name", "there is another form of that name")
                keepFile(path, value)
                continue
            }
            form.number = current.forms.first { $0.id == id }?.number ?? 0
            ids.insert(id)
            layout.paths[id] = path
            scope.forms[id.lowercased()] = id
            workflow.forms.append(form)
        }
    }

    private mutating func readIntegrations() {
        let path = WorkflowPaths.integrations
        guard let value = documents.documents[path] else { return }
        guard let document = Document(value, at: path, scope.notes) else {
            scope.notes.add(.unusable, path, "is \(value.kindName), not an object")
            keepFile(path, value)
            return
        }
        let (endpoints, constants) = (current.endpoints, current.constants)
        workflow.endpoints = readList(
            Endpoint.self, document, "endpoints",
            known: { name in endpoints.first { $0.name.lowercased() == name.lowercased() }?.id },
            nameKey: { $0.name.lowercased() })
        for endpoint in workflow.endpoints { scope.endpoints[endpoint.name.lowercased()] = endpoint.id }
        workflow.constants = readList(
            Constant.self, document, "constants", known: { name in constants.first { $0.name == name }?.id },
            nameKey: \.name)
        workflow.integrations = readList(Integration.self, document, "integrations")
        let rest = document.fields.filter { layout.lists["\(path)#\($0.key)"] == nil }
        layout.fields[path] = .object(rest)
    }

    private mutating func readCanvases() {
        var ids: Set<String> = []
        for (path, value) in sorted(where: WorkflowPaths.isCanvas) {
            guard let (document, id) = root(Canvas.self, value, path, &ids) else { continue }
            guard let canvas = Canvas.read(document, id: id, scope) else {
                keepFile(path, value)
                continue
            }
            ids.insert(id)
            layout.paths[id] = path
            workflow.canvases.append(canvas)
        }
    }

    // MARK: Pieces

    /// The object of a file of its own, and its id: the one that it states, or one that follows from the path.
    private mutating func root<Part: WorkflowPart>(
        _ type: Part.Type, _ value: JSONValue, _ path: String, _ ids: inout Set<String>
    ) -> (Document, String)? {
        guard let document = Document(value, at: path, scope.notes) else {
            scope.notes.add(.unusable, path, "is \(value.kindName), not an object")
            keepFile(path, value)
            return nil
        }
        let given = Part.idFields.lazy.compactMap { document.filled($0) }.first { IDs.isUsable($0) }
        let id = given ?? DerivedID.uuid("workflow", current.plan.id, Part.noun, path)
        guard !ids.contains(id) else {
            document.note(.unusable, nil, "there is another \(Part.noun) with the same id")
            keepFile(path, value)
            return nil
        }
        return (document, id)
    }

    private func sorted(where isIt: (String) -> Bool) -> [(String, JSONValue)] {
        documents.documents.filter { isIt($0.key) }.sorted { $0.key < $1.key }
    }

    /// The list that a document is, or has under its own name.
    private func list(at path: String, _ field: String) -> [JSONValue]? {
        guard let value = documents.documents[path] else { return nil }
        if let list = value.array { return list }
        scope.notes.add(.unusable, path, "is \(value.kindName), not a list of \(field)")
        return nil
    }

    private func listPlace(_ path: String) -> String { "\(path): " }

    private mutating func readList<Part: WorkflowPart>(
        _ type: Part.Type, _ path: String, known: (String) -> String? = { _ in nil },
        nameKey: ((Part) -> String)? = nil
    ) -> [Part] {
        guard let value = documents.documents[path] else { return [] }
        guard let list = list(at: path, "\(Part.noun)s") else {
            keepFile(path, value)
            return []
        }
        let read = PartList.read(
            Part.self, list, at: listPlace(path), scope, owner: current.plan.id, known: known, nameKey: nameKey)
        layout.lists[path] = read.slots
        return read.parts
    }

    private mutating func readList<Part: WorkflowPart>(
        _ type: Part.Type, _ document: Document, _ field: String, known: (String) -> String? = { _ in nil },
        nameKey: ((Part) -> String)? = nil
    ) -> [Part] {
        guard let list = document.list(field) else { return [] }
        let read = PartList.read(
            Part.self, list, at: document.place(field), scope, owner: current.plan.id, known: known, nameKey: nameKey)
        layout.lists["\(WorkflowPaths.integrations)#\(field)"] = read.slots
        return read.parts
    }

    // MARK: Files

    private var kept = 0

    /// A document that is none of ours comes out as it came in.
    private mutating func keepFile(_ path: String, _ value: JSONValue) {
        keep(path, JSONText.pretty(value))
    }

    private mutating func readFiles() {
        for (path, bytes) in documents.files.sorted(by: { $0.key < $1.key }) { keep(path, bytes) }
    }

    private mutating func keep(_ path: String, _ bytes: [UInt8]) {
        kept += bytes.count
        guard bytes.count <= ArchiveLimits.keptFile, kept <= ArchiveLimits.keptFiles else {
            kept -= bytes.count
            scope.notes.add(
                .unusable, path,
                "was not kept: \(bytes.count) bytes; the most is \(ArchiveLimits.keptFile), and for all files "
                    + "\(ArchiveLimits.keptFiles)")
            return
        }
        workflow.files.append(
            WorkflowFile(
                id: DerivedID.uuid("workflow", current.plan.id, "file", path), plan: current.plan.id, path: path,
                content: Data(bytes).base64EncodedString()))
    }
}
