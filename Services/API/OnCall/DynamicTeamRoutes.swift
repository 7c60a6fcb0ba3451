import AlertCore
import Persistence

extension RESTServices {
    /// The platform's retired name for dynamic groups, which clients still call (spec §4.9).
    var dynamicTeamRoutes: [RESTRoute] {
        [
            .get("dynamic-teams", listTeams),
            .change(.post, "dynamic-teams") { try await saveTeam($0) },
            .get("dynamic-teams/{team}", getTeam),
            .change(.post, "dynamic-teams/{team}") { try await saveTeam($0) },
            .change(.delete, "dynamic-teams/{team}", deleteTeam),
            .get("dynamic-teams/{team}/members", listTeamMembers),
        ]
    }

    private func listTeams(_ call: RESTCall) async throws -> RESTAnswer {
        let filter = try GroupFilter(call.query)
        let paging = try call.query.paging()
        let embeds = try call.embeds(of: Self.groupEmbeds)
        let view = try await view()
        let teams = filter.groups(of: view, for: call.caller).filter { $0.groupType == .dynamic }
        return .ok(call.page(paging.cut(teams).map { view.team($0, embeds) }, total: teams.count, paging))
    }

    private func getTeam(_ call: RESTCall) async throws -> RESTAnswer {
        let embeds = try call.embeds(of: Self.groupEmbeds)
        let view = try await view()
        return .ok(view.team(try view.dynamicTeam(call), embeds))
    }

    private func saveTeam(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let ((team, isNew), view) = try await change(call) { edit in
            let existing = try (call.parameters["team"] ?? fields.text("id")).map { try edit.changeable($0) }
            return try edit.save(GroupRequest(fields: fields, kind: .dynamic), over: existing)
        }
        return .saved(view.team(team, Self.groupEmbeds), isNew: isNew)
    }

    private func deleteTeam(_ call: RESTCall) async throws -> RESTAnswer {
        let before = try await view()
        let (team, _) = try await change(call) { edit -> Group? in
            let team = try edit.changeableIfThere(call.parameter("team"))
            guard let team, team.groupType == .dynamic else { return nil }
            try edit.delete(team)
            return team
        }
        return .deleted(team.map { before.team($0, Self.groupEmbeds) })
    }

    private func listTeamMembers(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        let team = try view.dynamicTeam(call)
        return .ok(try call.page(of: view.members(of: team).compactMap { view.wire($0) }))
    }
}

extension DirectoryView {
    /// - Throws: 404, also for a group of another kind.
    fileprivate func dynamicTeam(_ call: RESTCall) throws(RestError) -> Group {
        let name = call.parameter("team")
        let group = try group(name, for: call.caller)
        guard group.groupType == .dynamic else { throw .notFound("There is no dynamic team \(name).") }
        return group
    }

    fileprivate func team(_ group: Group, _ embeds: Set<String>) -> JSONValue {
        guard case .object(var fields) = wire(group, embeds: embeds.union(["criteria"])) else { return .null }
        fields["recipientType"] = "DYNAMIC_TEAM"
        fields["useEmergencyDevice"] = .bool(group.useDefaultDevices)
        fields["links"] = .links("/dynamic-teams/\(group.id)")
        return .object(fields)
    }
}
