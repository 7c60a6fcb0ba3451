import CLibZip
import Foundation

/// The entries of a ZIP archive in memory, checked before and while they are unpacked.
struct ZIPReader {
    struct Entry {
        let name: String
        let bytes: [UInt8]
    }

    /// In the order of the archive, without directories.
    /// - Throws: `ArchiveError` that names the entry: too large, encrypted, a link, there twice, damaged, a name
    ///   that leads elsewhere.
    static func entries(of archive: [UInt8]) throws(ArchiveError) -> [Entry] {
        guard archive.count <= ArchiveLimits.archive else {
            throw ArchiveError(nil, "has \(archive.count) bytes; the most is \(ArchiveLimits.archive)")
        }
        guard !archive.isEmpty else { throw ArchiveError(nil, "is empty") }
        try checkDirectory(of: archive)
        let result: Result<[Entry], ArchiveError> = archive.withUnsafeBytes { bytes in
            do throws(ArchiveError) {
                return .success(try entries(in: bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func entries(in bytes: UnsafeRawBufferPointer) throws(ArchiveError) -> [Entry] {
        var failure = zip_error_t()
        zip_error_init(&failure)
        defer { zip_error_fini(&failure) }
        guard let source = zip_source_buffer_create(bytes.baseAddress, UInt64(bytes.count), 0, &failure) else {
            throw ArchiveError(nil, "cannot be read: \(String(cString: zip_error_strerror(&failure)))")
        }
        guard let archive = zip_open_from_source(source, ZIP_RDONLY, &failure) else {
            zip_source_free(source)
            throw ArchiveError(nil, "is no ZIP archive: \(String(cString: zip_error_strerror(&failure)))")
        }
        defer { zip_discard(archive) }
        let count = zip_get_num_entries(archive, 0)
        guard count <= ArchiveLimits.entries else { throw tooMany }
        var entries: [Entry] = []
        var names: Set<String> = []
        var total = 0
        for index in 0..<UInt64(max(count, 0)) {
            let name = try Self.name(of: index, in: archive)
            guard names.insert(name).inserted else { throw ArchiveError(name, "is there twice") }
            try checkKind(of: index, name, in: archive)
            guard !name.hasSuffix("/") else { continue }
            let content = try content(of: index, name, in: archive, atMost: ArchiveLimits.unpacked - total)
            total += content.count
            entries.append(Entry(name: name, bytes: content))
        }
        return entries
    }

    // MARK: Before anything is unpacked

    private static let tooMany = ArchiveError(nil, "has more than \(ArchiveLimits.entries) entries")

    /// Counts the headers of the central directory, so that an archive of a million entries costs nothing, and looks
    /// at the raw names, which the library ends at a NUL.
    private static func checkDirectory(of archive: [UInt8]) throws(ArchiveError) {
        let signature = Data([0x50, 0x4b, 1, 2])
        let data = Data(archive)
        var count = 0
        var rest = data.startIndex..<data.endIndex
        while let found = data.range(of: signature, in: rest) {
            count += 1
            guard count <= ArchiveLimits.entries else { throw tooMany }
            rest = found.upperBound..<data.endIndex
            let start = found.lowerBound + 46
            guard start < data.endIndex else { continue }
            let length = Int(data[found.lowerBound + 28]) | Int(data[found.lowerBound + 29]) << 8
            let name = data[start..<min(start + length, data.endIndex)]
            guard !name.contains(0) else {
                let shown = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                throw ArchiveError(shown, "has a NUL in its name")
            }
        }
    }

    /// With slashes only, checked to stay inside of the archive.
    private static func name(of index: UInt64, in archive: OpaquePointer) throws(ArchiveError) -> String {
        guard let raw = zip_get_name(archive, index, 0) else {
            throw ArchiveError("number \(index + 1)", "has no name")
        }
        let name = String(cString: raw).replacingOccurrences(of: "\\", with: "/")
        guard !name.isEmpty else { throw ArchiveError("number \(index + 1)", "has no name") }
        guard name.utf8.count <= ArchiveLimits.name else {
            throw ArchiveError(name, "has a name of more than \(ArchiveLimits.name) bytes")
        }
        let isDrive = name.dropFirst().first == ":"
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.hasPrefix("/"), !isDrive, !parts.contains("..") else {
            throw ArchiveError(name, "leads out of the archive")
        }
        return name
    }

    private static func checkKind(of index: UInt64, _ name: String, in archive: OpaquePointer) throws(ArchiveError) {
        var facts = zip_stat_t()
        guard zip_stat_index(archive, index, 0, &facts) == 0 else { throw ArchiveError(name, "cannot be read") }
        guard facts.encryption_method == 0 else { throw ArchiveError(name, "is encrypted") }
        guard facts.size <= ArchiveLimits.entry else { throw tooLarge(name) }
        var system: UInt8 = 0
        var attributes: UInt32 = 0
        guard zip_file_get_external_attributes(archive, index, 0, &system, &attributes) == 0 else { return }
        let isLink = system == 3 && (attributes >> 16) & 0xf000 == 0xa000
        guard !isLink else { throw ArchiveError(name, "is a symbolic link") }
    }

    // MARK: Unpacking

    private static func tooLarge(_ name: String) -> ArchiveError {
        ArchiveError(name, "has more than \(ArchiveLimits.entry) bytes unpacked")
    }

    /// Reads to the end, where the library compares the checksum; sizes that the archive claims are not believed.
    private static func content(
        of index: UInt64, _ name: String, in archive: OpaquePointer, atMost left: Int
    ) throws(ArchiveError) -> [UInt8] {
        guard let file = zip_fopen_index(archive, index, 0) else {
            throw ArchiveError(name, "cannot be unpacked: \(String(cString: zip_strerror(archive)))")
        }
        defer { zip_fclose(file) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = zip_fread(file, &chunk, UInt64(chunk.count))
            guard count >= 0 else {
                throw ArchiveError(name, "is damaged: \(String(cString: zip_file_strerror(file)))")
            }
            guard count > 0 else { return content }
            content += chunk[..<Int(count)]
            guard content.count <= ArchiveLimits.entry else { throw tooLarge(name) }
            guard content.count <= left else {
                throw ArchiveError(nil, "has more than \(ArchiveLimits.unpacked) bytes unpacked")
            }
        }
    }
}
