import AlertCore
import TestSupport
import Testing

@testable import Persistence

/// Whatever was done to the directory and to alerts: what the log says of a moment is what there was at that moment.
@Suite(.timeLimit(.minutes(5)))
struct PastStateTests {
    static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z
    static let kinds: Set<String> = [
        Person.kind, Device.kind, Group.kind, Shift.kind, TemporaryAbsence.kind, Plan.kind, Form.kind, Constant.kind,
    ]
    static let groups = ["g0", "g1"]
    static let persons = ["person-a", "person-b", "person-c"]

    /// What there was at a time, as it was read then.
    struct Snapshot: Sendable {
        let at: Timestamp
        let documents: [String: JSONValue]
        let onCall: [String]
        let alerts: [String: Alert.State]
    }

    @Test(arguments: Backend.available, [11, 12] as [UInt64])
    func theLogSaysWhatThereWas(on backend: Backend, _ seed: UInt64) async throws {
        try await backend.withDatabase { database in
            var random = SeededGenerator(seed: seed)
            var now = Self.start
            var snapshots: [Snapshot] = []
            for _ in 0..<60 {
                // Several changes can have the same time: what counts is what they led to.
                if random.next() % 5 > 0 { now = now.advanced(by: .seconds(Int(1 + random.next() % 5000))) }
                try await change(database, &random, at: now)
                let snapshot = try await self.snapshot(of: database, at: now)
                if snapshots.last?.at == now { snapshots.removeLast() }
                snapshots.append(snapshot)
            }
            for (snapshot, next) in zip(snapshots, snapshots.dropFirst() + snapshots.suffix(1)) {
                // Also just before the next change.
                let times = [snapshot.at] + (next.at > snapshot.at ? [next.at.advanced(by: .milliseconds(-1))] : [])
                for time in times {
                    let past = try await Self.past(database, at: time)
                    #expect(past.documents == snapshot.documents, "\(time.iso)")
                    #expect(past.alerts == snapshot.alerts, "\(time.iso)")
                }
                let past = try await Self.past(database, at: snapshot.at)
                #expect(past.onCall == snapshot.onCall, "\(snapshot.at.iso)")
            }
        }
    }

    // MARK: - What there is, and what there was

    private func snapshot(of database: any SQLDatabase, at now: Timestamp) async throws -> Snapshot {
        let view = try await DirectoryCache(database: database, interval: .zero).current()
        return try await database.reading { connection in
            var documents: [String: JSONValue] = [:]
            for row in try connection.execute("SELECT kind, id, document FROM directory") {
                documents["\(row.text(0))/\(row.text(1))"] = try DirectoryAudit.redacted(row.text(2))
            }
            var roster = view.roster
            roster.alertCounts = try RotationCounts(connection).current()
            let states = try EventLog(connection).states(of: Self.alerts, Alert.self)
            return Snapshot(
                at: now, documents: documents, onCall: Self.words(roster, at: now), alerts: states.mapValues(\.state))
        }
    }

    private static func past(_ database: any SQLDatabase, at time: Timestamp) async throws -> Snapshot {
        try await database.reading { connection in
            let history = DirectoryHistory(connection)
            let entries = try history.entries(of: kinds, at: time)
            var states: [String: Alert.State] = [:]
            for event in try EventLog(connection).read(streams: alerts.map { "alert-\($0)" })
            where event.recordedAt <= time {
                let id = String(event.stream.dropFirst("alert-".count))
                states[id] = Alert.evolve(states[id] ?? Alert.initial, try EventCodec.decode(event.data))
            }
            return Snapshot(
                at: time,
                documents: Dictionary(uniqueKeysWithValues: entries.map { ("\($0.kind)/\($0.id)", $0.document) }),
                onCall: words(try history.roster(at: time), at: time), alerts: states)
        }
    }

    private static func words(_ roster: Roster, at time: Timestamp) -> [String] {
        groups.flatMap { group in
            roster.onCall(group: group, at: time).flatMap { shift in
                shift.members.map { "\(group) \(shift.shift.name) \($0.recipient.id) \($0.delay) \($0.skipped ?? "")" }
            }
        }
    }

    // MARK: - Changes

    static let alerts: Set<String> = ["a0", "a1", "a2"]

    private func change(_ database: any SQLDatabase, _ random: inout SeededGenerator, at now: Timestamp) async throws {
        let (choice, which, value) = (random.next() % 12, Int(random.next() % 3), random.next())
        try await database.transaction { connection in
            let directory = Directory(connection)
            let origin = directoryOrigin
            let person = Self.persons[which]
            let group = Self.groups[which % 2]
            switch choice {
            case 0, 1:
                var entry = samplePerson(["a", "b", "c"][which])
                entry.status = value % 4 == 0 ? .inactive : .active
                entry.language = "en-\(value % 3)"
                try directory.put(entry, by: origin, at: now)
            case 2:
                try directory.put(
                    Device(
                        id: "d\(which)", number: Int64(which + 1), owner: person, name: "Mail", deviceType: .email,
                        emailAddress: "x\(value % 9)@example.com"), by: origin, at: now)
            case 3:
                var entry = Group(id: group, targetName: "Group \(group)", created: Self.start)
                entry.description = "\(value % 5)"
                entry.members = Self.persons.prefix(Int(value % 4)).map { GroupMember(id: $0, recipientType: .person) }
                try directory.put(entry, by: origin, at: now)
            case 4, 5: try directory.put(Self.shift(in: group, value), by: origin, at: now)
            case 6:
                try directory.put(
                    TemporaryAbsence(
                        id: "t\(which)", absenceType: .away, start: now,
                        end: now.advanced(by: .seconds(Int(value % 9000))), member: person, created: now), by: origin,
                    at: now)
            case 7:
                try directory.put(samplePlan("p"), by: origin, at: now)
                try directory.put(
                    Constant(id: "c\(which)", plan: "plan-p", name: "C\(which)", value: "\(value % 7)"), by: origin,
                    at: now)
            case 8: try Self.delete(which, value, directory, at: now)
            default: try Self.command("a\(which)", value, connection, at: now)
            }
        }
    }

    private static func shift(in group: String, _ value: UInt64) -> Shift {
        Shift(
            id: "s-\(group)-\(value % 2)", group: group, name: "Shift \(value % 2)", start: start,
            end: start.advanced(by: .seconds(3600 * 24)), timezone: "Europe/Berlin",
            recurrence: Recurrence(frequency: .daily),
            members: persons.prefix(Int(value / 2 % 4)).enumerated().map { index, id in
                Shift.Member(recipient: GroupMember(id: id, recipientType: .person), delay: index * 5)
            }, created: start)
    }

    private static func delete(_ which: Int, _ value: UInt64, _ directory: Directory, at now: Timestamp) throws {
        switch value % 4 {
        case 0: try directory.delete(Person.self, id: persons[which], by: directoryOrigin, at: now)
        case 1: try directory.delete(Group.self, id: groups[which % 2], by: directoryOrigin, at: now)
        case 2: try directory.delete(Plan.self, id: "plan-p", by: directoryOrigin, at: now)
        default: try directory.delete(Device.self, id: "d\(which)", by: directoryOrigin, at: now)
        }
    }

    private static func command(
        _ alert: String, _ value: UInt64, _ connection: any SQLConnection, at now: Timestamp
    ) throws {
        let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")
        let command: Alert.Command =
            switch value % 5 {
            case 0, 1:
                .create(
                    AlertDetails(
                        number: Int64(alert.dropFirst()) ?? 0, plan: NamedReference(id: "plan", name: "Plan"),
                        form: NamedReference(id: "form", name: "Form"), requestId: "request-\(alert)", submitter: mary,
                        priority: .high))
            case 2: .suspend(by: mary)
            case 3: .resume(by: mary)
            default: .comment(id: "\(value)", by: mary, text: "so")
            }
        try EventLog(connection).execute(
            [AddressedCommand<Alert>(command, on: alert, by: directoryOrigin)], in: LogPartition("alert", 0), at: now)
    }
}
