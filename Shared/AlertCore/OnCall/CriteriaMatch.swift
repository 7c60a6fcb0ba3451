/// Whether somebody meets the criteria of a dynamic group.
///
/// Texts are compared without regard to case. A field with several values (roles, groups) meets a condition when one
/// of them does, and a negative one (`NOT_EQUALS`, `NOT_CONTAINS`) when none meets its opposite. A condition whose
/// type, field or operand is not known is met by nobody: see ``GroupCriteria/Criterion/problem``.
extension GroupCriteria {
    /// What a condition can be about.
    public enum CriterionType: String, CaseIterable, Sendable {
        /// One of ``BasicField``.
        case basicField = "BASIC_FIELD"
        /// A property of a person by its name.
        case customField = "CUSTOM_FIELD"
        /// A group that the person is a member of: its id or target name is the value, `field` says nothing.
        case group = "GROUP"
    }

    public enum BasicField: String, CaseIterable, Sendable {
        /// The target name.
        case userID = "USER_ID"
        case targetName = "TARGET_NAME"
        case firstName = "FIRST_NAME"
        case lastName = "LAST_NAME"
        /// The site's name or id.
        case site = "SITE"
        case role = "ROLE"
        case language = "LANGUAGE"
        case timezone = "TIMEZONE"
        case status = "STATUS"
        case webLogin = "WEB_LOGIN"
        case phoneLogin = "PHONE_LOGIN"
        case licenseType = "LICENSE_TYPE"
        case externalKey = "EXTERNAL_KEY"
        /// The target name or id of a supervisor.
        case supervisor = "SUPERVISOR"
    }

    public enum Comparison: String, CaseIterable, Sendable {
        case equals = "EQUALS"
        case notEquals = "NOT_EQUALS"
        case contains = "CONTAINS"
        case notContains = "NOT_CONTAINS"
        case startsWith = "STARTS_WITH"
        case endsWith = "ENDS_WITH"
        case isEmpty = "IS_EMPTY"
        case isNotEmpty = "IS_NOT_EMPTY"
    }

    /// Those who meet the criteria. Without a condition nobody does, whatever the operand.
    func met(in roster: Roster) -> [Person] {
        guard !criterion.isEmpty else { return [] }
        let isAboutGroups = criterion.contains { $0.criterionType == CriterionType.group.rawValue }
        let groups = isAboutGroups ? roster.groupsByMember : [:]
        return roster.people.values.filter { person in
            switch operand {
            case .and: criterion.allSatisfy { $0.isMet(by: person, roster, groups) }
            case .or: criterion.contains { $0.isMet(by: person, roster, groups) }
            }
        }
    }
}

extension GroupCriteria.Criterion {
    /// What is wrong with it, beginning with the name of the field; `nil` when nothing is.
    public var problem: String? {
        guard let type = GroupCriteria.CriterionType(rawValue: criterionType) else {
            return "criterionType '\(criterionType)' is none of \(Self.names(GroupCriteria.CriterionType.self))"
        }
        guard let comparison = GroupCriteria.Comparison(rawValue: operand) else {
            return "operand '\(operand)' is none of \(Self.names(GroupCriteria.Comparison.self))"
        }
        switch type {
        case .basicField where GroupCriteria.BasicField(rawValue: field) == nil:
            return "field '\(field)' is none of \(Self.names(GroupCriteria.BasicField.self))"
        case .customField where field.isEmpty: return "field is missing"
        default: break
        }
        let needsValue = comparison != .isEmpty && comparison != .isNotEmpty
        return needsValue && value.isEmpty ? "value is missing" : nil
    }

    /// - Parameter groups: Ids and names of groups by the ids of those whom they name as members.
    fileprivate func isMet(by person: Person, _ roster: Roster, _ groups: [String: [String]]) -> Bool {
        guard problem == nil, let comparison = GroupCriteria.Comparison(rawValue: operand) else { return false }
        let values = values(of: person, roster, groups).filter { !$0.isEmpty }.map { $0.lowercased() }
        let wanted = value.lowercased()
        return switch comparison {
        case .equals: values.contains(wanted)
        case .notEquals: !values.contains(wanted)
        case .contains: values.contains { $0.contains(wanted) }
        case .notContains: !values.contains { $0.contains(wanted) }
        case .startsWith: values.contains { $0.hasPrefix(wanted) }
        case .endsWith: values.contains { $0.hasSuffix(wanted) }
        case .isEmpty: values.isEmpty
        case .isNotEmpty: !values.isEmpty
        }
    }

    private func values(of person: Person, _ roster: Roster, _ groups: [String: [String]]) -> [String] {
        switch GroupCriteria.CriterionType(rawValue: criterionType) {
        case .basicField: GroupCriteria.BasicField(rawValue: field)?.values(of: person, roster) ?? []
        case .customField:
            switch person.properties[field] {
            case .array(let values): values.map(\.readable)
            case let value?: [value.readable]
            case nil: []
            }
        case .group: groups[person.id] ?? []
        case nil: []
        }
    }

    private static func names<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type) -> String {
        Word.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

extension GroupCriteria.BasicField {
    fileprivate func values(of person: Person, _ roster: Roster) -> [String] {
        switch self {
        case .userID, .targetName: [person.targetName]
        case .firstName: [person.firstName]
        case .lastName: [person.lastName]
        case .site: person.site.map { [$0, roster.sites[$0]?.name ?? ""] } ?? []
        case .role: person.roles
        case .language: [person.language]
        case .timezone: [person.timezone]
        case .status: [person.status.rawValue]
        case .webLogin: [person.webLogin]
        case .phoneLogin: [person.phoneLogin ?? ""]
        case .licenseType: [person.licenseType]
        case .externalKey: [person.externalKey ?? ""]
        case .supervisor: person.supervisors.flatMap { [$0, roster.people[$0]?.targetName ?? ""] }
        }
    }
}

extension Roster {
    /// By the id of a person, the ids and target names of the groups that name the person as a member. Dynamic groups
    /// do not count: they could name each other.
    fileprivate var groupsByMember: [String: [String]] {
        var names: [String: [String]] = [:]
        for group in groups.values where group.groupType != .dynamic {
            for member in group.members where member.recipientType == .person {
                names[member.id, default: []] += [group.id, group.targetName]
            }
        }
        return names
    }
}
