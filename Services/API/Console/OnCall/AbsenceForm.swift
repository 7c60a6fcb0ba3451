import AlertCore
import Hummingbird
import Persistence

/// The form of a temporary absence.
struct AbsenceForm {
    let person: Person
    /// Those of the person that whoever fills in the form may see.
    let groups: [Group]
    let directory: DirectoryView

    private var zone: ZonedTime { ZonedTime(person.timezone) }

    func page(_ values: FormValues, for session: ConsoleSession, now: Timestamp) -> FormPage {
        let base = "/console/people/\(person.id)"
        let tomorrow = zone.adding(days: 1, to: zone.startOfDay(now))
        // A group's supervisors say who is away from it, and not who is away from all.
        let places =
            (session.caller.mayEditAbsences(of: person, in: nil) ? [("", "In all groups")] : [])
            + groups.filter { session.caller.mayEditAbsences(of: person, in: $0) }
            .map { ($0.id, "In \($0.targetName)") }
        var form = FormView(
            to: "\(base)/absences/new", for: session, submit: "Add", cancel: base,
            [
                .init(
                    "When", intro: "In the time zone \(person.timezone).",
                    [
                        .time("start", "From", values.text("start", zone.field(tomorrow)), isRequired: true),
                        .time(
                            "end", "To", values.text("end", zone.field(zone.adding(days: 1, to: tomorrow))),
                            isRequired: true),
                    ]),
                .init(
                    "Who instead",
                    [
                        .text(
                            "replacement", "Replacement", values.text("replacement", nil), limit: 100,
                            list: "people-names", hint: "A user ID; empty for nobody."),
                        .select(
                            "group", "Where", values.text("group", ""), places),
                        .check(
                            "includeDirectNotifications", "Also for alerts that name \(person.displayName)",
                            values.isTicked("includeDirectNotifications", false),
                            hint: "Only with a replacement, and in all groups."),
                    ]),
            ])
        form.proposals = [directory.peopleProposals]
        return FormPage(
            title: "Add an absence",
            crumbs: [
                NamedValue(name: "People", value: "", href: "/console/people"),
                NamedValue(name: person.displayName, value: "", href: base),
            ], lead: "During an absence, groups skip \(person.displayName) or notify the replacement.", form: form)
    }

    /// - Throws: 400 for what is no time.
    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let replacement = typed.filled("replacement")
        return .fields([
            "absenceType": replacement == nil ? "AWAY" : "REPLACEMENT", "member": .string(person.id),
            "start": .string(try typed.time("start", in: zone).iso),
            "end": .string(try typed.time("end", in: zone).iso),
            "replacement": replacement, "group": typed.filled("group"),
            "includeDirectNotifications": .bool(typed["includeDirectNotifications"] == "true"),
        ])
    }
}

extension QueryParameters {
    /// A field with a time.
    func time(_ name: String, in zone: ZonedTime) throws(RestError) -> Timestamp {
        guard let text = filled(name)?.string else { throw .missingField(name) }
        guard let time = zone.parse(text) else {
            throw .invalidValue(name, "it must be a time, as 2026-12-24T08:00 is.")
        }
        return time
    }
}

extension ConsoleRoutes {
    func addAbsences(to router: Router<Context>) {
        add(
            ConsoleForm<AbsenceForm>(
                place: .people,
                names: ["absenceType": "replacement"],
                subject: { call in
                    let (person, directory) = try await knownPerson(call.parameter("person"))
                    let caller = call.session.caller
                    let groups = Memberships(directory, seenBy: caller).groups(of: person.id)
                    if !groups.contains(where: { caller.mayEditAbsences(of: person, in: $0) }) {
                        try caller.requireEditingAbsences(of: person, in: nil)
                    }
                    return AbsenceForm(person: person, groups: groups, directory: directory)
                },
                page: { form, values, session in form.page(values, for: session, now: services.now()) },
                send: { form, typed, session in
                    _ = try await rest.call(
                        .post, "temporary-absences", body: try form.body(typed), by: session.caller)
                    return "/console/people/\(form.person.id)?done=saved#absences"
                }), at: "/console/people/{person}/absences/new", to: router)
        post("/console/people/{person}/absences/{absence}/delete", to: router) { _, context, session, _ in
            let person = parameter("person", context)
            do {
                _ = try await rest.call(
                    .delete, "temporary-absences/{absence}", ["absence": parameter("absence", context)],
                    by: session.caller)
                return Response.redirect(to: "/console/people/\(person)?done=deleted#absences")
            } catch let error as RestError where error.isForTheForm {
                return try await self.person(person, session, problem: error)
            }
        }
    }
}
