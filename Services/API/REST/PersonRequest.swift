import AlertCore
import Foundation
import Persistence

/// The secrets of a person's request, as they are stored. Hashing is slow: it is done before any transaction.
struct PersonSecrets: Sendable {
    var passwordHash: String?
    /// Empty takes the digits away.
    var phonePinHash: String?

    /// - Throws: 400 for a password or pin that is too short, or the very password that has to be changed.
    init(_ fields: RequestFields, _ caller: Caller, cost: PasswordHash.Cost) throws(RestError) {
        if let password = try fields.text("password", limit: 200) {
            guard password.count >= 8 else {
                throw .invalidValue("password", "it must have at least 8 characters.")
            }
            if caller.mustChangePassword, let old = caller.person.passwordHash,
                PasswordHash.verify(password, against: old)
            {
                throw .invalidValue("password", "it is the one that has to be changed.")
            }
            passwordHash = PasswordHash.make(password, cost: cost)
        }
        if let pin = try fields.text("phonePin", limit: 30) {
            guard pin.isEmpty || (4...30).contains(pin.count) && pin.utf8.allSatisfy({ (48...57).contains($0) }) else {
                throw .invalidValue("phonePin", "it must be 4 to 30 digits.")
            }
            phonePinHash = pin.isEmpty ? "" : PasswordHash.make(pin, cost: cost)
        }
    }
}

/// The fields of a person; those that are absent stay as they are.
struct PersonRequest {
    enum License: String, CaseIterable {
        case full = "FULL_USER"
        case stakeholder = "STAKEHOLDER_USER"
    }

    /// What somebody from another system cannot change here, where the request does not say it.
    static let lockedFields = [
        "targetName", "firstName", "lastName", "language", "timezone", "webLogin", "site",
    ]
    private static let lockable = lockedFields + ["phoneLogin", "properties", "roles", "supervisors", "status"]
    private static let propertyLimit = 200

    let fields: RequestFields
    let hashes: PersonSecrets

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
        person.properties = try properties() ?? person.properties
        person.timezone = try fields.timezone() ?? person.timezone
        person.phoneLogin = try phoneLogin() ?? person.phoneLogin
        person.roles = try roles() ?? person.roles
        person.supervisors = try supervisors(edit) ?? existing?.supervisors ?? [edit.call.caller.person.id]
        person.site = try site(edit) ?? (existing == nil ? edit.call.caller.person.site : person.site)
        try own(&person)
        try secrets(&person, edit.call.caller)
        person.whenUpdated = edit.now
        return person
    }

    /// Whether it comes from another system, and what is locked then.
    private func own(_ person: inout Person) throws(RestError) {
        person.externallyOwned = try fields.bool("externallyOwned") ?? person.externallyOwned
        let wanted = try fields.texts("locked", limit: 50)
        if let unknown = wanted?.first(where: { !Self.lockable.contains($0) }) {
            throw .invalidChoice("locked", unknown, valid: Self.lockable)
        }
        let isNewlyOwned = person.externallyOwned && person.locked.isEmpty
        person.locked = person.externallyOwned ? wanted ?? (isNewlyOwned ? Self.lockedFields : person.locked) : []
    }

    /// Somebody who sets the own password has done what had to be done.
    private func secrets(_ person: inout Person, _ caller: Caller) throws(RestError) {
        person.passwordHash = hashes.passwordHash ?? person.passwordHash
        person.phonePinHash = hashes.phonePinHash ?? person.phonePinHash
        let isOwnChange = hashes.passwordHash != nil && person.id == caller.person.id
        person.forcePasswordReset = try fields.bool("forcePasswordReset") ?? (person.forcePasswordReset && !isOwnChange)
        if caller.mustChangePassword, isOwnChange { person.forcePasswordReset = false }
    }

    /// Custom fields: a text, a number, a truth value, or several texts.
    private func properties() throws(RestError) -> [String: JSONValue]? {
        guard let properties = try fields.object("properties")?.values else { return nil }
        guard properties.count <= Self.propertyLimit else {
            throw .invalidValue("properties", "there may be at most \(Self.propertyLimit).")
        }
        for (name, value) in properties {
            switch value {
            case .string, .bool, .integer, .number: break
            case .array(let values) where values.count <= 1000 && values.allSatisfy { $0.string != nil }: break
            default:
                throw .wrongType(
                    "properties.\(name)", expected: "a string, a number, a boolean or an array of strings",
                    found: value.kindName)
            }
        }
        return properties
    }

    private func phoneLogin() throws(RestError) -> String? {
        guard let digits = try fields.text("phoneLogin") else { return nil }
        guard digits.count <= 30, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw .invalidValue("phoneLogin", "it must be at most 30 digits.")
        }
        return digits
    }

    /// Names or ids, or objects with one.
    private func roles() throws(RestError) -> [String]? {
        guard let list = try fields.list("roles") else { return nil }
        var roles: [String] = []
        for value in list {
            guard let text = value["name"]?.string ?? RequestFields.reference(value) else {
                throw .wrongType("roles", expected: "an array of strings", found: value.kindName)
            }
            guard let role = Role.name(of: text) else {
                throw .invalidChoice("roles", text, valid: Role.all.map(\.name))
            }
            if !roles.contains(role) { roles.append(role) }
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

    private func site(_ edit: DirectoryEdit) throws -> String? {
        guard let reference = try fields.reference("site"), !reference.isEmpty else { return nil }
        guard let site = try edit.directory.resolve(Site.self, reference) else {
            throw RestError.invalidValue("site", "there is no site \(reference).")
        }
        return site.id
    }
}
