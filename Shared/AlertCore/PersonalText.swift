/// A text in an event that says something about a person, and is sealed with that person's key before it is stored.
public struct PersonalText: Hashable, Sendable, Codable {
    /// The person's id.
    public var person: String
    public var text: String
    /// Whether it is sealed within longer texts, too, where it stands as a word of its own, as in "jdoe has answered".
    /// Other texts are sealed only where they are the whole value.
    public var isName: Bool
    /// The id of the JSON object that has it among its fields, for what others may have, too: a first name, the name of
    /// a device. `nil` for what is nobody else's.
    public var object: String?

    public init(_ text: String, of person: String, isName: Bool = false, in object: String? = nil) {
        self.person = person
        self.text = text
        self.isName = isName
        self.object = object
    }
}

extension PersonReference {
    /// The names: the target name and the full one are found within texts.
    public var personal: [PersonalText] {
        [
            PersonalText(targetName, of: id, isName: true), PersonalText(firstName, of: id, in: id),
            PersonalText(lastName, of: id, in: id), PersonalText("\(firstName) \(lastName)", of: id, isName: true),
        ]
    }
}

extension AlertRecipient {
    /// The name of a person; of a device the name with its owner's before it, where the owner is known.
    public var personal: [PersonalText] {
        switch recipientType {
        case .person: return [PersonalText(targetName, of: id, isName: true)]
        case .group: return []
        case .device:
            guard let owner, let bar = targetName.firstIndex(of: "|") else { return [] }
            return [
                PersonalText(targetName, of: owner, isName: true),
                PersonalText(String(targetName[..<bar]), of: owner, isName: true),
            ]
        }
    }
}
