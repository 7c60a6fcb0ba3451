import AlertCore
import TestSupport
import Testing

@testable import Persistence

/// The directory as it was, on every database.
@Suite(.timeLimit(.minutes(5)))
struct DirectoryHistoryTests {
    static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z

    private static func at(_ hour: Int) -> Timestamp { start.advanced(by: .seconds(3600 * hour)) }

    private func put(_ entries: [any DirectoryEntry], at hour: Int, in database: any SQLDatabase) async throws {
        try await database.transaction { connection in
            for entry in entries { try Directory(connection).put(entry, by: directoryOrigin, at: Self.at(hour)) }
        }
    }

    private func view(at hour: Int, in database: any SQLDatabase) async throws -> DirectoryView {
        try await database.reading { try DirectoryHistory($0).view(at: Self.at(hour)) }
    }

    private static func shift(_ names: String...) -> Shift {
        Shift(
            id: "s", group: "g", name: "Day", start: start, end: at(24), timezone: "UTC",
            recurrence: Recurrence(frequency: .daily),
            members: names.map { Shift.Member(recipient: GroupMember(id: "person-\($0)", recipientType: .person)) },
            rotation: Rotation(type: .alerts), created: start)
    }

    @Test(arguments: Backend.available)
    func answersWhoWasOnCall(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let group = Group(id: "g", targetName: "Ops", created: Self.start)
            try await put([samplePerson("mia"), samplePerson("tom"), group], at: 1, in: database)
            try await put([Self.shift("mia", "tom")], at: 2, in: database)
            try await put([Self.shift("tom")], at: 4, in: database)
            var tom = samplePerson("tom")
            tom.status = .inactive
            try await put([tom], at: 6, in: database)
            try await database.transaction { connection in
                try Directory(connection).delete(Group.self, id: "g", by: directoryOrigin, at: Self.at(8))
            }
            try await put([Group(id: "g", targetName: "Ops again", created: Self.start)], at: 10, in: database)
            for (alert, hour) in [("a", 3), ("b", 5)] {
                try await database.transaction { connection in
                    try RotationCounts(connection).count(alert: alert, for: ["s"], at: Self.at(hour))
                }
            }

            for (hour, names) in [
                (0, nil), (1, nil), (2, ["mia", "tom"]), (3, ["tom", "mia"]), (4, ["tom"]), (5, ["tom"]), (7, ["tom"]),
                (8, nil), (11, nil),
            ] as [(Int, [String]?)] {
                let roster = try await database.reading { try DirectoryHistory($0).roster(at: Self.at(hour)) }
                let shifts = roster.onCall(group: "g", at: Self.at(hour))
                #expect(shifts.first?.members.map { String($0.recipient.id.dropFirst(7)) } == names, "hour \(hour)")
                if hour >= 6, let member = shifts.first?.members.first {
                    #expect(member.skipped == "tom is inactive")
                }
            }
            #expect(try await view(at: 9, in: database).groups.isEmpty)
            #expect(try await view(at: 12, in: database).group("ops again")?.id == "g")
            #expect(try await view(at: 7, in: database).group("Ops")?.id == "g")
        }
    }

    /// At any moment of a random history, the past is what the present was then.
    @Test(arguments: Backend.available, 0..<3)
    func isWhatThePresentWas(on backend: Backend, seed: UInt64) async throws {
        try await backend.withDatabase { database in
            var chance = SeededGenerator(seed: seed)
            var diary: [(people: [String: Person], groups: [String: Group])] = []
            for hour in 1...25 {
                let name = ["mia", "tom", "eve"].randomElement(using: &chance)!
                let isDeletion = Bool.random(using: &chance)
                let number = Int.random(in: 0..<3, using: &chance)
                try await database.transaction { connection in
                    let directory = Directory(connection)
                    if isDeletion {
                        try directory.delete(Person.self, id: "person-\(name)", by: directoryOrigin, at: Self.at(hour))
                        try directory.delete(Group.self, id: name, by: directoryOrigin, at: Self.at(hour))
                    } else {
                        var person = samplePerson(name, passwordHash: "secret \(number)")
                        person.lastName = "\(number)"
                        try directory.put(person, by: directoryOrigin, at: Self.at(hour))
                        let group = Group(id: name, targetName: "G\(name)\(number)", created: Self.start)
                        try directory.put(group, by: directoryOrigin, at: Self.at(hour))
                    }
                }
                let now = try await DirectoryCache(database: database).refreshed()
                diary.append((now.people.mapValues(Self.withoutPassword), now.groups))
            }
            for (index, page) in diary.enumerated() {
                let view = try await view(at: index + 1, in: database)
                #expect(view.people == page.people)
                #expect(view.groups == page.groups)
            }
            #expect(try await view(at: 0, in: database).people.isEmpty)
        }
    }

    private static func withoutPassword(_ person: Person) -> Person {
        var person = person
        person.passwordHash = nil
        return person
    }

    @Test(arguments: Backend.available)
    func bringsBackNoSecretAndNothingElse(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let key = APIKey(id: "x-api-key-1", person: "person-mia", name: "k", secretHash: "h", created: Self.start)
            try await put([samplePerson("mia", passwordHash: "old"), samplePlan("a"), key], at: 1, in: database)
            try await put([samplePerson("mia", passwordHash: "new")], at: 3, in: database)
            for hour in [2, 4] {
                let view = try await view(at: hour, in: database)
                #expect(view.people["person-mia"]?.targetName == "mia")
                #expect(view.people["person-mia"]?.passwordHash == nil)
                #expect(view.apiKeys.isEmpty)
                #expect(view.plans.isEmpty)
            }
            #expect(try await view(at: 2, in: database).version == 3)
            #expect(try await view(at: 4, in: database).version == 4)
        }
    }
}
