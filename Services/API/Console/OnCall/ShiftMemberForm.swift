import AlertCore
import Hummingbird
import Persistence

/// The form of a place in a shift's escalation, and of a member of a group.
struct ShiftMemberForm {
    let group: Group
    /// `nil` for a member of the group itself.
    let shift: Shift?
    /// `nil` for a new one.
    let member: Shift.Member?
    let directory: DirectoryView

    private var base: String { "/console/groups/\(group.id)" }

    private var action: String {
        guard let shift else { return "\(base)/members/new" }
        return "\(base)/shifts/\(shift.id)/members/\(member?.recipient.id ?? "new")"
    }

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let named = member.map { RecipientName($0.recipient, directory) }
        var fields: [FormField] = []
        if member == nil {
            fields.append(
                .text(
                    "recipient", "Who", values.text("recipient", nil), isRequired: true, list: "recipient-names",
                    hint: "A user ID, a group, or a device as mmcbride|Work Email."))
        }
        if let shift { fields += placeFields(shift, values) }
        var form = FormView(
            to: action, for: session, submit: member == nil ? "Add" : "Save", cancel: base, [.init(nil, fields)])
        form.proposals = [directory.recipientProposals(for: session.caller)]
        let place = shift.map { " to \($0.name)" } ?? ""
        return FormPage(
            title: named?.name ?? "Add a member\(place)",
            crumbs: [
                NamedValue(name: "Groups", value: "", href: "/console/groups"),
                NamedValue(name: group.targetName, value: "", href: base),
            ], form: form)
    }

    private func placeFields(_ shift: Shift, _ values: FormValues) -> [FormField] {
        let index = shift.members.firstIndex { $0.recipient == member?.recipient }
        let last = shift.members.count + (member == nil ? 1 : 0)
        return [
            .select(
                "position", "Place", values.text("position", String(index.map { $0 + 1 } ?? last)),
                (1...max(1, last)).map { (String($0), $0 == last && $0 > 1 ? "\($0) (last)" : String($0)) }),
            .number(
                "delay", "Delay in minutes", values.text("delay", String(member?.delay ?? (last > 1 ? 10 : 0))),
                in: 0...10_080, hint: "After the place before; 0 to be notified together with it."),
            .select(
                "escalationType", "Is called", values.text("escalationType", member?.escalationType.rawValue ?? "None"),
                [
                    ("None", "No escalation"), ("Peer", "Escalation to a peer"),
                    ("Management", "Escalation to management"),
                ]),
            .check(
                "inRotation", "Takes turns", values.isTicked("inRotation", member?.inRotation ?? true),
                hint: "If the shift rotates. Whoever does not keeps the place."),
        ]
    }

    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let who: JSONValue?
        if let member {
            who = [
                "id": .string(member.recipient.id), "recipientType": .string(member.recipient.recipientType.rawValue),
            ]
        } else {
            who = typed.filled("recipient")
        }
        guard let who else { throw .missingField("recipient") }
        guard shift != nil else { return ["id": who] }
        return .fields([
            "recipient": who, "position": try typed.whole("position"), "delay": try typed.whole("delay"),
            "escalationType": typed.filled("escalationType"), "inRotation": .bool(typed["inRotation"] == "true"),
        ])
    }
}
