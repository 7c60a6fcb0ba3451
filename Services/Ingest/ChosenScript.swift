import AlertCore
import Messaging
import Persistence
import Scripting

/// The script that a request runs through: the integration's present one, an older version, or a text that is not
/// saved; for the trigger of a flow, its step's.
struct ChosenScript: Sendable {
    let name: String
    let kind: ScriptRun.Kind
    let source: String
    let used: Activity.UsedScript
    /// What it can reach by `require`: of a step, its own first.
    let libraries: [ScriptLibrary]
    let usedLibraries: [Activity.UsedScript]
    /// Of a step: the names that its `output` has.
    let outputNames: [String]?

    /// - Throws: `Activity.Problem` when there is no such script.
    init(
        _ message: InboundRequestMessage, _ integration: Integration, _ view: DirectoryView, _ database: any SQLDatabase
    )
        async throws
    {
        let shared = view.libraries(of: integration.plan)
        let libraries = shared.map { ScriptLibrary(name: $0.name, source: $0.script) }
        if let id = integration.scriptStep {
            guard let step = view.scriptSteps[id] else {
                throw Activity.Problem(kind: "configuration", message: "the step of the trigger has been deleted")
            }
            let own = step.libraries.map { ScriptLibrary(name: $0.referenceName, source: $0.script) }
            let names = Set(own.map(\.name))
            try await self.init(
                message, step, kind: .httpTriggerStep, database,
                libraries: own + libraries.filter { !names.contains($0.name) }, used: shared.map(\.usedScript),
                outputNames: step.outputs.map(\.name))
        } else {
            let kind: ScriptRun.Kind = integration.operation == .runScript ? .runScript : .createEvent
            try await self.init(
                message, integration, kind: kind, database, libraries: libraries, used: shared.map(\.usedScript),
                outputNames: nil)
        }
    }

    private init<Owner: ScriptOwner>(
        _ message: InboundRequestMessage, _ owner: Owner, kind: ScriptRun.Kind, _ database: any SQLDatabase,
        libraries: [ScriptLibrary], used usedLibraries: [Activity.UsedScript], outputNames: [String]?
    ) async throws {
        self.libraries = libraries
        self.usedLibraries = usedLibraries
        self.outputNames = outputNames
        name = owner.entryName
        self.kind = kind
        var used = owner.usedScript
        if message.run?.usesDraft == true {
            guard let text = try await database.reading({ try ScriptDrafts($0).get(message.requestId) }) else {
                throw Activity.Problem(kind: "configuration", message: "the text to try is not there any more")
            }
            source = text
            used.version = nil
        } else if let number = message.run?.scriptVersion {
            guard let version = try await database.reading({ try ScriptVersions($0).get(number, of: owner) }) else {
                throw Activity.Problem(kind: "configuration", message: "there is no version \(number) of the script")
            }
            source = version.script
            used.version = number
        } else {
            source = owner.scriptText ?? ""
        }
        self.used = used
    }
}
