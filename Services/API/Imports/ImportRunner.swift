import AlertCore
import Logging
import Persistence
import ServiceLifecycle

/// Reads the files of people that were uploaded, one after the other, some lines in each transaction. How far it has
/// come is kept with what those lines changed: it goes on from there after a restart, and several processes may run it.
public struct ImportRunner: Service {
    /// Lines of one transaction, which other changes of the directory wait for.
    private static let chunk = 25
    private static let pollInterval = Duration.seconds(1)
    /// Between transactions, for those that wait.
    private static let pause = Duration.milliseconds(5)

    let database: any SQLDatabase
    let cache: DirectoryCache
    let secrets: SecretBox
    let now: Clock
    let logger: Logger

    public init(
        database: any SQLDatabase, cache: DirectoryCache, secrets: SecretBox, now: @escaping Clock, logger: Logger
    ) {
        self.database = database
        self.cache = cache
        self.secrets = secrets
        self.now = now
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var file: (id: String, content: UserFile)?
            while !Task.isCancelled {
                var wait = Self.pollInterval
                do {
                    if try await step(&file) { wait = Self.pause }
                } catch {
                    logger.warning("an import goes on after an error", metadata: ["error": "\(error)"])
                    if (error as? StoreError)?.isRetryable == false { await giveUp() }
                }
                // Fails when the task is cancelled, which the loop's condition sees.
                try? await Task.sleep(for: wait)
            }
        }
    }

    /// Ends the oldest import, which would fail again and again, so that those behind it are read.
    private func giveUp() async {
        let moment = now()
        do {
            try await database.retrying { connection in
                let directory = Directory(connection)
                try directory.lock()
                guard let next = try UserImports(connection).next() else { return }
                var job = next.job
                job.status = .failed
                let message = ImportMessage(.processing, "The lines from here on could not be carried out.")
                try UserImports(connection).update(
                    job, nextRow: next.row, adding: [message],
                    by: Origin(actor: job.by.targetName, causation: "import", correlation: job.id), at: moment)
            }
        } catch {
            logger.warning("an import could not be given up", metadata: ["error": "\(error)"])
        }
    }

    /// Reads the next lines of the oldest import.
    /// - Parameter file: The one that was read last, so that it is not read anew for each step.
    /// - Returns: Whether there were any.
    func step(_ file: inout (id: String, content: UserFile)?) async throws -> Bool {
        guard let (job, row) = try await database.reading({ try UserImports($0).next() }) else {
            file = nil
            return false
        }
        if file?.id != job.id { file = nil }
        var problem: String?
        if file == nil {
            let text = try await database.reading { try UserImports($0).content(of: job.id) }
            guard let text else { return true }
            do {
                file = (job.id, try UserFile(text))
            } catch {
                problem = error.message
            }
        }
        let (content, moment) = (file?.content, now())
        defer { cache.invalidate() }  // after a throw, too: the transaction may have been committed
        let over = try await database.retrying { [secrets, problem] connection -> UserImport? in
            let chunk = ImportChunk(
                job: job.id, first: row, count: Self.chunk, file: content, problem: problem, secrets: secrets,
                now: moment)
            return try chunk.carryOut(connection)
        }
        if let over {
            logger.info(
                "an import is over",
                metadata: [
                    "import": "\(over.id)", "status": "\(over.status.rawValue)", "rows": "\(over.processedCount)",
                    "failed": "\(over.failedCount)", "by": "\(over.by.targetName)",
                ])
        }
        return true
    }
}

/// Some lines of an import, within one transaction.
private struct ImportChunk {
    let job: String
    let first: Int
    let count: Int
    /// `nil` when it cannot be read: see ``problem``.
    let file: UserFile?
    let problem: String?
    let secrets: SecretBox
    let now: Timestamp

    /// - Returns: The import when it is over; `nil` while it is not, and when somebody else has done these lines.
    func carryOut(_ connection: any SQLConnection) throws -> UserImport? {
        let directory = Directory(connection)
        try directory.lock()
        let imports = UserImports(connection)
        guard try imports.nextRow(of: job) == first, var state = try imports.get(job) else { return nil }
        state.processingAt = state.processingAt ?? now
        state.status = .processing
        let edit = DirectoryEdit(directory: directory, call: try call(state, directory), now: now)
        guard let file else { return try fail(&state, [ImportMessage(.processing, problem ?? "")], edit) }
        guard edit.call.caller.mayMakePeople else {
            let text = "\(state.by.targetName), who began it, may not change users any more."
            return try fail(&state, [ImportMessage(.processing, text)], edit)
        }
        let (columns, problems) = try columns(of: file, directory)
        guard problems.isEmpty else { return try fail(&state, problems, edit) }
        let rows = file.rows.dropFirst(first).prefix(count)
        var messages: [ImportMessage] = []
        for row in rows {
            let (said, isDone) = try carryOut(
                UserFileRow(row, of: file, columns: columns, secrets: secrets), edit, connection)
            messages += said
            if !isDone { state.failedCount += 1 }
        }
        let next = first + rows.count
        state.processedCount = next
        if next >= file.rows.count { state.status = .complete }
        try imports.update(state, nextRow: next, adding: messages, by: edit.origin, at: now)
        return state.status == .complete ? state : nil
    }

    /// What the headers mean is found out once: later, what was not known otherwise is a property.
    private func columns(
        of file: UserFile, _ directory: Directory
    ) throws -> (columns: [UserFile.Column], problems: [ImportMessage]) {
        if first == 0 { return try file.columns(directory) }
        let columns = file.columns(deviceNames: try directory.deviceNames())
        return (zip(columns, file.headers).map { $0 == .unknown ? .property($1) : $0 }, [])
    }

    /// - Returns: What there is to say, and whether the line was used.
    private func carryOut(
        _ row: UserFileRow, _ edit: DirectoryEdit, _ connection: any SQLConnection
    ) throws -> ([ImportMessage], Bool) {
        do {
            return (try connection.attempt { try row.carryOut(edit) }, true)
        } catch let problem as UserFileRow.Problem {
            let message = ImportMessage(
                .validation, problem.error.message, column: problem.header, line: row.line)
            return ([message], false)
        }
    }

    private func fail(_ state: inout UserImport, _ messages: [ImportMessage], _ edit: DirectoryEdit) throws
        -> UserImport
    {
        state.status = .failed
        try UserImports(edit.directory.connection)
            .update(state, nextRow: first, adding: messages, by: edit.origin, at: now)
        return state
    }

    /// As whoever began it is now; as somebody without roles when that person is gone or may not sign in.
    private func call(_ state: UserImport, _ directory: Directory) throws -> RESTCall {
        let person = try directory.get(Person.self, id: state.by.id)
        let nobody = Person(
            id: state.by.id, targetName: state.by.targetName, firstName: state.by.firstName,
            lastName: state.by.lastName, roles: [], whenCreated: state.startedAt)
        let caller = Caller(person: person.flatMap { Authenticator.mayEnter($0) ? $0 : nil } ?? nobody)
        return RESTCall(
            parameters: [:], query: QueryParameters(""), path: RESTPath.base, body: nil, caller: caller, trace: state.id
        )
    }
}
