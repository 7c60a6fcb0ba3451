/// A field of a request that cannot be accepted, and why.
public struct FieldProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// As in `recipients[0].id`.
    public let field: String
    public let problem: String

    public init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }

    public var description: String { "\(field) \(problem)" }
}

/// What a request says about the alert that it wants, in the platform's newer and older spellings (spec §2.3).
/// What it does not say comes from the form.
public struct AlertRequest: Equatable, Sendable {
    public var properties: [String: JSONValue] = [:]
    /// Target names or ids; `nil` for the form's own recipients.
    public var recipients: [String]?
    public var priority: Priority?
    public var expirationInMinutes: Int?
    public var overrideDeviceRestrictions = false
    public var escalationOverride = false
    public var bypassPhoneIntro = false
    public var requirePhonePassword = false
    public var targetDeviceNames: [String] = []
    /// Ids of the form's options that are to be offered, or whole options; `nil` for all of the form's.
    public var responseOptions: [JSONValue]?
    /// Fields that are known and have no effect yet.
    public var withoutEffect: [String] = []

    /// One year.
    static let longestExpiration = 525_600

    public init() {}

    /// - Parameter json: The body of a request, or the `trigger` of a script.
    public init(_ json: JSONValue) throws(FieldProblem) {
        guard let fields = json.object else {
            throw FieldProblem("the request", "has to be a JSON object; it is \(json.kindName)")
        }
        if let given = fields["properties"], given != .null {
            guard let object = given.object else { throw .wrongKind("properties", "an object", given) }
            properties = object
        }
        recipients = try Self.recipients(fields["recipients"])
        priority = try Self.priority(fields["priority"])
        expirationInMinutes = try Self.expiration(fields["expirationInMinutes"])
        overrideDeviceRestrictions = try Self.flag("overrideDeviceRestrictions", fields)
        escalationOverride = try Self.flag("escalationOverride", fields)
        bypassPhoneIntro = try Self.flag("bypassPhoneIntro", fields)
        requirePhonePassword = try Self.flag("requirePhonePassword", fields)
        targetDeviceNames = try Self.deviceNames(fields["targetDeviceNames"])
        responseOptions = try Self.options(fields["responseOptions"], "responseOptions")
        if responseOptions == nil { responseOptions = try Self.options(fields["responses"], "responses") }
        let later = ["attachments", "callbacks", "conference", "conferences", "senderOverrides", "voicemailOptions"]
        withoutEffect = later.filter { fields[$0] != nil && fields[$0] != .null }
    }

    /// Strings, objects with `id` or `targetName`, or one text with commas. An empty list is no list.
    private static func recipients(_ given: JSONValue?) throws(FieldProblem) -> [String]? {
        guard let given, given != .null else { return nil }
        if let text = given.string {
            let names = text.split(separator: ",").map { $0.trimmingSpaces }.filter { !$0.isEmpty }
            return names.isEmpty ? nil : names
        }
        guard let list = given.array else { throw .wrongKind("recipients", "an array", given) }
        var names: [String] = []
        for (index, item) in list.enumerated() {
            guard let name = item.string ?? item["id"]?.string ?? item["targetName"]?.string, !name.isEmpty else {
                throw FieldProblem("recipients[\(index)]", "has to be a name, or an object with an id or targetName")
            }
            names.append(name)
        }
        return names.isEmpty ? nil : names
    }

    private static func priority(_ given: JSONValue?) throws(FieldProblem) -> Priority? {
        guard let given, given != .null, given != "" else { return nil }
        guard let text = given.string else { throw .wrongKind("priority", "a string", given) }
        guard let priority = Priority(ignoringCase: text) else {
            let valid = Priority.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldProblem("priority", "contains an invalid value: \(text). Valid values include: \(valid)")
        }
        return priority
    }

    private static func expiration(_ given: JSONValue?) throws(FieldProblem) -> Int? {
        guard let given, given != .null else { return nil }
        guard let minutes = given.integer ?? given.string.flatMap({ Int64($0) }) else {
            throw .wrongKind("expirationInMinutes", "a whole number", given)
        }
        guard (1...Int64(longestExpiration)).contains(minutes) else {
            throw FieldProblem("expirationInMinutes", "is \(minutes); it must be from 1 to \(longestExpiration)")
        }
        return Int(minutes)
    }

    private static func flag(_ name: String, _ fields: [String: JSONValue]) throws(FieldProblem) -> Bool {
        guard let given = fields[name], given != .null else { return false }
        guard let value = given.bool else { throw .wrongKind(name, "true or false", given) }
        return value
    }

    private static func deviceNames(_ given: JSONValue?) throws(FieldProblem) -> [String] {
        guard let given, given != .null else { return [] }
        guard let list = given.array else { throw .wrongKind("targetDeviceNames", "an array", given) }
        var names: [String] = []
        for (index, item) in list.enumerated() {
            guard let name = item.string ?? item["name"]?.string else {
                throw FieldProblem("targetDeviceNames[\(index)]", "has to be an object with a name")
            }
            names.append(name)
        }
        return names
    }

    private static func options(_ given: JSONValue?, _ field: String) throws(FieldProblem) -> [JSONValue]? {
        guard let given, given != .null else { return nil }
        guard let list = given.array else { throw .wrongKind(field, "an array", given) }
        for (index, item) in list.enumerated() where item.string == nil && item.object == nil {
            throw .wrongKind("\(field)[\(index)]", "an id or an object", item)
        }
        return list.isEmpty ? nil : list
    }
}

extension FieldProblem {
    static func wrongKind(_ field: String, _ wanted: String, _ given: JSONValue) -> FieldProblem {
        FieldProblem(field, "has to be \(wanted); it is \(given.kindName)")
    }
}

extension StringProtocol {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
