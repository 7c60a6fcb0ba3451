import AlertCore
import Foundation

/// Everything that people configure, within one transaction. Each change is recorded in the event log in the
/// same transaction, with who made it and what was there before.
public struct Directory {
    /// A part of a list, with the number of entries in all of it.
    public struct Page<Entry: DirectoryEntry>: Sendable {
        public let total: Int
        public let entries: [Entry]
    }

    /// The first number that ``nextNumber(of:)`` gives.
    static let firstNumber = 1000

    /// What belongs into the same transaction.
    public let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// How often the directory has changed; a cache compares it.
    public func version() throws(StoreError) -> Int64 {
        try connection.execute("SELECT version FROM directory_version WHERE id = 1")[0].integer(0)
    }

    /// Waits for the changes that are under way, and holds off others until the transaction ends: what it reads from
    /// then on is what it changes. Whoever changes an entry by what it was calls this first.
    public func lock() throws(StoreError) {
        try connection.execute("UPDATE directory_version SET version = version WHERE id = 1")
    }

    /// The next number that people see, as of a device or form: from 1000, never given twice.
    public func nextNumber(of counter: String) throws(StoreError) -> Int64 {
        try connection.execute(
            """
            INSERT INTO counters (name, value) VALUES (\(counter), \(Self.firstNumber))
            ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value
            """)[0].integer(0)
    }
}

// MARK: - Reading

extension Directory {
    public func get<Entry: DirectoryEntry>(_ type: Entry.Type = Entry.self, id: String) throws -> Entry? {
        try document(Entry.kind, id).map { try DirectoryJSON.decode(Entry.self, from: $0) }
    }

    /// The entry of that name; where names are not unique, the one with the least id.
    public func find<Entry: DirectoryEntry>(
        _ type: Entry.Type = Entry.self, name: String, in parent: String = ""
    ) throws -> Entry? {
        let key = Entry.nameKey(name)
        guard Entry.namesAreUnique else {
            return try all(Entry.self, in: parent).first { Entry.nameKey($0.entryName) == key }
        }
        return try connection.execute(
            """
            SELECT document FROM directory
            WHERE kind = \(Entry.kind) AND parent = \(parent) AND name_key = \(key)
            """
        ).first.map { try DirectoryJSON.decode(Entry.self, from: $0.text(0)) }
    }

    /// The entry of that id, or else of that name. An entry of another parent is not found.
    public func resolve<Entry: DirectoryEntry>(
        _ type: Entry.Type = Entry.self, _ idOrName: String, in parent: String = ""
    ) throws -> Entry? {
        if let entry = try get(Entry.self, id: idOrName), entry.parentID == parent { return entry }
        return try find(Entry.self, name: idOrName, in: parent)
    }

    /// All entries of a kind, or those of one parent, in the order of their names.
    public func all<Entry: DirectoryEntry>(
        _ type: Entry.Type = Entry.self, in parent: String? = nil
    ) throws -> [Entry] {
        try connection.execute(
            "SELECT document FROM directory WHERE \(condition(Entry.self, parent)) ORDER BY name_key, id"
        ).map { try DirectoryJSON.decode(Entry.self, from: $0.text(0)) }
    }

    /// One page in the order of the names. Paged by the database, whatever the size of the list.
    public func list<Entry: DirectoryEntry>(
        _ type: Entry.Type = Entry.self, in parent: String? = nil, offset: Int, limit: Int
    ) throws -> Page<Entry> {
        let which = condition(Entry.self, parent)
        let total = try connection.execute("SELECT count(*) FROM directory WHERE \(which)")[0].integer(0)
        let rows = try connection.execute(
            "SELECT document FROM directory WHERE \(which) ORDER BY name_key, id LIMIT \(limit) OFFSET \(offset)")
        return Page(
            total: Int(total), entries: try rows.map { try DirectoryJSON.decode(Entry.self, from: $0.text(0)) })
    }

    /// One page of those that `filter` lets through, in the order of `areInOrder`, or else of the names. Reads
    /// every entry of the kind and parent: documents are not indexed.
    public func list<Entry: DirectoryEntry>(
        _ type: Entry.Type = Entry.self, in parent: String? = nil, offset: Int, limit: Int,
        where filter: (Entry) -> Bool, by areInOrder: ((Entry, Entry) -> Bool)? = nil
    ) throws -> Page<Entry> {
        var matching = try all(Entry.self, in: parent).filter(filter)
        if let areInOrder { matching.sort(by: areInOrder) }
        return Page(total: matching.count, entries: Array(matching.dropFirst(offset).prefix(limit)))
    }

    private func condition<Entry: DirectoryEntry>(_ type: Entry.Type, _ parent: String?) -> SQL {
        guard let parent else { return "kind = \(Entry.kind)" }
        return "kind = \(Entry.kind) AND parent = \(parent)"
    }

    func document(_ kind: String, _ id: String) throws(StoreError) -> String? {
        try connection.execute("SELECT document FROM directory WHERE kind = \(kind) AND id = \(id)").first?.text(0)
    }
}

// MARK: - Changing

extension Directory {
    /// Creates the entry, or puts it in the place of the one with its id. What is already so is left alone, and
    /// no event is recorded.
    ///
    /// - Throws: ``DirectoryError/nameTaken(field:name:)``.
    /// - Returns: Whether it is new.
    @discardableResult
    public func put<Entry: DirectoryEntry>(_ entry: Entry, by origin: Origin, at now: Timestamp) throws -> Bool {
        // First of all: the row's lock makes one change wait for another, so that the checks below hold.
        let version = try advance()
        let kind = Entry.kind
        let before = try document(kind, entry.id)
        let entry = try withVersion(entry, before: before, by: origin, at: now)
        let after = try DirectoryJSON.text(entry)
        guard before != after else { return false }
        try checkNames(of: entry)
        try checkRecipientName(of: entry, before: try before.map { try DirectoryJSON.decode(Entry.self, from: $0) })
        let secondKey = (entry.secondName?.value.lowercased()).sqlValue
        try connection.execute(
            """
            INSERT INTO directory (kind, id, parent, name, name_key, second_key, document, version, updated_at)
            VALUES (\(kind), \(entry.id), \(entry.parentID), \(entry.entryName), \(Self.storedKey(of: entry)), \
            \(secondKey), \(after), \(version), \(now.milliseconds))
            ON CONFLICT (kind, id) DO UPDATE SET parent = excluded.parent, name = excluded.name,
            name_key = excluded.name_key, second_key = excluded.second_key, document = excluded.document,
            version = excluded.version, updated_at = excluded.updated_at
            """)
        if before == nil {
            try connection.execute("DELETE FROM directory_deletions WHERE kind = \(kind) AND id = \(entry.id)")
        }
        try DirectoryAudit(connection: connection).record(
            entry, before: before, after: after, version: version, by: origin, at: now)
        return before == nil
    }

    /// Deletes the entry and what belongs to it: a plan's forms, a person's devices.
    ///
    /// - Throws: ``DirectoryError/inUse(by:)`` for an endpoint that an integration sends to, and a site with people.
    /// - Returns: What was deleted; `nil` when there was nothing.
    @discardableResult
    public func delete<Entry: DirectoryEntry>(
        _ type: Entry.Type = Entry.self, id: String, by origin: Origin, at now: Timestamp
    ) throws -> Entry? {
        let version = try advance()
        guard let before = try document(Entry.kind, id) else { return nil }
        let entry = try DirectoryJSON.decode(Entry.self, from: before)
        try deleteDependents(of: entry, by: origin, at: now)
        try connection.execute("DELETE FROM directory WHERE kind = \(Entry.kind) AND id = \(id)")
        try connection.execute(
            """
            INSERT INTO directory_deletions (kind, id, version) VALUES (\(Entry.kind), \(id), \(version))
            ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version
            """)
        try DirectoryAudit(connection: connection).record(
            entry, before: before, after: nil, version: version, by: origin, at: now)
        return entry
    }

    /// The entry with the number of its script's text, which is kept when it is a new one.
    private func withVersion<Entry: DirectoryEntry>(
        _ entry: Entry, before: String?, by origin: Origin, at now: Timestamp
    ) throws -> Entry {
        guard let owner = entry as? any ScriptOwner else { return entry }
        return try numbered(owner, before: before, by: origin, at: now) as? Entry ?? entry
    }

    private func numbered<Owner: ScriptOwner>(
        _ owner: Owner, before: String?, by origin: Origin, at now: Timestamp
    ) throws -> Owner {
        let before = try before.map { try DirectoryJSON.decode(Owner.self, from: $0) }
        var owner = owner
        owner.scriptVersion = try ScriptVersions(connection).keep(owner, before: before, by: origin.actor, at: now)
        return owner
    }

    /// Makes every other change of the directory wait until the end of this transaction.
    func holdChanges() throws(StoreError) { _ = try advance() }

    private func advance() throws(StoreError) -> Int64 {
        try connection.execute(
            "UPDATE directory_version SET version = version + 1 WHERE id = 1 RETURNING version")[0].integer(0)
    }

    /// Sorts by the name, and tells apart what may have the same name.
    private static func storedKey<Entry: DirectoryEntry>(of entry: Entry) -> String {
        let key = Entry.nameKey(entry.entryName)
        return Entry.namesAreUnique ? key : "\(key) \(entry.id)"
    }

    private func checkNames<Entry: DirectoryEntry>(of entry: Entry) throws {
        let named = try connection.execute(
            """
            SELECT id FROM directory WHERE kind = \(Entry.kind) AND parent = \(entry.parentID)
            AND name_key = \(Self.storedKey(of: entry)) AND id <> \(entry.id)
            """)
        guard named.isEmpty else {
            throw DirectoryError.nameTaken(field: Entry.nameField, name: entry.entryName)
        }
        guard let second = entry.secondName else { return }
        let alsoNamed = try connection.execute(
            """
            SELECT id FROM directory WHERE kind = \(Entry.kind)
            AND second_key = \(second.value.lowercased()) AND id <> \(entry.id)
            """)
        guard alsoNamed.isEmpty else { throw DirectoryError.nameTaken(field: second.field, name: second.value) }
    }

    /// Recipients are named without saying what they are: no person is called as a group. Two that were called the
    /// same before this held stay so until one is renamed.
    private func checkRecipientName<Entry: DirectoryEntry>(of entry: Entry, before: Entry?) throws {
        let kinds = [Person.kind, Group.kind]
        let key = Entry.nameKey(entry.entryName)
        guard kinds.contains(Entry.kind), before.map({ Entry.nameKey($0.entryName) }) != key else { return }
        let named = try connection.execute(
            """
            SELECT id FROM directory WHERE kind IN (\(kinds[0]), \(kinds[1])) AND name_key = \(key)
            AND id <> \(entry.id)
            """)
        guard named.isEmpty else {
            throw DirectoryError.nameTaken(field: Entry.nameField, name: entry.entryName)
        }
    }
}

// MARK: - What goes with an entry

extension Directory {
    private func deleteDependents(of entry: any DirectoryEntry, by origin: Origin, at now: Timestamp) throws {
        switch entry {
        case let plan as Plan:
            try deleteAll(SubscriptionForm.self, in: plan.id, by: origin, at: now)
            try deleteAll(Integration.self, in: plan.id, by: origin, at: now)
            try deleteAll(Form.self, in: plan.id, by: origin, at: now)
            try deleteAll(PropertyDefinition.self, in: plan.id, by: origin, at: now)
            try deleteAll(Constant.self, in: plan.id, by: origin, at: now)
            try deleteAll(Endpoint.self, in: plan.id, by: origin, at: now)
            try deleteAll(SharedLibrary.self, in: plan.id, by: origin, at: now)
            try deleteAll(ScriptStep.self, in: plan.id, by: origin, at: now)
            try deleteAll(Canvas.self, in: plan.id, by: origin, at: now)
            try deleteAll(TriggerFilter.self, in: plan.id, by: origin, at: now)
            try deleteAll(WorkflowFile.self, in: plan.id, by: origin, at: now)
        case let form as SubscriptionForm:
            try deleteAll(FormSubscription.self, in: form.id, by: origin, at: now)
        case let form as Form:
            try deleteSubscriptionForms(of: form, by: origin, at: now)
            try deleteAll(Integration.self, in: form.plan, by: origin, at: now) { $0.form == form.id }
            try deleteAll(Scenario.self, in: form.id, by: origin, at: now)
        case let property as PropertyDefinition:
            try takeOffForms(property, by: origin, at: now)
            try takeOffSubscriptionForms(property, by: origin, at: now)
        case let endpoint as Endpoint:
            let users = try all(Integration.self, in: endpoint.plan).filter { $0.endpoint == endpoint.id }
            guard users.isEmpty else {
                throw DirectoryError.inUse(by: users.map(\.name).joined(separator: ", "))
            }
        case let person as Person:
            try deleteAbsences(by: origin, at: now) { $0.replacement == person.id }
            try takeOffGroups([GroupMember(id: person.id, recipientType: .person)], by: origin, at: now)
            try takeOffSubscriptions(GroupMember(id: person.id, recipientType: .person), by: origin, at: now)
            try deleteAll(Device.self, in: person.id, by: origin, at: now)
            try deleteAll(APIKey.self, in: person.id, by: origin, at: now)
            try deleteAll(TemporaryAbsence.self, in: person.id, by: origin, at: now)
            try deleteAll(CalendarFeed.self, in: person.id, by: origin, at: now)
        case let device as Device:
            try takeOffGroups([GroupMember(id: device.id, recipientType: .device)], by: origin, at: now)
        case let group as Group:
            try deleteAll(Shift.self, in: group.id, by: origin, at: now)
            try deleteAbsences(by: origin, at: now) { $0.group == group.id }
            try takeOffGroups([GroupMember(id: group.id, recipientType: .group)], by: origin, at: now)
            try takeOffSubscriptions(GroupMember(id: group.id, recipientType: .group), by: origin, at: now)
            try releaseServices(of: group, by: origin, at: now)
        case let service as BusinessService:
            try deleteDependencies(of: service, by: origin, at: now)
        case let site as Site:
            try requireUnused(site)
        default: break
        }
    }

    private func deleteAll<Entry: DirectoryEntry>(
        _ type: Entry.Type, in parent: String, by origin: Origin, at now: Timestamp,
        where filter: (Entry) -> Bool = { _ in true }
    ) throws {
        for entry in try all(Entry.self, in: parent) where filter(entry) {
            try delete(Entry.self, id: entry.id, by: origin, at: now)
        }
    }

    private func takeOffForms(_ property: PropertyDefinition, by origin: Origin, at now: Timestamp) throws {
        for var form in try all(Form.self, in: property.plan) {
            for index in form.sections.indices {
                form.sections[index].items.removeAll { $0.propertyDefinition == property.id }
            }
            try put(form, by: origin, at: now)
        }
    }
}
