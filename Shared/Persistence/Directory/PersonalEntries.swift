import AlertCore

// What says something about a person in what people configure.

extension Person {
    public var personal: [PersonalText] {
        let names =
            PersonReference(self).personal + [
                PersonalText(webLogin, of: id, isName: true), PersonalText(phoneLogin ?? "", of: id),
                PersonalText(externalKey ?? "", of: id, isName: true),
            ]
        return names + properties.values.flatMap(\.texts).map { PersonalText($0, of: id) }
    }
}

extension Device {
    public var personal: [PersonalText] {
        [
            PersonalText(name, of: owner), PersonalText(emailAddress ?? "", of: owner, isName: true),
            PersonalText(phoneNumber ?? "", of: owner, isName: true), PersonalText(description, of: owner),
            PersonalText(pin, of: owner), PersonalText(externalKey ?? "", of: owner, isName: true),
        ]
    }
}

extension APIKey {
    public var personal: [PersonalText] { [PersonalText(name, of: person)] }
}

extension JSONValue {
    /// All strings that are values in it.
    var texts: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let values): values.flatMap(\.texts)
        case .object(let fields): fields.values.flatMap(\.texts)
        case .null, .bool, .integer, .number: []
        }
    }
}

/// Whom texts name, by the directory, within one transaction.
struct PersonNames {
    /// Longer texts are nobody's name.
    private static let nameLimit = 200
    /// How many are looked up at once.
    private static let chunk = 500

    let connection: any SQLConnection

    init(_ connection: any SQLConnection) { self.connection = connection }

    /// Those of the values that are a person's target name.
    func named(in value: JSONValue) throws(StoreError) -> [PersonalText] {
        let texts = Set(value.texts.filter { $0.utf8.count <= Self.nameLimit })
        let keys = Array(Set(texts.map { $0.lowercased() }))
        var people: [String: String] = [:]
        for start in stride(from: 0, to: keys.count, by: Self.chunk) {
            let part = keys[start..<min(start + Self.chunk, keys.count)]
            let rows = try connection.execute(
                "SELECT name_key, id FROM directory WHERE kind = \(Person.kind) AND name_key IN \(list: part)")
            for row in rows { people[row.text(0)] = row.text(1) }
        }
        return texts.compactMap { text in
            people[text.lowercased()].map { PersonalText(text, of: $0, isName: true) }
        }
    }
}
