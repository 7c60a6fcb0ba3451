import AlertCore
import ArgumentParser
import Foundation
import WorkflowArchive

struct WorkflowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workflows",
        abstract: "Take workflows out of a server and into one, as ZIP files or folders; compare and apply them.",
        discussion: Ending.help,
        subcommands: [
            WorkflowListCommand.self, WorkflowShowCommand.self, WorkflowExportCommand.self,
            WorkflowImportCommand.self, WorkflowDiffCommand.self, WorkflowApplyCommand.self,
            WorkflowValidateCommand.self,
        ], aliases: ["workflow"])
}

struct WorkflowListCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List workflows.")

    @Option(help: "Words that begin a word of the name or description.")
    var search: String?

    @OptionGroup var list: ListOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        try await server.show("/plans", [("search", search), ("embed", "forms,integrations")], list) { rows in
            Output.table(
                ["WORKFLOW", "ENABLED", "FORMS", "INTEGRATIONS", "DESCRIPTION"],
                rows.map { row in
                    [
                        row.text("name"), row["enabled"]?.bool == false ? "no" : "yes", row.text("forms.total"),
                        row.text("integrations.total"), row.text("description"),
                    ]
                })
        }
    }
}

struct WorkflowShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a workflow: its forms, integrations, endpoints and constants.")

    @Argument(help: "The workflow, by name or id.", completion: .workflows)
    var workflow: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let id = try await server.find(.workflow, workflow).text("id")
        let embeds = "creator,constants,endpoints,forms,integrations,propertyDefinitions,sharedLibraries"
        let plan = try await server.get("/plans/\(id)", [("embed", embeds)])
        if output.json { return try Output.json(plan) }
        Output.fields([
            ("Workflow", plan.text("name")), ("Id", id), ("Description", plan.text("description")),
            ("Enabled", plan["enabled"]?.bool == false ? "no" : "yes"), ("Made", plan.time("created")),
            ("By", plan.person("creator")), ("Properties", Self.names(plan, "propertyDefinitions")),
            ("Constants", Self.names(plan, "constants")), ("Libraries", Self.names(plan, "sharedLibraries")),
        ])
        Self.table("Forms", ["FORM", "NUMBER", "API", "ID"], plan.rows("forms")) { form in
            [
                form.text("name"), form.text("formId"), form["apiEnabled"]?.bool == false ? "no" : "yes",
                form.text("id"),
            ]
        }
        Self.table("Integrations", IntegrationsListCommand.header, plan.rows("integrations")) {
            IntegrationsListCommand.cells($0, in: plan.text("name"))
        }
        Self.table("Endpoints", ["ENDPOINT", "AUTHENTICATION", "URL"], plan.rows("endpoints")) { endpoint in
            [endpoint.text("name"), endpoint.text("authenticationType"), endpoint.text("url")]
        }
    }

    private static func names(_ plan: JSONValue, _ field: String) -> String {
        plan.rows(field).map { $0.text("name") }.joined(separator: ", ")
    }

    private static func table(
        _ title: String, _ header: [String], _ rows: [JSONValue], _ cells: (JSONValue) -> [String]
    ) {
        guard !rows.isEmpty else { return }
        Output.heading(title)
        Output.table(header, rows.map(cells))
    }
}

struct WorkflowExportCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a workflow of the server to a ZIP file or a folder.")

    @Argument(help: "The workflow, by name or id.", completion: .workflows)
    var plan: String

    @Option(name: .shortAndLong, help: "The file; otherwise NAME.zip.", completion: .file(extensions: ["zip"]))
    var output: String?

    @Option(
        help: "A folder for the files, unpacked; documents that are no longer in the workflow are removed.",
        completion: .directory)
    var directory: String?

    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let row = try await server.find(.workflow, plan)
        let archive = try await server.exported(row.text("id"))
        if let directory {
            let documents = try WorkflowArchive.read(archive).documents
            try WorkflowFiles(path: directory).write(documents)
            print("Wrote \(documents.serialized().count) files into \(directory).")
            return
        }
        let path = output ?? "\(row.text("name").replacing("/", with: "_")).zip"
        guard FileManager.default.createFile(atPath: path, contents: Data(archive)) else {
            throw CommandError("\(path) cannot be written. Is there the folder, and may you write in it?")
        }
        print("Wrote \(path), \(archive.count) bytes.")
    }
}

struct WorkflowImportCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Bring a workflow from a ZIP file or a folder to the server.")

    @Argument(help: "The ZIP file or the folder.", completion: .file())
    var file: String

    @Flag(help: "Replace the workflow of that name, which keeps its keys and secrets.")
    var replace = false

    @Option(help: "The workflow's name; otherwise the one in the file.")
    var name: String?

    @Flag(help: "Change nothing, only say what would become of it.")
    var dryRun = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run(_ server: ServerClient) async throws {
        let answer: JSONValue
        do {
            answer = try await server.importing(
                WorkflowFiles(path: file).archive(), isReplacing: replace, name: name, isDryRun: dryRun)
        } catch let error as ServerError where error.status == 409 {
            throw CommandError("\(error) Add --replace, or another --name.")
        }
        if output.json { return try Output.json(answer) }
        let report = answer["report"] ?? .null
        let mode = report.text("mode")
        print("\(dryRun ? "Would \(mode)" : "Done: \(mode)") plan \(report.text("plan.name"))")
        for (title, field) in Self.lists { Self.show(title, report.rows(field)) }
    }

    static let lists = [
        ("Used", "used"), ("Kept, without effect here", "kept"), ("Not usable", "unusable"),
        ("To do by hand", "byHand"), ("Removed", "removed"),
    ]

    static func show(_ title: String, _ lines: [JSONValue]) {
        guard !lines.isEmpty else { return }
        print("\n\(title):")
        for line in lines {
            let path = line.text("path")
            print("  \(Output.plain(path.isEmpty ? "" : "\(path): "))\(Output.plain(line.text("message")))")
        }
    }
}

extension ServerClient {
    /// The archive of a workflow.
    func exported(_ plan: String) async throws -> [UInt8] {
        try await send("GET", "/api/xm/1/plans/\(Self.escaped(plan))/export").body
    }

    /// - Returns: The plan, unless it is a dry run, and the report.
    func importing(
        _ archive: [UInt8], isReplacing: Bool, name: String?, isDryRun: Bool
    ) async throws -> JSONValue {
        var query = "mode=\(isReplacing ? "replace" : "create")"
        if let name { query += "&name=\(Self.escaped(name))" }
        if isDryRun { query += "&dryRun=true" }
        return try decoded(
            try await send("POST", "/api/xm/1/plans/import?\(query)", archive, type: WorkflowArchive.mediaType))
    }
}
