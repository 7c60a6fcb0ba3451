import AlertCore
import Persistence

/// The form of a group; its fields have the names that they have in the API.
struct GroupForm {
    /// How many conditions are offered at least.
    private static let fewestCriteria = 4
    private static let mostCriteria = 100

    /// `nil` for a new one.
    let group: Group?
    let kind: Group.Kind
    let directory: DirectoryView

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let own = group.map { "/console/groups/\($0.id)" }
        var parts: [FormView.Part] = [
            .init("The group", nameFields(values)), .init("Place", placeFields(values, session)),
        ]
        if kind == .dynamic {
            parts.append(
                .init(
                    "Who belongs to it", intro: "Whoever meets these conditions, at the moment of the alert.",
                    criteriaFields(values)))
        }
        parts.append(.init("Rules", ruleFields(values, session)))
        var form = FormView(
            to: own.map { "\($0)/edit" } ?? "/console/groups/new?kind=\(kind.rawValue)", for: session,
            submit: group == nil ? "Add" : "Save", cancel: own ?? "/console/groups", parts)
        form.proposals = [ZonedTime.proposals, directory.peopleProposals]
        var crumbs = [NamedValue(name: "Groups", value: "", href: "/console/groups")]
        if let group { crumbs.append(NamedValue(name: group.targetName, value: "", href: own)) }
        var page = FormPage(
            title: group.map { "Edit \($0.targetName)" } ?? "Add a group", crumbs: crumbs, lead: lead, form: form)
        if group == nil {
            page.tabs = Group.Kind.allCases.map {
                .init(name: $0.title, href: "/console/groups/new?kind=\($0.rawValue)", isCurrent: $0 == kind)
            }
        }
        return page
    }

    private var lead: String? {
        guard group == nil else { return nil }
        return switch kind {
        case .onCall: "Whoever is on duty in one of its shifts is notified, then the next, until somebody answers."
        case .broadcast: "All members are notified at once."
        case .dynamic: "Everybody who meets its conditions is notified at once."
        }
    }

    private func nameFields(_ values: FormValues) -> [FormField] {
        [
            .text(
                "targetName", "Name", values.text("targetName", group?.targetName), limit: 100, isRequired: true,
                placeholder: "Database team"),
            .select(
                "status", "Status", values.text("status", group?.status.rawValue ?? "ACTIVE"),
                [("ACTIVE", "Active"), ("INACTIVE", "Inactive: nobody of it is notified")]),
            .area("description", "Description", values.text("description", group?.description), rows: 2, limit: 1024),
        ]
    }

    private func placeFields(_ values: FormValues, _ session: ConsoleSession) -> [FormField] {
        let sites = directory.sites.values.map { ($0.id, $0.name) }.sorted { $0.1.lowercased() < $1.1.lowercased() }
        var fields: [FormField] = [
            .text(
                "timezone", "Time zone", values.text("timezone", group?.timezone ?? session.person.timezone),
                limit: 100, isRequired: true, placeholder: "Europe/Berlin", list: ZonedTime.proposals.id)
        ]
        if !sites.isEmpty {
            fields.append(
                .select(
                    "site", "Site", values.text("site", group?.site ?? ""), [("", "None")] + sites,
                    hint: "Its holidays are those of the shifts."))
        }
        return fields
    }

    private func ruleFields(_ values: FormValues, _ session: ConsoleSession) -> [FormField] {
        let supervisors = group?.supervisors.compactMap { directory.people[$0]?.targetName }
        return [
            .text(
                "supervisors", "Supervisors",
                values.text("supervisors", supervisors?.joined(separator: ", ") ?? session.person.targetName),
                limit: 4000, list: directory.peopleProposals.id,
                hint: "They may change the group. User IDs, with commas between them."
            ).wide,
            .check(
                "useDefaultDevices", "Use failsafe devices",
                values.isTicked("useDefaultDevices", group?.useDefaultDevices ?? true),
                hint: "When no other device of a member can be used."),
            .check(
                "allowDuplicates", "Notify twice whoever is reached in two ways",
                values.isTicked("allowDuplicates", group?.allowDuplicates ?? false)),
        ]
    }

    private func criteriaFields(_ values: FormValues) -> [FormField] {
        let saved = group?.criteria
        var fields: [FormField] = [
            .select(
                "criteria.operand", "Which", values.text("criteria.operand", saved?.operand.rawValue ?? "AND"),
                [("AND", "All of them"), ("OR", "Any of them")]
            ).wide
        ]
        let count = max(Self.fewestCriteria, (saved?.criterion.count ?? 0) + 1)
        for index in 0..<min(count, Self.mostCriteria) {
            let rule = saved.flatMap { $0.criterion.indices.contains(index) ? $0.criterion[index] : nil }
            let name = { (part: String) in "criteria.criterion[\(index)].\(part)" }
            fields += [
                .select(
                    name("field"), "Field",
                    values.text(name("field"), rule.map { "\($0.criterionType):\($0.field)" }), Self.fieldChoices),
                .select(
                    name("operand"), "Comparison", values.text(name("operand"), rule?.operand ?? "EQUALS"),
                    GroupCriteria.Comparison.allCases.map {
                        ($0.rawValue, $0.rawValue.replacing("_", with: " ").lowercased())
                    }),
                .text(name("value"), "Value", values.text(name("value"), rule?.value)),
            ]
        }
        return fields
    }

    /// A condition's type and field in one.
    private static var fieldChoices: [(String, String)] {
        [("", "–")]
            + GroupCriteria.BasicField.allCases.map {
                ("BASIC_FIELD:\($0.rawValue)", $0.rawValue.replacing("_", with: " ").capitalized)
            } + [("GROUP:", "Member of the group")]
    }

    func body(_ typed: QueryParameters) -> JSONValue {
        var fields: [String: JSONValue?] = [
            "recipientType": "GROUP", "groupType": .string(kind.rawValue), "targetName": typed.filled("targetName"),
            "status": typed.filled("status"), "description": .string(typed.text("description") ?? ""),
            "timezone": typed.filled("timezone"),
            "supervisors": .array(typed.names("supervisors").map(JSONValue.string)),
            "useDefaultDevices": .bool(typed["useDefaultDevices"] == "true"),
            "allowDuplicates": .bool(typed["allowDuplicates"] == "true"),
        ]
        if typed["site"] != nil { fields["site"] = typed.filled("site") ?? "" }
        if kind == .dynamic { fields["criteria"] = criteria(typed) }
        return .fields(fields)
    }

    private func criteria(_ typed: QueryParameters) -> JSONValue {
        let rules: [JSONValue] = (0..<Self.mostCriteria).compactMap { index in
            let name = { (part: String) in "criteria.criterion[\(index)].\(part)" }
            guard let chosen = typed.filled(name("field"))?.string else { return nil }
            let parts = chosen.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return .fields([
                "criterionType": .string(String(parts[0])), "field": .string(parts.count > 1 ? String(parts[1]) : ""),
                "operand": typed.filled(name("operand")),
                "value": .string(typed.text(name("value")) ?? ""),
            ])
        }
        return .fields(["operand": typed.filled("criteria.operand"), "criterion": .array(rules)])
    }
}
