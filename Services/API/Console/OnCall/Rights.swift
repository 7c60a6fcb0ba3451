import AlertCore
import Persistence

// What the pages offer: the API decides again.
extension ConsoleSession {
    var mayAddPeople: Bool { caller.may(.administerPeople) || caller.may(.supervisePeople) }
    var mayAddGroups: Bool { caller.mayCreateGroups }
    /// Sites and notification providers.
    var mayAdministerSystem: Bool { caller.may(.administerSystem) }

    func mayEdit(_ person: Person) -> Bool { caller.administers(person) }
    func mayEditDevices(of person: Person) -> Bool { caller.mayEditDevices(of: person) }
    func mayEditAbsences(of person: Person) -> Bool { caller.mayChangeAbsences(of: person, in: nil) }
    func maySee(_ group: Group) -> Bool { caller.maySee(group) }
    func mayEdit(_ group: Group) -> Bool { caller.mayChange(group) }
}
