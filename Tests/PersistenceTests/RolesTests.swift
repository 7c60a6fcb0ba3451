import AlertCore
import Foundation
import Persistence
import Testing

/// What each role may do, and to whom.
@Suite struct RolesTests {
    static func person(_ name: String, _ roles: [String], supervisors: [String] = []) -> Person {
        Person(
            id: "id-\(name)", targetName: name, firstName: name, lastName: "Test", roles: roles,
            supervisors: supervisors, whenCreated: Timestamp(milliseconds: 0))
    }

    static func caller(_ roles: String...) -> Caller { Caller(person: person("caller", roles)) }

    static let table: [(role: String, may: Set<Permission>)] = [
        ("Standard User", [.signIn, .readConfiguration, .comment, .handleAlerts]),
        ("Group Supervisor", [.signIn, .readConfiguration, .comment, .superviseGroups]),
        ("Person Supervisor", [.signIn, .readConfiguration, .comment, .supervisePeople]),
        ("REST Web Service User", [.signIn, .readConfiguration, .comment, .handleAlerts, .sendRequests]),
        (
            "Developer",
            [.signIn, .readConfiguration, .comment, .handleAlerts, .sendRequests, .writeConfiguration]
        ),
        ("Scenario Administrator", [.signIn, .manageScenarios]),
        ("No Access User", []),
        ("Company Supervisor", Set(Permission.allCases)),
        ("Full Access User", Set(Permission.allCases)),
        ("A role of tomorrow", []),
    ]

    @Test(arguments: table.indices, Permission.allCases)
    func roleMay(_ index: Int, _ permission: Permission) {
        let (role, allowed) = Self.table[index]
        let caller = Self.caller(role)
        #expect(caller.may(permission) == allowed.contains(permission), "\(role): \(permission)")
        do {
            try caller.require(permission)
            #expect(allowed.contains(permission))
        } catch {
            #expect(!allowed.contains(permission))
            #expect(error.code == 403 && error.message.contains("Full Access User"))
        }
    }

    @Test func everyRoleIsInTheTable() {
        #expect(Set(Role.all.map(\.name)) == Set(Role.permissions.keys))
        #expect(Set(Role.all.map(\.name)).subtracting(Self.table.map(\.role)).isEmpty)
    }

    @Test func rolesAddUpAndNoAccessTakesAllAway() {
        #expect(Self.caller("Standard User", "Developer").may(.writeConfiguration))
        #expect(Self.caller("Group Supervisor", "Standard User").may(.handleAlerts))
        #expect(Self.caller("Full Access User", "No Access User").permissions.isEmpty)
        #expect(Self.caller().permissions.isEmpty)
    }

    @Test func anOldPasswordLetsNothingBeDone() throws {
        let caller = Caller(person: Self.person("caller", ["Full Access User"]), mustChangePassword: true)
        #expect(caller.permissions == [.signIn])
        #expect(!caller.mayEditDevices(of: caller.person) && !caller.mayEditAbsences(of: caller.person, in: nil))
        let error = #expect(throws: RestError.self) { try caller.require(.readConfiguration) }
        #expect(error?.subcode == "authentication.password_change_required")
    }

    struct Supervision: CustomTestStringConvertible {
        let roles: [String]
        let other: [String]
        let isSupervisor: Bool
        let administers: Bool
        let mayActAs: Bool
        var testDescription: String { "\(roles) to \(other)\(isSupervisor ? ", whom they supervise" : "")" }
    }

    @Test(arguments: [
        Supervision(
            roles: ["Full Access User"], other: ["Full Access User"], isSupervisor: false, administers: true,
            mayActAs: true),
        Supervision(
            roles: ["Company Supervisor"], other: ["Full Access User"], isSupervisor: false, administers: true,
            mayActAs: true),
        Supervision(
            roles: ["Person Supervisor"], other: ["Standard User"], isSupervisor: true, administers: true,
            mayActAs: true),
        Supervision(
            roles: ["Person Supervisor"], other: ["Standard User"], isSupervisor: false, administers: false,
            mayActAs: false),
        Supervision(
            roles: ["Person Supervisor"], other: ["Developer"], isSupervisor: true, administers: false,
            mayActAs: false),
        Supervision(
            roles: ["Person Supervisor", "Developer"], other: ["Developer"], isSupervisor: true, administers: true,
            mayActAs: true),
        Supervision(
            roles: ["Person Supervisor"], other: ["Full Access User", "No Access User"], isSupervisor: true,
            administers: true, mayActAs: true),
        Supervision(
            roles: ["Developer"], other: ["REST Web Service User"], isSupervisor: true, administers: false,
            mayActAs: true),
        Supervision(
            roles: ["Developer"], other: ["REST Web Service User"], isSupervisor: false, administers: false,
            mayActAs: false),
        Supervision(
            roles: ["Developer"], other: ["Full Access User"], isSupervisor: true, administers: false,
            mayActAs: false),
        Supervision(
            roles: ["Standard User"], other: ["Standard User"], isSupervisor: true, administers: false,
            mayActAs: true),
        Supervision(
            roles: ["No Access User"], other: ["Standard User"], isSupervisor: true, administers: false,
            mayActAs: true),
    ])
    func supervises(_ row: Supervision) {
        let caller = Caller(person: Self.person("caller", row.roles))
        let other = Self.person("other", row.other, supervisors: row.isSupervisor ? ["id-caller"] : ["id-else"])
        #expect(caller.administers(other) == row.administers)
        #expect(caller.mayEditDevices(of: other) == row.administers)
        #expect(caller.mayActAs(other) == row.mayActAs)
    }

    @Test func everybodyWhoMaySignInHasTheirOwnDevices() {
        for (role, allowed) in Self.table {
            let caller = Self.caller(role)
            #expect(caller.mayEditDevices(of: caller.person) == allowed.contains(.signIn), "\(role)")
            #expect(caller.mayActAs(caller.person))
        }
    }

    @Test(
        arguments: [
            (["Full Access User"], ["Standard User", "Developer", "Full Access User", "Company Supervisor"], []),
            (["Company Supervisor"], ["Full Access User", "No Access User", "Scenario Administrator"], []),
            (
                ["Person Supervisor"], ["Standard User", "No Access User", "Person Supervisor"],
                ["Developer", "REST Web Service User", "Group Supervisor", "Company Supervisor", "A role of tomorrow"]
            ),
            (["Developer"], [], ["Standard User", "Developer"]),
            (["Standard User"], [], ["Standard User", "Full Access User"]),
        ] as [([String], [String], [String])])
    func assigns(_ roles: [String], _ allowed: [String], _ refused: [String]) {
        let caller = Caller(person: Self.person("caller", roles))
        for role in allowed { #expect(caller.mayAssign(role: role), "\(roles) give \(role)") }
        for role in refused { #expect(!caller.mayAssign(role: role), "\(roles) give \(role)") }
    }

    @Test func groupSupervisorsHaveTheirGroups() {
        let caller = Self.caller("Group Supervisor")
        let own = Group(
            id: "g1", targetName: "Own", supervisors: ["id-caller"], created: Timestamp(milliseconds: 0))
        let other = Group(id: "g2", targetName: "Other", created: Timestamp(milliseconds: 0))
        #expect(caller.administers(own) && !caller.administers(other))
        #expect(Self.caller("Full Access User").administers(other))
        #expect(!Self.caller("Standard User").administers(own) && !Self.caller("Developer").administers(own))
    }

    @Test(arguments: table.indices) func makesPeopleAndGroups(_ index: Int) {
        let (role, allowed) = Self.table[index]
        let caller = Self.caller(role)
        let mayPeople = !allowed.isDisjoint(with: [.administerPeople, .supervisePeople])
        let mayGroups = !allowed.isDisjoint(with: [.administerGroups, .superviseGroups])
        #expect(caller.mayMakePeople == mayPeople && caller.mayMakeGroups == mayGroups, "\(role)")
    }

    @Test(
        arguments: [
            ("Standard User", [], true), ("Standard User", ["caller"], true), ("Developer", [], true),
            ("Person Supervisor", [], false), ("Company Supervisor", [], true),
        ] as [(String, [String], Bool)])
    func whoObservesAHiddenGroup(_ role: String, _ supervisors: [String], _ sees: Bool) {
        let group = Group(
            id: "g", targetName: "G", observedByAll: false, observers: ["Developer", "Standard User"],
            supervisors: supervisors.map { "id-\($0)" }, created: Timestamp(milliseconds: 0))
        #expect(Self.caller(role).observes(group) == sees, "\(role)")
        var seen = group
        seen.observedByAll = true
        #expect(Self.caller(role).observes(seen))
        seen.observedByAll = false
        seen.observers = []
        seen.supervisors = ["id-caller"]
        #expect(Self.caller(role).observes(seen), "a supervisor, whatever the role")
    }

    @Test(
        arguments: [
            (["Group Supervisor"], [], [], false, false), (["Group Supervisor"], [], ["caller"], false, true),
            (["Standard User"], [], ["caller"], false, false), (["Standard User"], ["caller"], [], false, false),
            (["Person Supervisor"], ["caller"], [], true, true), (["Full Access User"], [], [], true, true),
        ] as [([String], [String], [String], Bool, Bool)])
    func editsAbsences(
        _ roles: [String], _ ofPerson: [String], _ ofGroup: [String], _ fromAll: Bool, _ fromGroup: Bool
    ) {
        let caller = Caller(person: Self.person("caller", roles))
        let member = Self.person("member", ["Standard User"], supervisors: ofPerson.map { "id-\($0)" })
        let group = Group(
            id: "g", targetName: "G", supervisors: ofGroup.map { "id-\($0)" }, created: Timestamp(milliseconds: 0))
        #expect(caller.mayEditAbsences(of: member, in: nil) == fromAll)
        #expect(caller.mayEditAbsences(of: member, in: group) == fromGroup)
        #expect(caller.mayEditAbsences(of: caller.person, in: nil), "one's own")
    }

    /// docs/API.md shows the same table.
    @Test func isDocumented() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/API.md"), encoding: .utf8)
        for (role, _) in Role.all {
            let allowed = Permission.allCases.filter { Role.permissions[role]?.contains($0) == true }.map(\.rawValue)
            let isAll = allowed.count == Permission.allCases.count
            let words = isAll ? "everything" : allowed.isEmpty ? "nothing" : allowed.joined(separator: ", ")
            #expect(text.contains("| \(role) | \(words) |"), "docs/API.md has no row | \(role) | \(words) |")
        }
    }
}
