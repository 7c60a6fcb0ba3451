import AlertCore
import ArgumentParser

struct PeopleImportCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make and change people from a CSV file: one a line, below a line of column names.",
        discussion: """
            Columns: targetName, firstName, lastName, webLogin, roles, supervisors, groups (with semicolons), site, \
            language, timezone, status, email, phone; others become custom fields. People who are there already are \
            changed; what a cell leaves empty stays as it is. Devices are made for new people only. Nothing is changed \
            before the whole file could be read.
            """)

    @Argument(help: "The file; - for the input.", completion: .file(extensions: ["csv"]))
    var file: String

    @Flag(help: "Change nothing, only say what would be done.")
    var dryRun = false

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let plain: Set = [
        "targetName", "firstName", "lastName", "webLogin", "site", "language", "timezone", "status",
    ]
    private static let lists: Set = ["roles", "supervisors"]
    private static let most = 20_000

    private struct Row {
        let line: Int
        let name: String
        let fields: [String: JSONValue]
        let email: String?
        let phone: String?
        let groups: [String]
        var existing: String?
    }

    func run(_ server: ServerClient) async throws {
        var rows = try rows()
        let known = Dictionary(
            try await server.rows("/people").rows.map { ($0.text("targetName").lowercased(), $0.text("id")) }
        ) { first, _ in first }
        for index in rows.indices { rows[index].existing = known[rows[index].name.lowercased()] }
        let (new, changed) = (rows.count { $0.existing == nil }, rows.count { $0.existing != nil })
        if !output.json || !dryRun { Output.error("\(new) to make, \(changed) to change.") }
        if dryRun {
            if output.json { try Output.json(["made": .whole(new), "changed": .whole(changed), "dryRun": true]) }
            return
        }
        try confirm.require("Make \(new) people and change \(changed)")
        let failures = try await save(rows, server)
        if output.json {
            try Output.json([
                "made": .whole(new), "changed": .whole(changed), "failed": .array(failures.map { .string($0) }),
            ])
        }
        guard failures.isEmpty else {
            throw CommandError(
                failures.joined(separator: "\n") + "\n\(failures.count) of \(rows.count) failed. Run it again "
                    + "with the file put right: who is there already is changed.")
        }
        if !output.json { print("Made \(new), changed \(changed).") }
    }

    private func save(_ rows: [Row], _ server: ServerClient) async throws -> [String] {
        var failures: [String] = []
        let progress = ProgressBar("Importing")
        for (index, row) in rows.enumerated() {
            progress.show(index, of: rows.count)
            do {
                let saved = try await server.post(
                    row.existing.map { "/people/\($0)" } ?? "/people", .object(row.fields))
                let id = saved.text("id")
                if row.existing == nil { try await server.makeDevices(of: id, email: row.email, phone: row.phone) }
                for group in row.groups {
                    try await server.post(
                        "/groups/\(ServerClient.escaped(group))/members",
                        ["id": .string(id), "recipientType": "PERSON"])
                }
            } catch let error as ServerError where error.status != 401 {
                failures.append("line \(row.line), \(row.name): \(error.message)")
            }
        }
        return failures
    }

    private func rows() throws -> [Row] {
        let lines = try CSV.parse(try InputText.file(file))
        guard let header = lines.first?.cells.map({ $0.trimming }), lines.count > 1 else {
            throw CommandError("\(file) has no people: below a line of column names, one a line.")
        }
        guard lines.count <= Self.most else { throw CommandError("\(file) has more than \(Self.most) lines.") }
        guard header.contains("targetName") else {
            let hint = Nearness.hint(for: "targetName", among: header, otherwise: "")
            throw CommandError("\(file) has no column targetName.\(hint)")
        }
        var problems: [String] = []
        var rows: [Row] = []
        var names: Set<String> = []
        for line in lines.dropFirst() {
            guard line.cells.count == header.count else {
                problems.append("line \(line.number): \(line.cells.count) cells, and \(header.count) columns")
                continue
            }
            let row = Self.row(line.number, zip(header, line.cells.map { $0.trimming }))
            if row.name.isEmpty { problems.append("line \(line.number): targetName is empty") }
            if !names.insert(row.name.lowercased()).inserted {
                problems.append("line \(line.number): \(row.name) comes twice")
            }
            rows.append(row)
        }
        guard problems.isEmpty else {
            throw CommandError(problems.prefix(20).joined(separator: "\n") + "\nNothing was changed.")
        }
        return rows
    }

    private static func row(_ line: Int, _ cells: some Sequence<(String, String)>) -> Row {
        var fields: [String: JSONValue] = ["recipientType": "PERSON"]
        var properties: [String: JSONValue] = [:]
        var others: [String: String] = [:]
        for (column, value) in cells where !value.isEmpty {
            if plain.contains(column) {
                fields[column] = .string(value)
            } else if lists.contains(column) {
                fields[column] = .array(value.parts.map { .string($0) })
            } else if ["email", "phone", "groups"].contains(column) {
                others[column] = value
            } else {
                properties[column] = .string(value)
            }
        }
        if !properties.isEmpty { fields["properties"] = .object(properties) }
        return Row(
            line: line, name: fields["targetName"]?.string ?? "", fields: fields, email: others["email"],
            phone: others["phone"], groups: others["groups"]?.parts ?? [])
    }
}

extension String {
    fileprivate var trimming: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }

    /// Between semicolons.
    fileprivate var parts: [String] { split(separator: ";").map { String($0).trimming }.filter { !$0.isEmpty } }
}

/// Comma-separated values as RFC 4180 has them, with quoted cells over several lines.
enum CSV {
    struct Line {
        /// In the file, from 1.
        let number: Int
        let cells: [String]
    }

    /// Lines without any text are left out.
    static func parse(_ text: String) throws -> [Line] {
        var lines: [Line] = []
        var cells: [String] = []
        var cell = ""
        var (number, begin) = (1, 1)
        var isQuoted = false
        var characters = Array(text.replacing("\r\n", with: "\n").drop { $0 == "\u{FEFF}" })[...]
        func end(_ cells: [String]) { if cells != [""] { lines.append(Line(number: begin, cells: cells)) } }
        while let character = characters.popFirst() {
            if character == "\n" { number += 1 }
            switch (character, isQuoted) {
            case ("\"", true) where characters.first == "\"": cell.append(characters.removeFirst())
            case ("\"", _) where isQuoted || cell.isEmpty: isQuoted.toggle()
            case (",", false):
                cells.append(cell)
                cell = ""
            case ("\n", false):
                end(cells + [cell])
                (cells, cell, begin) = ([], "", number)
            default: cell.append(character)
            }
        }
        guard !isQuoted else { throw CommandError("The quotation mark in line \(begin) is not closed.") }
        if !cells.isEmpty || !cell.isEmpty { end(cells + [cell]) }
        return lines
    }
}
