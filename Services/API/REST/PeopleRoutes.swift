import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// People (spec §4.4). Who may change whom: ``Persistence/Caller``.
    var peopleRoutes: [RESTRoute] {
        [
            .get("people", listPeople),
            .post("people", permission: .signIn, savePerson),
            .get("people/license-quotas", licenseQuotas),
            .get("people/{person}", getPerson),
            .post("people/{person}", permission: .signIn, savePerson),
            .delete("people/{person}", permission: .signIn, deletePerson),
            .get("people/{person}/devices", listDevicesOfPerson),
            .get("people/{person}/supervisors", listSupervisors),
            .get("people/{person}/roles", listRolesOfPerson),
            .get("people/{person}/group-memberships", listMemberships),
        ]
    }

    private func listPeople(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let filter = try PeopleFilter(call.query)
        return try await read { directory in
            let page = try filter.page(from: directory, paging)
            let shown = try PeopleRepresentation(page.entries, directory)
            return .ok(call.page(try page.entries.map { try shown.json($0, call) }, total: page.total, paging))
        }
    }

    private func getPerson(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            .ok(try directory.required(Person.self, call.parameter("person")).wire(call, directory))
        }
    }

    private func savePerson(_ call: RESTCall) async throws -> RESTAnswer {
        let request = PersonRequest(
            fields: try call.fields(), hashes: try PersonSecrets(try call.fields(), call.caller, cost: passwordCost))
        return try await write(call) { edit in
            let existing = try edit.existing(Person.self, request.fields, path: call.parameters["person"])
            let person = try request.person(existing, edit)
            try call.caller.requireSaving(person, over: existing)
            try edit.put(person)
            return .saved(
                try person.wire(call, edit.directory, alsoEmbedding: existing == nil ? ["supervisors"] : []),
                isNew: existing == nil)
        }
    }

    private func deletePerson(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            try call.caller.requireMakingPeople()
            guard let person = try edit.directory.resolve(Person.self, call.parameter("person")) else {
                return .noContent
            }
            guard person.id != call.caller.person.id else {
                throw RestError.conflict("You cannot delete the user as whom you are signed in.")
            }
            try call.caller.requireAdministering(person)
            let answer = try person.wire(call, edit.directory)
            try edit.delete(person)
            return .ok(answer)
        }
    }

    private func listDevicesOfPerson(_ call: RESTCall) async throws -> RESTAnswer {
        try DeviceRepresentation.checkPhoneNumberFormat(call.query)
        return try await read { directory in
            let person = try directory.required(Person.self, call.parameter("person"))
            let shown = try DeviceRepresentation(directory)
            let devices = try directory.devices(of: person).map {
                shown.json($0, of: person, withTimeframes: call.query.embedsTimeframes)
            }
            return .ok(try call.page(of: devices))
        }
    }

    private func listSupervisors(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let person = try directory.required(Person.self, call.parameter("person"))
            let people = try directory.people(person.supervisors)
            let shown = try PeopleRepresentation(people, directory)
            return .ok(try call.page(of: people.map(shown.plain)))
        }
    }

    private func listRolesOfPerson(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let person = try directory.required(Person.self, call.parameter("person"))
            return .ok(try call.page(of: person.roles.compactMap(Role.wire(named:))))
        }
    }

    /// The groups that name the person or one of the person's devices, in their rosters or in a shift.
    private func listMemberships(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let person = try directory.required(Person.self, call.parameter("person"))
            let memberships = try GroupMemberships(directory)
            let caller = call.caller
            // Whoever is a member sees the group.
            let groups = try directory.all(Group.self).filter {
                memberships.has(person.id, in: $0)
                    && (caller.observes($0) || memberships.has(caller.person.id, in: $0))
            }
            return .ok(
                try call.page(
                    of: groups.map { group in
                        [
                            "group": [
                                "id": .string(group.id), "targetName": .string(group.targetName),
                                "recipientType": "GROUP", "groupType": .string(group.groupType.rawValue),
                                "links": .links("/groups/\(group.id)"),
                            ],
                            "member": person.reference,
                            "links": .links("/groups/\(group.id)/members"),
                        ]
                    }))
        }
    }

    /// There is no limit on people here: the total is a number that clients who subtract can live with.
    private static let quota = 1_000_000

    private func licenseQuotas(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let active = try directory.all(Person.self).filter { $0.status == .active }
            func quota(_ license: PersonRequest.License) -> JSONValue {
                let used = active.count { $0.licenseType == license.rawValue }
                return [
                    "total": .whole(Self.quota), "active": .whole(used), "unused": .whole(max(0, Self.quota - used)),
                ]
            }
            return .ok([
                "stakeholderUsersEnabled": true, "stakeholderUsers": quota(.stakeholder), "fullUsers": quota(.full),
            ])
        }
    }
}

/// Who is named in which group: in its roster, or in one of its shifts, by person or by device.
struct GroupMemberships {
    /// By group.
    private let members: [String: Set<String>]

    init(_ directory: Directory) throws {
        let owners = Dictionary(try directory.all(Device.self).map { ($0.id, $0.owner) }) { first, _ in first }
        var members: [String: Set<String>] = [:]
        for group in try directory.all(Group.self) { members[group.id] = Set(group.members.map(\.id)) }
        for shift in try directory.all(Shift.self) {
            members[shift.group, default: []].formUnion(shift.members.map(\.recipient.id))
        }
        self.members = members.mapValues { ids in ids.union(ids.compactMap { owners[$0] }) }
    }

    func has(_ person: String, in group: Group) -> Bool { members[group.id]?.contains(person) == true }
    func isAnywhere(_ person: String) -> Bool { members.values.contains { $0.contains(person) } }
}

extension Directory {
    /// The person's devices in the order in which they are notified.
    func devices(of person: Person) throws -> [Device] {
        try all(Device.self, in: person.id).sorted { ($0.sequence, $0.number) < ($1.sequence, $1.number) }
    }

    /// Those of the ids that are there.
    func people(_ ids: [String]) throws -> [Person] { try ids.compactMap { try get(Person.self, id: $0) } }
}
