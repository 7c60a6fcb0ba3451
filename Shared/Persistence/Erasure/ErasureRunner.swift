import AlertCore
import Foundation

/// Moves erasures on, a step in each transaction: the rows of every table twice, then the log, to count the events that
/// still name the person. After a crash it goes on where it was.
public struct ErasureRunner: Sendable {
    /// Longer than a step takes.
    private static let lease = Duration.seconds(120)
    /// Events that are read in one transaction.
    private static let eventLimit = 500

    let database: any SQLDatabase
    let secrets: SecretBox
    let now: Clock

    public init(database: any SQLDatabase, secrets: SecretBox, now: @escaping Clock) {
        self.database = database
        self.secrets = secrets
        self.now = now
    }

    /// Takes an erasure that is to go on, and moves it on until it is done or has to wait.
    /// - Returns: Whether there was one.
    public func runNext() async throws -> Bool {
        let moment = now()
        guard let claimed = try await database.retrying({ try Erasures($0).claim(at: moment, lease: Self.lease) })
        else { return false }
        let sealed = claimed.sealedTexts
        let texts: [PersonalText] = try JSON.decode(try secrets.open(sealed, for: .erasure(claimed.person)))
        var erasure: Erasure? = claimed
        while let current = erasure, !Task.isCancelled { erasure = try await step(current, texts) }
        return true
    }

    /// - Returns: As far as it has come; `nil` when it is done, waits, or was begun anew.
    private func step(_ erasure: Erasure, _ texts: [PersonalText]) async throws -> Erasure? {
        let moment = now()
        return try await database.retrying { connection in
            guard try Erasures(connection).get(erasure.person) == erasure else { return nil }
            var next = erasure
            let sweep = ErasureSweep(connection: connection, person: erasure.person, texts: texts)
            if erasure.table < ErasedTable.swept.count {
                try Self.sweep(&next, sweep)
            } else if erasure.round < Erasure.rounds {
                (next.round, next.table) = (erasure.round + 1, 0)
                let pause = max(moment, erasure.beganAt.advanced(by: Erasure.settling))
                try Erasures(connection).save(next, next: pause, leasedUntil: nil)
                return nil
            } else if try Self.readLog(&next, sweep, in: connection) {
                (next.status, next.finishedAt, next.sealedTexts) = (.done, moment, "")
                try Erasures(connection).save(next, next: moment, leasedUntil: nil)
                return nil
            }
            try Erasures(connection).save(next, next: moment, leasedUntil: moment.advanced(by: Self.lease))
            return next
        }
    }

    private static func sweep(_ erasure: inout Erasure, _ sweep: ErasureSweep) throws {
        let table = ErasedTable.swept[erasure.table]
        guard case .swept(let keys, let columns) = table.treatment else { return }
        let outcome = try sweep.step(table.name, keys: keys, columns: columns, after: erasure.last)
        erasure.rowsSeen += outcome.seen
        erasure.rowsChanged += outcome.changed
        erasure.last = outcome.last ?? []
        if outcome.last == nil { erasure.table += 1 }
    }

    /// - Returns: Whether all of it has been read.
    private static func readLog(
        _ erasure: inout Erasure, _ sweep: ErasureSweep, in connection: any SQLConnection
    ) throws -> Bool {
        let heads = try connection.execute(
            "SELECT partition_name, position FROM log_partitions ORDER BY partition_name")
        for head in heads {
            let name = head.text(0)
            let before = erasure.cursors[name, default: 0]
            guard before < head.integer(1), let slash = name.lastIndex(of: "/"),
                let number = Int(name[name.index(after: slash)...])
            else { continue }
            let events = try EventLog(connection).read(
                LogPartition(String(name[..<slash]), number), after: before, limit: eventLimit)
            erasure.cursors[name] = events.last?.position ?? head.integer(1)
            erasure.eventsSeen += events.count
            erasure.eventsNaming += events.count { event in
                sweep.names(event.data) || sweep.names(event.origin.actor)
            }
            return false
        }
        return true
    }
}

extension ErasureSweep {
    /// Whether a text names the person, wherever that stands in it.
    func names(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { !PersonalScan.findPlain(texts, in: $0).isEmpty }
    }
}
