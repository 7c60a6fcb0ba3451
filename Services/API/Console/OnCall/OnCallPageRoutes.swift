import Hummingbird

// People, groups, and who is on call.
extension ConsoleRoutes {
    func addOnCall(to router: Router<Context>) {
        addPeople(to: router)
        addDevices(to: router)
        addAbsences(to: router)
        addGroups(to: router)
        addShifts(to: router)
        addOccurrences(to: router)
        addCalendars(to: router)
        addSites(to: router)
        addDeviceNames(to: router)
        addProviders(to: router)
        addUnmatchedMessages(to: router)
        addWhatIf(to: router)
        addSending(to: router)
        addApp(to: router)
    }
}
