import AlertCore
import Persistence

extension RESTServices {
    /// Shared libraries, by themselves and below their plan (spec §4.7).
    var libraryRoutes: [RESTRoute] {
        routes(of: SharedLibrary.self) { try Self.library($0, $1, in: $2, $3) } + [
            .get("shared-libraries") { call in
                let paging = try call.query.paging()
                return try await read { directory in
                    let page = try directory.list(SharedLibrary.self, offset: paging.offset, limit: paging.limit)
                    let libraries = try page.entries.map { try $0.wire(directory) }
                    return .ok(call.page(libraries, total: page.total, paging))
                }
            },
            .post("shared-libraries", saveLibrary),
            .get("shared-libraries/{library}") { call in
                try await read { directory in
                    let id = call.parameter("library")
                    guard let library = try directory.get(SharedLibrary.self, id: id) else {
                        throw RestError.notFound("There is no shared library \(id).")
                    }
                    return .ok(try library.wire(directory))
                }
            },
            .delete("shared-libraries/{library}") { call in
                try await write(call) { edit in
                    guard let library = try edit.directory.get(SharedLibrary.self, id: call.parameter("library"))
                    else { return .noContent }
                    let answer = try library.wire(edit.directory)
                    try edit.delete(library)
                    return .ok(answer)
                }
            },
        ]
    }

    /// The plan is named in the body; a library that is there already stays in its own.
    private func saveLibrary(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let id = try fields.text("id")
        let reference = try fields.reference("plan")
        return try await write(call) { edit in
            let existing = try id.flatMap { try edit.directory.get(SharedLibrary.self, id: $0) }
            if let id, existing == nil { throw RestError.notFound("There is no shared library \(id).") }
            guard let name = reference ?? existing?.plan else { throw RestError.missingField("plan") }
            guard let plan = try edit.directory.resolve(Plan.self, name) else {
                throw RestError.invalidValue("plan", "there is no plan \(name).")
            }
            guard existing == nil || existing?.plan == plan.id else {
                throw RestError.invalidValue("plan", "a library cannot be moved to another plan.")
            }
            let library = try Self.library(fields, existing, in: plan, edit)
            try edit.put(library)
            return .saved(library.wire(in: plan, isListed: false), isNew: existing == nil)
        }
    }

    private static func library(
        _ fields: RequestFields, _ existing: SharedLibrary?, in plan: Plan, _ edit: DirectoryEdit
    ) throws -> SharedLibrary {
        let name = try fields.requiredName("name", or: existing?.name)
        guard let script = try fields.script() ?? existing?.script else { throw RestError.missingField("script") }
        var library = existing ?? SharedLibrary(id: edit.newID(), plan: plan.id, name: name, script: script)
        library.name = name
        library.script = script
        return library
    }
}

extension SharedLibrary: PlanPart {
    static let collection = "shared-libraries"

    var wire: JSONValue { wire(planReference: ["id": .string(plan)]) }

    func wire(in plan: Plan, isListed: Bool) -> JSONValue { wire(planReference: plan.reference) }

    fileprivate func wire(_ directory: Directory) throws -> JSONValue {
        try directory.get(Plan.self, id: plan).map { wire(in: $0, isListed: false) } ?? wire
    }

    private func wire(planReference: JSONValue) -> JSONValue {
        [
            "id": .string(id), "name": .string(name), "script": .script(script), "plan": planReference,
            "links": .links("/shared-libraries/\(id)"),
        ]
    }
}
