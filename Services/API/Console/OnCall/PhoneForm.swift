import AlertCore
import Persistence

/// The form of what somebody proves with on the phone who it is; its fields have the names that they have in the API.
struct PhoneForm {
    let person: Person

    private var base: String { "/console/people/\(person.id)" }
    private var hasPin: Bool { !person.phonePinHash.isEmpty }

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        var fields: [FormField] = [
            .text(
                "phoneLogin", "Phone login", values.text("phoneLogin", person.phoneLogin), type: "tel", limit: 30,
                hint: "Digits; empty for none."),
            .secret(
                "phonePin", hasPin ? "New PIN" : "PIN",
                hint: hasPin ? "4 to 30 digits; empty to keep the present one." : "4 to 30 digits."),
        ]
        if hasPin { fields.append(.check("removePin", "Take the PIN away", values.isTicked("removePin", false))) }
        return FormPage(
            title: "Phone login",
            crumbs: [
                NamedValue(name: "People", value: "", href: "/console/people"),
                NamedValue(name: person.displayName, value: "", href: base),
            ],
            lead: hasPin ? "A call asks \(person.displayName) for the PIN." : "There is no PIN: a call asks for none.",
            form: FormView(to: "\(base)/phone", for: session, cancel: base, [.init(nil, fields)]))
    }

    /// - Throws: 400 for a new PIN that is to be taken away as well.
    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let pin = typed["phonePin"] ?? ""
        let removes = typed["removePin"] == "true"
        guard pin.isEmpty || !removes else {
            throw .invalidValue("phonePin", "it cannot be set and taken away at once.")
        }
        let login = typed.filled("phoneLogin")?.string ?? ""
        return .fields([
            "phoneLogin": login == person.phoneLogin ?? "" ? nil : .string(login),
            "phonePin": removes ? "" : pin.isEmpty ? nil : .string(pin),
        ])
    }
}

extension ConsoleRoutes {
    var phoneForm: ConsoleForm<PhoneForm> {
        ConsoleForm(
            place: .people,
            subject: { call in
                let (person, _) = try await knownPerson(call.parameter("person"))
                try call.session.caller.requireEditingDevices(of: person)
                return PhoneForm(person: person)
            },
            page: { form, values, session in form.page(values, for: session) },
            send: { form, typed, session in
                _ = try await rest.call(
                    .post, "people/{person}", ["person": form.person.id], body: try form.body(typed),
                    by: session.caller)
                return "/console/people/\(form.person.id)?done=saved"
            })
    }
}
