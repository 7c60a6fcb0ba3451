import AlertCore
import Crypto
import Foundation
import Persistence
import TestSupport
import Testing

/// What is personal is sealed in the rows of the log and nowhere else to be seen; without its key it is gone.
@Suite struct SealedLogTests {
    let partition = LogPartition("alert", 0)
    let secrets = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 9, count: 32)))
    let jane = PersonReference(id: "p-jane-1234", targetName: "jdoe", firstName: "Jane", lastName: "Dö\"e\\")
    let adam = PersonReference(id: "p-adam-5678", targetName: "ACTIVE", firstName: "PERSON", lastName: "ended")
    let at = Timestamp(milliseconds: 1_000)

    var events: [Alert.Event] {
        var details = AlertDetails(
            number: 7, plan: NamedReference(id: "pl", name: "Plan"), form: NamedReference(id: "f", name: "Form"),
            requestId: "r", submitter: jane, priority: .high,
            properties: ["owner": "jdoe", "nested": ["who": "ask jdoe, not jdoe2"]])
        details.recipients = [
            AlertRecipient(id: jane.id, targetName: "jdoe", recipientType: .person),
            AlertRecipient(id: adam.id, targetName: "ACTIVE", recipientType: .person),
            AlertRecipient(id: "d", targetName: "jdoe|Red phone", recipientType: .device, owner: jane.id),
        ]
        details.subject = "“jdoe” and ~p1~p-jane-1234~AAAA~ and ~p1~"
        let response = AlertResponse(
            id: "x", by: jane, device: "Red phone", option: "1", comment: "on my\nway \"home\"", source: "API")
        return [
            .created(details: details, at: at), .commented(id: "c", by: jane, text: "~p1~p-jane-1234~AAAA~", at: at),
            .responseRejected(response: response, reason: .ended, at: at),
            .escalated(
                report: EscalationReport(
                    id: "e", group: NamedReference(id: "g", name: "Group"), shift: nil, reason: .active, type: .peer,
                    by: adam, from: details.recipients, to: []), at: at),
            .terminated(by: adam, reason: .endedByUser, at: at),
        ]
    }

    private func newEvents() throws -> [NewEvent] {
        try events.enumerated().map { index, event in
            let (type, data) = try EventCodec<Alert.Event>.encode(event, category: "alert")
            return NewEvent(
                stream: "alert-1", version: Version(index + 1), type: type, data: data,
                // Of an event that names the actor, the rest is known.
                origin: Origin(actor: "jdoe", causation: "c", correlation: "r", person: index < 3 ? nil : jane.id),
                recordedAt: at, personal: Alert.personal(in: event, Alert.initial))
        }
    }

    private func read(_ database: any SQLDatabase, asStored: Bool = false) async throws -> [RecordedEvent] {
        try await database.reading { try EventLog($0, asStored: asStored).read(partition, after: 0, limit: 100) }
    }

    private func expectWhole(_ rows: [RecordedEvent]) {
        var chain = HashChain(head: "")
        for row in rows {
            let event = NewEvent(
                stream: row.stream, version: row.version, type: row.type, data: row.data, origin: row.origin,
                recordedAt: row.recordedAt)
            #expect(chain.add(event, partition: partition, position: row.position) == row.hash)
        }
    }

    @Test(arguments: Backend.available)
    func readsWhatWasWrittenAndStoresNoneOfIt(on backend: Backend) async throws {
        let database = try await backend.makeEmptyDatabase().sealing(with: secrets)
        try await Migrator.bundled().run(on: database)
        let new = try newEvents()
        try await database.transaction { try EventLog($0).append(new, to: partition) }
        let rows = try await read(database)
        #expect(rows.map(\.data) == new.map(\.data))
        #expect(rows[0].origin == Origin(actor: "jdoe", causation: "c", correlation: "r", person: jane.id))
        let stored = try await read(database, asStored: true)
        for row in stored {
            let text = "\(row.data) \(row.origin.actor)"
            for secret in ["jdoe\"", "\"Jane\"", "Dö", "Red phone", "on my", "“jdoe”", "ask jdoe,"] {
                #expect(!text.contains(secret), "\(secret) in \(text)")
            }
        }
        #expect(stored[0].data.contains("not jdoe2"), "another's name was taken for hers")
        expectWhole(stored)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func forgetsWhoseKeyIsDestroyedAndNobodyElse(on backend: Backend) async throws {
        let database = try await backend.makeEmptyDatabase().sealing(with: secrets)
        try await Migrator.bundled().run(on: database)
        let new = try newEvents()
        try await database.transaction { connection in
            try EventLog(connection).append(new, to: partition)
            try PersonKeys(connection).destroy(adam.id, at: at)
        }
        var decoded = try await read(database).map { try EventCodec<Alert.Event>.decode($0.data) }
        let erased = "erased-p-adam-5"
        guard case .terminated(let person, .endedByUser, _) = decoded[4] else { throw StoreError(.invalid, "ended") }
        let nobody = PersonReference(id: adam.id, targetName: erased, firstName: erased, lastName: erased)
        #expect(person == nobody)
        guard case .escalated(let report, _) = decoded[3] else { throw StoreError(.invalid, "escalated") }
        #expect(report.by == nobody && report.reason == .active)
        #expect(report.from.map(\.targetName) == ["jdoe", erased, "jdoe|Red phone"])
        #expect(Array(decoded[1...2]) == Array(events[1...2]))

        try await database.transaction { try PersonKeys($0).destroy(jane.id, at: at) }
        database.vault.forget()
        // What is written now is erased at once.
        try await database.transaction { connection in
            let (type, data) = try EventCodec.encode(events[1], category: "alert")
            let late = NewEvent(
                stream: "alert-1", version: 6, type: type, data: data,
                origin: Origin(actor: "jdoe", causation: "c", correlation: "r", person: jane.id), recordedAt: at,
                personal: events[1].personal)
            try EventLog(connection).append([late], to: partition)
        }
        let rows = try await read(database)
        decoded = try rows.map { try EventCodec<Alert.Event>.decode($0.data) }
        let gone = "erased-p-jane-1"
        guard case .commented(_, let author, let text, _) = decoded[5] else { throw StoreError(.invalid, "commented") }
        #expect(author.targetName == gone && text == gone)
        #expect(rows.allSatisfy { $0.origin.actor == gone && $0.origin.person == jane.id || $0.version == 6 })
        #expect(rows[5].origin.actor == gone)
        guard case .created(let details, _) = decoded[0] else { throw StoreError(.invalid, "created") }
        #expect(details.subject == "“\(gone)” and ~p1~p-jane-1234~AAAA~ and ~p1~")
        #expect(details.properties["nested"]?["who"]?.string == "ask \(gone), not jdoe2")
        expectWhole(try await read(database, asStored: true))
        await database.close()
    }

    /// As in the payload of a webhook and the globals of a script.
    @Test func sealsWithinJSONThatIsAText() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        let names: JSONValue = [
            "id": .string(jane.id), "recipient": .string(jane.targetName), "lastName": .string(jane.lastName), "n": 1,
        ]
        let inner = try JSON.encode(names)
        let payload = try JSON.encode(["payload": JSONValue.string(inner), "list": .array([names])] as JSONValue)
        var request = WebhookDelivery.Request(
            id: "d", integration: NamedReference(id: "i", name: "I"), trigger: .status, alert: "a", alertNumber: 1,
            sequence: 1, payload: payload, correlation: "r",
            script: .init(globals: inner, initiator: jane.id, depth: 0))
        request.personal = jane.personal
        let command = AddressedCommand<WebhookDelivery>(
            .request(request), on: "d", by: Origin(actor: "<test>", causation: "c", correlation: "r"))
        let (rows, stored) = try await database.transaction { [request] connection in
            try EventLog(connection).execute([command], in: partition, at: at)
            _ = request
            return (
                try EventLog(connection).read(partition, after: 0, limit: 1),
                try EventLog(connection, asStored: true).read(partition, after: 0, limit: 1)
            )
        }
        #expect(
            try EventCodec<WebhookDelivery.Event>.decode(rows[0].data) == .requested(request: request, at: at))
        #expect(!stored[0].data.contains("jdoe") && !stored[0].data.contains("Dö"))
        #expect(rows[0].origin.actor == "<test>" && rows[0].origin.person == nil)
        await database.close()
    }

    /// A text that somebody copies to another place, or changes, is not opened there.
    @Test(arguments: Backend.available)
    func opensNothingElsewhere(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let new = try newEvents()
        try await database.transaction { connection in
            try EventLog(connection).append(new, to: partition)
            let rows = try EventLog(connection, asStored: true).read(partition, after: 0, limit: 10)
            try connection.execute(
                "UPDATE events SET data = \(rows[1].data) WHERE partition_name = 'alert/0' AND position = 3")
        }
        let row = try await read(database)[2]
        #expect(!row.data.contains("jdoe") && row.data.contains("~p1~p-jane-1234~"))
        await database.close()
    }

    /// A key whose transaction is taken back is not used again: what it sealed could never be read.
    @Test(arguments: Backend.available)
    func keepsNoKeyThatWasNotStored(on backend: Backend) async throws {
        struct Halt: Error {}
        let database = try await backend.makeDatabase()
        let new = try newEvents()
        await #expect(throws: Halt.self) {
            try await database.transaction { connection in
                try EventLog(connection).append(Array(new[..<2]), to: partition)
                _ = try EventLog(connection).read(partition, after: 0, limit: 10)
                throw Halt()
            }
        }
        try await database.transaction { try EventLog($0).append(new, to: partition) }
        (database as? SealingDatabase)?.vault.forget()
        #expect(try await read(database).map(\.data) == new.map(\.data))
        await database.close()
    }

    /// A key that another process destroys is used for a minute at most.
    @Test func forgetsKeysInTime() async throws {
        let (plain, time) = (try await Backend.sqlite.makeEmptyDatabase(), TestTime())
        let database = plain.sealing(with: secrets, now: { time.now })
        try await Migrator.bundled().run(on: database)
        let new = try newEvents()
        try await database.transaction { try EventLog($0).append(new, to: partition) }
        time.advance(by: .seconds(600))
        #expect(try await read(database)[1].data.contains("jdoe"))
        try await plain.transaction { [now = time.now] in try PersonKeys($0).destroy(jane.id, at: now) }
        time.advance(by: .seconds(59))
        #expect(try await read(database)[1].data.contains("jdoe"))
        time.advance(by: .seconds(1))
        #expect(try await !read(database)[1].data.contains("jdoe"))
        await database.close()
    }

    /// Two people with one name, and two devices: each is sealed with the key of whose it is.
    @Test func tellsNamesakesApart() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        let (one, two) = (
            PersonReference(id: "p-one", targetName: "one", firstName: "Sam", lastName: "Poe"),
            PersonReference(id: "p-two", targetName: "two", firstName: "Sam", lastName: "Poe")
        )
        let data = try JSON.encode(["a": [one, two]])
        let new = NewEvent(
            stream: "s", version: 1, type: "t", data: data,
            origin: Origin(actor: "two", causation: "c", correlation: "r"), recordedAt: at,
            personal: one.personal + two.personal)
        try await database.transaction { connection in
            try EventLog(connection).append([new], to: partition)
            try PersonKeys(connection).destroy(one.id, at: at)
        }
        (database as? SealingDatabase)?.vault.forget()
        let people = try JSON.decode(try await read(database)[0].data, as: [String: [PersonReference]].self)
        #expect(people["a"]?[1] == two)
        #expect(people["a"]?[0].firstName == "erased-p-one" && people["a"]?[0].targetName == "erased-p-one")
        await database.close()
    }

    @Test(arguments: Backend.available)
    func keysAreSealedAnewWithTheSecretKey(on backend: Backend) async throws {
        let (old, new) = (SymmetricKey(size: .bits256), SymmetricKey(size: .bits256))
        let plain = try await backend.makeEmptyDatabase()
        try await Migrator.bundled().run(on: plain)
        let events = try newEvents()
        try await plain.sealing(with: SecretBox(key: old)).transaction { connection in
            try EventLog(connection).append(events, to: partition)
            try PersonKeys(connection).destroy("p-gone", at: at)
        }
        let both = SecretBox(keyring: Keyring(keys: [new, old]))
        let resealing = Resealing(database: plain, secrets: both, batch: 1, now: { at })
        var expected = Resealing.Outcome()
        expected.resealed = 2
        #expect(try await resealing.survey() == expected)
        #expect(try await resealing.run() == expected)
        expected = Resealing.Outcome()
        expected.current = 2
        #expect(try await resealing.run() == expected)
        #expect(try await read(plain.sealing(with: SecretBox(key: new))).map(\.data) == events.map(\.data))
        // Without the key, it is not taken for erased.
        let without = try await read(plain.sealing(with: SecretBox(key: old)))
        #expect(without[1].data.contains("sealed-p-jane-1") && !without[1].data.contains("erased"))
        await plain.close()
    }

    /// Whatever the names and the texts around them, what is read is what was written.
    @Test func losesNothing() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        var random = SystemRandomNumberGenerator()
        let pieces = ["a", "\"", "\\", "~p1~", "~", "ü", " ", "\n", "\u{1}", "{", "}", ":", "jdoe", "\u{2028}", "/"]
        func text() -> String {
            (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
        }
        var new: [NewEvent] = []
        for version in 1...300 {
            let personal = (0..<4).map { PersonalText(text(), of: "p-\($0 % 2)", isName: $0 < 2) }
            let inner: JSONValue = ["targetName": .string(personal[0].text), "k": .string(text())]
            let value: JSONValue = [
                "comment": .string(personal[1].text + text()), "text": .string(personal[2].text),
                "payload": .string(try JSON.encode(inner)), "name": .string("\(text()) \(personal[0].text) \(text())"),
                "properties": [text(): .string(personal[3].text), "list": ["x", .string(personal[0].text)]],
            ]
            new.append(
                NewEvent(
                    stream: "s", version: Version(version), type: "t", data: try JSON.encode(value),
                    origin: Origin(actor: personal[0].text, causation: "c", correlation: "r"), recordedAt: at,
                    personal: personal))
        }
        try await database.transaction { [new] in try EventLog($0).append(new, to: partition) }
        let rows = try await database.reading { try EventLog($0).read(partition, after: 0, limit: 1000) }
        #expect(rows.map(\.data) == new.map(\.data))
        #expect(rows.map(\.origin.actor) == new.map(\.origin.actor))
        try await database.transaction { connection in
            for person in ["p-0", "p-1"] { try PersonKeys(connection).destroy(person, at: at) }
        }
        (database as? SealingDatabase)?.vault.forget()
        let erased = try await database.reading { try EventLog($0).read(partition, after: 0, limit: 1000) }
        for row in erased { _ = try JSON.decode(row.data, as: JSONValue.self) }
        await database.close()
    }
}

private final class TestTime: @unchecked Sendable {  // `time` under `lock` only
    private let lock = NSLock()
    private var time = Timestamp(milliseconds: 1_000_000)

    var now: Timestamp { lock.withLock { time } }
    func advance(by pause: Duration) { lock.withLock { time = time.advanced(by: pause) } }
}
