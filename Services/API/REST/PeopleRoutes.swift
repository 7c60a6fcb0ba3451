import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// People (spec §4.4).
    var peopleRoutes: [RESTRoute] {
        [
            .get("people", listPeople),
            .post("people", savePerson),
            .get("people/{person}", getPerson),
            .post("people/{person}", savePerson),
            .delete("people/{person}", deletePerson),
            .get("people/{person}/devices", listDevicesOfPerson),
            .get("people/{person}/supervisors", listSupervisors),
        ]
    }

    private func listPeople(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let filter = try PeopleFilter(call.query)
        return try await read { directory in
            let page =
                filter.isEmpty
                ? try directory.list(Person.self, offset: paging.offset, limit: paging.limit)
                : try filter.page(from: directory, paging)
            let people = try page.entries.map { try $0.wire(call, directory) }
            return .ok(call.page(people, total: page.total, paging))
        }
    }

    private func getPerson(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            .ok(try directory.required(Person.self, call.parameter("person")).wire(call, directory))
        }
    }

    private func savePerson(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let password = try fields.text("password", limit: 200)
        if let password, password.count < 8 {
            throw RestError.invalidValue("password", "it must have at least 8 characters.")
        }
        let hash = password.map { PasswordHash.make($0, cost: passwordCost) }
        return try await write(call) { edit in
            let existing = try edit.existing(Person.self, fields, path: call.parameters["person"])
            let person = try PersonRequest(fields: fields, passwordHash: hash).person(existing, edit)
            try edit.put(person)
            return .saved(try person.wire(call, edit.directory), isNew: existing == nil)
        }
    }

    private func deletePerson(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            guard let person = try edit.directory.resolve(Person.self, call.parameter("person")) else {
                return .noContent
            }
            guard person.id != call.caller.person.id else {
                throw RestError.conflict("You cannot delete the user as whom you are signed in.")
            }
            let answer = try person.wire(call, edit.directory)
            try edit.delete(person)
            return .ok(answer)
        }
    }

    private func listDevicesOfPerson(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let person = try directory.required(Person.self, call.parameter("person"))
            return .ok(try call.page(of: try directory.devices(of: person).map { $0.wire(owner: person) }))
        }
    }

    private func listSupervisors(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let person = try directory.required(Person.self, call.parameter("person"))
            return .ok(try call.page(of: try directory.people(person.supervisors).map(\.plainWire)))
        }
    }
}

extension Directory {
    /// The person's devices in the order in which they are notified.
    func devices(of person: Person) throws -> [Device] {
        try all(Device.self, in: person.id).sorted { ($0.sequence, $0.number) < ($1.sequence, $1.number) }
    }

    /// Those of the ids that are there.
    func people(_ ids: [String]) throws -> [Person] { try ids.compactMap { try get(Person.self, id: $0) } }
}

// MARK: - What people look like

extension Person {
    var path: String { "/people/\(id)" }

    /// As another object names it.
    var reference: JSONValue {
        [
            "id": .string(id), "targetName": .string(targetName), "firstName": .string(firstName),
            "lastName": .string(lastName), "recipientType": "PERSON", "links": .links(path),
        ]
    }

    var plainWire: JSONValue { .fields(wireFields) }

    func wire(_ call: RESTCall, _ directory: Directory) throws -> JSONValue {
        var fields = wireFields
        let base = RESTPath.base + path
        if call.query.embeds("roles") {
            fields["roles"] = .embeddedPage(roles.compactMap(Role.wire(named:)), path: "\(base)/roles")
        }
        if call.query.embeds("supervisors") {
            let people = try directory.people(supervisors)
            fields["supervisors"] = .embeddedPage(people.map(\.plainWire), path: "\(base)/supervisors")
        }
        if call.query.embeds("devices") {
            let devices = try directory.devices(of: self)
            fields["devices"] = .embeddedPage(devices.map { $0.wire(owner: self) }, path: "\(base)/devices")
        }
        return .fields(fields)
    }

    private var wireFields: [String: JSONValue?] {
        [
            "id": .string(id), "targetName": .string(targetName), "recipientType": "PERSON",
            "firstName": .string(firstName), "lastName": .string(lastName), "language": .string(language),
            "timezone": .string(timezone), "webLogin": .string(webLogin), "phoneLogin": .text(phoneLogin),
            "licenseType": .string(licenseType), "status": .string(status.rawValue),
            "properties": .object(properties), "externalKey": .text(externalKey),
            "externallyOwned": .bool(externallyOwned), "locked": [],
            "whenCreated": .string(whenCreated.iso), "whenUpdated": .string(whenUpdated.iso),
            "links": .links(path),
        ]
    }
}

// MARK: - A person in a request

/// The fields of a person; those that are absent stay as they are.
struct PersonRequest {
    enum License: String, CaseIterable {
        case full = "FULL_USER"
        case stakeholder = "STAKEHOLDER_USER"
    }

    let fields: RequestFields
    let passwordHash: String?

    func person(_ existing: Person?, _ edit: DirectoryEdit) throws -> Person {
        if let type = try fields.text("recipientType"), type != "PERSON" {
            throw RestError.invalidChoice("recipientType", type, valid: ["PERSON"])
        }
        let name = try fields.requiredName("targetName", or: existing?.targetName, limit: 100)
        guard !name.contains("|") else { throw RestError.invalidValue("targetName", "it holds a '|'.") }
        let first = try fields.requiredName("firstName", or: existing?.firstName)
        let last = try fields.requiredName("lastName", or: existing?.lastName)
        var person =
            existing
            ?? Person(
                id: edit.newID(), targetName: name, firstName: first, lastName: last, whenCreated: edit.now)
        person.targetName = name
        person.firstName = first
        person.lastName = last
        person.webLogin = try fields.requiredName("webLogin", or: person.webLogin, limit: 100)
        if person.webLogin.contains(":") {
            throw RestError.invalidValue("webLogin", "it holds a colon, which Basic authentication cannot carry.")
        }
        person.language = try fields.text("language", limit: 20) ?? person.language
        person.licenseType = try fields.choice("licenseType", License.self)?.rawValue ?? person.licenseType
        person.status = try fields.choice("status") ?? person.status
        person.externalKey = try fields.text("externalKey") ?? person.externalKey
        person.externallyOwned = try fields.bool("externallyOwned") ?? person.externallyOwned
        person.properties = try fields.object("properties")?.values ?? person.properties
        person.timezone = try timezone() ?? person.timezone
        person.phoneLogin = try phoneLogin() ?? person.phoneLogin
        person.roles = try roles() ?? person.roles
        person.supervisors = try supervisors(edit) ?? existing?.supervisors ?? [edit.call.caller.person.id]
        person.passwordHash = passwordHash ?? person.passwordHash
        person.whenUpdated = edit.now
        return person
    }

    private func timezone() throws(RestError) -> String? {
        guard let name = try fields.text("timezone", limit: 100) else { return nil }
        guard TimeZone(identifier: name) != nil else {
            throw .invalidValue("timezone", "\(name) is no time zone, as US/Eastern is.")
        }
        return name
    }

    private func phoneLogin() throws(RestError) -> String? {
        guard let digits = try fields.text("phoneLogin") else { return nil }
        guard digits.count <= 30, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw .invalidValue("phoneLogin", "it must be at most 30 digits.")
        }
        return digits
    }

    /// Names, or objects with a name.
    private func roles() throws(RestError) -> [String]? {
        guard let list = try fields.list("roles") else { return nil }
        var roles: [String] = []
        for value in list {
            guard let text = value.string ?? value["name"]?.string else {
                throw .wrongType("roles", expected: "an array of strings", found: value.kindName)
            }
            guard let role = Role.all.first(where: { $0.name.lowercased() == text.lowercased() }) else {
                throw .invalidChoice("roles", text, valid: Role.all.map(\.name))
            }
            if !roles.contains(role.name) { roles.append(role.name) }
        }
        return roles
    }

    private func supervisors(_ edit: DirectoryEdit) throws -> [String]? {
        try fields.list("supervisors")?.map { value in
            guard let reference = RequestFields.reference(value) else {
                throw RestError.wrongType("supervisors", expected: "an array of ids", found: value.kindName)
            }
            guard let person = try edit.directory.resolve(Person.self, reference) else {
                throw RestError.invalidValue("supervisors", "there is no person \(reference).")
            }
            return person.id
        }
    }
}
