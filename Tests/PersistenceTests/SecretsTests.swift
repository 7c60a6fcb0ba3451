import AlertCore
import Crypto
import Foundation
import SQLiteDatabase
import Testing

@testable import Persistence

struct SecretsTests {
    private let box = SecretBox(key: SymmetricKey(size: .bits256))

    @Test func opensWhatItSealed() throws {
        let sealed = box.seal("geheim ✓", for: .endpointPassword("1"))
        #expect(sealed.hasPrefix("v2:\(box.keyring.ids[0]):"))
        #expect(!sealed.contains("geheim"))
        #expect(try box.open(sealed, for: .endpointPassword("1")) == "geheim ✓")
        #expect(sealed != box.seal("geheim ✓", for: .endpointPassword("1")))
    }

    @Test func refusesAnotherContextAnotherKeyAndAnotherText() throws {
        let sealed = box.seal("x", for: .endpointPassword("1"))
        #expect(throws: SecretError.refused) { try box.open(sealed, for: .endpointPassword("2")) }
        #expect(throws: SecretError.refused) { try box.open(sealed, for: .integrationKey("1")) }
        let other = SecretBox(key: SymmetricKey(size: .bits256))
        #expect(throws: SecretError.unknownKey(id: box.keyring.ids[0])) {
            try other.open(sealed, for: .endpointPassword("1"))
        }
        #expect(throws: SecretError.notSealed) { try box.open("x", for: .endpointPassword("1")) }
        #expect(throws: SecretError.refused) { try box.open("v1:AAAA", for: .endpointPassword("1")) }
    }

    @Test func takesAKeyOf32BytesOnly() throws {
        let key = Data(repeating: 7, count: 32).base64EncodedString()
        let sealed = try SecretBox(base64Key: key).seal("x", for: SecretContext("c"))
        #expect(try SecretBox(base64Key: key).open(sealed, for: SecretContext("c")) == "x")
        #expect(throws: SecretError.badKey) { try SecretBox(base64Key: "c2hvcnQ=") }
        #expect(throws: SecretError.badKey) { try SecretBox(base64Key: "no base64!") }
    }

    @Test func derivesAKeyForEachPurpose() {
        #expect(box.subkey(for: "links") == box.subkey(for: "links"))
        #expect(box.subkey(for: "links") != box.subkey(for: "sessions"))
    }

    /// RFC 7914, section 12.
    @Test(arguments: [
        (
            "", "", 4, 1, 1,
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "pleaseletmein", "SodiumChloride", 14, 8, 1,
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func hashesAsTheStandardSays(
        password: String, salt: String, logarithm: Int, blockSize: Int, parallelism: Int, expected: String
    ) throws {
        let cost = PasswordHash.Cost(logarithm: logarithm, blockSize: blockSize, parallelism: parallelism)
        let hash = PasswordHash.derive(password, salt: Array(salt.utf8), cost: cost, length: 64)
        #expect(try #require(hash).hexadecimal == expected)
    }

    @Test func knowsARightPasswordFromAWrongOne() {
        let hash = PasswordHash.make("right", cost: .lowest)
        #expect(PasswordHash.verify("right", against: hash))
        #expect(!PasswordHash.verify("wrong", against: hash))
        #expect(!PasswordHash.verify("right", against: ""))
        #expect(!PasswordHash.verify("right", against: "scrypt$99$8$1$AAAA$AAAA"))
        #expect(hash != PasswordHash.make("right", cost: .lowest))
    }

    @Test func comparesTexts() {
        #expect(constantTimeEquals("abc", "abc"))
        #expect(!constantTimeEquals("abc", "abd"))
        #expect(!constantTimeEquals("abc", "ab"))
    }
}

struct SecretsAuthenticatorTests {
    private func authenticator(now: @escaping Clock = { directoryNoon }) async throws -> Authenticator {
        let database = try await directoryDatabase()
        let hash = PasswordHash.make("password", cost: .lowest)
        try await database.transaction { connection in
            let directory = Directory(connection)
            var gone = samplePerson("gone", passwordHash: hash)
            gone.status = .inactive
            let people = [samplePerson("mia", login: "mia@example.com", passwordHash: hash), gone]
            for person in people + [samplePerson("nologin")] {
                try directory.put(person, by: directoryOrigin, at: directoryNoon)
            }
            let secretHash = Authenticator.secretHash("s3cret")
            let key = APIKey(
                id: "x-api-key-1", person: "person-mia", name: "k", secretHash: secretHash, created: directoryNoon)
            try directory.put(key, by: directoryOrigin, at: directoryNoon)
        }
        return Authenticator(cache: DirectoryCache(database: database), now: now)
    }

    private func basic(_ login: String, _ password: String) -> String {
        "Basic " + Data("\(login):\(password)".utf8).base64EncodedString()
    }

    @Test(arguments: ["mia", "MIA", "mia@example.com"])
    func letsInByLoginOrTargetName(login: String) async throws {
        let authenticator = try await authenticator()
        let caller = try await authenticator.authenticate(authorization: basic(login, "password"))
        #expect(caller.person.targetName == "mia")
        #expect(caller.apiKey == nil)
    }

    @Test func letsInByAPIKey() async throws {
        let authenticator = try await authenticator()
        let caller = try await authenticator.authenticate(authorization: basic("x-api-key-1", "s3cret"))
        #expect(caller.person.targetName == "mia")
        #expect(caller.apiKey == "x-api-key-1")
    }

    @Test(arguments: [
        ("mia", "wrong"), ("nobody", "password"), ("gone", "password"), ("nologin", ""), ("x-api-key-1", "wrong"),
        ("x-api-key-2", "s3cret"), ("", ""),
    ])
    func refuses(login: String, password: String) async throws {
        let authenticator = try await authenticator()
        let error = await #expect(throws: RestError.self) {
            try await authenticator.authenticate(authorization: basic(login, password))
        }
        #expect(error?.code == 401)
        #expect(error?.headers["WWW-Authenticate"]?.hasPrefix("Basic realm=\"Tocsin\"") == true)
    }

    @Test(arguments: [nil, "", "Basic", "Basic !!!", "Bearer abc", "Basic bm9jb2xvbg=="])
    func refusesAHeaderThatIsNone(header: String?) async throws {
        let authenticator = try await authenticator()
        let error = await #expect(throws: RestError.self) {
            try await authenticator.authenticate(authorization: header)
        }
        #expect(error?.code == 401)
    }

    @Test func holdsBackALoginThatFailsAgainAndAgain() async throws {
        let time = MovableTime()
        let authenticator = try await authenticator(now: { time.now })
        for _ in 1...10 {
            let error = await #expect(throws: RestError.self) {
                try await authenticator.authenticate(login: "x-api-key-1", password: "wrong")
            }
            #expect(error?.code == 401)
        }
        let error = await #expect(throws: RestError.self) {
            try await authenticator.authenticate(login: "x-api-key-1", password: "s3cret")
        }
        #expect(error?.code == 429)
        #expect(error?.headers["Retry-After"] == "60")
        time.now = directoryNoon.advanced(by: .seconds(61))
        _ = try await authenticator.authenticate(login: "x-api-key-1", password: "s3cret")
    }

    @Test func holdsBackAnAddressThatTriesManyLogins() async throws {
        let time = MovableTime()
        let authenticator = try await authenticator(now: { time.now })
        @Sendable func code(_ login: String, _ password: String, from address: String?) async -> Int {
            await Authenticator.$clientAddress.withValue(address) {
                do {
                    _ = try await authenticator.authenticate(login: login, password: password)
                    return 200
                } catch {
                    return (error as? RestError)?.code ?? 0
                }
            }
        }
        var codes: Set<Int> = []
        for number in 1...100 { codes.insert(await code("x-api-key-no-\(number)", "wrong", from: "192.0.2.1")) }
        #expect(codes == [401])
        let held = await code("x-api-key-1", "s3cret", from: "192.0.2.1")
        let elsewhere = await code("x-api-key-1", "s3cret", from: "192.0.2.2")
        let within = await code("x-api-key-1", "s3cret", from: nil)
        #expect(held == 429 && elsewhere == 200 && within == 200)
        time.now = directoryNoon.advanced(by: .seconds(61))
        let later = await code("x-api-key-1", "s3cret", from: "192.0.2.1")
        #expect(later == 200)
    }

    @Test func remembersRightCredentialsUntilThePasswordChanges() {
        let verified = VerifiedCredentials()
        verified.remember("1", login: "mia", password: "p", passwordHash: "hash")
        #expect(verified.person(login: "mia", password: "p") { $0 == "1" ? "hash" : nil } == "1")
        #expect(verified.person(login: "mia", password: "q") { _ in "hash" } == nil)
        #expect(verified.person(login: "mia", password: "p") { _ in "another" } == nil)
        #expect(verified.person(login: "mia", password: "p") { _ in nil } == nil)
    }
}

/// A clock for a test to move.
private final class MovableTime: @unchecked Sendable {  // guarded by the lock
    private let lock = NSLock()
    private var value = directoryNoon
    var now: Timestamp {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }
}

/// A change of the directory that is no change of a password costs nobody a slow hash.
struct RememberedLoginTests {
    @Test func aLoginIsForgottenWithItsPasswordOnly() async throws {
        let database = try await directoryDatabase()
        let cache = DirectoryCache(database: database, interval: .zero)
        let authenticator = Authenticator(cache: cache, now: { directoryNoon })
        let hash = PasswordHash.make("password")  // slow, as in earnest
        func put(_ person: Person) async throws {
            try await database.transaction { try Directory($0).put(person, by: directoryOrigin, at: directoryNoon) }
            cache.invalidate()
        }
        try await put(samplePerson("mia", passwordHash: hash))
        _ = try await authenticator.authenticate(login: "mia", password: "password")
        let clock = ContinuousClock()
        // The quickest of some says whether they compute a hash, whatever else runs.
        var quickest = Duration.seconds(3600)
        for number in 1...10 {
            try await put(samplePerson("other\(number)"))
            let login = try await clock.measure {
                _ = try await authenticator.authenticate(login: "mia", password: "password")
            }
            quickest = min(quickest, login)
        }
        let once = clock.measure { _ = PasswordHash.verify("password", against: hash) }
        #expect(quickest < once, "ten logins took \(quickest) and more, a hash takes \(once)")
        try await put(samplePerson("mia", passwordHash: PasswordHash.make("another", cost: .lowest)))
        await #expect(throws: RestError.self) {
            try await authenticator.authenticate(login: "mia", password: "password")
        }
    }
}
