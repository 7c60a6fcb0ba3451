import AlertCore
import ArgumentParser
import Foundation
import Persistence
import PostgresDatabase
import SQLiteDatabase

/// Appends to the event log, batched, each writer to a partition of its own.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "log", abstract: "Append to the event log.")

    @Option(help: "A PostgreSQL address; without it, a fresh SQLite file.") var postgres: String?
    @Option var batch = 100
    @Option var writers = 4
    @Option var seconds = 8

    func run() async throws {
        let database: any SQLDatabase
        if let postgres {
            database = PostgresDatabase(url: postgres, connections: writers)
        } else {
            database = try SQLiteDatabase(path: NSTemporaryDirectory() + "/bench-\(UInt32.random(in: 0 ... .max)).db")
        }
        try await Migrator.bundled().run(on: database)
        let end = ContinuousClock.now + .seconds(seconds)
        let start = ContinuousClock.now
        let run = UInt32.random(in: 0 ... .max)
        let total = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for writer in 0..<writers {
                tasks.addTask { [batch] in
                    var count = 0
                    while ContinuousClock.now < end {
                        let first = count
                        try await database.transaction { connection in
                            _ = try EventLog(connection).append(
                                (0..<batch).map { Self.event(run, writer, first + $0) },
                                to: LogPartition("bench", writer))
                        }
                        count += batch
                    }
                    return count
                }
            }
            return try await tasks.reduce(0, +)
        }
        let rate = perSecond(total, ContinuousClock.now - start)
        print("\(postgres == nil ? "sqlite" : "postgres") batch \(batch) writers \(writers): \(rate) events/s")
        await database.close()
    }

    /// About 140 bytes of data, a stream of its own: what a new alert or delivery is like.
    private static func event(_ run: UInt32, _ writer: Int, _ number: Int) -> NewEvent {
        NewEvent(
            stream: "bench-\(run)-\(writer)-\(number)", version: 1, type: "bench.happened",
            data:
                #"{"title":"Disk usage over 90%","host":"db-01","region":"eu-west-1","value":92.5,"labels":{"env":"prod","service":"billing","team":"dba"}}"#,
            origin: Origin(actor: "<bench>", causation: "none", correlation: "run-\(run)"),
            recordedAt: Timestamp(milliseconds: 1_790_000_000_000))
    }
}
