import AlertCore
import Persistence

extension RESTServices {
    static let groupEmbeds: Set<String> = ["supervisors", "observers", "services", "criteria"]

    var groupRoutes: [RESTRoute] {
        [
            .get("groups", listGroups),
            .change(.post, "groups") { try await saveGroup($0) },
            .get("groups/license-quotas", groupQuotas),
            .get("groups/{group}", getGroup),
            .change(.post, "groups/{group}") { try await saveGroup($0) },
            .change(.delete, "groups/{group}", deleteGroup),
            .get("groups/{group}/supervisors", listGroupSupervisors),
            .get("groups/{group}/observers", listGroupObservers),
            .get("groups/{group}/recipients", listGroupRecipients),
            .get("groups/{group}/services") { call in
                let view = try await view()
                let group = try view.group(call.parameter("group"), for: call.caller)
                return .ok(try call.page(of: view.services(of: group.id).map(view.wire)))
            },
        ]
    }

    private func listGroups(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let filter = try GroupFilter(call.query)
        let embeds = try call.embeds(of: Self.groupEmbeds)
        let view = try await view()
        let groups = filter.groups(of: view, for: call.caller)
        let page = paging.cut(groups).map { view.wire($0, embeds: embeds) }
        return .ok(call.page(page, total: groups.count, paging))
    }

    private func getGroup(_ call: RESTCall) async throws -> RESTAnswer {
        let embeds = try call.embeds(of: Self.groupEmbeds)
        let view = try await view()
        return .ok(view.wire(try view.group(call.parameter("group"), for: call.caller), embeds: embeds))
    }

    private func saveGroup(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let ((group, isNew), view) = try await change(call) { edit in
            let existing = try (call.parameters["group"] ?? fields.text("id")).map { try edit.changeable($0) }
            return try edit.save(GroupRequest(fields: fields), over: existing)
        }
        return .saved(view.wire(group, embeds: Self.groupEmbeds), isNew: isNew)
    }

    private func deleteGroup(_ call: RESTCall) async throws -> RESTAnswer {
        let before = try await view()
        let (group, _) = try await change(call) { edit -> Group? in
            guard let group = try edit.changeableIfThere(call.parameter("group")) else { return nil }
            try edit.delete(group)
            return group
        }
        return .deleted(group.map { before.wire($0, embeds: Self.groupEmbeds) })
    }

    private func listGroupSupervisors(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        let group = try view.group(call.parameter("group"), for: call.caller)
        return .ok(try call.page(of: view.supervisors(of: group)))
    }

    private func listGroupObservers(_ call: RESTCall) async throws -> RESTAnswer {
        let group = try await view().group(call.parameter("group"), for: call.caller)
        return .ok(try call.page(of: group.observers.compactMap { Role.wire(named: $0) }))
    }

    /// Everybody who can be notified by way of the group: its members, those of a dynamic group by its criteria.
    private func listGroupRecipients(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        let group = try view.group(call.parameter("group"), for: call.caller)
        return .ok(try call.page(of: view.members(of: group).compactMap { view.wire($0) }))
    }

    /// This server sells no places: as many as are used, and no quota.
    private func groupQuotas(_ call: RESTCall) async throws -> RESTAnswer {
        let active = try await view().groups.values.count { $0.status == .active }
        return .ok([
            "groupQuotaEnabled": false,
            "groups": ["total": .whole(active), "active": .whole(active), "unused": 0],
        ])
    }
}

extension RESTCall {
    /// What is to be embedded, in lower case; what this version does not know is ignored, as the platform does.
    func embeds(of known: Set<String>) throws(RestError) -> Set<String> {
        Set((query.list("embed") ?? []).map { $0.lowercased() }).intersection(known)
    }
}

extension DirectoryEdit {
    /// A new group of the kind with shifts gets one that is always on (spec §4.6).
    func save(_ request: GroupRequest, over existing: Group?) throws -> (group: Group, isNew: Bool) {
        if existing == nil { try call.caller.requireMakingGroups() }
        let group = try request.group(existing, self)
        try put(group)
        if existing == nil, group.groupType == .onCall { try put(Shift.always(in: group, id: newID(), at: now)) }
        return (group, existing == nil)
    }
}

extension Shift {
    static let defaultName = "Default Shift"

    /// Around the clock on every day, from midnight to midnight in the group's time zone.
    static func always(in group: Group, id: String, named name: String = defaultName, at now: Timestamp) -> Shift {
        let day = TimeZoneName.day(around: now, in: group.timezone)
        return Shift(
            id: id, group: group.id, name: name, start: day.start, end: day.end, timezone: group.timezone,
            recurrence: Recurrence(frequency: .weekly, onDays: Weekday.allCases), created: now)
    }
}
