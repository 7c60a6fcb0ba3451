import AlertCore
import Messaging
import Persistence

/// Tells people of an absence: whoever is away and who replaces them, and the supervisors of the groups concerned, by
/// the platform's two kinds of system alerts (spec §4.2, §5.4).
struct AbsenceNotice {
    static let peopleEventType = "TEMP_REPLACEMENT"
    static let supervisorsEventType = "TEMP_REPLACEMENT_SUP"
    /// What such alerts belong to; nobody configures them.
    private static let plan = NamedReference(
        id: DerivedID.uuid("system-plan", "temp-replacement"), name: "Temporary Replacement")

    private let absence: TemporaryAbsence
    private let member: Person
    private let replacement: Person?
    private let group: Group?
    private let supervisors: [Person]
    private let call: RESTCall
    private let now: Timestamp

    init(_ absence: TemporaryAbsence, _ edit: DirectoryEdit) throws {
        self.absence = absence
        call = edit.call
        now = edit.now
        let directory = edit.directory
        member = try directory.required(Person.self, absence.member)
        replacement = try absence.replacement.flatMap { try directory.get(Person.self, id: $0) }
        group = try absence.group.flatMap { try directory.get(Group.self, id: $0) }
        let person = GroupMember(id: absence.member, recipientType: .person)
        let groups = try group.map { [$0] } ?? directory.all(Group.self).filter { $0.members.contains(person) }
        // Whoever has made the absence knows of it.
        let informed = [absence.member, absence.replacement, edit.call.caller.person.id]
        supervisors = try Set(groups.flatMap(\.supervisors)).subtracting(informed.compactMap { $0 }).sorted()
            .compactMap { try directory.get(Person.self, id: $0) }
    }

    var alerts: [SystemAlert] {
        let people = [member, replacement].compactMap { $0 }.filter { $0.status == .active }
        return [
            alert(Self.peopleEventType, to: people),
            alert(Self.supervisorsEventType, to: supervisors.filter { $0.status == .active }),
        ].filter { !$0.details.recipients.isEmpty }
    }

    private func alert(_ eventType: String, to people: [Person]) -> SystemAlert {
        let id = DerivedID.uuid("absence-notice", eventType, absence.id)
        let form = NamedReference(
            id: DerivedID.uuid("system-form", eventType),
            name: eventType == Self.peopleEventType ? "Temporary Replacement" : "Temporary Replacement (Supervisors)")
        var details = AlertDetails(
            number: 0, plan: Self.plan, form: form, requestId: call.trace,
            submitter: PersonReference(call.caller.person), priority: .medium, properties: properties,
            recipients: people.map {
                AlertRecipient(id: $0.id, targetName: $0.targetName, recipientType: .person)
            })
        details.textProperties = properties.keys.sorted()
        details.systemEventType = eventType
        details.subject = subject
        details.body = "<p>\(HTMLText.escaped(sentence))</p>"
        return SystemAlert(
            id: id, details: details,
            origin: Origin(
                actor: call.caller.person.targetName, causation: "rest-\(call.trace)", correlation: call.trace,
                person: call.caller.person.id))
    }

    private var properties: [String: JSONValue] {
        let prefix = ":tempReplacementV2:"
        var properties: [String: JSONValue] = [
            "\(prefix)start": .string(absence.start.iso), "\(prefix)end": .string(absence.end.iso),
            "\(prefix)eventStartTime": .string(now.iso), "\(prefix)replacedPersonName": .string(member.fullName),
            "\(prefix)groupName": .string(group?.targetName ?? "All groups"),
        ]
        if let replacement { properties["\(prefix)replacingPersonName"] = .string(replacement.fullName) }
        return properties
    }

    private var subject: String {
        guard let replacement else { return "\(member.fullName) is away" }
        return "\(replacement.fullName) replaces \(member.fullName)"
    }

    private var sentence: String {
        let time = "from \(absence.start.readable) to \(absence.end.readable)"
        let groups = group.map { "in the group \($0.targetName)" } ?? "in all groups"
        guard let replacement else {
            return "\(member.fullName) (\(member.targetName)) is away \(groups) \(time). Nobody is notified instead."
        }
        return "\(replacement.fullName) (\(replacement.targetName)) is notified instead of \(member.fullName) "
            + "(\(member.targetName)) \(groups) \(time)."
            + (absence.includeDirectNotifications ? " That includes alerts to \(member.firstName) directly." : "")
    }
}

extension Person {
    fileprivate var fullName: String { "\(firstName) \(lastName)" }
}

extension Timestamp {
    /// `2026-11-21 10:00 UTC`.
    fileprivate var readable: String { "\(iso.prefix(10)) \(iso.dropFirst(11).prefix(5)) UTC" }
}

/// Text within HTML.
enum HTMLText {
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
