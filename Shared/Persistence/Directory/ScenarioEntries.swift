import AlertCore

extension Scenario: DirectoryEntry {
    public static let kind = "scenario"
    public var parentID: String { form }
    public var entryName: String { name }
}

extension ScheduledMessage: DirectoryEntry {
    public static let kind = "scheduledmessage"
    public static let namesAreUnique = false
    public var parentID: String { "" }
    public var entryName: String { name }
}

extension DirectoryView {
    /// The scenarios of a form, in the order of their names.
    public func scenarios(of form: String) -> [Scenario] { scenariosByForm[form] ?? [] }

    /// The scenario of that id, or of that name ignoring case, of a form.
    public func scenario(_ idOrName: String, of form: String) -> Scenario? {
        let name = idOrName.lowercased()
        return scenarios(of: form).first { $0.id == name } ?? scenarios(of: form).first { $0.name.lowercased() == name }
    }
}

extension Directory {
    /// Has what comes next of a message wait for its time, in the transaction that says when that is.
    /// - Parameter generation: Of new ids.
    public func schedule(_ message: ScheduledMessage, generation: Int) throws {
        let due = DueWork(connection)
        guard let at = message.nextFireTime else {
            try due.finish([message.id], kind: ScheduledMessage.Firing.dueKind)
            return
        }
        let firing = ScheduledMessage.Firing(message: message.id, at: at, generation: generation)
        try due.schedule(
            message.id, kind: ScheduledMessage.Firing.dueKind, partition: ScheduledMessage.Firing.partition,
            payload: try JSON.encode(firing), at: at)
    }
}
