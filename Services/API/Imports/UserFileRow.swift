import AlertCore
import Foundation
import Persistence

/// One line of a file of people, carried out as the REST operations would be: the same checks, the same audit.
/// An empty field leaves what there is.
struct UserFileRow {
    /// What a line cannot be used for, at which column.
    struct Problem: Error {
        let error: RestError
        let header: String?
    }

    private enum Operation: String, CaseIterable {
        case process = "PROCESS"
        case remove = "REMOVE"
    }

    let line: Int
    private let headers: [String]
    private let columns: [UserFile.Column]
    private let texts: [String]
    private let secrets: SecretBox

    init(_ row: CSVFile.Row, of file: UserFile, columns: [UserFile.Column], secrets: SecretBox) {
        line = row.line
        headers = file.headers
        self.columns = columns
        texts = row.fields
        self.secrets = secrets
    }

    private func text(_ column: UserFile.Column) -> String? {
        guard let index = columns.firstIndex(of: column), index < texts.count, !texts[index].isEmpty else {
            return nil
        }
        return texts[index]
    }

    private func header(_ column: UserFile.Column) -> String? {
        columns.firstIndex(of: column).map { headers[$0] }
    }

    /// - Throws: ``Problem``: then what it wrote has to be taken back.
    /// - Returns: What there is to say nevertheless.
    func carryOut(_ edit: DirectoryEdit) throws -> [ImportMessage] {
        if texts.count > columns.count, texts.dropFirst(columns.count).contains(where: { !$0.isEmpty }) {
            throw Problem(
                error: .invalidValue("file", "the line has \(texts.count) fields, and there are \(columns.count)."),
                header: nil)
        }
        guard let user = text(.field("targetName")) else {
            throw Problem(error: .missingField("User"), header: header(.field("targetName")))
        }
        let existing = try edit.directory.find(Person.self, name: user)
        switch try operation() {
        case .process:
            let person = try save(existing, edit)
            try saveDevices(of: person, edit)
            return []
        case .remove: return try remove(existing, user, edit)
        }
    }

    private func operation() throws -> Operation {
        let text = text(.operation) ?? Operation.process.rawValue
        switch text.lowercased() {
        case "process", "add", "update", "y": return .process
        case "remove", "delete", "r": return .remove
        default:
            throw Problem(
                error: .invalidChoice("Operation", text, valid: ["process", "remove"]), header: header(.operation))
        }
    }

    private func remove(_ person: Person?, _ user: String, _ edit: DirectoryEdit) throws -> [ImportMessage] {
        guard let person else {
            let text = "There is no user \(user) to remove."
            return [ImportMessage(.warning, text, column: header(.field("targetName")), line: line)]
        }
        let caller = edit.call.caller
        try at(nil) {
            guard person.id != caller.person.id else {
                throw RestError.conflict("You cannot delete the user as whom you are signed in.")
            }
            try caller.requireAdministering(person)
            try edit.delete(person)
        }
        return []
    }

    // MARK: The person

    private func save(_ existing: Person?, _ edit: DirectoryEdit) throws -> Person {
        let fields = RequestFields(personFields(existing))
        return try at(nil) {
            let request = PersonRequest(
                fields: fields, hashes: try PersonSecrets(fields, edit.call.caller, cost: .lowest))
            var person = try request.person(existing, edit)
            if let existing {
                person.whenUpdated = existing.whenUpdated
                if person == existing { return person }
                person.whenUpdated = edit.now
            }
            try edit.call.caller.requireSaving(person, over: existing)
            try edit.put(person)
            return person
        }
    }

    private func personFields(_ existing: Person?) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        var properties: [String: JSONValue] = [:]
        for (index, column) in columns.enumerated() where index < texts.count && !texts[index].isEmpty {
            switch column {
            case .field(let name): fields[name] = Self.value(texts[index], of: name)
            case .property(let name): properties[name] = .string(texts[index])
            case .operation, .device, .deviceStatus, .ignored, .unknown: break
            }
        }
        // How the file writes the name of somebody who is there is no new name.
        if let existing { fields["targetName"] = .string(existing.targetName) }
        if !properties.isEmpty {
            fields["properties"] = .object((existing?.properties ?? [:]).merging(properties) { $1 })
        }
        return fields
    }

    private static func value(_ text: String, of field: String) -> JSONValue {
        switch field {
        case "supervisors", "roles":
            let names = text.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return .array(names.filter { !$0.isEmpty }.map(JSONValue.string))
        case "status": return .string(text.uppercased())
        case "licenseType":
            let name = text.uppercased().replacing(" ", with: "_")
            return .string(name.hasSuffix("_USER") ? name : "\(name)_USER")
        case "externallyOwned":
            switch text.lowercased() {
            case "true", "yes", "y", "1": return true
            case "false", "no", "n", "0": return false
            default: return .string(text)
            }
        case "language": return .string(languages[text.lowercased()] ?? text)
        default: return .string(text)
        }
    }

    /// The platform's files have languages by their English names.
    private static let languages = [
        "chinese": "zh", "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi", "french": "fr",
        "german": "de", "italian": "it", "japanese": "ja", "korean": "ko", "norwegian": "no", "polish": "pl",
        "portuguese": "pt", "russian": "ru", "spanish": "es", "swedish": "sv", "turkish": "tr",
    ]

    // MARK: Devices

    private func saveDevices(of owner: Person, _ edit: DirectoryEdit) throws {
        let names = try edit.directory.deviceNames()
        for column in columns {
            guard case .device(let name) = column else { continue }
            let (address, status) = (text(column), text(.deviceStatus(name)))
            let existing = try edit.directory.find(Device.self, name: name, in: owner.id)
            guard address != nil || (status != nil && existing != nil) else { continue }
            guard let kind = existing?.deviceType ?? names.first(where: { $0.name == name })?.deviceType else {
                continue
            }
            var fields = Self.address(address, kind, of: name)
            fields["owner"] = .string(owner.id)
            if kind == .fax, existing == nil {
                fields["country"] = try owner.site.flatMap { try edit.directory.get(Site.self, id: $0) }
                    .map { .string($0.country) }
            }
            try at(header(column)) { try save(existing, fields, kind, name, of: owner, edit) }
            if let status {
                try at(header(.deviceStatus(name))) {
                    let fields = RequestFields(["status": .string(status.uppercased())])
                    guard var device = try edit.directory.find(Device.self, name: name, in: owner.id) else { return }
                    device.status = try fields.choice("status") ?? device.status
                    try edit.put(device)
                }
            }
        }
    }

    private func save(
        _ existing: Device?, _ fields: [String: JSONValue], _ kind: Device.Kind, _ name: String, of owner: Person,
        _ edit: DirectoryEdit
    ) throws {
        guard [.email, .voice, .textPhone, .fax, .textPager].contains(kind) else {
            throw RestError.invalidValue(name, "devices of the type \(kind.rawValue) cannot be uploaded.")
        }
        try edit.call.caller.requireEditingDevices(of: owner)
        let request = DeviceRequest(fields: RequestFields(fields), secrets: secrets)
        let device = try request.device(existing, of: owner, edit)
        try edit.requirePrivilege(for: device, of: owner)
        guard device != existing else { return }
        try edit.put(device)
        if existing == nil { try edit.putInOrder(device) }
    }

    private static func address(_ text: String?, _ kind: Device.Kind, of name: String) -> [String: JSONValue] {
        var fields: [String: JSONValue] = ["name": .string(name), "deviceType": .string(kind.rawValue)]
        guard let text else { return fields }
        switch kind {
        case .email: fields["emailAddress"] = .string(text)
        case .textPager: fields["pin"] = .string(text)
        default: fields["phoneNumber"] = .string(extended(text))
        }
        return fields
    }

    /// `+1 650 2530002 ext: 24` as REST writes it.
    private static func extended(_ number: String) -> String {
        guard let match = number.firstMatch(of: /[ ;]*\bext[.:=]*[ ]*([0-9]+)[ ]*$/.ignoresCase()) else {
            return number
        }
        return "\(number[..<match.range.lowerBound]);ext=\(match.1)"
    }

    // MARK: Problems

    /// - Parameter header: Of the column that everything in `body` comes from; `nil` where the error's field says it.
    private func at<Value>(_ header: String?, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as RestError {
            throw Problem(error: error, header: header ?? self.header(ofField: error.arguments?.first))
        }
    }

    private func header(ofField field: String?) -> String? {
        guard let field else { return nil }
        let property = field.hasPrefix("properties.") ? String(field.dropFirst("properties.".count)) : nil
        return header(property.map { .property($0) } ?? .field(field))
    }
}
