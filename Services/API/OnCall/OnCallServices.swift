import AlertCore
import Persistence

/// Groups, shifts, who is on call, absences and sites (spec §4.6).
extension RESTServices {
    var onCallRoutes: [RESTRoute] {
        let groups = groupRoutes + groupMemberRoutes + dynamicTeamRoutes
        let shifts = shiftRoutes + shiftMemberRoutes + occurrenceRoutes
        return groups + shifts + onCallListRoutes + absenceRoutes + siteRoutes + calendarRoutes
    }

    /// The directory as it is now: who has made a change sees it, whichever process asks.
    func view() async throws -> DirectoryView { try await cache.refreshed() }

    /// One transaction that changes the directory; run again when the store says so.
    /// - Returns: What the body returned, and the directory with the change.
    func change<Value: Sendable>(
        _ call: RESTCall, _ body: @escaping @Sendable (DirectoryEdit) throws -> Value
    ) async throws -> (value: Value, view: DirectoryView) {
        let now = now()
        let value: Value
        do {
            defer { cache.invalidate() }  // after a throw, too: the transaction may have been committed
            value = try await database.retrying { connection in
                let directory = Directory(connection)
                try directory.lock()
                return try body(DirectoryEdit(directory: directory, call: call, now: now))
            }
        }
        return (value, try await cache.refreshed())
    }
}

extension RESTRoute {
    /// A change that a rule of its own permits, as that a group's supervisors may change it.
    static func change(
        _ method: HTTPMethod, _ path: String, _ handler: @escaping @Sendable (RESTCall) async throws -> RESTAnswer
    ) -> RESTRoute {
        RESTRoute(
            method: method == .post ? .post : .delete, path: path, permission: .readConfiguration, handler: handler)
    }

    enum HTTPMethod { case post, delete }
}

// MARK: - Fields that several requests have

extension RequestFields {
    /// - Throws: 400 for what is no time zone's name.
    func timezone(_ field: String = "timezone") throws(RestError) -> String? {
        guard let name = try text(field, limit: 100) else { return nil }
        guard TimeZoneName.isKnown(name) else {
            throw .invalidValue(self.name(field), "\(name) is no time zone, as US/Eastern is.")
        }
        return name
    }

    func time(_ field: String) throws(RestError) -> Timestamp? {
        guard let text = try text(field) else { return nil }
        guard let time = Timestamp(iso: text) else {
            throw .invalidValue(name(field), "\(text) is no time, as 2018-04-17T14:00:00Z is.")
        }
        return time
    }

    /// An integer, or a text of one, as steps of older workflows send it.
    func lenientInteger(_ field: String, in range: ClosedRange<Int>) throws(RestError) -> Int? {
        guard let text = self[field]?.string else { return try integer(field, in: range) }
        guard let number = Int(text), range.contains(number) else {
            throw .invalidValue(name(field), "it must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// A boolean, or a text of one.
    func lenientBool(_ field: String) throws(RestError) -> Bool? {
        switch self[field]?.string?.lowercased() {
        case "true": true
        case "false": false
        default: try bool(field)
        }
    }

    /// One of the wire names of an enumeration, ignoring case.
    func lenientChoice<Choice: CaseIterable & RawRepresentable<String>>(
        _ field: String, _ type: Choice.Type = Choice.self
    ) throws(RestError) -> Choice? {
        guard let text = try text(field) else { return nil }
        guard let choice = Choice.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
            throw .invalidChoice(name(field), text, valid: Choice.allCases.map(\.rawValue))
        }
        return choice
    }

    /// A list as clients send it: an array, a page that they have read, or names between commas.
    func elements(_ field: String, limit: Int = 1000) throws(RestError) -> [JSONValue]? {
        if let text = self[field]?.string {
            return text.isEmpty ? [] : RecipientList.names(of: text).map(JSONValue.string)
        }
        if let page = try pageFields(field) { return try page.list("data", limit: limit) ?? [] }
        return try list(field, limit: limit)
    }

    private func pageFields(_ field: String) throws(RestError) -> RequestFields? {
        guard self[field]?.object != nil else { return nil }
        return try object(field)
    }

    /// Ids or names of what is referred to.
    func references(_ field: String) throws(RestError) -> [String]? {
        guard let elements = try elements(field) else { return nil }
        var references: [String] = []
        for element in elements {
            guard let reference = Self.reference(element) else {
                throw .wrongType(name(field), expected: "an array of ids", found: element.kindName)
            }
            references.append(reference)
        }
        return references
    }

    /// People by their ids or names, each once.
    /// - Throws: 400 for somebody who is not there.
    func people(_ field: String, in directory: Directory) throws -> [String]? {
        guard let references = try references(field) else { return nil }
        var ids: [String] = []
        for reference in references {
            guard let person = try directory.resolve(Person.self, reference) else {
                throw RestError.invalidValue(name(field), "there is no person \(reference).")
            }
            if !ids.contains(person.id) { ids.append(person.id) }
        }
        return ids
    }

    /// - Throws: 400 for a site that is not there.
    /// - Returns: `nil` when the field is absent, an empty text when it is empty: no site.
    func site(_ field: String = "site", in directory: Directory) throws -> String? {
        guard let reference = try reference(field) else { return nil }
        guard !reference.isEmpty else { return "" }
        guard let site = try directory.resolve(Site.self, reference) else {
            throw RestError.invalidValue(name(field), "there is no site \(reference).")
        }
        return site.id
    }

    /// - Throws: 400 for another type than the wanted one.
    func requireType(_ type: String) throws(RestError) {
        guard let given = try text("recipientType"), given != type else { return }
        throw .invalidChoice(name("recipientType"), given, valid: [type])
    }
}

extension QueryParameters {
    /// - Throws: 400 for what is no time.
    func time(_ name: String) throws(RestError) -> Timestamp? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let time = Timestamp(iso: text) else {
            throw .invalidValue(name, "\(text) is no time, as 2018-04-17T14:00:00Z is.")
        }
        return time
    }

    /// A number in the range; `value` when it is absent.
    func number(_ name: String, default value: Int, in range: ClosedRange<Int>) throws(RestError) -> Int {
        guard let text = self[name], !text.isEmpty else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw .invalidValue(name, "it must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// The time span of a list.
    /// - Throws: 400 when it ends before it begins.
    func span() throws(RestError) -> (from: Timestamp?, to: Timestamp?) {
        let from = try time("from")
        let to = try time("to")
        if let from, let to, to <= from { throw .invalidValue("to", "it must be later than from.") }
        return (from, to)
    }
}
