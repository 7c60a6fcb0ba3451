import AlertCore
import Persistence

/// The fields of a group; those that are absent stay as they are.
struct GroupRequest {
    static let mostCriteria = 100

    let fields: RequestFields
    /// What the way of asking says: only `/dynamic-teams` does.
    var kind: Group.Kind?

    func group(_ existing: Group?, _ edit: DirectoryEdit) throws -> Group {
        let name = try fields.requiredName("targetName", or: existing?.targetName, limit: 100)
        guard !name.contains("|") else { throw RestError.invalidValue("targetName", "it holds a '|'.") }
        let kind = try kind(existing)
        var group =
            existing
            ?? Group(
                id: edit.newID(), targetName: name, groupType: kind, timezone: edit.call.caller.person.timezone,
                created: edit.now)
        group.targetName = name
        group.status = try fields.choice("status") ?? group.status
        group.description = try fields.text("description", limit: 4096) ?? group.description
        guard group.description.count <= 1024 else {
            throw RestError.invalidValue("description", "it may have at most 1024 characters.")
        }
        group.allowDuplicates = try fields.lenientBool("allowDuplicates") ?? group.allowDuplicates
        group.useDefaultDevices =
            try fields.lenientBool("useDefaultDevices") ?? fields.lenientBool("useEmergencyDevice")
            ?? group.useDefaultDevices
        group.observers = try observers() ?? group.observers
        group.observedByAll = try fields.lenientBool("observedByAll") ?? group.observedByAll
        group.supervisors =
            try fields.people("supervisors", in: edit.directory) ?? existing?.supervisors
            ?? [edit.call.caller.person.id]
        if let site = try fields.site(in: edit.directory) { group.site = site.isEmpty ? nil : site }
        group.timezone = try fields.timezone() ?? group.timezone
        group.responseCountThreshold =
            try fields.lenientInteger("responseCountThreshold", in: 1...1_000_000) ?? group.responseCountThreshold
        group.externalKey = try fields.text("externalKey") ?? group.externalKey
        group.externallyOwned = try fields.lenientBool("externallyOwned") ?? group.externallyOwned
        group.criteria = try criteria(kind) ?? group.criteria
        if kind == .dynamic, group.criteria == nil { throw RestError.missingField("criteria") }
        return group
    }

    private func kind(_ existing: Group?) throws(RestError) -> Group.Kind {
        let type = try fields.text("recipientType")
        if let type, type != "GROUP", type != "DYNAMIC_TEAM" {
            throw .invalidChoice("recipientType", type, valid: ["GROUP"])
        }
        let given = try fields.choice("groupType", Group.Kind.self)
        let asked = kind ?? given ?? (type == "DYNAMIC_TEAM" ? .dynamic : nil)
        if let existing, let asked, asked != existing.groupType {
            throw .invalidValue("groupType", "it cannot be changed from \(existing.groupType.rawValue).")
        }
        return existing?.groupType ?? asked ?? .onCall
    }

    /// Roles, by id or name.
    private func observers() throws(RestError) -> [String]? {
        guard let references = try fields.references("observers") else { return nil }
        var roles: [String] = []
        for reference in references {
            guard let role = Role.name(of: reference) else {
                throw .invalidChoice("observers", reference, valid: Role.all.map(\.name))
            }
            if !roles.contains(role) { roles.append(role) }
        }
        return roles
    }

    private func criteria(_ kind: Group.Kind) throws(RestError) -> GroupCriteria? {
        guard let criteria = try fields.object("criteria") else { return nil }
        guard kind == .dynamic else { throw .invalidValue("criteria", "only a DYNAMIC group has them.") }
        guard let elements = try criteria.elements("criterion", limit: Self.mostCriteria), !elements.isEmpty else {
            throw .missingField("criteria.criterion")
        }
        var criterions: [GroupCriteria.Criterion] = []
        for (index, element) in elements.enumerated() {
            let path = "criteria.criterion[\(index)]"
            guard let object = element.object else {
                throw .wrongType(path, expected: "an object", found: element.kindName)
            }
            criterions.append(try Self.criterion(RequestFields(object, prefix: "\(path).")))
        }
        return GroupCriteria(operand: try criteria.lenientChoice("operand") ?? .or, criterion: criterions)
    }

    /// - Throws: 400 that says what a condition can be.
    private static func criterion(_ fields: RequestFields) throws(RestError) -> GroupCriteria.Criterion {
        let criterion = GroupCriteria.Criterion(
            criterionType: try fields.text("criterionType")?.uppercased() ?? "", field: try fields.text("field") ?? "",
            operand: try fields.text("operand")?.uppercased() ?? "", value: try fields.text("value") ?? "")
        if let problem = criterion.problem {
            throw .invalidValue(fields.name(String(problem.prefix { $0 != " " })), "\(problem).")
        }
        return criterion
    }
}
