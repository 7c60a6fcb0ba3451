import AlertCore
import Persistence

/// One person: who it is, how the person is reached, and when.
struct PersonPage: Sendable {
    struct DeviceRow: Sendable {
        let id: String
        let place: Int
        let name: String
        let kind: String
        let address: String
        /// When it is used after the one before: "at once", "5 min later".
        let delay: String
        let timeframes: [String]
        let isAlways: Bool
        /// "medium and high"; `nil` for alerts of every priority.
        let threshold: String?
        let isFailsafe: Bool
        let isInactive: Bool
        let provider: String?
        /// What kept the provider from reaching it.
        let isInvalid: Bool
        let isFirst: Bool
        let isLast: Bool
    }

    struct AbsenceRow: Sendable {
        let id: String
        let when: String
        let what: String
        let state: String
        let stateClass: String
        let mayDelete: Bool
    }

    /// How far ahead the page looks.
    static let dutyDays = 14

    let id: String
    let name: String
    let targetName: String
    let isInactive: Bool
    let isOwn: Bool
    let csrf: String
    let mayEdit: Bool
    let mayDelete: Bool
    let mayEditDevices: Bool
    let mayEditAbsences: Bool
    let details: [NamedValue]
    let supervisors: [NamedValue]
    let hasSupervisors: Bool
    let groups: [NamedValue]
    let hasGroups: Bool
    let devices: [DeviceRow]
    let hasDevices: Bool
    let absences: [AbsenceRow]
    let hasAbsences: Bool
    var duties: [DutyRow] = []
    var hasDuties = false
    let dutyDays = Self.dutyDays
    /// In which the times of the page are.
    let timezone: String
    /// The key that browsers subscribe with; `nil` when there is none, or for somebody else's page.
    var pushKey: String?
    var notice: String?
    var warning: String?

    init(_ person: Person, _ directory: DirectoryView, for session: ConsoleSession, format: TimeFormat) {
        id = person.id
        name = person.displayName
        targetName = person.targetName
        isInactive = person.status == .inactive
        isOwn = person.id == session.person.id
        csrf = session.csrf
        mayEdit = session.caller.administers(person)
        mayDelete = mayEdit && !isOwn
        mayEditDevices = session.caller.mayEditDevices(of: person)
        details = Self.details(person, directory)
        supervisors = person.supervisors.compactMap { directory.people[$0] }.map(Self.link)
        hasSupervisors = !supervisors.isEmpty
        let memberships = Memberships(directory, seenBy: session.caller).groups(of: person.id)
        mayEditAbsences = ([nil] + memberships).contains { session.caller.mayEditAbsences(of: person, in: $0) }
        groups = memberships.map {
            NamedValue(name: $0.targetName, value: $0.groupType.title, href: "/console/groups/\($0.id)")
        }
        hasGroups = !groups.isEmpty
        let all = directory.devices(of: person.id)
        devices = all.enumerated().map { Self.row($1, at: $0, of: all.count, directory) }
        hasDevices = !devices.isEmpty
        timezone = format.zone.identifier == "GMT" ? "UTC" : format.zone.identifier
        let zone = ZonedTime(format.zone.identifier)
        absences = directory.absences(of: person.id).filter { $0.end > format.now }
            .sorted { $0.start < $1.start }.map { absence in
                Self.row(
                    absence, directory, zone, now: format.now,
                    mayDelete: session.caller.mayEditAbsences(
                        of: person, in: absence.group.flatMap { directory.groups[$0] }))
            }
        hasAbsences = !absences.isEmpty
    }

    mutating func show(_ duties: [DutyRow]) {
        self.duties = duties
        hasDuties = !duties.isEmpty
    }

    private static func link(_ person: Person) -> NamedValue {
        NamedValue(name: person.displayName, value: person.targetName, href: "/console/people/\(person.id)")
    }

    private static func details(_ person: Person, _ directory: DirectoryView) -> [NamedValue] {
        var rows = [
            NamedValue(name: "User name", value: person.webLogin),
            NamedValue(name: "Roles", value: person.roles.joined(separator: ", ")),
            NamedValue(name: "Time zone", value: person.timezone), NamedValue(name: "Language", value: person.language),
        ]
        if let site = person.site.flatMap({ directory.sites[$0] }) {
            rows.append(NamedValue(name: "Site", value: site.name, href: "/console/sites/\(site.id)"))
        }
        if let login = person.phoneLogin { rows.append(NamedValue(name: "Phone login", value: login)) }
        if person.externallyOwned { rows.append(NamedValue(name: "Comes from", value: "another system")) }
        rows += person.properties.sorted { $0.key < $1.key }.map { NamedValue(name: $0.key, value: $0.value.readable) }
        return rows
    }

    private static func row(_ device: Device, at index: Int, of count: Int, _ directory: DirectoryView) -> DeviceRow {
        let provider = directory.providers.values.first { $0.id == device.provider || $0.name == device.provider }
        return DeviceRow(
            id: device.id, place: index + 1, name: device.name, kind: device.deviceType.title,
            address: device.shownAddress,
            delay: index == 0 && device.delay == 0 ? "at once" : Duration.seconds(device.delay * 60).later,
            timeframes: device.timeframes.map(\.text), isAlways: device.timeframes.isEmpty,
            threshold: device.thresholdText, isFailsafe: device.defaultDevice, isInactive: device.status == .inactive,
            provider: provider?.name, isInvalid: device.testStatus == .invalid, isFirst: index == 0,
            isLast: index == count - 1)
    }

    private static func row(
        _ absence: TemporaryAbsence, _ directory: DirectoryView, _ zone: ZonedTime, now: Timestamp, mayDelete: Bool
    ) -> AbsenceRow {
        let group = absence.group.flatMap { directory.groups[$0]?.targetName }.map { "in \($0)" } ?? "in all groups"
        let who = absence.replacement.flatMap { directory.people[$0]?.displayName }
        let direct = absence.includeDirectNotifications ? ", also when named in an alert" : ""
        return AbsenceRow(
            id: absence.id, when: "\(zone.short(absence.start)) – \(zone.short(absence.end))",
            what: "\(who.map { "\($0) replaces" } ?? "Nobody replaces"), \(group)\(direct)",
            state: absence.start <= now ? "Away now" : "To come", stateClass: absence.start <= now ? "wait" : "ended",
            mayDelete: mayDelete)
    }
}

/// A time in which somebody is on call, on the page of the person.
struct DutyRow: Sendable {
    let when: String
    let group: String
    let href: String
    let shift: String
    /// "first", "2nd, 10 min later".
    let place: String
    let isNow: Bool
}

extension Device {
    /// What people know it by; nothing of what is a secret.
    var shownAddress: String {
        if let address = emailAddress ?? phoneNumber { return address }
        guard deviceType.hasSecretPin else { return pin.isEmpty ? description : pin }
        return description.isEmpty || hasTellingDescription ? "address stored" : description
    }

    /// Which alerts reach it; `nil` for all.
    var thresholdText: String? {
        switch priorityThreshold {
        case .low: nil
        case .medium: "medium and high"
        case .high: "high only"
        }
    }
}

extension Duration {
    /// "together", "5 min later".
    var later: String { milliseconds == 0 ? "together" : "\(words) later" }
}
