import AlertCore
import Foundation
import Persistence

/// One filter of `GET /people`.
struct PeopleCondition: Sendable {
    let needs: [PeopleSurroundings.Part]
    let holds: @Sendable (Person, PeopleSurroundings) -> Bool

    private init(
        needs: [PeopleSurroundings.Part] = [], _ holds: @escaping @Sendable (Person, PeopleSurroundings) -> Bool
    ) {
        self.needs = needs
        self.holds = holds
    }

    /// Of every filter that the query has.
    static func all(_ query: QueryParameters) throws(RestError) -> [PeopleCondition] {
        try texts(query) + choices(query) + times(query) + properties(query) + devices(query) + related(query)
    }

    private static func texts(_ query: QueryParameters) -> [PeopleCondition] {
        let texts: [(String, @Sendable (Person) -> String)] = [
            ("targetName", { $0.targetName }), ("webLogin", { $0.webLogin }), ("firstName", { $0.firstName }),
            ("lastName", { $0.lastName }),
        ]
        return texts.compactMap { name, text in
            query[name]?.lowercased().filled.map { wanted in
                PeopleCondition { person, _ in text(person).lowercased() == wanted }
            }
        }
    }

    private static func choices(_ query: QueryParameters) throws(RestError) -> [PeopleCondition] {
        var conditions: [PeopleCondition] = []
        if let status = try query.choice("status", of: RecipientStatus.allCases.map(\.rawValue)) {
            conditions.append(PeopleCondition { person, _ in person.status.rawValue == status })
        }
        if let license = try query.choice("licenseType", of: PersonRequest.License.allCases.map(\.rawValue)) {
            conditions.append(PeopleCondition { person, _ in person.licenseType == license })
        }
        if let names = query.list("roles") {
            let roles = Set(names.compactMap(Role.name(of:)))
            conditions.append(PeopleCondition { person, _ in !roles.isDisjoint(with: person.roles) })
        }
        return conditions
    }

    /// `After` and `Before` leave the moment itself out, `From` and `To` do not.
    private static func times(_ query: QueryParameters) throws(RestError) -> [PeopleCondition] {
        let bounds: [(String, @Sendable (Timestamp, Timestamp) -> Bool)] = [
            ("createdAfter", { $0 > $1 }), ("createdBefore", { $0 < $1 }), ("createdFrom", { $0 >= $1 }),
            ("createdTo", { $0 <= $1 }),
        ]
        var conditions: [PeopleCondition] = []
        for (name, isWithin) in bounds {
            guard let time = try EventQuery.time(query, name) else { continue }
            conditions.append(PeopleCondition { person, _ in isWithin(person.whenCreated, time) })
        }
        return conditions
    }

    /// Pairs of `propertyName(s)` and `propertyValue(s)`: all must hold; one of several values is enough.
    private static func properties(_ query: QueryParameters) throws(RestError) -> [PeopleCondition] {
        let names = query.list("propertyNames") ?? query["propertyName"]?.filled.map { [$0] } ?? []
        let values = query.list("propertyValues") ?? query["propertyValue"]?.filled.map { [$0] } ?? []
        guard names.isEmpty == values.isEmpty else {
            throw .missingField(names.isEmpty ? "propertyName" : "propertyValue")
        }
        guard names.count == values.count else {
            throw .invalidValue("propertyValues", "there are \(names.count) names and \(values.count) values.")
        }
        return zip(names, values).map { name, value in
            let wanted = value.lowercased()
            return PeopleCondition { person, _ in
                guard let property = person.properties[name] else { return false }
                let texts = property.array?.map(\.readable) ?? [property.readable]
                return texts.contains { $0.lowercased() == wanted }
            }
        }
    }

    // MARK: - Devices

    private static let kinds: [(String, @Sendable (Device) -> Bool)] = [
        ("devices.exists", { _ in true }), ("devices.email.exists", { $0.deviceType == .email }),
        ("devices.failsafe.exists", { $0.defaultDevice }),
        ("devices.mobile.exists", { [.androidPush, .applePush, .webPush].contains($0.deviceType) }),
        ("devices.sms.exists", { $0.deviceType == .textPhone }),
        ("devices.voice.exists", { $0.deviceType == .voice || $0.deviceType == .voiceIVR }),
    ]

    private static func devices(_ query: QueryParameters) throws(RestError) -> [PeopleCondition] {
        var conditions: [PeopleCondition] = []
        for (name, isMeant) in kinds {
            guard let wanted = try query.bool(name) else { continue }
            conditions.append(ofDevices { devices in devices.contains(where: isMeant) == wanted })
        }
        if let status = try query.choice("devices.status", of: RecipientStatus.allCases.map(\.rawValue)) {
            conditions.append(ofDevices { devices in devices.contains { $0.status.rawValue == status } })
        }
        let valid = Device.TestStatus.allCases.map(\.rawValue) + ["UNTESTED_FAILSAFE"]
        let states = try EventQuery.choices(query, "devices.testStatus", of: valid)
        if !states.isEmpty {
            conditions.append(
                ofDevices { devices in
                    devices.contains { device in
                        states.contains(device.testStatus.rawValue)
                            || (device.defaultDevice && device.testStatus == .untested
                                && states.contains("UNTESTED_FAILSAFE"))
                    }
                })
        }
        if let address = query["emailAddress"]?.lowercased().filled {
            conditions.append(ofDevices { devices in devices.contains { $0.emailAddress?.lowercased() == address } })
        }
        if let number = query["phoneNumber"]?.filter(\.isNumber), !number.isEmpty {
            conditions.append(
                ofDevices { devices in devices.contains { $0.phoneNumber?.filter(\.isNumber) == number } })
        }
        return conditions
    }

    private static func ofDevices(_ holds: @escaping @Sendable ([Device]) -> Bool) -> PeopleCondition {
        PeopleCondition(needs: [.devices]) { person, all in holds(all.devices[person.id] ?? []) }
    }

    // MARK: - Groups, sites, supervisors

    private static func related(_ query: QueryParameters) throws(RestError) -> [PeopleCondition] {
        var conditions: [PeopleCondition] = []
        if let wanted = query.list("groups").map({ Set($0.flatMap(names)) }) {
            conditions.append(
                PeopleCondition(needs: [.groups]) { person, all in
                    all.groups.values.contains { group in
                        (wanted.contains(group.id) || wanted.contains(group.targetName.lowercased()))
                            && all.memberships?.has(person.id, in: group) == true
                    }
                })
        }
        if let exists = try query.bool("groups.exists") {
            conditions.append(
                PeopleCondition(needs: [.groups]) { person, all in
                    all.memberships?.isAnywhere(person.id) == exists
                })
        }
        if let wanted = query.list("site").map({ Set($0.map { $0.lowercased() }) }) {
            conditions.append(
                PeopleCondition(needs: [.sites]) { person, all in
                    guard let site = person.site else { return false }
                    return wanted.contains(site) || wanted.contains(all.sites[site]?.name.lowercased() ?? site)
                })
        }
        if let wanted = query.list("supervisors") {
            conditions.append(
                PeopleCondition(needs: [.people]) { person, all in
                    wanted.contains { person.supervisors.contains(all.people[$0.lowercased()] ?? $0) }
                })
        }
        if let exists = try query.bool("supervisors.exists") {
            conditions.append(PeopleCondition { person, _ in person.supervisors.isEmpty != exists })
        }
        return conditions
    }

    /// A group is named by its id, by its target name, or by that in base64.
    private static func names(_ text: String) -> [String] {
        let padded = text + String(repeating: "=", count: (4 - text.count % 4) % 4)
        let decoded = Data(base64Encoded: padded).flatMap { String(data: $0, encoding: .utf8) }
        return [text.lowercased()] + (decoded.map { [$0.lowercased()] } ?? [])
    }
}

extension String {
    /// `nil` when there is nothing in it.
    fileprivate var filled: String? { isEmpty ? nil : self }
}
