import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Mustache

/// The templates and the static files of the pages, loaded once from the module's resources.
struct ConsoleAssets: Sendable {
    struct File: Sendable {
        let bytes: [UInt8]
        let type: String
        /// Changes with the content, so that browsers may keep what they have.
        let version: String
    }

    /// The template or the file is missing or wrong: the installation is broken.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let types = [
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
        "png": "image/png",
    ]

    private let templates: MustacheLibrary
    private let files: [String: File]

    init() throws {
        guard let resources = Bundle.module.resourceURL else {
            throw Failure(description: "the console's files are missing beside the executable")
        }
        templates = MustacheLibrary(
            templates: try Self.read(resources.appending(path: "Templates"), suffix: "mustache").mapValues { bytes in
                try MustacheTemplate(string: String(decoding: bytes, as: UTF8.self))
            })
        var files: [String: File] = [:]
        for (suffix, type) in Self.types {
            for (name, bytes) in try Self.read(resources.appending(path: "Static"), suffix: suffix) {
                let version = SHA256.hash(data: bytes).prefix(6).map { String($0, radix: 16) }.joined()
                files["\(name).\(suffix)"] = File(bytes: Array(bytes), type: type, version: version)
            }
        }
        self.files = files
    }

    /// By their names without the suffix.
    private static func read(_ folder: URL, suffix: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
        let chosen = names.filter { $0.hasSuffix(".\(suffix)") }
        return Dictionary(
            uniqueKeysWithValues: try chosen.map { name in
                (String(name.dropLast(suffix.count + 1)), try Data(contentsOf: folder.appending(path: name)))
            })
    }

    func file(_ name: String) -> File? { files[name] }

    /// Where the pages find a static file.
    func url(of name: String) -> String { "/console/static/\(name)?v=\(files[name]?.version ?? "0")" }

    func render(_ content: some Any, with template: String) throws -> String {
        guard let html = templates.render(content, withTemplate: template) else {
            throw Failure(description: "there is no template \(template)")
        }
        return html
    }
}
