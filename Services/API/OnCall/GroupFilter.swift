import AlertCore
import Foundation
import Persistence

/// Which groups a list is to hold, in which order (spec §4.6).
struct GroupFilter: Sendable {
    private enum Field: String, CaseIterable {
        case name = "NAME"
        case description = "DESCRIPTION"
        /// The names of the services that the group looks after.
        case serviceName = "SERVICE_NAME"
    }

    private enum Order: String, CaseIterable {
        case name = "NAME"
        case groupType = "GROUPTYPE"
        case status = "STATUS"
    }

    private enum Manned: String, CaseIterable {
        case all = "ALL_SHIFTS"
        case any = "ANY_SHIFTS"
    }

    private let search: Search
    private let fields: Set<Field>
    private let types: Set<Group.Kind>?
    private let status: RecipientStatus?
    private let manned: Manned?
    private let members: [String]?
    private let licenseType: String?
    private let sites: [String]?
    private let supervisors: [String]?
    private let created: [@Sendable (Timestamp) -> Bool]
    private let order: Order
    private let isDescending: Bool

    /// - Throws: 400 for a value that the parameter does not have.
    init(_ query: QueryParameters) throws(RestError) {
        search = try Search(query)
        fields = try Set(Self.choices("fields", query) ?? Field.allCases)
        types = try Self.choices("groupType", query).map(Set.init)
        status = try query.choice("status", of: RecipientStatus.allCases.map(\.rawValue)).flatMap(RecipientStatus.init)
        manned = try query.choice("member.exists", of: Manned.allCases.map(\.rawValue)).flatMap(Manned.init)
        members = query.list("members")
        licenseType = try query.choice("members.licenseType", of: PersonRequest.License.allCases.map(\.rawValue))
        sites = query.list("sites")
        supervisors = query.list("supervisors")
        created = try Self.created(query)
        order = try query.choice("sortBy", of: Order.allCases.map(\.rawValue)).flatMap(Order.init) ?? .name
        isDescending = try query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
    }

    /// Those of the groups that the caller may see and that match, in order.
    func groups(of view: DirectoryView, for caller: Caller) -> [Group] {
        let roster = view.roster
        let members = members.map { names in Set(names.compactMap { view.member(encoded: $0) }) }
        let sites = sites.map { names in Set(names.compactMap { view.site($0)?.id }) }
        let supervisors = supervisors.map { names in Set(names.compactMap { view.person(encoded: $0)?.id }) }
        return view.groups.values.filter { group in
            guard caller.maySee(group, in: view), matches(group, view), isManned(group, view) else { return false }
            if let sites, !(group.site.map(sites.contains) ?? false) { return false }
            if let supervisors, supervisors.isDisjoint(with: group.supervisors) { return false }
            guard members != nil || licenseType != nil else { return true }
            let own = roster.recipients(of: group)
            if let members, members.isDisjoint(with: own) { return false }
            if let licenseType {
                return own.contains { $0.recipientType == .person && view.people[$0.id]?.licenseType == licenseType }
            }
            return true
        }.sorted(by: areInOrder)
    }

    private func matches(_ group: Group, _ view: DirectoryView) -> Bool {
        var texts: [String] = []
        if fields.contains(.name) { texts.append(group.targetName) }
        if fields.contains(.description) { texts.append(group.description) }
        if fields.contains(.serviceName) { texts += view.services(of: group.id).map(\.targetName) }
        return search.matches(texts) && types?.contains(group.groupType) ?? true
            && (status.map { $0 == group.status } ?? true) && created.allSatisfy { $0(group.created) }
    }

    /// Whether somebody stands in any shift, or in every one; of a group without shifts, in its roster.
    private func isManned(_ group: Group, _ view: DirectoryView) -> Bool {
        guard let manned else { return true }
        let shifts = view.shifts(of: group.id)
        guard group.groupType == .onCall else { return group.groupType == .dynamic || !group.members.isEmpty }
        return switch manned {
        case .all: !shifts.isEmpty && shifts.allSatisfy { !$0.members.isEmpty }
        case .any: shifts.contains { !$0.members.isEmpty }
        }
    }

    private func areInOrder(_ left: Group, _ right: Group) -> Bool {
        let keys = (key(left), key(right))
        return isDescending ? keys.0 > keys.1 : keys.0 < keys.1
    }

    private func key(_ group: Group) -> String {
        let first =
            switch order {
            case .name: ""
            case .groupType: group.groupType.rawValue
            case .status: group.status.rawValue
            }
        return "\(first)\u{0}\(group.targetName.lowercased())\u{0}\(group.id)"
    }

    private static func choices<Choice: CaseIterable & RawRepresentable<String>>(
        _ name: String, _ query: QueryParameters
    ) throws(RestError) -> [Choice]? {
        guard let values = query.list(name) else { return nil }
        var choices: [Choice] = []
        for value in values {
            guard let choice = Choice(rawValue: value.uppercased()) else {
                throw .invalidChoice(name, value, valid: Choice.allCases.map(\.rawValue))
            }
            choices.append(choice)
        }
        return choices
    }

    private static func created(_ query: QueryParameters) throws(RestError) -> [@Sendable (Timestamp) -> Bool] {
        var conditions: [@Sendable (Timestamp) -> Bool] = []
        if let time = try query.time("createdAfter") { conditions.append { $0 > time } }
        if let time = try query.time("createdBefore") { conditions.append { $0 < time } }
        if let time = try query.time("createdFrom") { conditions.append { $0 >= time } }
        if let time = try query.time("createdTo") { conditions.append { $0 <= time } }
        return conditions
    }
}

extension DirectoryView {
    /// The person of that id, name, or name in base64.
    func person(encoded text: String) -> Person? {
        person(text) ?? Self.decoded(text).flatMap { person($0) }
    }

    /// The group of that id, name, or name in base64.
    func group(encoded text: String) -> Group? { group(text) ?? Self.decoded(text).flatMap { group($0) } }

    /// The person, group or device of that id, name, or name in base64.
    func member(encoded text: String) -> GroupMember? {
        member(named: text) ?? Self.decoded(text).flatMap { member(named: $0) }
    }

    private func member(named name: String) -> GroupMember? {
        person(name).map { GroupMember(id: $0.id, recipientType: .person) }
            ?? group(name).map { GroupMember(id: $0.id, recipientType: .group) }
            ?? device(name).map { GroupMember(id: $0.id, recipientType: .device) }
    }

    private static func decoded(_ text: String) -> String? {
        let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
        return Data(base64Encoded: text + padding).flatMap { String(data: $0, encoding: .utf8) }
    }
}
