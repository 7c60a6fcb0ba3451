import AlertCore
import Foundation
import Persistence

/// Makes the first person, who can make everybody else.
public enum Administrator {
    private static let role = "Full Access User"

    /// The name and password of a person that has been made now.
    public struct Made: Sendable {
        public let user: String
        /// `nil` when the settings gave it.
        public let generatedPassword: String?
    }

    /// Makes an administrator when there is nobody yet.
    /// - Returns: `nil` when there was somebody.
    public static func makeIfNeeded(
        _ settings: ProcessSettings, database: any SQLDatabase, now: @escaping Clock
    ) async throws -> Made? {
        let (user, given) = (settings.adminUser, settings.adminPassword)
        guard try await database.reading({ try Directory($0).all(Person.self).isEmpty }) else { return nil }
        let password = given ?? RandomSecret.token()
        let hash = PasswordHash.make(password)
        let isMade = try await database.retrying { connection in
            let directory = Directory(connection)
            guard try directory.all(Person.self).isEmpty else { return false }
            let person = Person(
                id: DerivedID.timeOrdered(at: now(), chance: RandomSecret.bytes(10)), targetName: user,
                firstName: "First", lastName: "Administrator", roles: [role], passwordHash: hash, whenCreated: now())
            let origin = Origin(actor: "<start>", causation: "first start", correlation: person.id)
            _ = try directory.put(person, by: origin, at: now())
            return true
        }
        return isMade ? Made(user: user, generatedPassword: given == nil ? password : nil) : nil
    }
}
