import AlertCore
import Persistence

/// The fields of a shift; those that are absent stay as they are.
struct ShiftRequest {
    static let mostMembers = 1000
    /// In days.
    static let longest = 366
    /// The longest wait of an escalation, in seconds: a week.
    private static let longestWait = 604_800

    let fields: RequestFields
    let group: Group

    /// Without `start`, a new shift is always on, as the first one of a group.
    func shift(_ existing: Shift?, _ edit: DirectoryEdit) throws -> Shift {
        let name = try fields.requiredName("name", or: existing?.name, limit: 200)
        var shift = existing ?? Shift.always(in: group, id: edit.newID(), named: name, at: edit.now)
        shift.name = name
        shift.description = try fields.text("description") ?? shift.description
        shift.timezone = try fields.timezone() ?? shift.timezone
        try setTimes(of: &shift, isNew: existing == nil)
        if let recurrence = try fields.object("recurrence") {
            shift.recurrence = try RecurrenceRequest(fields: recurrence).recurrence()
        } else if existing == nil, fields.has("start") {
            shift.recurrence = Recurrence(frequency: .once)
        }
        try setRotation(of: &shift)
        try setRepeat(of: &shift)
        try setEndNotice(of: &shift, edit)
        if let members = try fields.objects("members", limit: Self.mostMembers) {
            shift.members = try Self.members(members, edit)
        }
        return shift
    }

    private func setTimes(of shift: inout Shift, isNew: Bool) throws(RestError) {
        let start = try fields.time("start")
        let end = try fields.time("end")
        if isNew, start != nil || end != nil {
            guard start != nil else { throw .missingField("start") }
            guard end != nil else { throw .missingField("end") }
        } else if isNew {
            let day = TimeZoneName.day(around: shift.created, in: shift.timezone)
            (shift.start, shift.end) = (day.start, day.end)
        }
        shift.start = start ?? shift.start
        shift.end = end ?? shift.end
        guard shift.start < shift.end else { throw .invalidValue("end", "it must be later than start.") }
        guard shift.end.since(shift.start) <= .seconds(Self.longest * 86_400) else {
            throw .invalidValue("end", "an occurrence may last at most \(Self.longest) days.")
        }
    }

    private static func members(_ objects: [RequestFields], _ edit: DirectoryEdit) throws -> [Shift.Member] {
        var placed: [(position: Int, member: Shift.Member)] = []
        for (index, object) in objects.enumerated() {
            let request = ShiftMemberRequest(fields: object)
            let member = try request.member(nil, edit)
            guard !placed.contains(where: { $0.member.recipient == member.recipient }) else {
                throw RestError.invalidValue(object.name("recipient"), "it is there twice.")
            }
            placed.append((try request.position() ?? index + 1, member))
        }
        // In the order of the positions; of equal ones, in that of the list.
        return placed.enumerated()
            .sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
            .map(\.element.member)
    }

    // MARK: - How the escalation goes on

    private static let noRotation = "NONE"

    /// `rotationType` alone says the kind, as `rotation.type` does; NONE ends the rotation.
    private func setRotation(of shift: inout Shift) throws(RestError) {
        let rotation = try fields.object("rotation")
        guard rotation != nil || fields.has("rotationType") else { return }
        let isInside = rotation?.has("type") == true
        let (place, name) = isInside ? (rotation ?? fields, "type") : (fields, "rotationType")
        if try place.text(name)?.uppercased() == Self.noRotation {
            shift.rotation = nil
            return
        }
        guard let type = try place.lenientChoice(name, Rotation.Kind.self) ?? shift.rotation?.type else {
            throw .missingField("rotation.type")
        }
        var changed = shift.rotation ?? Rotation(type: type)
        changed.type = type
        if let rotation {
            changed.direction = try rotation.lenientChoice("direction") ?? changed.direction
            changed.interval = try rotation.lenientInteger("interval", in: 1...10_000) ?? changed.interval
            changed.intervalUnit = try rotation.lenientChoice("intervalUnit") ?? changed.intervalUnit
            changed.nextRotationTime = try rotation.time("nextRotationTime") ?? changed.nextRotationTime
        }
        if type != .time { changed.nextRotationTime = nil }
        shift.rotation = changed
    }

    private func setRepeat(of shift: inout Shift) throws(RestError) {
        guard let request = try fields.object("repeatEscalation") else { return }
        guard try request.lenientBool("repeatEnabled") ?? true else {
            shift.repeatEscalation = nil
            return
        }
        var changed = shift.repeatEscalation ?? Shift.Repeat(repetitions: 1, waitInSeconds: 0)
        changed.repetitions = try request.lenientInteger("repetitions", in: 1...100) ?? changed.repetitions
        changed.waitInSeconds = try Self.wait(request) ?? changed.waitInSeconds
        changed.escalationType = try request.lenientChoice("escalationType") ?? changed.escalationType
        shift.repeatEscalation = changed
    }

    private func setEndNotice(of shift: inout Shift, _ edit: DirectoryEdit) throws {
        guard let request = try fields.object("notifyEndOfEscalation") else { return }
        guard try request.lenientBool("notifyEnabled") ?? true else {
            shift.notifyEndOfEscalation = nil
            return
        }
        var changed = shift.notifyEndOfEscalation ?? Shift.EndNotice(recipient: nil)
        changed.notificationType = try request.text("notificationType", limit: 100) ?? changed.notificationType
        changed.waitInSeconds = try Self.wait(request) ?? changed.waitInSeconds
        if request.has("recipient") { changed.recipient = try request.member("recipient", in: edit.directory) }
        shift.notifyEndOfEscalation = changed
    }

    /// `waitInSeconds`, or else `delay` in minutes.
    private static func wait(_ request: RequestFields) throws(RestError) -> Int? {
        if let seconds = try request.lenientInteger("waitInSeconds", in: 0...longestWait) { return seconds }
        return try request.lenientInteger("delay", in: 0...longestWait / 60).map { $0 * 60 }
    }
}

/// A place in a shift; what is absent stays as it is.
struct ShiftMemberRequest {
    /// Minutes: a week.
    static let longestDelay = 10_080

    let fields: RequestFields

    /// `recipient`, or the object itself when it has an `id`.
    func recipient(_ edit: DirectoryEdit) throws -> GroupMember {
        if let recipient = try fields.member("recipient", in: edit.directory) { return recipient }
        guard fields.has("id") else { throw RestError.missingField(fields.name("recipient")) }
        return try fields.ownMember(in: edit.directory)
    }

    /// From 1; one past the end is the last.
    func position() throws(RestError) -> Int? { try fields.lenientInteger("position", in: 1...100_000) }

    func member(_ existing: Shift.Member?, _ edit: DirectoryEdit) throws -> Shift.Member {
        var member = try existing ?? Shift.Member(recipient: recipient(edit))
        member.delay = try fields.lenientInteger("delay", in: 0...Self.longestDelay) ?? member.delay
        member.escalationType = try fields.lenientChoice("escalationType") ?? member.escalationType
        member.inRotation = try fields.lenientBool("inRotation") ?? member.inRotation
        return member
    }
}
