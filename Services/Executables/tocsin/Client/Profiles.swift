import AlertCore
import Foundation

/// The servers that somebody works with, by names: a JSON file that nobody else may read.
///
/// `{"default": "prod", "profiles": {"prod": {"url", "key": "KEY:SECRET", "insecure", "ca"}}}` in
/// `$XDG_CONFIG_HOME/tocsin/config`, or `~/.config/tocsin/config`.
struct Profiles: Codable {
    struct Profile: Codable {
        var url: String
        /// `KEY:SECRET`.
        var key: String?
        var insecure: Bool?
        /// The path of a PEM file.
        var ca: String?
    }

    var `default`: String?
    var profiles: [String: Profile] = [:]

    static var path: String {
        let environment = ProcessInfo.processInfo.environment
        let folder = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (folder ?? "\(environment["HOME"] ?? "")/.config")
            + "/tocsin/config"
    }

    /// - Throws: `CommandError` for a file that others can read, or that holds something else.
    static func load() throws -> Profiles {
        guard let data = FileManager.default.contents(atPath: path) else { return Profiles() }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
        guard mode & 0o077 == 0 else {
            throw CommandError("Others can read the keys in \(path). Type: chmod 600 \(path)")
        }
        do {
            return try JSONDecoder().decode(Profiles.self, from: data)
        } catch {
            throw CommandError("\(path) is no file of profiles. Repair it, or delete it and type: tocsin login")
        }
    }

    /// Replaces the file as a whole, readable for oneself alone.
    func save() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let url = URL(filePath: Self.path)
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            // Nobody else can read it at any moment.
            let fresh = Self.path + ".\(ProcessInfo.processInfo.processIdentifier)"
            let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw CommandError("\(Self.path) cannot be written.") }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try file.write(contentsOf: try encoder.encode(self))
            try file.close()
            guard rename(fresh, Self.path) == 0 else { throw CommandError("\(Self.path) cannot be written.") }
        } catch let error as CocoaError {
            throw CommandError("\(Self.path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// The one of a name.
    func required(_ name: String) throws -> Profile {
        guard let profile = profiles[name] else {
            let hint = Nearness.hint(
                for: name, among: Array(profiles.keys), otherwise: "Type: tocsin login --profile \(name)")
            throw CommandError("There is no profile \(name).\(hint)")
        }
        return profile
    }
}
