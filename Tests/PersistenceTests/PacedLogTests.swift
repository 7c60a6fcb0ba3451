import Foundation
import Logging
import Persistence
import Testing

struct PacedLogTests {
    /// A thousand failures in a period are one line, and the next line says how many there were.
    @Test func saysOnceAPeriodWhatHappensOften() async throws {
        let lines = Lines()
        let log = PacedLog(Logger(label: "test") { _ in KeepingHandler(lines: lines) }, period: .milliseconds(200))
        for _ in 0..<1000 { log.log(.warning, "the database is away") }
        log.log(.warning, "the broker is away")
        #expect(lines.all == ["the database is away", "the broker is away"])
        for _ in 0..<1000 where lines.all.count < 3 {
            try await Task.sleep(for: .milliseconds(10))
            log.log(.warning, "the database is away")
        }
        #expect(lines.all.count == 3)
        #expect(lines.untold >= 999)
    }
}

private final class Lines: @unchecked Sendable {  // everything under `lock` only
    private let lock = NSLock()
    private var texts: [String] = []
    private var counts: [Int] = []

    var all: [String] { lock.withLock { texts } }
    var untold: Int { lock.withLock { counts.reduce(0, +) } }

    func add(_ text: String, _ untold: Int) {
        lock.withLock {
            texts.append(text)
            counts.append(untold)
        }
    }
}

private struct KeepingHandler: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.add("\(event.message)", event.metadata?["alsoSinceTheLast"].flatMap { Int("\($0)") } ?? 0)
    }
}
