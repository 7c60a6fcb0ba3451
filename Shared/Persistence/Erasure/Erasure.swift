import AlertCore
import Foundation

/// How far the erasure of a person's data has come. The log forgets at once, when the key is destroyed; what stands
/// outside of it is gone through afterwards, a few rows at a time.
public struct Erasure: Codable, Equatable, Sendable {
    public enum Status: String, Codable, Sendable { case running, done }

    /// The second time through, nobody can have the person's key in memory any more: what was written by those who had
    /// it is found then.
    static let rounds = 2
    /// After the beginning, when the second time through begins.
    static let settling = PersonVault.lifetime + PersonVault.lifetime

    /// The person's id.
    public var person: String
    /// The id of whoever asked for it; empty when the server did.
    public var by: String
    public var beganAt: Timestamp
    public var finishedAt: Timestamp?
    public var status = Status.running
    /// What is looked for, as `[PersonalText]` in JSON, sealed; empty once it is done.
    public var sealedTexts: String
    /// From 1.
    var round = 1
    /// The place in ``ErasedTable/all``; past its end, the log is read.
    var table = 0
    /// The key of the last row that was looked at; empty before the first.
    var last: [String] = []
    /// By log partition, up to where it has been read.
    var cursors: [String: Position] = [:]
    /// Rows outside of the log that were looked at, and those that were changed or deleted.
    public var rowsSeen = 0
    public var rowsChanged = 0
    public var eventsSeen = 0
    /// Events that still name the person, in plain text or in a text that is sealed as somebody else's.
    public var eventsNaming = 0

    /// The tables whose treatment is known.
    package static var tables: [String] { ErasedTable.all.map(\.name) }

    public init(person: String, by: String, beganAt: Timestamp, sealedTexts: String) {
        self.person = person
        self.by = by
        self.beganAt = beganAt
        self.sealedTexts = sealedTexts
    }
}

/// All erasures, within one transaction.
public struct Erasures {
    static let partition = LogPartition("privacy", 0)

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func get(_ person: String) throws -> Erasure? {
        try connection.execute("SELECT document FROM erasures WHERE person_id = \(person)").first
            .map { try JSON.decode($0.text(0)) }
    }

    /// Destroys the person's key, records that, and has the rest forgotten soon. The person is not in the directory any
    /// more, or is deleted from it in the same transaction, before.
    /// - Parameter texts: What names the person.
    public func begin(
        _ person: String, texts: [PersonalText], secrets: SecretBox, by origin: Origin, at now: Timestamp
    ) throws {
        try PersonKeys(connection).destroy(person, at: now)
        connection.vault?.forget(person)
        let erasure = Erasure(
            person: person, by: origin.person ?? "", beganAt: now,
            sealedTexts: secrets.seal(try JSON.encode(texts), for: .erasure(person)))
        try connection.execute(
            """
            INSERT INTO erasures (person_id, status, next_at, leased_until, document)
            VALUES (\(person), \(erasure.status.rawValue), \(now.milliseconds), 0, \(try JSON.encode(erasure)))
            ON CONFLICT (person_id) DO UPDATE SET status = excluded.status, next_at = excluded.next_at,
            leased_until = 0, document = excluded.document
            """)
        for table in ["sign_ins", "refresh_tokens"] {
            try connection.execute("DELETE FROM \(SQL(stringLiteral: table)) WHERE person_id = \(person)")
        }
        // Files that wait for an alert; those of alerts are the alerts'.
        try connection.execute("DELETE FROM attachments WHERE uploaded_by = \(person) AND is_kept = 0")
        let data: [String: JSONValue] = ["person": .string(person), "by": .string(erasure.by)]
        try EventLog(connection).record(
            type: "privacy.erased", data: try JSON.encode(JSONValue.object(data)), on: "privacy-\(person)",
            in: Self.partition, origin: origin, at: now)
    }

    /// Takes one that is to go on, for as long as `lease`.
    func claim(at now: Timestamp, lease: Duration) throws -> Erasure? {
        try connection.execute(
            """
            UPDATE erasures SET leased_until = \(now.advanced(by: lease).milliseconds) WHERE person_id IN (
                SELECT person_id FROM erasures WHERE status = \(Erasure.Status.running.rawValue)
                AND next_at <= \(now.milliseconds) AND leased_until <= \(now.milliseconds)
                ORDER BY next_at LIMIT 1 \(connection.dialect.skippingLocked))
            RETURNING document
            """
        ).first.map { try JSON.decode($0.text(0)) }
    }

    /// - Parameter next: When it goes on.
    func save(_ erasure: Erasure, next: Timestamp, leasedUntil: Timestamp?) throws {
        try connection.execute(
            """
            UPDATE erasures SET status = \(erasure.status.rawValue), next_at = \(next.milliseconds),
            leased_until = \(leasedUntil?.milliseconds ?? 0), document = \(try JSON.encode(erasure))
            WHERE person_id = \(erasure.person)
            """)
    }
}

/// What names a person, now and as far back as the directory's history goes.
public struct ErasureTexts {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// The person by the directory, or as they were before they were deleted; `nil` for somebody who has never been
    /// there, or is erased already.
    public func person(_ id: String) throws -> Person? {
        if let person = try Directory(connection).get(Person.self, id: id) { return person }
        return try documents(of: "config-\(Person.kind)-\(id)", as: Person.self).last
    }

    /// Names, addresses and numbers. Those that somebody else has too are left out.
    public func of(_ person: Person) throws -> [PersonalText] {
        let people = [person] + (try documents(of: "config-\(Person.kind)-\(person.id)", as: Person.self))
        var texts: [PersonalText] = []
        let devices = try self.devices(of: person.id)
        for known in people {
            texts += known.personal
            for device in devices {
                texts.append(PersonalText("\(known.targetName)|\(device.name)", of: person.id, isName: true))
            }
        }
        for device in devices {
            texts += try device.personal.filter { try $0.isName && !isShared($0.text, by: person.id) }
            texts.append(PersonalText(device.name, of: person.id, in: device.id))
        }
        // What is no name is looked for only where it belongs to the person by an id.
        texts = texts.filter { $0.text.count > 1 && ($0.isName || $0.object != nil) && $0.text != "***" }
        texts += texts.filter(\.isName).map { PersonalText($0.text.lowercased(), of: person.id, isName: true) }
        var known: Set<PersonalText> = []
        return texts.filter { !$0.text.trimmingCharacters(in: .whitespaces).isEmpty && known.insert($0).inserted }
    }

    private func isShared(_ text: String, by person: String) throws -> Bool {
        guard !text.isEmpty else { return false }
        let pattern = "%\"\(text.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_"))\"%"
        let rows = try connection.execute(
            """
            SELECT id FROM directory WHERE kind = \(Device.kind) AND parent <> \(person)
            AND document LIKE \(pattern) ESCAPE '!' LIMIT 1
            """)
        return !rows.isEmpty
    }

    /// Those that the person has, with what they were before, and those that were deleted with the person.
    private func devices(of person: String) throws -> [Device] {
        let present = try Directory(connection).all(Device.self, in: person)
        var devices = present
        for device in present { devices += try documents(of: "config-\(Device.kind)-\(device.id)", as: Device.self) }
        let deletions = try EventLog(connection).read(streams: ["config-\(Person.kind)-\(person)"]).filter {
            $0.type == "config.deleted"
        }
        for deletion in deletions {
            let beside = try EventLog(connection).read(correlation: deletion.origin.correlation, limit: 1000)
            for event in beside where event.stream.hasPrefix("config-\(Device.kind)-") {
                devices += try Self.documents(in: event, as: Device.self).filter { $0.owner == person }
            }
        }
        return devices
    }

    private func documents<Entry: DirectoryEntry>(of stream: String, as type: Entry.Type) throws -> [Entry] {
        try EventLog(connection).read(streams: [stream]).flatMap { try Self.documents(in: $0, as: type) }
    }

    private static func documents<Entry: DirectoryEntry>(
        in event: RecordedEvent, as type: Entry.Type
    ) throws -> [Entry] {
        let data = try JSON.decode(event.data, as: JSONValue.self)
        return try ["before", "after"].compactMap { data[$0] }.map { document in
            try JSON.decode(try JSON.encode(document), as: type)
        }
    }
}
