import Crypto
import Foundation

/// Verifies an export without the database that it is from, line by line.
public struct ExportVerification {
    private var header: ExportHeader?
    private var chains: [String: ChainVerifier] = [:]
    private var hash = SHA256()
    private var end: ExportEnd?
    private var events: Int64 = 0
    private var rows: Int64 = 0
    private var faults: [LogFault] = []
    private let check: CheckpointCheck

    /// - Parameter check: Of the checkpoints that are in the export, and those that were kept elsewhere.
    private init(_ check: CheckpointCheck) { self.check = check }

    /// Reads a whole file, twice: its checkpoints come last, and what they say is looked at from the first event on.
    /// - Parameters:
    ///   - kept: Checkpoints that were kept elsewhere.
    ///   - trusted: Public keys of those who sign, in base64.
    ///   - progress: Told of every thousand lines.
    /// - Throws: ``ExportReader/Malformed`` for a file that cannot be read or is no export.
    public static func verify(
        _ path: String, kept: [SignedCheckpoint] = [], trusted: [String] = [],
        progress: (_ more: Int) -> Void = { _ in }
    ) throws -> (report: VerificationReport, header: ExportHeader, end: ExportEnd?) {
        let reader = try ExportReader(path: path)
        guard let first = try reader.next(), let header = first.line.header, header.format == ExportHeader.format else {
            throw ExportReader.Malformed(line: 1, reason: "there is no header: it is no export")
        }
        guard header.version == ExportHeader.version else {
            throw ExportReader.Malformed(
                line: 1, reason: "its format has the version \(header.version); this program reads 1")
        }
        let own = try checkpoints(in: path)
        var verification = ExportVerification(
            CheckpointCheck(
                stored: header.hasState ? own : [], kept: header.hasState ? kept : kept + own, trusted: trusted,
                isWhole: header.hasState))
        verification.add(first, number: 1)
        while true {
            let last = reader.number
            do {
                guard let line = try reader.next() else { break }
                verification.add(line, number: reader.number)
            } catch let error as ExportReader.Malformed {
                verification.fault(error.line, error.reason)
                if reader.number == last { break }
            }
            if reader.number % 1000 == 0 { progress(1000) }
        }
        return (verification.finish(), header, verification.end)
    }

    /// Those that are in an export. Lines that cannot be read are left to whoever reads all of them.
    private static func checkpoints(in path: String) throws -> [SignedCheckpoint] {
        let reader = try ExportReader(path: path)
        var found: [SignedCheckpoint] = []
        var last: SignedCheckpoint?
        while let bytes = try? reader.nextBytes() {  // see above
            guard bytes.starts(with: Data("{\"row\"".utf8)) || bytes.starts(with: Data("{\"end\"".utf8)),
                let line = try? JSONDecoder().decode(ExportLine.self, from: bytes)  // see above
            else { continue }
            if let row = line.row, row.table == "audit_checkpoints" { found.append(SignedCheckpoint(row)) }
            last = line.end?.checkpoint ?? last
        }
        return found.isEmpty ? [last].compactMap { $0 } : found
    }

    private mutating func add(_ next: ExportReader.Line, number: Int64) {
        let line = next.line
        if !next.isWhole { fault(number, "it was written by half") }
        if end != nil {
            return fault(number, "there is something behind the end")
        }
        if let end = line.end {
            self.end = end
            // One that was read can be written.
            if end != (try? end.sealed(by: hash)) {
                fault(number, "the lines up to here are not those that were written")
            }
            return
        }
        hash.update(data: next.bytes)
        if let header = line.header {
            if self.header != nil { return fault(number, "there is a second header") }
            self.header = header
        } else if let event = line.event {
            events += 1
            if rows > 0 { fault(number, "an event stands behind the rows") }
            if chains[event.partition] == nil { chains[event.partition] = chain(of: event.partition) }
            chains[event.partition]?.add(event)
        } else {
            rows += 1
        }
    }

    private func chain(of partition: String) -> ChainVerifier {
        let marks = check.marks[partition] ?? []
        return header?.chain(of: partition, marks: marks) ?? ChainVerifier(partition, marks: marks)
    }

    /// One for all that is wrong with the form.
    private mutating func fault(_ line: Int64, _ detail: String) {
        guard !faults.contains(where: { $0.kind == .format }) else { return }
        faults.append(LogFault(line: line, detail))
    }

    private mutating func finish() -> VerificationReport {
        var report = VerificationReport()
        let names = Set(chains.keys).union(end?.heads.keys.map { $0 } ?? []).union(check.marks.keys)
        // Without an end, each partition ends where its lines do.
        for name in names.sorted() {
            var verifier = chains[name] ?? chain(of: name)
            let place = verifier.place
            verifier.finish(head: end.map { $0.heads[name] ?? .beginning } ?? (place.position > 0 ? place : nil))
            report.events += verifier.count
            if let fault = verifier.fault { report.faults.append(fault) }
        }
        addEnd(to: &report)
        report.faults = check.faults + faults + report.faults
        report.notes += check.notes
        report.checkpoints = check.count
        report.partitions = names.count
        return report
    }

    private mutating func addEnd(to report: inout VerificationReport) {
        guard let end else {
            if header?.isFollowing == true {
                report.notes.append(
                    "The export goes on: it has no end yet, and nothing says whether its tail is there.")
            } else {
                faults.append(LogFault(line: 0, "the export has no end: it was broken off, or cut"))
            }
            return
        }
        if end.events != events || end.rows != rows {
            fault(0, "there are \(events) events and \(rows) rows; the end says \(end.events) and \(end.rows)")
        }
    }
}

extension SignedCheckpoint {
    fileprivate init(_ row: ExportRow) {
        func text(_ column: String) -> String {
            if case .text(let text) = row.values[column] { text } else { "" }
        }
        self.init(
            document: text("document"), hash: text("hash"), publicKey: text("public_key"),
            signature: text("signature"))
    }
}
