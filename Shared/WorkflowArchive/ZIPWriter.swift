import CLibZip
import Foundation

/// Makes a ZIP archive in memory: the same files give the same bytes, whenever and wherever.
struct ZIPWriter {
    /// 1980-01-01 00:00:00, as ZIP writes it.
    private static let date: UInt16 = 33

    /// - Parameter files: By path; written in the order of their paths.
    static func archive(of files: [String: [UInt8]]) throws(ArchiveError) -> [UInt8] {
        var failure = zip_error_t()
        zip_error_init(&failure)
        defer { zip_error_fini(&failure) }
        guard let target = zip_source_buffer_create(nil, 0, 0, &failure) else { throw broken(&failure) }
        // Ours beside the archive's: what was written is read from it afterwards.
        zip_source_keep(target)
        defer { zip_source_free(target) }
        guard let archive = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &failure) else {
            zip_source_free(target)
            throw broken(&failure)
        }
        do {
            for path in files.keys.sorted() { try add(path, files[path] ?? [], to: archive) }
        } catch {
            zip_discard(archive)
            throw error
        }
        guard zip_close(archive) == 0 else {
            let reason = String(cString: zip_strerror(archive))
            zip_discard(archive)
            throw ArchiveError(nil, "cannot be written: \(reason)")
        }
        return try content(of: target)
    }

    private static func add(_ path: String, _ bytes: [UInt8], to archive: OpaquePointer) throws(ArchiveError) {
        // Freed by the library, which reads it when the archive is closed.
        guard let copy = malloc(max(bytes.count, 1)) else { throw ArchiveError(path, "does not fit into memory") }
        bytes.withUnsafeBytes { if let start = $0.baseAddress { memcpy(copy, start, bytes.count) } }
        guard let source = zip_source_buffer(archive, copy, UInt64(bytes.count), 1) else {
            free(copy)
            throw ArchiveError(path, "cannot be written: \(String(cString: zip_strerror(archive)))")
        }
        let index = zip_file_add(archive, path, source, UInt32(ZIP_FL_ENC_UTF_8))
        guard index >= 0 else {
            zip_source_free(source)
            throw ArchiveError(path, "cannot be written: \(String(cString: zip_strerror(archive)))")
        }
        zip_file_set_dostime(archive, UInt64(index), 0, date, 0)
    }

    private static func content(of source: OpaquePointer) throws(ArchiveError) -> [UInt8] {
        guard zip_source_open(source) == 0 else { throw ArchiveError(nil, "cannot be read again") }
        defer { zip_source_close(source) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = zip_source_read(source, &chunk, UInt64(chunk.count))
            guard count >= 0 else { throw ArchiveError(nil, "cannot be read again") }
            guard count > 0 else { return content }
            content += chunk[..<Int(count)]
        }
    }

    private static func broken(_ failure: inout zip_error_t) -> ArchiveError {
        ArchiveError(nil, "cannot be written: \(String(cString: zip_error_strerror(&failure)))")
    }
}
