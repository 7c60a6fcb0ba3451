import Foundation

/// Judges signed checkpoints: their signatures, their chain, and what they say of the log.
public struct CheckpointCheck: Sendable {
    /// What has to be found in the log, by partition.
    public private(set) var marks: [String: [LogMark]] = [:]
    public private(set) var faults: [LogFault] = []
    public private(set) var notes: [String] = []
    /// How many are as they were.
    public private(set) var count = 0
    private var isMarked: Set<String> = []

    /// - Parameters:
    ///   - stored: Those of the database or of an export, in the order of their numbers.
    ///   - kept: Those that were kept elsewhere, in any order.
    ///   - trusted: Public keys in base64. With none, signatures are checked against the keys that the checkpoints
    ///     themselves name, which says little; a note says so.
    ///   - isWhole: Whether `stored` has to be all of them.
    public init(
        stored: [SignedCheckpoint], kept: [SignedCheckpoint] = [], trusted: [String], isWhole: Bool = true
    ) {
        let own = chain(stored, isWhole: isWhole)
        let others = chain(kept, isWhole: false)
        for (number, theirs) in others.sorted(by: { $0.key < $1.key }) {
            guard let ours = own[number] else {
                if isWhole {
                    add(LogFault(.checkpoint, checkpoint: number, "it was kept elsewhere, and is missing here"))
                }
                continue
            }
            if ours.signed.hash != theirs.signed.hash {
                add(LogFault(.checkpoint, checkpoint: number, "it is not the one that was kept elsewhere"))
            }
        }
        let all = own.merging(others) { first, _ in first }
        checkTrust(all, trusted)
        for (number, entry) in all.sorted(by: { $0.key < $1.key }) {
            for (partition, head) in entry.checkpoint.heads { mark(partition, head, number) }
            if let theirs = others[number], theirs.signed.hash != entry.signed.hash {
                for (partition, head) in theirs.checkpoint.heads { mark(partition, head, number) }
            }
        }
        count = all.count
        faults.sort { $0.position < $1.position }
    }

    private struct Entry {
        let signed: SignedCheckpoint
        let checkpoint: AuditCheckpoint
    }

    private mutating func add(_ fault: LogFault) {
        guard !faults.contains(where: { $0.position == fault.position && $0.kind == fault.kind }) else { return }
        faults.append(fault)
    }

    /// Idle partitions are said the same of by many.
    private mutating func mark(_ partition: String, _ head: LogHead, _ number: Int64) {
        guard isMarked.insert("\(partition):\(head.position):\(head.hash)").inserted else { return }
        marks[partition, default: []].append(LogMark(head: head, checkpoint: number))
    }

    /// - Parameter isWhole: Whether there has to be every one from the first on.
    private mutating func chain(_ list: [SignedCheckpoint], isWhole: Bool) -> [Int64: Entry] {
        var entries: [Int64: Entry] = [:]
        for (index, signed) in list.enumerated() {
            guard let checkpoint = try? signed.checkpoint() else {  // said by the fault
                add(LogFault(.checkpoint, checkpoint: Int64(index + 1), "it cannot be read"))
                continue
            }
            let number = checkpoint.number
            if !signed.isConsistent {
                add(LogFault(.signature, checkpoint: number, "its signature is not one of its text"))
            }
            if let other = entries[number], other.signed.hash != signed.hash {
                add(LogFault(.checkpoint, checkpoint: number, "there are two that differ"))
            }
            entries[number] = Entry(signed: signed, checkpoint: checkpoint)
        }
        var last: Entry?
        for number in entries.keys.sorted() {
            guard let entry = entries[number] else { continue }
            let before = last?.checkpoint.number ?? 0
            if before == number - 1 {
                if entry.checkpoint.previous != last?.signed.hash ?? "" {
                    add(LogFault(.checkpoint, checkpoint: number, "it does not follow the one before it"))
                }
            } else if isWhole {
                add(LogFault(.checkpoint, checkpoint: before + 1, "it is missing; the next one is \(number)"))
            }
            last = entry
        }
        return entries
    }

    /// One is trusted by its key, or by one that is trusted and names its hash: keys that are gone are vouched for by
    /// those that came after them.
    private mutating func checkTrust(_ entries: [Int64: Entry], _ trusted: [String]) {
        guard !entries.isEmpty else { return }
        guard !trusted.isEmpty else {
            notes.append(
                "No public key was given: signatures were checked against the keys that checkpoints name themselves."
            )
            return
        }
        var vouched: String?
        for number in entries.keys.sorted(by: >) {
            guard let entry = entries[number] else { continue }
            if trusted.contains(entry.signed.publicKey) || vouched == entry.signed.hash {
                vouched = entry.checkpoint.previous
            } else {
                vouched = nil
                add(
                    LogFault(
                        .signature, checkpoint: number,
                        "it was signed with the key \(entry.checkpoint.keyId), which is not among yours"))
            }
        }
    }
}

/// A file of signed checkpoints, one a line, that can be kept elsewhere.
public struct CheckpointFile: Sendable {
    /// Why a file is of no use.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    /// Where the newest of a file stands, at most so far from its end.
    private static let tail: UInt64 = 1 << 20

    let url: URL

    public init(path: String) { url = URL(filePath: path) }

    /// - Throws: ``Problem``.
    public func read() throws -> [SignedCheckpoint] {
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {  // said as a problem
            throw Problem(description: "\(url.path()) cannot be read")
        }
        return try text.split(separator: "\n").enumerated().map { index, line in
            do {
                return try JSON.decode(String(line))
            } catch {
                throw Problem(description: "\(url.path()) line \(index + 1) is no checkpoint")
            }
        }
    }

    /// The number of the newest one in it; 0 for a file without any, or none. A line that was written by half does not
    /// count.
    public func lastNumber() throws -> Int64 {
        guard FileManager.default.fileExists(atPath: url.path()) else { return 0 }
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }  // nothing was written
        let end = try file.seekToEnd()
        try file.seek(toOffset: end > Self.tail ? end - Self.tail : 0)
        let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n").reversed() {
            // The last line may be a half, and the first one of what was read.
            if let signed = try? JSON.decode(String(line), as: SignedCheckpoint.self) {
                return try signed.checkpoint().number
            }
        }
        return 0
    }

    /// Appends whole lines, and returns once they are on the disk.
    public func append(_ checkpoints: [SignedCheckpoint]) throws {
        guard !checkpoints.isEmpty else { return }
        if !FileManager.default.fileExists(atPath: url.path()) {
            guard
                FileManager.default.createFile(
                    atPath: url.path(), contents: nil, attributes: [.posixPermissions: 0o644])
            else { throw Problem(description: "\(url.path()) cannot be written") }
        }
        let file = try FileHandle(forUpdating: url)
        defer { try? file.close() }  // what was written is on the disk by then
        // A line that somebody could not finish comes again, whole.
        let end = try file.seekToEnd()
        let start = end > Self.tail ? end - Self.tail : 0
        try file.seek(toOffset: start)
        let tail = try file.readToEnd() ?? Data()
        let whole = tail.lastIndex(of: UInt8(ascii: "\n")).map { tail.distance(from: tail.startIndex, to: $0) + 1 } ?? 0
        if whole < tail.count { try file.truncate(atOffset: start + UInt64(whole)) }
        try file.seekToEnd()
        var text = ""
        for checkpoint in checkpoints { text += try JSON.encode(checkpoint) + "\n" }
        try file.write(contentsOf: Data(text.utf8))
        try file.synchronize()
    }
}
