import AlertCore
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
    }

    private let search: Search
    private let fields: Set<Field>
    private let exact: [@Sendable (Person) -> Bool]
    private let emailAddress: String?
    private let order: Order
    private let isDescending: Bool

    var isEmpty: Bool {
        search.isEmpty && exact.isEmpty && emailAddress == nil && order == .targetName && !isDescending
    }

    init(_ query: QueryParameters) throws(RestError) {
        search = try Search(query)
        fields = try Self.fields(query)
        exact = try Self.conditions(query)
        emailAddress = query["emailAddress"]?.lowercased()
        let order = try query.choice("sortBy", of: Order.allCases.map(\.rawValue))
        self.order = order.flatMap(Order.init) ?? .targetName
        isDescending = try query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
    }

    func page(from directory: Directory, _ paging: Paging) throws -> Directory.Page<Person> {
        let devices = needsDevices ? Dictionary(grouping: try directory.all(Device.self)) { $0.owner } : [:]
        return try directory.list(
            Person.self, offset: paging.offset, limit: paging.limit,
            where: { matches($0, devices[$0.id] ?? []) }, by: areInOrder)
    }

    private var needsDevices: Bool {
        emailAddress != nil || (!search.isEmpty && !fields.isDisjoint(with: [.emailAddress, .phoneNumber]))
    }

    private func matches(_ person: Person, _ devices: [Device]) -> Bool {
        guard exact.allSatisfy({ $0(person) }) else { return false }
        if let emailAddress, !devices.contains(where: { $0.emailAddress?.lowercased() == emailAddress }) {
            return false
        }
        return search.matches(fields.flatMap { Self.texts($0, person, devices) })
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

    private func areInOrder(_ left: Person, _ right: Person) -> Bool {
        let keys = (key(left), key(right))
        return isDescending ? keys.0 > keys.1 : keys.0 < keys.1
    }

    private func key(_ person: Person) -> String {
        let first =
            switch order {
            case .firstLastName: "\(person.firstName) \(person.lastName)"
            case .targetName: person.targetName
            case .status: person.status.rawValue
            case .webLogin: person.webLogin
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

    private static func conditions(_ query: QueryParameters) throws(RestError) -> [@Sendable (Person) -> Bool] {
        var conditions: [@Sendable (Person) -> Bool] = []
        let texts: [(String, @Sendable (Person) -> String)] = [
            ("targetName", { $0.targetName }), ("webLogin", { $0.webLogin }), ("firstName", { $0.firstName }),
            ("lastName", { $0.lastName }), ("licenseType", { $0.licenseType }),
        ]
        for (name, text) in texts {
            guard let wanted = query[name]?.lowercased() else { continue }
            conditions.append { text($0).lowercased() == wanted }
        }
        if let status = try query.choice("status", of: RecipientStatus.allCases.map(\.rawValue)) {
            conditions.append { $0.status.rawValue == status }
        }
        if let roles = query.list("roles")?.map({ $0.lowercased() }) {
            conditions.append { person in person.roles.contains { roles.contains($0.lowercased()) } }
        }
        if let name = query["propertyName"], let value = query["propertyValue"] {
            conditions.append { $0.properties[name]?.readable == value }
        }
        return conditions
    }
}
