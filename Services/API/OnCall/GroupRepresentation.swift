import AlertCore
import Persistence

// What groups and their members look like (spec §4.6).

extension Group {
    var path: String { "/groups/\(id)" }

    /// As another object names it.
    var reference: JSONValue {
        [
            "id": .string(id), "targetName": .string(targetName), "recipientType": "GROUP",
            "groupType": .string(groupType.rawValue), "links": .links(path),
        ]
    }
}

extension Site {
    var path: String { "/sites/\(id)" }
    var reference: JSONValue { ["id": .string(id), "name": .string(name), "links": .links(path)] }
}

extension DirectoryView {
    /// - Parameter embeds: Which of `supervisors`, `observers`, `services` and `criteria` are in it.
    func wire(_ group: Group, embeds: Set<String> = []) -> JSONValue {
        var fields: [String: JSONValue?] = [
            "id": .string(group.id), "targetName": .string(group.targetName), "recipientType": "GROUP",
            "groupType": .string(group.groupType.rawValue), "status": .string(group.status.rawValue),
            "description": .string(group.description), "externalKey": .text(group.externalKey),
            "externallyOwned": .bool(group.externallyOwned), "allowDuplicates": .bool(group.allowDuplicates),
            "useDefaultDevices": .bool(group.useDefaultDevices), "observedByAll": .bool(group.observedByAll),
            "site": group.site.flatMap { sites[$0]?.reference }, "timezone": .string(group.timezone),
            "created": .string(group.created.iso),
            "responseCountThreshold": group.responseCountThreshold.map { .whole($0) }, "links": .links(group.path),
        ]
        let base = RESTPath.base + group.path
        if embeds.contains("supervisors") {
            fields["supervisors"] = .embeddedPage(supervisors(of: group), path: "\(base)/supervisors")
        }
        if embeds.contains("observers"), !group.observedByAll {
            fields["observers"] = .embeddedPage(
                group.observers.compactMap { Role.wire(named: $0) }, path: "\(base)/observers")
        }
        if embeds.contains("services") {
            fields["services"] = .embeddedPage(services(of: group.id).map(wire), path: "\(base)/services")
        }
        if embeds.contains("criteria"), let criteria = group.criteria {
            fields["criteria"] = [
                "operand": .string(criteria.operand.rawValue),
                "criterion": .embeddedPage(criteria.criterion.map(\.wire), path: "\(base)/criteria"),
            ]
        }
        return .fields(fields)
    }

    func supervisors(of group: Group) -> [JSONValue] {
        group.supervisors.compactMap { people[$0] }.map { wire($0) }
    }
}

extension GroupCriteria.Criterion {
    var wire: JSONValue {
        [
            "criterionType": .string(criterionType), "field": .string(field), "operand": .string(operand),
            "value": .string(value),
        ]
    }
}

// MARK: - Members

extension DirectoryView {
    /// A person as somebody who can be notified.
    func wire(_ person: Person) -> JSONValue {
        .fields([
            "id": .string(person.id), "targetName": .string(person.targetName), "recipientType": "PERSON",
            "firstName": .string(person.firstName), "lastName": .string(person.lastName),
            "language": .string(person.language), "timezone": .string(person.timezone),
            "webLogin": .string(person.webLogin), "licenseType": .string(person.licenseType),
            "status": .string(person.status.rawValue), "properties": .object(person.properties),
            "externalKey": .text(person.externalKey), "externallyOwned": .bool(person.externallyOwned),
            "site": person.site.flatMap { sites[$0]?.reference }, "whenCreated": .string(person.whenCreated.iso),
            "whenUpdated": .string(person.whenUpdated.iso), "links": .links(person.path),
        ])
    }

    /// A device as somebody's way to be notified.
    func reference(_ device: Device, withOwner: Bool = false) -> JSONValue {
        let owner = people[device.owner]
        return .fields([
            "id": .string(device.id), "targetName": .string("\(owner?.targetName ?? "")|\(device.name)"),
            "recipientType": "DEVICE", "name": .string(device.name),
            "deviceType": .string(device.deviceType.rawValue), "status": .string(device.status.rawValue),
            "owner": withOwner ? owner?.reference : nil, "links": .links(device.path),
        ])
    }

    /// Whoever a place of a roster or shift names, short.
    /// - Returns: `nil` for somebody who is not there any more.
    func reference(_ member: GroupMember) -> JSONValue? {
        switch member.recipientType {
        case .person: people[member.id]?.reference
        case .group: groups[member.id]?.reference
        case .device: devices[member.id].map { reference($0) }
        }
    }

    /// - Parameter withOwner: Of a device: whether it says whose it is.
    func wire(_ member: GroupMember, withOwner: Bool = false) -> JSONValue? {
        switch member.recipientType {
        case .person: people[member.id].map { wire($0) }
        case .group: groups[member.id].map { wire($0) }
        case .device: devices[member.id].map { reference($0, withOwner: withOwner) }
        }
    }

    /// What lists of members are sorted by.
    func targetName(of member: GroupMember) -> String {
        switch member.recipientType {
        case .person: people[member.id]?.targetName ?? ""
        case .group: groups[member.id]?.targetName ?? ""
        case .device:
            devices[member.id].map { "\(people[$0.owner]?.targetName ?? "")|\($0.name)" } ?? ""
        }
    }
}

extension Directory {
    /// Somebody whom a group or shift can hold.
    /// - Parameters:
    ///   - type: `nil` when the request does not say: a person, else a group, else a device.
    ///   - field: What the error names.
    /// - Throws: 400 when there is nobody of that id or name.
    func member(_ reference: String, type: AlertRequest.Recipient.Kind?, field: String) throws -> GroupMember {
        if type == nil || type == .person, let person = try resolve(Person.self, reference) {
            return GroupMember(id: person.id, recipientType: .person)
        }
        if type == nil || type == .group || type == .dynamicTeam, let group = try resolve(Group.self, reference) {
            return GroupMember(id: group.id, recipientType: .group)
        }
        if type == nil || type == .device, let device = try device(reference) {
            return GroupMember(id: device.id, recipientType: .device)
        }
        let noun = type.map { $0 == .dynamicTeam ? "group" : $0.rawValue.lowercased() } ?? "person, group or device"
        throw RestError.invalidValue(field, "there is no \(noun) \(reference).")
    }
}

extension RequestFields {
    /// Somebody in a field of its own: an id or name, or an object with `id` or `targetName` and `recipientType`.
    func member(_ field: String, in directory: Directory) throws -> GroupMember? {
        guard let value = self[field] else { return nil }
        guard value.object != nil else {
            guard let reference = try reference(field), !reference.isEmpty else { return nil }
            return try directory.member(reference, type: nil, field: name(field))
        }
        return try object(field)?.ownMember(in: directory)
    }

    /// Whom this object itself names.
    /// - Throws: 400 when there is no `id`, or nobody of it.
    func ownMember(in directory: Directory) throws -> GroupMember {
        guard let reference = try text("id") ?? text("targetName") else { throw RestError.missingField(name("id")) }
        let type = try choice("recipientType", AlertRequest.Recipient.Kind.self)
        return try directory.member(reference, type: type, field: name("id"))
    }
}
