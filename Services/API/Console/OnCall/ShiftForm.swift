import AlertCore
import Persistence

/// The form of a shift; its fields have the names that they have in the API.
struct ShiftForm {
    let group: Group
    /// `nil` for a new one.
    let shift: Shift?
    let now: Timestamp
    let directory: DirectoryView

    private static let frequencies: [(Recurrence.Frequency, String)] = [
        (.weekly, "Every week, on certain days"), (.daily, "Every day"), (.everyWeekday, "Every weekday"),
        (.everyWeekendDay, "Every Saturday and Sunday"), (.monthly, "Every month"), (.yearly, "Every year"),
        (.holiday, "On the holidays of the site"), (.once, "Once"),
    ]

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let base = "/console/groups/\(group.id)"
        var form = FormView(
            to: shift.map { "\(base)/shifts/\($0.id)/edit" } ?? "\(base)/shifts/new", for: session,
            submit: shift == nil ? "Add" : "Save", cancel: base,
            [
                .init("The shift", nameFields(values)),
                .init(
                    "When", intro: "First, when it is on for the first time; then, how it comes again.", times(values)),
                .init("Again", recurrenceFields(values)),
                .init("Taking turns", rotationFields(values)),
                .init("When nobody answers", endFields(values)),
            ])
        form.proposals = [ZonedTime.proposals, directory.recipientProposals(for: session.caller)]
        return FormPage(
            title: shift.map { "Edit \($0.name)" } ?? "Add a shift",
            crumbs: [
                NamedValue(name: "Groups", value: "", href: "/console/groups"),
                NamedValue(name: group.targetName, value: "", href: base),
            ], form: form)
    }

    private func nameFields(_ values: FormValues) -> [FormField] {
        [
            .text(
                "name", "Name", values.text("name", shift?.name), limit: 200, isRequired: true,
                placeholder: "Working hours"),
            .text(
                "timezone", "Time zone", values.text("timezone", shift?.timezone ?? group.timezone), limit: 100,
                isRequired: true, list: ZonedTime.proposals.id),
            .text("description", "Description", values.text("description", shift?.description), limit: 1000).wide,
        ]
    }

    private func times(_ values: FormValues) -> [FormField] {
        let zone = ZonedTime(shift?.timezone ?? group.timezone)
        let today = zone.day(now)
        return [
            .time(
                "start", "Begins", values.text("start", shift.map { zone.field($0.start) } ?? "\(today)T08:00"),
                isRequired: true),
            .time(
                "end", "Ends", values.text("end", shift.map { zone.field($0.end) } ?? "\(today)T18:00"),
                isRequired: true, hint: "Midnight is 00:00 of the day after."),
        ]
    }
}

// MARK: - Recurrence

extension ShiftForm {
    private func recurrenceFields(_ values: FormValues) -> [FormField] {
        let saved = shift?.recurrence
        let days = saved.map { $0.onDays.map(\.rawValue) } ?? Weekday.allCases.prefix(5).map(\.rawValue)
        let name = "recurrence.frequency"
        return [
            .select(
                name, "Comes again", values.text(name, saved?.frequency.rawValue ?? "WEEKLY"),
                Self.frequencies.map { ($0.0.rawValue, $0.1) }),
            .number(
                "recurrence.repeatEvery", "Every how many days, weeks, months or years",
                values.text("recurrence.repeatEvery", String(saved?.repeatEvery ?? 1)), in: 1...1000
            ).when(name, "DAILY", "WEEKLY", "MONTHLY", "YEARLY"),
            .boxes(
                "recurrence.onDays", "On these days", values.ticked("recurrence.onDays", days),
                Weekday.allCases.map { ($0.rawValue, $0.short) }
            ).when(name, "WEEKLY"),
        ] + monthFields(values, saved).map { $0.when(name, "MONTHLY", "YEARLY") } + endingFields(values, saved)
    }

    private func monthFields(_ values: FormValues, _ saved: Recurrence?) -> [FormField] {
        let date = saved?.dateOfMonth.map(String.init) ?? ""
        return [
            .select(
                "recurrence.on", "On", values.text("recurrence.on", saved?.on?.rawValue ?? "DATE_OF_MONTH"),
                [("DATE_OF_MONTH", "A date"), ("DAY_OF_WEEK", "A weekday, as the first Monday")]),
            .number(
                "recurrence.dateOfMonth", "Date", values.text("recurrence.dateOfMonth", date), in: 1...31,
                hint: "Empty for that of the first time."),
            .select(
                "recurrence.dayOfWeekClassifier", "Which",
                values.text("recurrence.dayOfWeekClassifier", saved?.dayOfWeekClassifier?.rawValue ?? "FIRST"),
                Recurrence.Classifier.allCases.map { ($0.rawValue, $0.rawValue.capitalized) }),
            .select(
                "recurrence.dayOfWeek", "Weekday",
                values.text("recurrence.dayOfWeek", saved?.dayOfWeek?.rawValue ?? "MO"),
                Weekday.allCases.map { ($0.rawValue, $0.title) }),
            .boxes(
                "recurrence.months", "In these months",
                values.ticked("recurrence.months", saved?.months.map(\.rawValue) ?? []),
                Recurrence.Month.allCases.map { ($0.rawValue, $0.rawValue.capitalized) }, hint: "None for all."),
        ]
    }

    private func endingFields(_ values: FormValues, _ saved: Recurrence?) -> [FormField] {
        let zone = ZonedTime(shift?.timezone ?? group.timezone)
        let name = "recurrence.end.endBy"
        var (kind, date, count) = ("NEVER", "", "")
        switch saved?.end {
        case .date(let day): (kind, date) = ("DATE", zone.day(day))
        case .repetitions(let number): (kind, count) = ("REPETITIONS", String(number))
        case .never, nil: break
        }
        return [
            FormField.select(
                name, "Until", values.text(name, kind),
                [("NEVER", "For ever"), ("DATE", "A date"), ("REPETITIONS", "A number of times")]),
            FormField.time(
                "recurrence.end.date", "Not from this day on", values.text("recurrence.end.date", date), type: "date"
            ).when(name, "DATE"),
            FormField.number(
                "recurrence.end.repetitions", "How many times", values.text("recurrence.end.repetitions", count),
                in: 1...10_000
            ).when(name, "REPETITIONS"),
        ]
    }

    private func recurrence(_ typed: QueryParameters, _ zone: ZonedTime) throws(RestError) -> JSONValue {
        let frequency = typed["recurrence.frequency"] ?? ""
        var fields: [String: JSONValue?] = [
            "frequency": .string(frequency), "repeatEvery": try typed.whole("recurrence.repeatEvery"),
            "onDays": .array(typed.all("recurrence.onDays").map(JSONValue.string)),
        ]
        if frequency == "MONTHLY" || frequency == "YEARLY" {
            fields["on"] = typed.filled("recurrence.on")
            fields["dateOfMonth"] = try typed.whole("recurrence.dateOfMonth")
            fields["dayOfWeekClassifier"] = typed.filled("recurrence.dayOfWeekClassifier")
            fields["dayOfWeek"] = typed.filled("recurrence.dayOfWeek")
            fields["months"] = .array(typed.all("recurrence.months").map(JSONValue.string))
        }
        let endBy = typed["recurrence.end.endBy"] ?? "NEVER"
        var end: [String: JSONValue?] = ["endBy": .string(endBy)]
        if endBy == "DATE" { end["date"] = .string(try typed.time("recurrence.end.date", in: zone).iso) }
        if endBy == "REPETITIONS" { end["repetitions"] = try typed.whole("recurrence.end.repetitions") }
        fields["end"] = .fields(end)
        return .fields(fields)
    }
}

// MARK: - How the escalation goes on

extension ShiftForm {
    private func rotationFields(_ values: FormValues) -> [FormField] {
        let saved = shift?.rotation
        let zone = ZonedTime(shift?.timezone ?? group.timezone)
        let name = "rotation.type"
        return [
            .select(
                name, "The order changes", values.text(name, saved?.type.rawValue ?? "NONE"),
                [
                    ("NONE", "Never"), ("TIME", "After a time"), ("ALERTS", "After a number of alerts"),
                    ("SHIFTS", "After a number of shifts"),
                ]),
            FormField.number(
                "rotation.interval", "After how many", values.text("rotation.interval", String(saved?.interval ?? 1)),
                in: 1...10_000
            ).when(name, "TIME", "ALERTS", "SHIFTS"),
            FormField.select(
                "rotation.intervalUnit", "Of what",
                values.text("rotation.intervalUnit", saved?.intervalUnit.rawValue ?? "WEEKS"),
                Rotation.Unit.allCases.map { ($0.rawValue, $0.rawValue.capitalized) }
            ).when(name, "TIME"),
            FormField.time(
                "rotation.nextRotationTime", "For the first time",
                values.text("rotation.nextRotationTime", saved?.nextRotationTime.map(zone.field)),
                hint: "Empty for one interval after the first shift."
            ).when(name, "TIME"),
            FormField.select(
                "rotation.direction", "How",
                values.text("rotation.direction", saved?.direction.rawValue ?? "FIRST_TO_LAST"),
                [("FIRST_TO_LAST", "The first goes to the end"), ("LAST_TO_FIRST", "The last comes to the front")]
            ).when(name, "TIME", "ALERTS", "SHIFTS"),
        ]
    }

    private func endFields(_ values: FormValues) -> [FormField] {
        let again = shift?.repeatEscalation
        let notice = shift?.notifyEndOfEscalation
        let whom = "notify"
        let chosen = notice.map { $0.recipient == nil ? "SUPERVISORS" : "RECIPIENT" } ?? "NOBODY"
        let named = notice?.recipient.map { RecipientName($0, directory).targetName }
        let minutes = { (seconds: Int?) in String((seconds ?? 0) / 60) }
        return [
            .number(
                "repeatEscalation.repetitions", "Begin again, how many times",
                values.text("repeatEscalation.repetitions", String(again?.repetitions ?? 0)), in: 0...100,
                hint: "0 for not at all."),
            .number(
                "repeatEscalation.waitInSeconds", "Minutes before it begins again",
                values.text("repeatEscalation.waitInSeconds", minutes(again?.waitInSeconds ?? 300)), in: 0...10_080),
            .select(
                whom, "At the very end, tell", values.text(whom, chosen),
                [("NOBODY", "Nobody"), ("SUPERVISORS", "The supervisors"), ("RECIPIENT", "Somebody else")]),
            FormField.text(
                "notifyEndOfEscalation.recipient", "Whom", values.text("notifyEndOfEscalation.recipient", named),
                list: "recipient-names"
            ).when(whom, "RECIPIENT"),
            FormField.number(
                "notifyEndOfEscalation.waitInSeconds", "How many minutes later",
                values.text("notifyEndOfEscalation.waitInSeconds", minutes(notice?.waitInSeconds)), in: 0...10_080
            ).when(whom, "SUPERVISORS", "RECIPIENT"),
        ]
    }

    private func rotation(_ typed: QueryParameters, _ zone: ZonedTime) throws(RestError) -> JSONValue {
        let type = typed["rotation.type"] ?? "NONE"
        guard type != "NONE" else { return ["type": "NONE"] }
        var fields: [String: JSONValue?] = [
            "type": .string(type), "interval": try typed.whole("rotation.interval"),
            "direction": typed.filled("rotation.direction"), "intervalUnit": typed.filled("rotation.intervalUnit"),
        ]
        if type == "TIME", typed.filled("rotation.nextRotationTime") != nil {
            fields["nextRotationTime"] = .string(try typed.time("rotation.nextRotationTime", in: zone).iso)
        }
        return .fields(fields)
    }

    private func repetition(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let count = try typed.whole("repeatEscalation.repetitions")
        guard let count, count != .integer(0) else { return ["repeatEnabled": false] }
        return .fields([
            "repeatEnabled": true, "repetitions": count,
            "waitInSeconds": try Self.seconds("repeatEscalation.waitInSeconds", typed),
        ])
    }

    private func endNotice(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let whom = typed["notify"] ?? "NOBODY"
        guard whom != "NOBODY" else { return ["notifyEnabled": false] }
        let recipient = typed.filled("notifyEndOfEscalation.recipient")
        if whom == "RECIPIENT", recipient == nil { throw .missingField("notifyEndOfEscalation.recipient") }
        return .fields([
            "notifyEnabled": true, "recipient": whom == "RECIPIENT" ? recipient : "",
            "waitInSeconds": try Self.seconds("notifyEndOfEscalation.waitInSeconds", typed),
        ])
    }

    /// The form asks for minutes.
    private static func seconds(_ name: String, _ typed: QueryParameters) throws(RestError) -> JSONValue? {
        guard let minutes = try typed.whole(name)?.integer else { return nil }
        guard (0...10_080).contains(minutes) else { throw .invalidValue(name, "it must be from 0 to 10080 minutes.") }
        return .integer(minutes * 60)
    }

    /// - Throws: 400 for what is no time or no number.
    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let zone = ZonedTime(typed["timezone"] ?? group.timezone)
        return .fields([
            "name": typed.filled("name"), "description": .string(typed.text("description") ?? ""),
            "timezone": typed.filled("timezone"), "start": .string(try typed.time("start", in: zone).iso),
            "end": .string(try typed.time("end", in: zone).iso), "recurrence": try recurrence(typed, zone),
            "rotation": try rotation(typed, zone), "repeatEscalation": try repetition(typed),
            "notifyEndOfEscalation": try endNotice(typed),
        ])
    }
}
