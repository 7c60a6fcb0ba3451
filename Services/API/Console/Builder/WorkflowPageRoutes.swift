import AlertCore
import Foundation
import Hummingbird
import NIOCore
import Persistence

// The pages of workflows, and the forms that add to them.
extension ConsoleRoutes {
    func addWorkflows(to router: Router<Context>) {
        get("/console/workflows", to: router) { _, _, session in try await workflows(session) }
        post("/console/workflows", to: router) { _, _, session, form in
            do {
                let answer = try await rest.call(
                    .post, "plans", body: .fields(["name": form.filled("name")]), by: session.caller)
                return Response.redirect(to: "/console/workflows/\(answer.body?["id"]?.string ?? "")")
            } catch let error as RestError where error.isForTheForm {
                return try await workflows(session, problem: error)
            }
        }
        get("/console/workflows/{plan}", to: router) { _, context, session in
            try await workflow(parameter("plan", context), session)
        }
        get("/console/workflows/{plan}/export", to: router) { _, context, session in
            let answer = try await rest.call(
                .get, "plans/{plan}/export", ["plan": parameter("plan", context)], by: session.caller)
            return try answer.response(trace: UUID().uuidString.lowercased())
        }
        router.post("/console/workflow-import") { request, _ in
            guard let session = try await sessions.session(of: request) else {
                return Response.redirect(to: "/console/sign-in")
            }
            return try await importWorkflow(request, session)
        }
        post("/console/workflows/{plan}/{part}", to: router) { _, context, session, form in
            let plan = parameter("plan", context)
            do {
                try await add(parameter("part", context), to: plan, form, session)
                return Response.redirect(to: "/console/workflows/\(plan)")
            } catch let error as RestError where error.isForTheForm {
                return try await workflow(plan, session, problem: error)
            }
        }
    }

    /// A file from a form; the list shows what was made of it, and what was not.
    private func importWorkflow(_ request: Request, _ session: ConsoleSession) async throws -> Response {
        let limit = rest.rawBodyLimit(.post, "plans/import")
        do {
            let bytes = Data(buffer: try await request.body.collect(upTo: limit))
            let body = RawBody(bytes: bytes, type: request.headers[.contentType])
            guard constantTimeEquals(try MultipartFile.field("csrf", of: body) ?? "", session.csrf) else {
                throw Self.strangeForm
            }
            let answer = try await rest.call(.post, "plans/import", raw: body, by: session.caller)
            return try await workflows(session, imported: answer.body)
        } catch is NIOTooManyBytesError {
            throw RestError(413, "The file has more than \(limit) bytes.", subcode: "request.body_too_large")
        } catch let error as RestError where error.isForTheForm {
            return try await workflows(session, problem: error)
        }
    }

    private func workflows(
        _ session: ConsoleSession, problem: RestError? = nil, imported: JSONValue? = nil
    ) async throws -> Response {
        var page = WorkflowsPage(
            try await services.cache.current(), for: session, mayImport: rest.has(.post, "plans/import"))
        page.warning = problem?.message
        if let imported { page.tell(of: imported) }
        return try pages.page(
            page, with: "workflows", for: session, at: .workflows, status: .init(code: problem?.code ?? 200))
    }

    private func workflow(
        _ id: String, _ session: ConsoleSession, problem: RestError? = nil
    ) async throws -> Response {
        let directory = try await services.cache.current()
        guard let plan = directory.plans[id] else { throw RestError.notFound("There is no workflow \(id).") }
        var page = WorkflowPage(
            plan, directory, for: session, mayExport: rest.has(.get, "plans/{plan}/export"))
        page.warning = problem?.message
        return try pages.page(
            page, with: "workflow", for: session, at: .workflows, status: .init(code: problem?.code ?? 200))
    }

    /// A form of a workflow's page, as the call of the API that does it.
    private func add(
        _ part: String, to plan: String, _ form: QueryParameters, _ session: ConsoleSession
    ) async throws {
        let path = ["plan": plan]
        switch part {
        case "settings":
            let fields: [String: JSONValue?] = [
                "id": .string(plan), "name": form.filled("name"),
                "description": .string(form.text("description") ?? ""),
                "enabled": .bool(form["enabled"] == "true"), "loggingLevel": form.filled("loggingLevel"),
            ]
            _ = try await rest.call(.post, "plans", body: .fields(fields), by: session.caller)
        case "forms": try await addForm(to: plan, form, session)
        case "properties":
            let fields = ["name": form.filled("name"), "propertyType": form.filled("type")]
            _ = try await rest.call(
                .post, "plans/{plan}/property-definitions", path, body: .fields(fields), by: session.caller)
        case "endpoints":
            _ = try await rest.call(
                .post, "plans/{plan}/endpoints", path, body: Self.endpoint(form), by: session.caller)
        case "constants":
            let fields = ["name": form.filled("name"), "value": form.text("value").map(JSONValue.string)]
            _ = try await rest.call(
                .post, "plans/{plan}/constants", path, body: .fields(fields), by: session.caller)
        case "outbound":
            let fields: [String: JSONValue?] = [
                "name": form.filled("name"), "form": form.filled("form"), "triggeredBy": form.filled("trigger"),
                "endpoint": form.filled("endpoint"), "path": form.filled("path"),
                "integrationType": "OUTBOUND_WEBHOOK", "operation": "SEND_WEBHOOK", "createdBy": "IB",
            ]
            _ = try await rest.call(
                .post, "plans/{plan}/integrations", path, body: .fields(fields), by: session.caller)
        default: throw RestError.notFound("There is no such form.")
        }
    }

    private static func endpoint(_ form: QueryParameters) -> JSONValue {
        let user = form.filled("username")
        return .fields([
            "name": form.filled("name"), "url": form.filled("url"), "endpointType": "EXTERNAL",
            "authenticationType": user == nil ? "NO_AUTH" : "BASIC",
            "authentication": user.map {
                .fields(["username": $0, "password": form["password"].map(JSONValue.string)])
            },
        ])
    }

    /// A form with its default recipients and the properties that it has, in one transaction.
    private func addForm(to plan: String, _ form: QueryParameters, _ session: ConsoleSession) async throws {
        let recipients = form.names("recipients")
        let properties = form.names("properties")
        let name = form.filled("name")
        try await rest.transaction(by: session.caller) { edit in
            let plan = try edit.directory.required(Plan.self, plan)
            let name = try RequestFields(["name": name ?? .null]).requiredName("name", or: nil)
            var form = try Form(
                id: edit.newID(), number: edit.directory.nextNumber(of: "form"), plan: plan.id, name: name)
            form.recipients = try recipients.map { try edit.recipient($0) }
            form.sections = [try edit.section(of: plan, properties: properties)]
            try edit.put(form)
        }
    }
}

extension RestError {
    /// Whether the page of the form can show it, for the person to put it right.
    var isForTheForm: Bool { [400, 404, 409, 413].contains(code) }
}

extension DirectoryEdit {
    /// - Throws: 400 for a name that nobody has.
    func recipient(_ name: String) throws -> String {
        if let person = try directory.resolve(Person.self, name) { return person.id }
        if let group = try directory.resolve(Group.self, name) { return group.id }
        if let device = try directory.device(name) { return device.id }
        throw RestError.invalidValue("recipients", "there is no person, group or device \(name).")
    }

    /// A section with those properties of the plan; text properties that it does not have yet are made.
    func section(of plan: Plan, properties: [String]) throws -> FormSection {
        var items: [FormSection.Item] = []
        for (index, name) in properties.enumerated() {
            let existing = try directory.resolve(PropertyDefinition.self, name, in: plan.id)
            let property =
                existing
                ?? PropertyDefinition(id: newID(), plan: plan.id, propertyType: .text, name: name, maxLength: 20_000)
            if existing == nil { try put(property) }
            items.append(
                FormSection.Item(
                    id: newID(), orderNum: index, includeInCallback: true, propertyDefinition: property.id))
        }
        return FormSection(
            id: newID(), title: "Properties", type: FormSection.Kind.custom.rawValue, orderNum: 0, items: items)
    }
}
