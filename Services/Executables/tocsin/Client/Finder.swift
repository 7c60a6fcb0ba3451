import AlertCore

/// What has a name on a server.
enum NamedKind: Sendable {
    case person, group, workflow, form, integration

    var noun: String { "\(self)" }

    /// Below `/api/xm/1`.
    var path: String {
        switch self {
        case .person: "/people"
        case .group: "/groups"
        case .workflow: "/plans"
        case .form: "/forms"
        case .integration: "/integrations"
        }
    }

    var lister: String {
        switch self {
        case .person: "tocsin people list"
        case .group: "tocsin groups list"
        case .workflow, .form: "tocsin workflows list"
        case .integration: "tocsin integrations list"
        }
    }

    /// What somebody may call a row.
    func names(_ row: JSONValue) -> [String] {
        switch self {
        case .person:
            [
                row.text("targetName"), row.text("webLogin"), "\(row.text("firstName")) \(row.text("lastName"))",
            ]
        case .group: [row.text("targetName")]
        case .workflow: [row.text("name")]
        case .form, .integration: [row.text("name"), "\(row.text("plan.name"))/\(row.text("name"))"]
        }
    }
}

/// Finds what people name, by id, number or name; a wrong name is answered with near ones.
extension ServerClient {
    /// More names than that are not looked through for near ones.
    private static var mostNames: Int { 5000 }

    func find(_ kind: NamedKind, _ wanted: String) async throws -> JSONValue {
        if kind == .person || kind == .group || kind == .workflow,
            let row = try await getIfThere("\(kind.path)/\(Self.escaped(wanted))")
        {
            return row
        }
        return try Self.choose(kind, wanted, among: try await all(kind, for: wanted))
    }

    /// All of a kind; of forms and integrations those of the workflow that `Workflow/Name` says.
    func all(_ kind: NamedKind, for wanted: String = "") async throws -> [JSONValue] {
        guard kind == .integration else { return try await rows(kind.path, limit: Self.mostNames).rows }
        var plans = try await rows(NamedKind.workflow.path, limit: Self.mostNames).rows
        let inPlan = plans.filter { wanted.lowercased().hasPrefix($0.text("name").lowercased() + "/") }
        if !inPlan.isEmpty { plans = inPlan }
        return try await integrations(of: plans)
    }

    func integrations(of plans: [JSONValue], _ query: [(String, String?)] = []) async throws -> [JSONValue] {
        let progress = ProgressBar("Reading workflows")
        var found: [JSONValue] = []
        for (index, plan) in plans.enumerated() {
            if index > 0 { progress.show(index, of: plans.count) }
            found += try await rows("/plans/\(plan.text("id"))/integrations", query).rows
        }
        return found
    }

    static func choose(_ kind: NamedKind, _ wanted: String, among rows: [JSONValue]) throws -> JSONValue {
        let lower = wanted.lowercased()
        if let row = rows.first(where: { $0.text("id") == lower || $0.text("formId") == wanted }) { return row }
        let exact = rows.filter { kind.names($0).contains(wanted) }
        let found = exact.isEmpty ? rows.filter { kind.names($0).contains { $0.lowercased() == lower } } : exact
        if found.count == 1 { return found[0] }
        if found.count > 1 {
            let names = found.map { kind.names($0).last ?? "" }.sorted().joined(separator: ", ")
            throw CommandError("There are \(found.count) of the name \(wanted): \(names). Name one, or give its id.")
        }
        let hint = Nearness.hint(
            for: wanted, among: rows.flatMap { kind.names($0) }, otherwise: "Type \(kind.lister) to see what there is.")
        throw CommandError("There is no \(kind.noun) \(wanted).\(hint)")
    }

    /// - Parameter wanted: A number or an id.
    func alert(_ wanted: String, _ query: [(String, String?)] = []) async throws -> JSONValue {
        guard let alert = try await getIfThere("/events/\(Self.escaped(wanted))", query) else {
            if query.contains(where: { $0.0 == "at" && $0.1 != nil }) {
                throw CommandError("There was no alert \(wanted) at that time.")
            }
            throw CommandError("There is no alert \(wanted). Type tocsin alerts list to see what there is.")
        }
        return alert
    }

    /// Who these commands are given as.
    func me() async throws -> JSONValue {
        guard login.user.hasPrefix("x-api-key-") else {
            let people = try await rows("/people", [("webLogin", login.user)]).rows
            if let person = people.first(where: { $0.text("webLogin") == login.user }) { return person }
            return try await find(.person, login.user)
        }
        let keys = try await rows("/api-keys").rows
        guard let key = keys.first(where: { $0.text("id") == login.user }) else {
            throw CommandError("The key \(login.user) is not among the keys that it may see. Add --user NAME.")
        }
        return try await get("/people/\(key.text("person.id"))")
    }
}
