import AlertCore
import Persistence

// What the pages offer: the API decides again.
extension ConsoleSession {
    var mayAddPeople: Bool { caller.may(.writeConfiguration) }
    var mayAddGroups: Bool { caller.may(.writeConfiguration) }
    /// Sites and notification providers.
    var mayAdministerSystem: Bool { caller.may(.writeConfiguration) }

    func mayEdit(_ person: Person) -> Bool { caller.may(.writeConfiguration) }
    /// Devices and absences of that person.
    func mayEditDevices(of person: Person) -> Bool { caller.may(.writeConfiguration) || person.id == self.person.id }
    func maySee(_ group: Group) -> Bool {
        group.observedByAll || mayEdit(group) || !Set(group.observers).isDisjoint(with: person.roles)
    }

    func mayEdit(_ group: Group) -> Bool { caller.may(.writeConfiguration) }
}
