import AlertCore
import Foundation
import Persistence

/// Pages of the documentation that are made from the routes: `make reference` writes them, a test compares.
struct APIReference {
    let document: OpenAPIDocument

    /// docs/REST.md.
    var operations: String {
        var text = """
            # REST reference

            Made by `make reference` from the routes of the API; `/openapi.json` of a server says the same in OpenAPI
            3.1. docs/API.md says what things mean. Paths are below `/api/xm/1` unless they begin with another `/api` or
            `/reapi`. A field with `!` is always there; types are those of JSON Schema, `page(X)` is
            `{count, total, data: [X], links}`. Besides the answers that are listed, 400, 401, 403, 404, 429 and 503
            are possible everywhere, 409, 413 and 422 where something is written.


            """
        for group in OperationGroup.all {
            text += "## \(group.name)\n\n"
            for operation in document.operations where operation.group == group.name { text += section(operation) }
            for (name, fields) in group.answers.merging(group.requests, uniquingKeysWith: { first, _ in first })
                .sorted(by: { $0.key < $1.key })
            {
                text += "**\(name)**\n\n```\n\(fields.trimmingCharacters(in: .newlines))\n```\n\n"
            }
        }
        return text
    }

    private func section(_ operation: OpenAPIDocument.Operation) -> String {
        let description = operation.description
        let path =
            operation.path.hasPrefix(RESTPath.base)
            ? operation.path.dropFirst(RESTPath.base.count) : operation.path[...]
        var text = "### \(description.method.rawValue) \(path)\n\n\(description.summary)"
        if !operation.notes.isEmpty { text += " \(operation.notes)" }
        text += "\n\n"
        let query = description.query.split(separator: "\n").map(String.init)
            .map { $0 == "paging" ? "offset, limit" : $0 }
        if !query.isEmpty { text += "```\n\(query.map { "?\($0)" }.joined(separator: "\n"))\n```\n\n" }
        if let body = description.body { text += "Body: `\(body)`\(media(description.bodyMedia))\n\n" }
        let answers = description.answers.sorted { $0.key < $1.key }.map { code, type in
            type.isEmpty ? "\(code)" : "\(code) `\(type)`"
        }
        let refusals = answers.isEmpty ? description.errors.map(String.init) : []
        text += "Answers: \((answers + refusals).joined(separator: ", "))\(media(description.answerMedia))\n\n"
        return text
    }

    private func media(_ type: String) -> String { type == "application/json" ? "" : " (\(type))" }

    /// docs/ROLES.md.
    var roles: String {
        let roles = Role.all.map(\.name).filter { $0 != "No Access User" }
        var text = """
            # Who may do what

            Made by `make reference` from the permissions of the routes; a test goes through it row by row. ● is
            allowed, ○ for what is the caller's own (themselves, the people that they supervise, the groups that name
            them as a supervisor), – answers 403. Roles add up; No Access User may do nothing. What each permission
            means is in docs/API.md.

            | operation | needs | \(roles.joined(separator: " | ")) |
            |---|---|\(roles.map { _ in "---|" }.joined())

            """
        for operation in document.operations where operation.route != nil {
            let description = operation.description
            let marks = roles.map { Self.mark(of: $0, for: operation).rawValue }
            text += "| \(description.method.rawValue) /\(description.path) | \(Self.need(of: operation)) | "
            text += "\(marks.joined(separator: " | ")) |\n"
        }
        return text
    }

    /// What a role may do by an operation.
    enum Mark: String { case always = "●", own = "○", never = "–" }

    static func mark(of role: String, for operation: OpenAPIDocument.Operation) -> Mark {
        let permissions = Role.permissions(of: [role])
        guard let needed = operation.permission, permissions.contains(needed) else { return .never }
        switch operation.description.access {
        case nil: return .always
        case let access?:
            let (all, own) = access.permissions
            if !permissions.isDisjoint(with: all) { return .always }
            return own.map(permissions.contains) == true || access.isForOneself ? .own : .never
        }
    }

    private static func need(of operation: OpenAPIDocument.Operation) -> String {
        let permission = operation.permission?.rawValue ?? ""
        let (all, own) = operation.description.access?.permissions ?? ([], nil)
        var names = [permission] + all.map(\.rawValue)
        if let own { names.append(own.rawValue) }
        return names.joined(separator: ", ")
    }
}
