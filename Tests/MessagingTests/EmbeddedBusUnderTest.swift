import Messaging
import SQLiteDatabase
import TestSupport

extension BusUnderTest {
    /// The table in the database. It is for one process: the tests of sharing and of outages are not for it.
    static let embedded = BusUnderTest(testDescription: "embedded") { partitionCount in
        let database = try await Backend.sqlite.makeDatabase()
        try await database.begin(withPartitions: partitionCount)
        return BusCluster(
            openBus: { EmbeddedBus(database: database, partitions: try await .kept(in: database)) }, schedule: database)
    }
}
