import AlertCore
import Persistence

/// The fields of a scheduled message; those that are absent stay as they are, but for the recurrence, which comes
/// whole.
struct ScheduledMessageRequest {
    /// How many there may be in all.
    private static let limit = 10_000

    let fields: RequestFields
    let view: DirectoryView

    func message(_ existing: ScheduledMessage?, _ edit: DirectoryEdit) throws -> ScheduledMessage {
        let name = try fields.requiredName("name", or: existing?.name)
        let owner = try owner(existing, edit)
        let event = try fields.object("event") ?? RequestFields([:], prefix: "event.")
        let form = try form(event, existing, edit.directory)
        var message = try existing ?? new(name, owner, form, edit)
        (message.name, message.owner, message.form) = (name, owner.id, form.id)
        try fill(&message, event, form, owner)
        try setTimes(&message, existing, owner, edit.now)
        return message
    }

    private func new(_ name: String, _ owner: Person, _ form: Form, _ edit: DirectoryEdit) throws -> ScheduledMessage {
        guard try edit.directory.list(ScheduledMessage.self, offset: 0, limit: 1).total < Self.limit else {
            throw RestError.conflict(
                "There are \(Self.limit) scheduled messages, which is the most: delete some that are over.",
                subcode: "validation.scheduled_message.too_many")
        }
        return ScheduledMessage(
            id: edit.newID(), name: name, owner: owner.id, form: form.id, created: edit.now, start: edit.now,
            recurrence: Recurrence(frequency: .once))
    }

    /// Whoever sends it, unless it says somebody else as whom they may act.
    private func owner(_ existing: ScheduledMessage?, _ edit: DirectoryEdit) throws -> Person {
        let caller = edit.call.caller
        guard let reference = try fields.reference("owner") else {
            guard let existing else { return caller.person }
            guard let owner = try edit.directory.get(Person.self, id: existing.owner) else {
                throw RestError.invalidValue("owner", "the person is not there any more: name another one.")
            }
            return owner
        }
        guard let owner = try edit.directory.resolve(Person.self, reference) else {
            throw RestError.invalidValue("owner", "there is no person \(reference).")
        }
        guard caller.mayActAs(owner) else {
            throw Caller.refusal("The user \(caller.person.targetName) may not act as \(owner.targetName).")
        }
        return owner
    }

    /// By id or number, or by name with the name or id of its plan.
    private func form(_ event: RequestFields, _ existing: ScheduledMessage?, _ directory: Directory) throws -> Form {
        guard let reference = try event.reference("form") ?? existing?.form else {
            throw RestError.missingField(event.name("form"))
        }
        if let form = try directory.get(Form.self, id: reference.lowercased()) { return form }
        if let plan = try event.reference("plan"),
            let form = try directory.resolve(
                Form.self, reference, in: directory.required(Plan.self, plan).id)
        {
            return form
        }
        if let number = Int64(reference), let form = view.forms.values.first(where: { $0.number == number }) {
            return form
        }
        throw RestError.invalidValue(event.name("form"), "there is no form \(reference).")
    }

    private func fill(
        _ message: inout ScheduledMessage, _ event: RequestFields, _ form: Form, _ owner: Person
    ) throws {
        let sender = Caller(person: owner)
        guard form.maySend(owner), sender.may(.sendRequests) else {
            throw RestError(
                403, "The form \(form.name) may not be sent by \(owner.targetName).",
                subcode: "authorization.sender_not_permitted")
        }
        guard let plan = view.plans[form.plan] else {
            throw RestError.invalidValue(event.name("form"), "its plan is not there any more.")
        }
        if let name = try event.reference("scenario") {
            message.scenario = name.isEmpty ? nil : try scenario(name, event, form, sender).id
        }
        let current = try message.scenario.map { try scenario($0, event, form, sender) }
        var given = event.values
        if given["attachments"] == nil { given["attachments"] = fields["attachments"] }
        message.kept = try KeptRequestFields(
            fields: RequestFields(given, prefix: "event.", reads: event.reads), form: form, plan: plan, view: view
        ).kept(message.kept, scenario: current, isWhole: true)
    }

    private func scenario(
        _ name: String, _ event: RequestFields, _ form: Form, _ sender: Caller
    ) throws(RestError) -> Scenario {
        guard let scenario = view.scenario(name, of: form.id), sender.maySee(scenario, of: form) else {
            throw .invalidValue(event.name("scenario"), "the form \(form.name) has no scenario \(name).")
        }
        return scenario
    }

    private func setTimes(
        _ message: inout ScheduledMessage, _ existing: ScheduledMessage?, _ owner: Person, _ now: Timestamp
    ) throws {
        if let given = try fields.object("recurrence") {
            guard let start = try given.time("startTime") ?? existing?.start else {
                throw RestError.missingField(given.name("startTime"))
            }
            message.start = start
            message.recurrence = try RecurrenceRequest(fields: given).recurrence()
            guard message.recurrence.frequency != .holiday else {
                throw RestError.invalidChoice(
                    given.name("frequency"), Recurrence.Frequency.holiday.rawValue,
                    valid: Recurrence.Frequency.allCases.filter { $0 != .holiday }.map(\.rawValue))
            }
        } else if existing == nil {
            throw RestError.missingField("recurrence")
        }
        if let existing, existing.start == message.start, existing.recurrence == message.recurrence,
            existing.owner == message.owner
        {
            return
        }
        message.nextFireTime = message.fireTime(after: now, timezone: owner.timezone)
        message.problem = nil
        guard message.nextFireTime != nil else {
            throw RestError.invalidValue("recurrence", "it has no time that is still to come.")
        }
    }
}

extension ScheduledMessage {
    var path: String { "/scheduled-messages/\(id)" }

    func wire(_ directory: Directory) throws -> JSONValue {
        let form = try directory.get(Form.self, id: form)
        let lookup = KeptLookup(directory)
        var event = try KeptRequestRepresentation(kept: kept, form: form, lookup: lookup, path: path).fields()
        let attachments = event.removeValue(forKey: "attachments") ?? nil
        event["eventType"] = "USER"
        event["created"] = .string(created.iso)
        event["form"] = form?.reference ?? ["id": .string(self.form)]
        let plan = try form.flatMap { try directory.get(Plan.self, id: $0.plan) }
        event["plan"] = plan?.reference
        event["floodControl"] = .bool(plan?.floodControl ?? false)
        event["responseCountsEnabled"] = .bool(form?.responseCountsEnabled ?? false)
        event["priority"] = (event["priority"] ?? nil) ?? .text(form?.priority.rawValue)
        event["expirationInMinutes"] =
            (event["expirationInMinutes"] ?? nil) ?? form.map { .whole($0.expirationInMinutes) }
        if let scenario, let found = try directory.get(Scenario.self, id: scenario) {
            event["scenario"] = ["id": .string(scenario), "name": .string(found.name), "links": .links(found.path)]
        } else if let scenario {
            event["scenario"] = ["id": .string(scenario)]
        }
        var recurrence = recurrence.wire.object ?? [:]
        recurrence["startTime"] = .string(start.iso)
        return .fields([
            "id": .string(id), "name": .string(name), "owner": try lookup.person(owner), "event": .fields(event),
            "attachments": attachments, "recurrence": .object(recurrence),
            "previousFireTime": .text(previousFireTime?.iso), "previousRequestId": .text(previousRequest),
            "nextFireTime": .text(nextFireTime?.iso),
            "problem": problem.map { ["fireTime": .string($0.fireTime.iso), "message": .string($0.message)] },
            "links": .links(path),
        ])
    }
}
