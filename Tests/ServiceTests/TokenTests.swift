import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// Tokens of OAuth2, over a real socket.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct TokenTests {
    private func token(_ world: DoorWorld, _ fields: String, inQuery: Bool = false) async throws -> Answer {
        let path = "/api/xm/1/oauth2/token" + (inQuery ? "?\(fields)" : "")
        return try await world.send(
            "POST", path, Data(inQuery ? "".utf8 : fields.utf8),
            headers: ["Content-Type": "application/x-www-form-urlencoded"])
    }

    private static let signIn = "grant_type=password&client_id=c&username=admin&password=correct%20horse"

    private func people(_ world: DoorWorld, _ token: String?) async throws -> Int {
        try await world.send(
            "GET", "/api/xm/1/people", headers: ["Authorization": "Bearer \(token ?? "")"]
        ).status
    }

    @Test(arguments: [true, false])
    func aTokenSignsInUntilItIsOver(_ inQuery: Bool) async throws {
        try await DoorWorld.run { world in
            let answer = try await token(world, Self.signIn, inQuery: inQuery)
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["token_type"] == "bearer" && json["expires_in"] == 900)
            #expect(json["jti"]?.string?.count == 36 && json["refresh_token"]?.string?.isEmpty == false)
            let access = json["access_token"]?.string ?? ""
            #expect(access.split(separator: ".").count == 3)
            #expect(try await people(world, access) == 200)
            #expect(try await people(world, access + "x") == 401)
            #expect(try await people(world, nil) == 401)
            world.clock.advance(by: .seconds(901))
            #expect(try await people(world, access) == 401)
        }
    }

    @Test func aRefreshTokenIsExchangedOnce() async throws {
        try await DoorWorld.run { world in
            func refresh(_ token: String) async throws -> Answer {
                try await self.token(world, "grant_type=refresh_token&refresh_token=\(token)")
            }
            func refreshToken(_ answer: Answer) throws -> String { try answer.json["refresh_token"]?.string ?? "" }
            let first = try refreshToken(try await token(world, Self.signIn))
            let answer = try await refresh(first)
            #expect(answer.status == 200)
            #expect(try await people(world, try answer.json["access_token"]?.string) == 200)
            let second = try refreshToken(answer)
            #expect(second != first)
            // Somebody has it twice: all that came of it ends.
            #expect(try await refresh(first).status == 401)
            #expect(try await refresh(second).status == 401)
            #expect(try await refresh("never-issued").status == 401)
            let third = try refreshToken(try await token(world, Self.signIn))
            world.clock.advance(by: .seconds(31 * 86_400))
            #expect(try await refresh(third).status == 401)
            let kept = try await world.database.reading {
                try $0.execute("SELECT token_hash FROM refresh_tokens").map { $0.text(0) }
            }
            #expect(!kept.contains(third))
        }
    }

    @Test(arguments: [true, false])
    func endsWithThePasswordAndWithThePerson(_ isDeactivated: Bool) async throws {
        try await DoorWorld.run { world in
            let json = try await token(world, Self.signIn).json
            let access = json["access_token"]?.string ?? ""
            #expect(try await people(world, access) == 200)
            let now = world.clock.now
            try await world.database.transaction { connection in
                let directory = Directory(connection)
                guard var person = try directory.get(Person.self, id: "id-admin") else { return }
                if isDeactivated {
                    person.status = .inactive
                } else {
                    person.passwordHash = PasswordHash.make("another", cost: .lowest)
                }
                try directory.put(
                    person, by: Origin(actor: "<test>", causation: "test", correlation: "test"), at: now)
            }
            #expect(try await people(world, access) == 401)
            let refresh = json["refresh_token"]?.string ?? ""
            #expect(try await token(world, "grant_type=refresh_token&refresh_token=\(refresh)").status == 401)
        }
    }

    @Test(arguments: [
        ("", 400, "grant_type"), ("grant_type=magic", 400, "password, refresh_token"),
        ("grant_type=password&password=x", 400, "username"), ("grant_type=password&username=admin", 400, "password"),
        ("grant_type=password&username=admin&password=wrong", 401, "wrong"),
        ("grant_type=refresh_token", 400, "refresh_token"),
        ("grant_type=password&username=x-api-key-1&password=key-secret", 400, "username"),
    ])
    func refusesWithTheReason(_ fields: String, _ status: Int, _ says: String) async throws {
        try await DoorWorld.run { world in
            let answer = try await token(world, fields)
            #expect(answer.status == status && answer.body.contains(says), "\(answer.body)")
        }
    }

    @Test func aClientIdThatIsSetIsAskedFor() async throws {
        try await DoorWorld.run(.init(clientId: "c")) { world in
            #expect(try await token(world, Self.signIn).status == 200)
            let other = try await token(world, Self.signIn.replacing("client_id=c", with: "client_id=d"))
            #expect(other.status == 401 && other.body.contains("client_id"))
            #expect(try await token(world, Self.signIn.replacing("&client_id=c", with: "")).status == 401)
        }
    }
}
