import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

@testable import API

/// docs/ROLES.md, row by row over the real routes: 403 is answered exactly where the table says so.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct RolesTableTests {
    /// Logins by their roles.
    private static let logins = [
        ("full", "Full Access User"), ("company", "Company Supervisor"), ("dev", "Developer"),
        ("rest", "REST Web Service User"), ("standard", "Standard User"), ("people", "Person Supervisor"),
        ("groups", "Group Supervisor"), ("scenario", "Scenario Administrator"),
    ]

    @Test func everyRowIsWhatTheRoutesDo() async throws {
        try await ConsoleWorld.run { world in
            try await Self.addPeople(to: world)
            let document = OpenAPIDocument(routes: try OpenAPITests.routes())
            for operation in document.operations where operation.route != nil {
                for (login, role) in Self.logins {
                    let mark = APIReference.mark(of: role, for: operation)
                    for attempt in try await Self.attempts(operation, by: login, mark, in: world) {
                        let answer = try await world.call(
                            operation.description.method.rawValue, attempt.path, attempt.body, as: login)
                        let isRight = (answer.status == 403) == attempt.isForbidden
                        let told = "\(operation.description.key) as \(attempt.path): \(answer.status) \(answer.body)"
                        #expect(isRight, "\(role), \(mark.rawValue): \(told)")
                    }
                }
            }
        }
    }

    private struct Attempt {
        let path: String
        let body: JSONValue?
        let isForbidden: Bool
    }

    /// What shows the mark: one call of what is nobody's, or one of the caller's own and one of somebody else's.
    private static func attempts(
        _ operation: OpenAPIDocument.Operation, by login: String, _ mark: APIReference.Mark, in world: ConsoleWorld
    ) async throws -> [Attempt] {
        let body: JSONValue? = operation.description.method == .get ? nil : [:]
        guard let access = operation.description.access, operation.description.method != .get else {
            return [Attempt(path: path(operation, [:]), body: body, isForbidden: mark == .never)]
        }
        var attempts: [Attempt] = []
        for isOwn in [true, false] {
            // Whom something is about is another matter: of their own, everybody may.
            if case .subject = access, !isOwn { continue }
            if case .answer = access, isOwn { continue }
            let (parameters, body) = try await subject(of: access, isOwn, by: login, operation, in: world)
            let isForbidden = mark == .never || mark == .own && !isOwn
            // Whoever may make groups makes them for themselves.
            if operation.description.key == "POST groups" || operation.description.key == "POST dynamic-teams",
                !isOwn
            {
                continue
            }
            attempts.append(Attempt(path: path(operation, parameters), body: body, isForbidden: isForbidden))
        }
        return attempts
    }

    private static func path(_ operation: OpenAPIDocument.Operation, _ parameters: [String: String]) -> String {
        operation.description.path.split(separator: "/").reduce(into: "") { path, part in
            let name = part.hasPrefix("{") ? String(part.dropFirst().dropLast()) : nil
            path += "/" + (name.map { parameters[$0] ?? "00000000-0000-4000-8000-000000000000" } ?? String(part))
        }
    }

    /// Something new that is the caller's own, or nobody's, with what a call about it needs.
    private static func subject(
        of access: OperationAccess, _ isOwn: Bool, by login: String, _ operation: OpenAPIDocument.Operation,
        in world: ConsoleWorld
    ) async throws -> ([String: String], JSONValue) {
        let id = UUID().uuidString.lowercased()
        let (me, now) = ("id-\(login)", world.clock.now)
        switch access {
        case .group:
            let group = Group(
                id: id, targetName: "group \(id)",
                groupType: operation.description.path.hasPrefix("dyn") ? .dynamic : .onCall,
                supervisors: isOwn ? [me] : [], criteria: nil, created: now)
            try await put(group, in: world)
            return (
                ["group": id, "team": id, "start": "2090-01-01T00:00:00Z"],
                operation.description.path.contains("{")
                    ? ["startDate": "2090-01-01T00:00:00Z"] : ["targetName": .string("new \(id)")]
            )
        case .service:
            let group = Group(
                id: id, targetName: "group \(id)", supervisors: isOwn ? [me] : [], created: now)
            try await put(group, in: world)
            let service = BusinessService(id: "s-\(id)", targetName: "service \(id)", ownedBy: group.id)
            let needed = BusinessService(id: "n-\(id)", targetName: "needed \(id)", ownedBy: group.id)
            let dependency = ServiceDependency(id: "d-\(id)", service: needed.id, dependentService: service.id)
            try await put(service, in: world)
            try await put(needed, in: world)
            try await put(dependency, in: world)
            return (
                ["service": service.id, "dependency": dependency.id],
                [
                    "targetName": .string("new \(id)"), "ownedBy": .string(group.id),
                    "serviceId": .string(needed.id), "dependentServiceId": .string(service.id),
                ]
            )
        case .makingPeople: return ([:], [:])
        case .person:
            var person = Person(
                id: id, targetName: "person \(id)", firstName: "P", lastName: "P", whenCreated: now)
            person.supervisors = isOwn ? [me] : []
            try await put(person, in: world)
            return (
                ["person": id],
                [
                    "targetName": .string("new \(id)"), "firstName": "N", "lastName": "N",
                    "supervisors": [.string(isOwn ? me : "id-admin")],
                ]
            )
        case .personOrOneself:
            let owner = isOwn ? me : id
            if !isOwn {
                try await put(
                    Person(id: id, targetName: "person \(id)", firstName: "P", lastName: "P", whenCreated: now),
                    in: world)
            }
            let device = Device(
                id: "d-\(id)", number: 7, owner: owner, name: "Mail \(id)", deviceType: .email,
                emailAddress: "x@example.com")
            try await put(device, in: world)
            try await put(
                APIKey(id: "x-api-key-\(id)", person: owner, name: "k \(id)", secretHash: "", created: now), in: world)
            let body: JSONValue =
                operation.description.path.hasPrefix("people")
                ? ["language": "en"]
                : [
                    "owner": .string(owner), "person": .string(owner), "name": "Work Email", "deviceType": "EMAIL",
                    "emailAddress": "x@example.com",
                ]
            return (["person": owner, "device": device.id, "key": "x-api-key-\(id)"], body)
        case .answer:
            let alert = try await world.addAlert(Int64.random(in: 200_000...900_000_000))
            return (["event": alert], ["response": "1"])
        case .scenario:
            let plan = Plan(id: "p-\(id)", name: "plan \(id)", created: now)
            var form = Form(id: "f-\(id)", number: Int64.random(in: 10_000...900_000_000), plan: plan.id, name: "form")
            if isOwn {
                form.senderPermissions = [
                    SenderPermission(senderType: .person, sender: me, manageScenarios: true)
                ]
            }
            try await put(plan, in: world)
            try await put(form, in: world)
            try await put(Scenario(id: "s-\(id)", form: form.id, name: "scenario", created: now), in: world)
            return (["form": form.id, "scenario": "s-\(id)"], ["name": .string("new \(id)")])
        case .subject:
            return (
                ["person": me],
                [
                    "member": .string(me), "absenceType": "AWAY", "start": "2090-01-01T00:00:00Z",
                    "end": "2090-01-02T00:00:00Z",
                ]
            )
        }
    }

    private static func addPeople(to world: ConsoleWorld) async throws {
        let hash = PasswordHash.make(ConsoleWorld.password, cost: .lowest)
        for (login, role) in logins {
            let person = Person(
                id: "id-\(login)", targetName: login, firstName: login, lastName: "Test", roles: [role],
                passwordHash: hash, whenCreated: world.clock.now)
            try await put(person, in: world)
        }
    }

    private static func put(_ entry: some DirectoryEntry & Sendable, in world: ConsoleWorld) async throws {
        let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
        let now = world.clock.now
        try await world.database.transaction { try Directory($0).put(entry, by: origin, at: now) }
    }
}
