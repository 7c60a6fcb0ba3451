import AlertCore
import Persistence

extension RESTServices {
    /// Times in which somebody is not on call (spec §4.6).
    var absenceRoutes: [RESTRoute] {
        [
            .get("temporary-absences", listAbsences),
            .post("temporary-absences", permission: .signIn, addAbsence),
            .get("temporary-absences/{absence}", getAbsence),
            .delete("temporary-absences/{absence}", permission: .signIn, deleteAbsence),
        ]
    }

    /// Those that have not ended, unless `from` or `to` say otherwise; in the order of time.
    private func listAbsences(_ call: RESTCall) async throws -> RESTAnswer {
        let query = call.query
        let type = try query.choice("absenceType", of: TemporaryAbsence.Kind.allCases.map(\.rawValue))
        var (from, to) = try query.span()
        if from == nil, to == nil { from = now() }
        let view = try await view()
        let members = query.list("member").map { names in Set(names.compactMap { view.person(encoded: $0)?.id }) }
        let groups = query.list("groups").map { names in Set(names.compactMap { view.group($0)?.id }) }
        let absences = view.absences.values.filter { absence in
            (type.map { $0 == absence.absenceType.rawValue } ?? true)
                && (members?.contains(absence.member) ?? true)
                && (groups.map { absence.group.map($0.contains) ?? false } ?? true)
                && (from.map { absence.end > $0 } ?? true) && (to.map { absence.start < $0 } ?? true)
        }.sorted { ($0.start, $0.id) < ($1.start, $1.id) }
        let paging = try query.paging()
        return .ok(call.page(paging.cut(absences).map { view.wire($0) }, total: absences.count, paging))
    }

    private func getAbsence(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        let id = call.parameter("absence")
        guard let absence = view.absences[id] else { throw RestError.notFound("There is no absence \(id).") }
        return .ok(view.wire(absence))
    }

    /// Tells the people concerned and the supervisors, each by an alert of the system.
    private func addAbsence(_ call: RESTCall) async throws -> RESTAnswer {
        let request = AbsenceRequest(fields: try call.fields())
        let (absence, view) = try await change(call) { edit in
            let absence = try request.absence(edit)
            try edit.put(absence)
            for alert in try AbsenceNotice(absence, edit).alerts {
                try alert.schedule(at: edit.now, in: edit.directory.connection)
            }
            return absence
        }
        return .saved(view.wire(absence), isNew: true)
    }

    private func deleteAbsence(_ call: RESTCall) async throws -> RESTAnswer {
        let before = try await view()
        let (absence, _) = try await change(call) { edit -> TemporaryAbsence? in
            guard let absence = try edit.directory.get(TemporaryAbsence.self, id: call.parameter("absence")),
                let member = try edit.directory.get(Person.self, id: absence.member)
            else { return nil }
            let group = try absence.group.flatMap { try edit.directory.get(Group.self, id: $0) }
            try call.caller.requireEditingAbsences(of: member, in: group)
            try edit.delete(absence)
            return absence
        }
        return .deleted(absence.map { before.wire($0) })
    }
}

extension DirectoryView {
    func wire(_ absence: TemporaryAbsence) -> JSONValue {
        .fields([
            "id": .string(absence.id), "absenceType": .string(absence.absenceType.rawValue),
            "start": .string(absence.start.iso), "end": .string(absence.end.iso),
            "member": people[absence.member]?.referenceWithStatus,
            "group": absence.group.flatMap { groups[$0] }.map { group in
                [
                    "id": .string(group.id), "targetName": .string(group.targetName), "recipientType": "GROUP",
                    "status": .string(group.status.rawValue), "links": .links(group.path),
                ]
            },
            "replacement": absence.replacement.flatMap { people[$0] }?.referenceWithStatus,
            "includeDirectNotifications": .bool(absence.includeDirectNotifications),
            "links": .links("/temporary-absences/\(absence.id)"),
        ])
    }
}

/// A new absence.
private struct AbsenceRequest {
    let fields: RequestFields

    func absence(_ edit: DirectoryEdit) throws -> TemporaryAbsence {
        guard !fields.has("id") else {
            throw RestError.invalidValue("id", "an absence is not changed: delete it, and make another one.")
        }
        guard let member = try person("member", edit) else { throw RestError.missingField("member") }
        let group = try group(edit)
        try edit.call.caller.requireEditingAbsences(of: member, in: group)
        let replacement = try person("replacement", edit)
        guard
            let type = try fields.lenientChoice("absenceType", TemporaryAbsence.Kind.self)
                ?? (replacement == nil ? nil : .replacement)
        else { throw RestError.missingField("absenceType") }
        try check(replacement, of: member, type)
        let (start, end) = try times(now: edit.now)
        let isDirect =
            try fields.lenientBool("includeDirectNotifications") ?? fields.lenientBool("includeDirectNotification")
            ?? false
        if isDirect, group != nil {
            throw RestError.invalidValue(
                "includeDirectNotifications", "only an absence from all groups, without a group, can include them.")
        }
        if let group { try requireMember(member, of: group, edit) }
        let absence = TemporaryAbsence(
            id: edit.newID(), absenceType: type, start: start, end: end, member: member.id, group: group?.id,
            replacement: replacement?.id, includeDirectNotifications: isDirect, created: edit.now)
        try refuseOverlap(absence, edit)
        return absence
    }

    private func person(_ field: String, _ edit: DirectoryEdit) throws -> Person? {
        guard let reference = try fields.reference(field), !reference.isEmpty else { return nil }
        guard let person = try edit.directory.resolve(Person.self, reference) else {
            throw RestError.invalidValue(field, "there is no person \(reference).")
        }
        return person
    }

    private func group(_ edit: DirectoryEdit) throws -> Group? {
        guard let reference = try fields.reference("group"), !reference.isEmpty else { return nil }
        guard let group = try edit.visibleGroup(reference) else {
            throw RestError.invalidValue("group", "there is no group \(reference).")
        }
        return group
    }

    private func check(
        _ replacement: Person?, of member: Person, _ type: TemporaryAbsence.Kind
    ) throws(RestError) {
        switch (type, replacement) {
        case (.replacement, nil): throw .missingField("replacement")
        case (.away, .some): throw .invalidValue("replacement", "an absence of the type AWAY has none.")
        case (.replacement, let replacement?):
            guard replacement.id != member.id else {
                throw .invalidValue("replacement", "somebody cannot replace himself or herself.")
            }
            guard replacement.status == .active else {
                throw .invalidValue("replacement", "\(replacement.targetName) is inactive.")
            }
        case (.away, nil): break
        }
    }

    private func times(now: Timestamp) throws(RestError) -> (Timestamp, Timestamp) {
        guard let start = try fields.time("start") else { throw .missingField("start") }
        guard let end = try fields.time("end") else { throw .missingField("end") }
        guard start < end else { throw .invalidValue("end", "it must be later than start.") }
        guard now < end else { throw .invalidValue("end", "it is over already.") }
        return (start, end)
    }

    private func requireMember(_ member: Person, of group: Group, _ edit: DirectoryEdit) throws {
        // A dynamic group's members come and go: whoever is away is away from it, too.
        guard group.groupType != .dynamic else { return }
        let devices = Set(try edit.directory.all(Device.self, in: member.id).map(\.id))
        guard group.members.contains(where: { $0.id == member.id || devices.contains($0.id) }) else {
            throw RestError.invalidValue("group", "\(member.targetName) is no member of \(group.targetName).")
        }
    }

    /// Two absences from the same groups at the same time would contradict each other.
    private func refuseOverlap(_ absence: TemporaryAbsence, _ edit: DirectoryEdit) throws {
        let others = try edit.directory.all(TemporaryAbsence.self, in: absence.member)
        let other = others.first {
            $0.group == absence.group && $0.start < absence.end && absence.start < $0.end
        }
        guard let other else { return }
        throw RestError.conflict(
            "There is an absence of the same person from \(other.start.iso) to \(other.end.iso) already: \(other.id).",
            subcode: "validation.temporary_absence.overlap")
    }
}
