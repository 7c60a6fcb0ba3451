import AlertCore
import Foundation
import Persistence

/// Which people a list is to hold, in which order (spec §4.4).
struct PeopleFilter: Sendable {
    enum Field: String, CaseIterable {
        case firstName = "FIRST_NAME"
        case lastName = "LAST_NAME"
        case targetName = "TARGET_NAME"
        case webLogin = "WEB_LOGIN"
        case emailAddress = "EMAIL_ADDRESS"
        case phoneNumber = "PHONE_NUMBER"
    }

    enum Order: String, CaseIterable {
        case firstLastName = "FIRST_LAST_NAME"
        case targetName = "TARGET_NAME"
        case status = "STATUS"
        case webLogin = "WEB_LOGIN"
        case lastLogin = "LAST_LOGIN"
        case site = "SITE"
        case roles = "ROLES"
    }

    private let search: Search
    private let fields: Set<Field>
    private let conditions: [PeopleCondition]
    private let order: Order
    private let isDescending: Bool

    init(_ query: QueryParameters) throws(RestError) {
        search = try Search(query)
        fields = try Self.fields(query)
        conditions = try PeopleCondition.all(query)
        let order = try query.choice("sortBy", of: Order.allCases.map(\.rawValue))
        self.order = order.flatMap(Order.init) ?? .targetName
        isDescending = try query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
    }

    private var isEmpty: Bool { search.isEmpty && conditions.isEmpty && order == .targetName && !isDescending }

    func page(from directory: Directory, _ paging: Paging) throws -> Directory.Page<Person> {
        guard !isEmpty else { return try directory.list(Person.self, offset: paging.offset, limit: paging.limit) }
        let surroundings = try PeopleSurroundings(directory, needs: needs)
        return try directory.list(
            Person.self, offset: paging.offset, limit: paging.limit,
            where: { matches($0, surroundings) },
            by: { left, right in
                let keys = (key(left, surroundings), key(right, surroundings))
                return isDescending ? keys.0 > keys.1 : keys.0 < keys.1
            })
    }

    private var needs: Set<PeopleSurroundings.Part> {
        var needs = Set(conditions.flatMap(\.needs))
        if !search.isEmpty && !fields.isDisjoint(with: [.emailAddress, .phoneNumber]) { needs.insert(.devices) }
        if order == .lastLogin { needs.insert(.logins) }
        if order == .site { needs.insert(.sites) }
        return needs
    }

    private func matches(_ person: Person, _ surroundings: PeopleSurroundings) -> Bool {
        conditions.allSatisfy { $0.holds(person, surroundings) }
            && search.matches(fields.flatMap { Self.texts($0, person, surroundings.devices[person.id] ?? []) })
    }

    private static func texts(_ field: Field, _ person: Person, _ devices: [Device]) -> [String] {
        switch field {
        case .firstName: [person.firstName]
        case .lastName: [person.lastName]
        case .targetName: [person.targetName]
        case .webLogin: [person.webLogin]
        case .emailAddress: devices.compactMap(\.emailAddress)
        case .phoneNumber: devices.compactMap(\.phoneNumber)
        }
    }

    private func key(_ person: Person, _ surroundings: PeopleSurroundings) -> String {
        let first =
            switch order {
            case .firstLastName: "\(person.firstName) \(person.lastName)"
            case .targetName: person.targetName
            case .status: person.status.rawValue
            case .webLogin: person.webLogin
            case .lastLogin: surroundings.logins[person.id]?.iso ?? ""
            case .site: person.site.flatMap { surroundings.sites[$0]?.name } ?? ""
            case .roles: person.roles.sorted().joined(separator: ",")
            }
        return "\(first)\u{0}\(person.targetName)".lowercased()
    }

    private static func fields(_ query: QueryParameters) throws(RestError) -> Set<Field> {
        guard let names = query.list("fields") else { return [.firstName, .lastName, .targetName, .webLogin] }
        var fields: Set<Field> = []
        for name in names {
            guard let field = Field(rawValue: name.uppercased()) else {
                throw .invalidChoice("fields", name, valid: Field.allCases.map(\.rawValue))
            }
            fields.insert(field)
        }
        return fields
    }
}

/// What people are filtered and sorted by besides themselves; only what is needed is read.
struct PeopleSurroundings {
    enum Part { case devices, groups, sites, logins, people }

    /// By owner.
    var devices: [String: [Device]] = [:]
    var memberships: GroupMemberships?
    /// By id.
    var groups: [String: Group] = [:]
    var sites: [String: Site] = [:]
    var logins: [String: Timestamp] = [:]
    /// Ids by target name in lower case.
    var people: [String: String] = [:]

    init(_ directory: Directory, needs: Set<Part>) throws {
        if needs.contains(.devices) { devices = Dictionary(grouping: try directory.all(Device.self)) { $0.owner } }
        if needs.contains(.groups) {
            memberships = try GroupMemberships(directory)
            groups = Dictionary(try directory.all(Group.self).map { ($0.id, $0) }) { first, _ in first }
        }
        if needs.contains(.sites) {
            sites = Dictionary(try directory.all(Site.self).map { ($0.id, $0) }) { first, _ in first }
        }
        if needs.contains(.logins) { logins = try directory.signIns.all() }
        if needs.contains(.people) {
            people = Dictionary(try directory.all(Person.self).map { ($0.targetName.lowercased(), $0.id) }) {
                first, _ in first
            }
        }
    }
}
