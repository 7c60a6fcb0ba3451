import AlertCore

/// A shift's `recurrence` as clients send it (spec §4.6); it always comes whole.
struct RecurrenceRequest {
    let fields: RequestFields

    func recurrence() throws(RestError) -> Recurrence {
        guard let frequency = try fields.lenientChoice("frequency", Recurrence.Frequency.self) else {
            throw .missingField(fields.name("frequency"))
        }
        var recurrence = Recurrence(
            frequency: frequency, repeatEvery: try fields.lenientInteger("repeatEvery", in: 1...1000) ?? 1,
            end: try end())
        switch frequency {
        case .weekly: recurrence.onDays = try days()
        case .monthly, .yearly: try addDay(to: &recurrence)
        case .once, .daily, .everyWeekday, .everyWeekendDay, .holiday: break
        }
        return recurrence
    }

    private func days() throws(RestError) -> [Weekday] {
        let given = try fields.references("onDays") ?? []
        var days: Set<Weekday> = []
        for name in given {
            guard let day = Weekday(rawValue: name.uppercased()) else {
                throw .invalidChoice(fields.name("onDays"), name, valid: Weekday.allCases.map(\.rawValue))
            }
            days.insert(day)
        }
        return Weekday.allCases.filter(days.contains)
    }

    private func addDay(to recurrence: inout Recurrence) throws(RestError) {
        var months: Set<Recurrence.Month> = []
        for name in try fields.references("months") ?? [] {
            guard let month = Recurrence.Month(rawValue: name.uppercased()) else {
                throw .invalidChoice(fields.name("months"), name, valid: Recurrence.Month.allCases.map(\.rawValue))
            }
            months.insert(month)
        }
        recurrence.months = Recurrence.Month.allCases.filter(months.contains)
        recurrence.dateOfMonth = try fields.lenientInteger("dateOfMonth", in: 1...31)
        recurrence.dayOfWeekClassifier = try fields.lenientChoice("dayOfWeekClassifier")
        recurrence.dayOfWeek = try fields.lenientChoice("dayOfWeek")
        recurrence.on = try on() ?? (recurrence.dayOfWeek == nil ? .dateOfMonth : .dayOfWeek)
        switch recurrence.on {
        case .dayOfWeek:
            guard recurrence.dayOfWeek != nil else { throw .missingField(fields.name("dayOfWeek")) }
            guard recurrence.dayOfWeekClassifier != nil else {
                throw .missingField(fields.name("dayOfWeekClassifier"))
            }
            recurrence.dateOfMonth = nil
        case .dateOfMonth, nil:
            if recurrence.dateOfMonth == nil { recurrence.dateOfMonth = try numberedDay() }
            recurrence.dayOfWeek = nil
            recurrence.dayOfWeekClassifier = nil
        }
    }

    /// The name of what it goes by; a number is a day of the month.
    private func on() throws(RestError) -> Recurrence.Day? {
        guard fields.has("on") else { return nil }
        return try numberedDay() == nil ? fields.lenientChoice("on") : .dateOfMonth
    }

    private func numberedDay() throws(RestError) -> Int? {
        guard let value = fields["on"], value.integer != nil || value.string.flatMap({ Int($0) }) != nil else {
            return nil
        }
        return try fields.lenientInteger("on", in: 1...31)
    }

    private enum EndBy: String, CaseIterable {
        case never = "NEVER"
        case date = "DATE"
        case repetitions = "REPETITIONS"
    }

    private func end() throws(RestError) -> Recurrence.End {
        guard let end = try fields.object("end") else { return .never }
        switch try end.lenientChoice("endBy", EndBy.self) ?? .never {
        case .never: return .never
        case .date:
            guard let date = try end.time("date") else { throw .missingField(end.name("date")) }
            return .date(date)
        case .repetitions:
            guard let repetitions = try end.lenientInteger("repetitions", in: 1...10_000) else {
                throw .missingField(end.name("repetitions"))
            }
            return .repetitions(repetitions)
        }
    }
}

extension Recurrence {
    var wire: JSONValue {
        .fields([
            "frequency": .string(frequency.rawValue), "repeatEvery": .whole(repeatEvery),
            "onDays": onDays.isEmpty ? nil : .array(onDays.map { .string($0.rawValue) }),
            "on": .text(on?.rawValue), "months": months.isEmpty ? nil : .array(months.map { .string($0.rawValue) }),
            "dateOfMonth": dateOfMonth.map { .whole($0) },
            "dayOfWeekClassifier": .text(dayOfWeekClassifier?.rawValue), "dayOfWeek": .text(dayOfWeek?.rawValue),
            "end": endWire,
        ])
    }

    private var endWire: JSONValue {
        switch end {
        case .never: ["endBy": "NEVER"]
        case .date(let date): ["endBy": "DATE", "date": .string(date.iso)]
        case .repetitions(let count): ["endBy": "REPETITIONS", "repetitions": .whole(count)]
        }
    }
}
