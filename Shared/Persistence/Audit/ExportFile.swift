import Crypto
import Foundation

/// Where the lines of an export go: a file, or the standard output. Used by one task at a time.
public final class ExportOutput: @unchecked Sendable {  // handed from one task to the next, never shared
    /// What could not be written.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    private static let bufferSize = 1 << 20

    private let file: FileHandle
    private let isFile: Bool
    private var buffer = Data()
    private var hash = SHA256()
    public private(set) var events: Int64 = 0
    public private(set) var rows: Int64 = 0

    /// The standard output.
    public init() {
        file = .standardOutput
        isFile = false
    }

    /// A new file that only its owner can read. What was there is written over.
    public init(creating path: String) throws {
        guard
            FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw Problem(description: "\(path) cannot be written") }
        self.file = file
        isFile = true
    }

    /// Goes on behind what an export that was broken off has written.
    public init(resuming path: String, at point: ExportPoint) throws {
        guard let file = FileHandle(forUpdatingAtPath: path) else {
            throw Problem(description: "\(path) cannot be written")
        }
        try file.truncate(atOffset: point.offset)
        try file.seekToEnd()
        self.file = file
        isFile = true
        hash = point.hash
        events = point.events
    }

    /// The last line.
    func write(_ end: ExportEnd) throws { try write(ExportLine(end: try end.sealed(by: hash))) }

    func write(_ line: ExportLine) throws {
        var bytes = Data(try JSON.encode(line).utf8)
        bytes.append(UInt8(ascii: "\n"))
        if line.event != nil { events += 1 }
        if line.row != nil { rows += 1 }
        hash.update(data: bytes)
        buffer.append(bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Hands on what is buffered.
    func flush() throws {
        guard !buffer.isEmpty else { return }
        try file.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Returns once everything is on the disk.
    func synchronize() throws {
        try flush()
        if isFile { try file.synchronize() }
    }

    public func close() throws {
        try synchronize()
        if isFile { try file.close() }
    }
}

/// How far an export that was broken off has come.
public struct ExportPoint: Sendable {
    public let header: ExportHeader
    /// The last event of each partition that is in it.
    public private(set) var places: [String: LogHead]
    /// Behind the last event; whatever follows is written anew.
    fileprivate(set) var offset: UInt64 = 0
    fileprivate var hash = SHA256()
    fileprivate var events: Int64 = 0

    /// - Throws: ``ExportReader/Malformed`` when there is not even a header.
    public init(of path: String) throws {
        let reader = try ExportReader(path: path)
        guard let first = try reader.next(), let header = first.line.header, first.isWhole else {
            throw ExportReader.Malformed(line: 1, reason: "no header: there is nothing to go on with")
        }
        self.header = header
        places = header.after
        hash.update(data: first.bytes)
        offset = reader.offset
        // A last line that was written by half, or is not an event, ends what can be used.
        while let next = try? reader.next(), next.isWhole, let event = next.line.event {  // see above
            places[event.partition] = event.head
            hash.update(data: next.bytes)
            offset = reader.offset
            events += 1
        }
    }
}

/// Reads the lines of an export one after the other, whatever its size.
public final class ExportReader {
    /// What is no line of an export.
    public struct Malformed: Error, CustomStringConvertible {
        public let line: Int64
        public let reason: String
        public var description: String { "line \(line): \(reason)" }
    }

    struct Line {
        let line: ExportLine
        /// With the end of the line.
        let bytes: Data
        /// Whether the end of the line was there.
        let isWhole: Bool
    }

    private static let chunk = 1 << 20
    private static let lineLimit = 1 << 28

    private let file: FileHandle
    private var buffer = Data()
    private var isAtEnd = false
    /// Behind the last line.
    private(set) var offset: UInt64 = 0
    /// Of the last line, from 1.
    private(set) var number: Int64 = 0

    /// - Throws: ``Malformed`` for a file that cannot be read.
    init(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw Malformed(line: 0, reason: "\(path) cannot be read")
        }
        self.file = file
    }

    deinit { try? file.close() }  // nothing was written

    /// - Returns: `nil` at the end.
    /// - Throws: ``Malformed``.
    func next() throws -> Line? {
        guard let bytes = try nextBytes() else { return nil }
        number += 1
        offset += UInt64(bytes.count)
        let isWhole = bytes.last == UInt8(ascii: "\n")
        do {
            let line = try JSONDecoder().decode(ExportLine.self, from: bytes)
            let kinds = [line.header != nil, line.event != nil, line.row != nil, line.end != nil]
            guard kinds.filter({ $0 }).count == 1 else {
                throw Malformed(line: number, reason: "it is none of header, event, row and end")
            }
            return Line(line: line, bytes: bytes, isWhole: isWhole)
        } catch is DecodingError {
            throw Malformed(line: number, reason: isWhole ? "it cannot be read" : "it was written by half")
        }
    }

    /// The next line as it stands, with its end.
    func nextBytes() throws -> Data? {
        var searched = buffer.startIndex
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(buffer[...end])
                buffer = buffer[buffer.index(after: end)...]
                return line
            }
            guard !isAtEnd else {
                defer { buffer = Data() }
                return buffer.isEmpty ? nil : Data(buffer)
            }
            guard buffer.count < Self.lineLimit else { throw Malformed(line: number + 1, reason: "it is too long") }
            let more = try file.read(upToCount: Self.chunk) ?? Data()
            isAtEnd = more.isEmpty
            let length = buffer.count
            buffer = Data(buffer) + more
            searched = buffer.index(buffer.startIndex, offsetBy: length)
        }
    }
}
