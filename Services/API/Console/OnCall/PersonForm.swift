import AlertCore
import Foundation
import Persistence

/// The form of a person; its fields have the names that they have in the API.
struct PersonForm {
    /// `nil` for a new one.
    let person: Person?
    let directory: DirectoryView

    private static let languages = [
        ("en", "English"), ("de", "German"), ("fr", "French"), ("es", "Spanish"), ("it", "Italian"),
        ("pt", "Portuguese"), ("nl", "Dutch"), ("ja", "Japanese"), ("zh", "Chinese"),
    ]

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let own = person.map { "/console/people/\($0.id)" }
        let title = person.map { "Edit \($0.displayName)" } ?? "Add a person"
        var crumbs = [NamedValue(name: "People", value: "", href: "/console/people")]
        if let person { crumbs.append(NamedValue(name: person.displayName, value: "", href: own)) }
        var form = FormView(
            to: own.map { "\($0)/edit" } ?? "/console/people/new", for: session,
            submit: person == nil ? "Add" : "Save", cancel: own ?? "/console/people",
            [
                .init("Who", nameFields(values)), .init("Place", placeFields(values, session)),
                .init("Signing in", loginFields(values)),
                .init("What this person may do", [rolesField(values, session)]),
            ])
        form.proposals = [ZonedTime.proposals, directory.peopleProposals]
        return FormPage(title: title, crumbs: crumbs, form: form)
    }

    private func nameFields(_ values: FormValues) -> [FormField] {
        [
            .text(
                "firstName", "First name", values.text("firstName", person?.firstName), type: "name",
                isRequired: true),
            .text("lastName", "Last name", values.text("lastName", person?.lastName), type: "name", isRequired: true),
            .text(
                "targetName", "User ID", values.text("targetName", person?.targetName), limit: 100, isRequired: true,
                placeholder: "mmcbride", hint: "By this name alerts address the person."),
            .select(
                "status", "Status", values.text("status", person?.status.rawValue ?? "ACTIVE"),
                [("ACTIVE", "Active"), ("INACTIVE", "Inactive: is not notified")]),
        ]
    }

    private func placeFields(_ values: FormValues, _ session: ConsoleSession) -> [FormField] {
        let sites = directory.sites.values.map { ($0.id, $0.name) }.sorted { $0.1.lowercased() < $1.1.lowercased() }
        var fields: [FormField] = [
            .text(
                "timezone", "Time zone", values.text("timezone", person?.timezone ?? session.person.timezone),
                limit: 100, isRequired: true, placeholder: "Europe/Berlin", list: ZonedTime.proposals.id),
            .select("language", "Language", values.text("language", person?.language ?? "en"), Self.languages),
        ]
        if !sites.isEmpty {
            let unset = person == nil ? [("", "As mine")] : person?.site == nil ? [("", "None")] : []
            fields.append(.select("site", "Site", values.text("site", person?.site ?? ""), unset + sites))
        }
        let supervisors = person?.supervisors.compactMap { directory.people[$0]?.targetName }
        fields.append(
            .text(
                "supervisors", "Supervisors",
                values.text(
                    "supervisors", supervisors?.joined(separator: ", ") ?? session.person.targetName), limit: 4000,
                list: directory.peopleProposals.id, hint: "User IDs, with commas between them."))
        return fields
    }

    private func loginFields(_ values: FormValues) -> [FormField] {
        [
            .text(
                "webLogin", "User name", values.text("webLogin", person?.webLogin), limit: 100,
                placeholder: "as the user ID"),
            .secret(
                "password", person?.passwordHash == nil ? "Password" : "New password",
                hint: person?.passwordHash == nil
                    ? "At least 8 characters; nobody can sign in without one." : "Empty to keep the present one."),
            .check(
                "forcePasswordReset", "Has to choose another password",
                values.isTicked("forcePasswordReset", person?.forcePasswordReset ?? false),
                hint: "At the next sign-in, before anything else."),
        ]
    }

    private func rolesField(_ values: FormValues, _ session: ConsoleSession) -> FormField {
        let chosen = values.ticked("roles", person?.roles ?? ["Standard User"])
        // Nobody gives more than they have; what the person has already is shown.
        let roles = Role.all.filter {
            session.caller.mayAssign(role: $0.name) || person?.roles.contains($0.name) == true
        }
        return .boxes("roles", "Roles", chosen, roles.map { ($0.name, "\($0.name): \($0.description)") })
    }

    /// - Throws: 400 for roles that nobody has ticked.
    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let roles = typed.all("roles")
        guard !roles.isEmpty else { throw .missingField("roles") }
        let name = typed.filled("targetName")
        return .fields([
            "recipientType": "PERSON", "targetName": name, "firstName": typed.filled("firstName"),
            "lastName": typed.filled("lastName"), "status": typed.filled("status"),
            "timezone": typed.filled("timezone"), "language": typed.filled("language"),
            "site": typed.filled("site"), "webLogin": typed.filled("webLogin") ?? name,
            "password": typed["password"].flatMap { $0.isEmpty ? nil : .string($0) },
            "forcePasswordReset": .bool(typed["forcePasswordReset"] == "true"),
            "roles": .array(roles.map(JSONValue.string)),
            "supervisors": .array(typed.names("supervisors").map(JSONValue.string)),
        ])
    }
}

extension DirectoryView {
    /// Everybody who is active, to be chosen from.
    var peopleProposals: Proposals {
        Proposals(
            id: "people-names",
            people.values.filter { $0.status == .active }.sorted {
                $0.targetName.lowercased() < $1.targetName.lowercased()
            }
            .map { NamedValue(name: $0.targetName, value: $0.displayName) })
    }

    /// The groups that somebody may see, in no order.
    func groups(seenBy caller: Caller) -> [Group] { groups.values.filter { caller.maySee($0, in: self) } }

    /// People and groups, to be chosen from.
    func recipientProposals(for caller: Caller) -> Proposals {
        let groups = groups(seenBy: caller).filter { $0.status == .active }.map {
            NamedValue(name: $0.targetName, value: "Group")
        }
        return Proposals(
            id: "recipient-names", groups.sorted { $0.name.lowercased() < $1.name.lowercased() } + peopleProposals.names
        )
    }
}
