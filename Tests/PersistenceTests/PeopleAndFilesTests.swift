import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// When people were let in, and the files that go with alerts, on every backend.
@Suite struct PeopleAndFilesTests {
    let noon = Timestamp(milliseconds: 1_790_000_000_000)

    @Test(arguments: Backend.available)
    func rememberWhoWasLetIn(on backend: Backend) async throws {
        try await backend.withDatabase { [noon] database in
            let later = noon.advanced(by: .seconds(60))
            try await database.transaction { connection in
                let signIns = SignIns(connection)
                try signIns.record("ann", at: noon)
                try signIns.record("ann", at: later)
                try signIns.record("ann", at: noon)  // another process, whose clock is behind
                try signIns.record("bob", at: noon)
            }
            let (some, all) = try await database.reading { connection in
                (try SignIns(connection).last(of: ["ann", "cid"]), try SignIns(connection).all())
            }
            #expect(some == ["ann": later])
            #expect(all == ["ann": later, "bob": noon])
        }
    }

    @Test func writesItDownOnceInAWhile() async throws {
        try await Backend.sqlite.withDatabase { [noon] database in
            let hash = PasswordHash.make("password", cost: .lowest)
            try await database.transaction { connection in
                let person = Person(
                    id: "ann", targetName: "ann", firstName: "Ann", lastName: "A", passwordHash: hash, whenCreated: noon
                )
                try Directory(connection).put(
                    person, by: Origin(actor: "<test>", causation: "t", correlation: "t"), at: noon)
            }
            let clock = MovingClock(noon)
            let authenticator = Authenticator(
                cache: DirectoryCache(database: database), signIns: SignInRecorder(database: database),
                now: { clock.now })
            func last() async throws -> Timestamp? { try await database.reading { try SignIns($0).all()["ann"] } }
            _ = try await authenticator.authenticate(login: "ann", password: "password")
            #expect(try await last() == noon)
            clock.now = noon.advanced(by: .seconds(299))
            _ = try await authenticator.authenticate(login: "ann", password: "password")
            #expect(try await last() == noon)
            clock.now = noon.advanced(by: .seconds(300))
            _ = try await authenticator.authenticate(login: "ann", password: "password")
            #expect(try await last() == clock.now)
            await #expect(throws: RestError.self) {
                _ = try await authenticator.authenticate(login: "ann", password: "wrong")
            }
        }
    }

    private func file(_ id: Int, by person: String = "ann", size: Int = 3, at time: Timestamp) -> StoredAttachment {
        StoredAttachment(
            id: "00000000-0000-4000-8000-00000000000\(id)", name: "a.txt", mediaType: "text/plain",
            content: Data(repeating: 7, count: size), uploadedBy: person, uploadedAt: time)
    }

    @Test(arguments: Backend.available)
    func keepsFilesThatAnAlertNames(on backend: Backend) async throws {
        try await backend.withDatabase { [noon] database in
            let files = (1...2).map { file($0, at: noon) }
            let week = noon.advanced(by: .seconds(7 * 86_400 + 1))
            let third = file(3, at: week)
            try await database.transaction { connection in
                for file in files { try Attachments(connection).put(file) }
                var details = AlertDetails(
                    number: 1, plan: NamedReference(id: "p", name: "P"), form: NamedReference(id: "f", name: "F"),
                    requestId: "r",
                    submitter: PersonReference(id: "ann", targetName: "ann", firstName: "A", lastName: "A"),
                    priority: .high)
                details.attachments = [
                    AlertAttachment(name: "a.txt", path: "/api/xm/1/attachments/\(files[0].id.uppercased())/a.txt"),
                    AlertAttachment(name: "b.txt", path: "https://elsewhere.example/b.txt"),
                ]
                let outcomes = try EventLog(connection).execute(
                    [
                        AddressedCommand<Alert>(
                            .create(details), on: "a1", by: Origin(actor: "ann", causation: "c", correlation: "r"))
                    ], in: LogPartition("alert", 0), at: noon)
                try Alerts(connection).apply(outcomes.map { ($0.id, $0.version, $0.events) })
                try Attachments(connection).put(third)
            }
            let found = try await database.reading { connection in
                try (files + [third]).map { try Attachments(connection).get($0.id) }
            }
            #expect(found == [files[0], nil, third])
            let sizes = try await database.reading { try Attachments($0).sizes(of: [files[0].id, files[1].id]) }
            #expect(sizes == [files[0].id: 3])
        }
    }

    @Test func boundsWhatWaits() async throws {
        try await Backend.sqlite.withDatabase { [noon] database in
            let big = (1...2).map { file($0, size: Attachments.waitingLimit / 2, at: noon) }
            try await database.transaction { connection in
                for file in big { try Attachments(connection).put(file) }
            }
            let (mine, hers) = (file(3, at: noon), file(4, by: "bea", at: noon))
            await #expect(throws: RestError.self) { try await database.transaction { try Attachments($0).put(mine) } }
            try await database.transaction { try Attachments($0).put(hers) }
        }
    }

    @Test(
        arguments: [
            ("/attachments/0190A2B3-0000-4000-8000-000000000001/a%20b", "0190a2b3-0000-4000-8000-000000000001"),
            ("attachments/0190a2b3-0000-4000-8000-000000000001/x", "0190a2b3-0000-4000-8000-000000000001"),
            ("/attachments/none/x", nil), ("/files/0190a2b3-0000-4000-8000-000000000001/x", nil),
            ("/attachments/0190a2b3-0000-4000-8000-000000000001", nil),
        ] as [(String, String?)])
    func findsTheUploadOfAPath(_ path: String, _ id: String?) {
        #expect(AlertAttachment(name: "x", path: path).uploadId == id)
    }
}

private final class MovingClock: @unchecked Sendable {  // one test moves it between its own calls
    var now: Timestamp
    init(_ now: Timestamp) { self.now = now }
}
