import AlertCore
import Foundation
import Messaging
import Persistence

/// What the routes around alerts work with.
struct EventServices: Sendable {
    let database: any SQLDatabase
    let cache: DirectoryCache
    let authenticator: Authenticator
    let gateway: CommandGateway
    let now: Clock
    let indexer: AuditIndexer

    init(
        database: any SQLDatabase, cache: DirectoryCache, authenticator: Authenticator, gateway: CommandGateway,
        now: @escaping Clock, indexer: AuditIndexer? = nil
    ) {
        self.database = database
        self.cache = cache
        self.authenticator = authenticator
        self.gateway = gateway
        self.now = now
        self.indexer = indexer ?? AuditIndexer(database: database)
    }

    /// The routes below `/api/xm/1/`.
    var routes: [RESTRoute] {
        eventRoutes + annotationRoutes + responseRoutes + attachmentRoutes + deliveryRoutes + suppressionRoutes
            + auditRoutes + integrationLogRoutes + explainRoutes + selfAuditRoutes + deliverySearchRoutes + whyRoutes
            + replayRoutes + deadLetterRoutes + partitionRoutes + auditQueryRoutes + auditChainRoutes + signalRoutes
            + auditCheckpointRoutes
    }

    /// - Throws: 404.
    static func alert(_ idOrNumber: String, in connection: any SQLConnection) throws -> AlertRow {
        guard let row = try Alerts(connection).get(idOrNumber) else {
            throw RestError.notFound("There is no event \(idOrNumber).")
        }
        return row
    }

    /// - Throws: 404.
    func alert(_ idOrNumber: String) async throws -> AlertRow {
        try await database.reading { connection in try Self.alert(idOrNumber, in: connection) }
    }

    /// What had happened at the time that the query names with `at`, or until now.
    /// - Throws: 404, also when the alert had not begun.
    func history(_ idOrNumber: String, _ query: QueryParameters) async throws -> AlertHistory {
        let at = try EventQuery.time(query, "at")
        let history = try await history(idOrNumber)
        guard let at else { return history }
        guard let past = history.asOf(at) else {
            throw RestError.notFound("There was no event \(idOrNumber) at \(at.iso).")
        }
        return past
    }

    /// - Throws: 404.
    func history(_ idOrNumber: String, includingNotes: Bool = false) async throws -> AlertHistory {
        try await database.reading { connection in
            try AlertHistory(
                of: Self.alert(idOrNumber, in: connection), in: connection, includingNotes: includingNotes)
        }
    }
}

// MARK: - What people do

extension EventServices {
    /// The longest comment in bytes.
    static let commentLimit = 4000

    /// Anyone who may sign in may comment.
    /// - Returns: The comment's id.
    func comment(_ text: String, on row: AlertRow, by person: Person) async throws -> String {
        let id = UUID().uuidString.lowercased()
        try await send(.comment(id: id, by: PersonReference(person), text: text), to: row, by: person)
        return id
    }

    func suspend(_ row: AlertRow, by person: Person) async throws {
        try await send(.suspend(by: PersonReference(person)), to: row, by: person)
    }

    func resume(_ row: AlertRow, by person: Person) async throws {
        try await send(.resume(by: PersonReference(person)), to: row, by: person)
    }

    func terminate(_ row: AlertRow, by person: Person) async throws {
        try await send(.terminate(by: PersonReference(person)), to: row, by: person)
    }

    private func send(_ command: Alert.Command, to row: AlertRow, by person: Person) async throws {
        try await gateway.send(
            command, to: row.id, by: person.targetName, correlation: row.details.requestId)
    }
}

extension Caller {
    var mayHandleAlerts: Bool { may(.handleAlerts) }

    /// - Throws: 403.
    func requireHandlingAlerts() throws(RestError) { try require(.handleAlerts) }
}
