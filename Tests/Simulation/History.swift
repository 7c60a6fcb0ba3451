import AlertCore
import Persistence

/// All that could be seen from outside during a run, and what was committed when: what the checker judges by.
final class History: @unchecked Sendable {  // one thread
    struct LoggedEvent {
        let partition: String
        let position: Int64
        let stream: String
        let version: Int64
        let type: String
        let data: String
    }

    struct SavedCheckpoint {
        let group: String
        let partition: String
        let next: Int64
        /// Put there, wherever it was before.
        var isPut = false
    }

    /// A group has found that the broker has lost messages.
    struct NotedCut {
        let group: String
        let partition: String
        let end: Int64
    }

    struct Commit {
        let at: Int64
        let process: String
    }

    /// A request that was answered 202.
    struct Accepted {
        let requestId: String
        let integration: String
        let at: Int64
    }

    /// An answer, a comment or a command of a person.
    struct Said {
        enum Kind { case response, comment }
        let kind: Kind
        let id: String
        let alert: String
        /// Whether the server has said that it is done.
        var isConfirmed: Bool
    }

    /// One request that reached a target.
    struct Arrival {
        let id: String
        let integration: String
        let body: String
        let process: String
        /// When the sender began.
        let begunAt: Int64
        let at: Int64
        /// What the target answered; 2xx: it has taken the webhook.
        let status: Int
        /// Whether the sender was told.
        var wasAnswered: Bool
    }

    /// One message that a provider was given.
    struct Sent {
        let id: String
        let provider: String
        let process: String
        let begunAt: Int64
        let at: Int64
        /// Whether the provider has passed it on.
        let isTaken: Bool
        var wasAnswered: Bool
    }

    /// While somebody who had lost a partition may have gone on working on it.
    struct Overlap {
        let group: String
        let place: String
        /// The one who had lost it.
        let process: String
        let feed: Int
        let from: Int64
        var to: Int64
    }

    /// A partition was given to a process.
    struct Given {
        let group: String
        let place: String
        let process: String
        let at: Int64
    }

    /// From a moment to another, the latter `.max` while it lasts.
    struct Span {
        let from: Int64
        var to: Int64 = .max

        func meets(_ other: Span) -> Bool { from <= other.to && other.from <= to }
    }

    /// A request that was answered with something else than 202.
    struct Refused {
        let span: Span
        let status: Int
    }

    /// Who has brought a message to the broker or into the spool.
    struct Carrier {
        let process: String
        let at: Int64
    }

    /// A message that the broker has lost.
    struct Lost {
        let content: String
        let at: Int64
    }

    /// By content: partition, key and body.
    private(set) var carriers: [String: [Carrier]] = [:]
    private(set) var lost: [Lost] = []
    /// When processes ended, by their runs.
    var deaths: [String: Int64] = [:]
    private(set) var commits: [String: Commit] = [:]
    private(set) var checkpoints: [String: Int64] = [:]
    /// What went wrong at the moment when it was seen.
    private(set) var violations: [String] = []
    var accepted: [Accepted] = []
    var refused: [Refused] = []
    /// When some process lost all brokers, or a loss of the broker's was noted.
    private(set) var doubts: [Int64] = []
    /// While nobody reached the broker.
    var outages: [Span] = []
    /// While something was wrong besides, and as long afterwards as it may take others to take over.
    var disturbances: [Span] = []
    var said: [Said] = []
    var arrivals: [Arrival] = []
    var sent: [Sent] = []
    var overlaps: [Overlap] = []
    var given: [Given] = []
    /// Alerts that have begun, and messages that people have got: what people react to.
    private(set) var begunAlerts: [String] = []

    private(set) var trace: [String] = []
    private let traceLimit: Int
    private let executor = VirtualExecutor.shared

    init(traceLimit: Int) { self.traceLimit = traceLimit }

    func note(_ line: @autoclosure () -> String) {
        let text = line()
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        executor.mark(hash)
        trace.append("\(Self.time(executor.now))  \(text)")
        if trace.count > 2 * traceLimit { trace.removeFirst(trace.count - traceLimit) }
    }

    static func time(_ nanoseconds: Int64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        let text = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - text.count))\(text)"
    }

    func committed(
        by process: String, events: [LoggedEvent], checkpoints saved: [SavedCheckpoint], cuts: [NotedCut] = []
    ) {
        for event in events {
            commits["\(event.stream)@\(event.version)"] = Commit(at: executor.now, process: process)
            if event.type == "alert.created" { begunAlerts.append(String(event.stream.dropFirst("alert-".count))) }
            note("\(process) wrote \(event.partition):\(event.position) \(event.stream)@\(event.version) \(event.type)")
        }
        if !cuts.isEmpty { doubt() }
        for checkpoint in saved {
            note("\(process) puts \(checkpoint.group) at \(checkpoint.next) of \(checkpoint.partition)")
            let key = "\(checkpoint.group) \(checkpoint.partition)"
            let before = checkpoints[key] ?? 0
            if checkpoint.next < before, !mayGoBack(checkpoint, cuts) {
                violations.append(
                    "a checkpoint went back: \(key) from \(before) to \(checkpoint.next), by \(process) at "
                        + Self.time(executor.now))
            }
            checkpoints[key] = checkpoint.next
        }
    }

    func carried(_ place: String, key: String, body: String, by process: String, to spool: Bool = false) {
        note("\(process) brings \(spool ? "into the spool" : "to the broker") \(place): \(key)")
        carriers["\(place) \(key) \(body)", default: []].append(Carrier(process: process, at: executor.now))
    }

    /// What the broker had confirmed may be lost.
    func doubt() { doubts.append(executor.now) }

    func lose(_ place: String, key: String, body: String) {
        lost.append(Lost(content: "\(place) \(key) \(body)", at: executor.now))
    }

    func commit(of stream: String, version: Int64) -> Commit? { commits["\(stream)@\(version)"] }

    /// For how long after a doubt, and after the time that it takes to write it down, who passes something on goes
    /// back.
    private static let doubtMemory = 600 * Int64(1_000_000_000)

    /// With the note of a loss, as far as the loss. The broker's offsets in a topic that repeats the log are a hint,
    /// and who passes its events on goes back when it begins to read them from the log, or when the broker was in
    /// doubt.
    private func mayGoBack(_ checkpoint: SavedCheckpoint, _ cuts: [NotedCut]) -> Bool {
        if checkpoint.isPut {
            let isInDoubt = doubts.last.map { executor.now - $0 < Self.doubtMemory } ?? false
            return checkpoint.partition.hasPrefix("alert-events/")
                || checkpoint.group == "relay-alert-commands" && isInDoubt
        }
        return cuts.contains {
            $0.group == checkpoint.group && $0.partition == checkpoint.partition && $0.end == checkpoint.next
        }
    }
}
