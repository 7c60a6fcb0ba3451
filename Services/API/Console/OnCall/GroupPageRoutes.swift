import AlertCore
import Hummingbird
import Persistence

// The pages of groups.
extension ConsoleRoutes {
    func addGroups(to router: Router<Context>) {
        get("/console/groups", to: router) { request, _, session in try await groups(request, session) }
        get("/console/groups/{group}", to: router) { request, context, session in
            let query = QueryParameters(request.uri.query ?? "")
            return try await group(parameter("group", context), session, notice: Self.notice(query))
        }
        add(groupForm(isNew: true), at: "/console/groups/new", to: router)
        add(groupForm(isNew: false), at: "/console/groups/{group}/edit", to: router)
        addRemoval(at: "/console/groups/{group}/delete", place: .groups, to: router) { call in
            try await changeableGroup(call.parameter("group"), call.session).0
        } page: { group, session in
            ConfirmPage(
                title: "Delete \(group.targetName)?",
                text: "Its shifts go, too, and alerts to it reach nobody any more. This cannot be undone.",
                action: "/console/groups/\(group.id)/delete", csrf: session.csrf, submit: "Delete",
                back: "/console/groups/\(group.id)")
        } remove: { group, session in
            _ = try await rest.call(.delete, "groups/{group}", ["group": group.id], by: session.caller)
            return "/console/groups"
        }
    }

    /// - Throws: 404, also for a group that the person may not see.
    func knownGroup(_ idOrName: String, _ session: ConsoleSession) async throws -> (Group, DirectoryView) {
        let directory = try await services.cache.current()
        return (try directory.group(idOrName, for: session.caller), directory)
    }

    /// - Throws: 404, and 403 for a group that the person may not change.
    func changeableGroup(_ idOrName: String, _ session: ConsoleSession) async throws -> (Group, DirectoryView) {
        let (group, directory) = try await knownGroup(idOrName, session)
        try session.caller.requireAdministering(group)
        return (group, directory)
    }

    private func groups(_ request: Request, _ session: ConsoleSession) async throws -> Response {
        let query = QueryParameters(request.uri.query ?? "")
        var answer: JSONValue?
        var problem: RestError?
        do {
            answer = try await rest.call(.get, "groups", query: GroupsPage.query(query), by: session.caller).body
        } catch let error as RestError where error.code == 400 {
            problem = error
        }
        let ids = answer?["data"]?.array?.compactMap { $0["id"]?.string } ?? []
        let total = answer?["total"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        var page = GroupsPage(
            ids, total: total, query: query, try await services.cache.current(), for: session, now: services.now())
        page.problem = problem?.message
        return try pages.page(
            page, with: "groups", for: session, at: .groups, status: .init(code: problem?.code ?? 200))
    }

    func group(
        _ idOrName: String, _ session: ConsoleSession, notice: String? = nil, problem: RestError? = nil
    ) async throws -> Response {
        let (group, directory) = try await knownGroup(idOrName, session)
        var page = GroupPage(group, directory, for: session, format: format(for: session))
        page.notice = notice
        page.warning = problem?.message
        return try pages.page(
            page, with: "group", for: session, at: .groups, status: .init(code: problem?.code ?? 200))
    }

    private func groupForm(isNew: Bool) -> ConsoleForm<(Group?, Group.Kind, DirectoryView)> {
        ConsoleForm(
            place: .groups,
            subject: { call in
                guard !isNew else {
                    try call.session.caller.requireMakingGroups()
                    let kind = Group.Kind(rawValue: call.query["kind"] ?? "") ?? .onCall
                    return (nil, kind, try await services.cache.current())
                }
                let (group, directory) = try await changeableGroup(call.parameter("group"), call.session)
                return (group, group.groupType, directory)
            },
            page: { subject, values, session in
                GroupForm(group: subject.0, kind: subject.1, directory: subject.2).page(values, for: session)
            },
            send: { subject, typed, session in
                let form = GroupForm(group: subject.0, kind: subject.1, directory: subject.2)
                var body = form.body(typed).object ?? [:]
                if let group = subject.0 { body["id"] = .string(group.id) }
                let answer = try await rest.call(.post, "groups", body: .object(body), by: session.caller)
                return "/console/groups/\(answer.body?["id"]?.string ?? "")?done=saved"
            })
    }
}

// MARK: - Shifts and members

extension ConsoleRoutes {
    func addShifts(to router: Router<Context>) {
        add(shiftForm(isNew: true), at: "/console/groups/{group}/shifts/new", to: router)
        add(shiftForm(isNew: false), at: "/console/groups/{group}/shifts/{shift}/edit", to: router)
        addRemoval(at: "/console/groups/{group}/shifts/{shift}/delete", place: .groups, to: router) { call in
            try await changeableShift(call.parameter("group"), call.parameter("shift"), call.session)
        } page: { subject, session in
            let (group, shift, _) = subject
            let base = "/console/groups/\(group.id)"
            return ConfirmPage(
                title: "Delete the shift \(shift.name)?", text: "While it was on, nobody of it is on call any more.",
                action: "\(base)/shifts/\(shift.id)/delete", csrf: session.csrf, submit: "Delete", back: base)
        } remove: { subject, session in
            let path = ["group": subject.0.id, "shift": subject.1.id]
            _ = try await rest.call(.delete, "groups/{group}/shifts/{shift}", path, by: session.caller)
            return "/console/groups/\(subject.0.id)?done=deleted"
        }
        add(memberForm(ofShift: true), at: "/console/groups/{group}/shifts/{shift}/members/{member}", to: router)
        add(memberForm(ofShift: false), at: "/console/groups/{group}/members/{member}", to: router)
        post("/console/groups/{group}/shifts/{shift}/members/{member}/move", to: router) { _, context, session, form in
            try await move(context, session, form)
        }
        post("/console/groups/{group}/shifts/{shift}/members/{member}/delete", to: router) { _, context, session, _ in
            let path = ["group", "shift", "member"].reduce(into: [:]) { $0[$1] = parameter($1, context) }
            return try await remove(path, "groups/{group}/shifts/{shift}/members/{member}", session)
        }
        post("/console/groups/{group}/members/{member}/delete", to: router) { _, context, session, _ in
            let path = ["group", "member"].reduce(into: [:]) { $0[$1] = parameter($1, context) }
            return try await remove(path, "groups/{group}/members/{member}", session)
        }
    }

    /// - Throws: 404, and 403 for a shift of a group that the person may not change.
    func changeableShift(
        _ group: String, _ id: String, _ session: ConsoleSession
    ) async throws -> (Group, Shift, DirectoryView) {
        let (group, directory) = try await changeableGroup(group, session)
        guard let shift = directory.shifts[id], shift.group == group.id else {
            throw RestError.notFound("\(group.targetName) has no such shift.")
        }
        return (group, shift, directory)
    }

    private func shiftForm(isNew: Bool) -> ConsoleForm<(Group, Shift?, DirectoryView)> {
        ConsoleForm(
            place: .groups,
            subject: { call in
                guard !isNew else {
                    let (group, directory) = try await changeableGroup(call.parameter("group"), call.session)
                    return (group, nil, directory)
                }
                return try await changeableShift(call.parameter("group"), call.parameter("shift"), call.session)
            },
            page: { subject, values, session in
                ShiftForm(group: subject.0, shift: subject.1, now: services.now(), directory: subject.2)
                    .page(values, for: session)
            },
            send: { subject, typed, session in
                let form = ShiftForm(group: subject.0, shift: subject.1, now: services.now(), directory: subject.2)
                var path = ["group": subject.0.id]
                path["shift"] = subject.1?.id
                _ = try await rest.call(
                    .post, subject.1 == nil ? "groups/{group}/shifts" : "groups/{group}/shifts/{shift}", path,
                    body: try form.body(typed), by: session.caller)
                return "/console/groups/\(subject.0.id)?done=saved#shifts"
            })
    }

    private func memberForm(ofShift isOfShift: Bool) -> ConsoleForm<(Group, Shift?, Shift.Member?, DirectoryView)> {
        ConsoleForm(
            place: .groups,
            names: ["id": "recipient"],
            subject: { call in
                guard isOfShift else {
                    let (group, directory) = try await changeableGroup(call.parameter("group"), call.session)
                    return (group, nil, nil, directory)
                }
                let (group, shift, directory) = try await changeableShift(
                    call.parameter("group"), call.parameter("shift"), call.session)
                let id = call.parameter("member")
                guard id != "new" else { return (group, shift, nil, directory) }
                guard let member = shift.members.first(where: { $0.recipient.id == id }) else {
                    throw RestError.notFound("Nobody of that id is in the shift \(shift.name).")
                }
                return (group, shift, member, directory)
            },
            page: { subject, values, session in
                ShiftMemberForm(group: subject.0, shift: subject.1, member: subject.2, directory: subject.3)
                    .page(values, for: session)
            },
            send: { subject, typed, session in
                let form = ShiftMemberForm(
                    group: subject.0, shift: subject.1, member: subject.2, directory: subject.3)
                var path = ["group": subject.0.id]
                path["shift"] = subject.1?.id
                let route = subject.1 == nil ? "groups/{group}/members" : "groups/{group}/shifts/{shift}/members"
                _ = try await rest.call(.post, route, path, body: try form.body(typed), by: session.caller)
                return "/console/groups/\(subject.0.id)?done=saved#shifts"
            })
    }

    private func move(_ context: Context, _ session: ConsoleSession, _ form: QueryParameters) async throws -> Response {
        let (group, shift, _) = try await changeableShift(
            parameter("group", context), parameter("shift", context), session)
        guard let index = shift.members.firstIndex(where: { $0.recipient.id == parameter("member", context) }) else {
            throw RestError.notFound("Nobody of that id is in the shift \(shift.name).")
        }
        let recipient = shift.members[index].recipient
        let body: JSONValue = [
            "recipient": ["id": .string(recipient.id), "recipientType": .string(recipient.recipientType.rawValue)],
            "position": .whole(max(1, index + 1 + (form["direction"] == "up" ? -1 : 1))),
        ]
        do {
            _ = try await rest.call(
                .post, "groups/{group}/shifts/{shift}/members", ["group": group.id, "shift": shift.id], body: body,
                by: session.caller)
            return Response.redirect(to: "/console/groups/\(group.id)#shifts")
        } catch let error as RestError where error.isForTheForm {
            return try await self.group(group.id, session, problem: error)
        }
    }

    private func remove(
        _ path: [String: String], _ route: String, _ session: ConsoleSession
    ) async throws -> Response {
        let group = path["group"] ?? ""
        do {
            _ = try await rest.call(.delete, route, path, by: session.caller)
            return Response.redirect(to: "/console/groups/\(group)?done=deleted#shifts")
        } catch let error as RestError where error.isForTheForm {
            return try await self.group(group, session, problem: error)
        }
    }
}
