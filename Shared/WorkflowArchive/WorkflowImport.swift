import AlertCore
import Foundation

/// Makes a workflow of documents. Pure: what is here already, and who imports it, comes in.
public struct WorkflowImport {
    /// The plan that is replaced, as it is now; or a new, empty one.
    public let current: Workflow
    public let isNew: Bool
    /// Instead of the one in the file.
    public let name: String?
    /// Whether something of another plan has that id: of a kind as ``DirectoryEntry`` names it.
    public let isTaken: (_ kind: Kind, _ id: String) throws -> Bool
    public let knowsRecipient: (String) -> Bool

    /// What stands by itself, and so needs an id that nothing else has.
    public enum Kind: CaseIterable, Sendable {
        case property, form, integration, scriptStep, triggerFilter, canvas, endpoint, constant, library
    }

    public struct Result {
        public var workflow: Workflow
        /// In the order of the file.
        public var notes: [ImportNote]
        /// Whether everything got new ids, as those of the file belong to another plan.
        public var hasNewIDs: Bool
        /// The version that the file states.
        public var version: String?
    }

    public init(
        into current: Workflow, isNew: Bool, name: String? = nil,
        isTaken: @escaping (_ kind: Kind, _ id: String) throws -> Bool,
        knowsRecipient: @escaping (String) -> Bool
    ) {
        self.current = current
        self.isNew = isNew
        self.name = name
        self.isTaken = isTaken
        self.knowsRecipient = knowsRecipient
    }

    /// The name that the plan will have; `nil` when neither the file nor the request has one.
    public static func name(of documents: WorkflowDocuments) -> String? {
        let name = documents.documents[WorkflowPaths.engine]?["name"]?.string?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return name.flatMap { $0.isEmpty || !IDs.isUsable(name: $0) ? nil : $0 }
    }

    /// Integrations come without keys and secrets, forms that are new without numbers: chance and counters are not
    /// for here. What the plan had and keeps has its own.
    public func run(_ given: WorkflowDocuments, problems: [ImportNote]) throws -> Result {
        let documents: WorkflowDocuments
        let hasNewIDs = try isAnyTaken(given)
        if hasNewIDs {
            documents = IDMapping(given, plan: current.plan.id).apply(to: given)
        } else {
            documents = given
        }
        var reading = WorkflowReading(documents, into: current, knowsRecipient: knowsRecipient)
        reading.readAll()
        var workflow = reading.workflow
        if let name { workflow.plan.name = name }
        let carryOver = CarryOver(from: current, notes: reading.scope.notes)
        carryOver.apply(to: &workflow)
        let notes = Notes()
        if hasNewIDs {
            notes.add(.kept, "", "its ids belong to another plan: this one got new ones, also within texts")
        }
        let report = WorkflowReport(workflow, notes: notes)
        report.addUsed()
        for note in problems + reading.scope.notes.all { notes.add(note.kind, note.path, note.message) }
        report.addKept()
        if !isNew { report.addRemoved(since: current) }
        let version = documents.documents[WorkflowPaths.engine]?["version"]?.readable
        return Result(workflow: workflow, notes: notes.all, hasNewIDs: hasNewIDs, version: version)
    }

    private func isAnyTaken(_ documents: WorkflowDocuments) throws -> Bool {
        var reading = WorkflowReading(documents, into: current, knowsRecipient: { _ in true })
        reading.readAll()
        let read = reading.workflow
        let ids: [(Kind, [String])] = [
            (.property, read.properties.map(\.id)), (.form, read.forms.map(\.id)),
            (.integration, read.integrations.map(\.id)), (.scriptStep, read.scriptSteps.map(\.id)),
            (.triggerFilter, read.triggerFilters.map(\.id)), (.canvas, read.canvases.map(\.id)),
            (.endpoint, read.endpoints.map(\.id)), (.constant, read.constants.map(\.id)),
            (.library, read.libraries.map(\.id)),
        ]
        for (kind, list) in ids {
            for id in list where try isTaken(kind, id) { return true }
        }
        return false
    }
}
