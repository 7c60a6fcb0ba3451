import AlertCore
import Persistence

// Erasure of a person's data: ours.
extension RESTServices {
    var erasureRoutes: [RESTRoute] {
        [
            .post("people/{person}/erase", permission: .administerPeople) { try await erasePerson($0) },
            .get("people/{person}/erasure", permission: .administerPeople) { try await getErasure($0) },
        ]
    }

    /// Answers once the log has forgotten the person; the rest is gone through afterwards. Asked for again, it is begun
    /// again.
    private func erasePerson(_ call: RESTCall) async throws -> RESTAnswer {
        guard let confirm = try call.fields().text("confirm") else { throw RestError.missingField("confirm") }
        try await requireNoHold(on: call.parameter("person"))
        return try await write(call) { [secrets] edit in
            let directory = edit.directory
            let id = try directory.resolve(Person.self, call.parameter("person"))?.id ?? call.parameter("person")
            let erasures = Erasures(edit.directory.connection)
            if let done = try erasures.get(id), done.status == .done, try directory.get(Person.self, id: id) == nil {
                return .ok(Self.representation(done, id))
            }
            guard try erasures.get(id)?.status != .running else {
                throw RestError.conflict("The erasure of this user is under way.", subcode: "erasure.running")
            }
            guard let person = try ErasureTexts(edit.directory.connection).person(id) else {
                throw RestError.notFound("There is no user \(call.parameter("person")), and there has been none.")
            }
            try requireErasing(person, confirm: confirm, call, directory)
            let texts = try ErasureTexts(edit.directory.connection).of(person)
            if try directory.get(Person.self, id: id) != nil { try edit.delete(person) }
            try erasures.begin(id, texts: texts, secrets: secrets, by: edit.origin, at: edit.now)
            return RESTAnswer(status: .accepted, body: Self.representation(try erasures.get(id), id))
        }
    }

    /// What a legal hold keeps is evidence: also who is in it.
    private func requireNoHold(on person: String) async throws {
        let view = try await cache.refreshed()
        try await AuditIndexer(database: database).catchUp()
        let hold = try await database.reading { connection -> LegalHold? in
            let id = try Directory(connection).resolve(Person.self, person)?.id ?? person
            let names = AuditNames(directory: view, connection: connection)
            return try Directory(connection).all(LegalHold.self).first { hold in
                try HeldAlerts(connection, by: [names.query(of: hold)]).has(person: id)
            }
        }
        guard let hold else { return }
        throw RestError.conflict(
            "The legal hold \(hold.name) keeps alerts that this user is in: end it first.",
            subcode: "erasure.held")
    }

    private func requireErasing(
        _ person: Person, confirm: String, _ call: RESTCall, _ directory: Directory
    ) throws {
        guard person.id != call.caller.person.id else {
            throw RestError.conflict("You cannot erase the user as whom you are signed in.")
        }
        try call.caller.requireAdministering(person)
        guard confirm == person.targetName else {
            throw RestError.invalidValue("confirm", "must be the user's target name, \(person.targetName)")
        }
        let administrators = try directory.all(Person.self).filter {
            $0.id != person.id && Authenticator.mayEnter($0)
                && Role.permissions(of: $0.roles).contains(.administerPeople)
        }
        guard !administrators.isEmpty else {
            throw RestError.conflict(
                "\(person.targetName) is the last user who may administer users.", subcode: "erasure.last_administrator"
            )
        }
    }

    private func getErasure(_ call: RESTCall) async throws -> RESTAnswer {
        try await database.reading { connection in
            let id = call.parameter("person")
            guard let erasure = try Erasures(connection).get(id) else {
                throw RestError.notFound("There is no erasure of a user with the id \(id).")
            }
            return .ok(Self.representation(erasure, id))
        }
    }

    private static func representation(_ erasure: Erasure?, _ person: String) -> JSONValue {
        guard let erasure else { return ["person": .string(person)] }
        var fields: [String: JSONValue] = [
            "person": .string(person), "status": .string(erasure.status.rawValue.uppercased()),
            "by": .string(erasure.by), "began": .string(erasure.beganAt.iso),
            "rowsSeen": .integer(Int64(erasure.rowsSeen)), "rowsChanged": .integer(Int64(erasure.rowsChanged)),
            "eventsSeen": .integer(Int64(erasure.eventsSeen)), "eventsNaming": .integer(Int64(erasure.eventsNaming)),
        ]
        if let finished = erasure.finishedAt { fields["finished"] = .string(finished.iso) }
        return .object(fields)
    }
}
