import Foundation
import Testing

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The house rules that a compiler does not check.
struct TidyTests {
    /// Our own modules that the files of a folder may import. Nobody but Bootstrap, executables and tests may name
    /// an adapter; nobody but Bootstrap may import a service; only executables import Bootstrap.
    static let mayImport: [String: Set<String>] = [
        "Shared/AlertCore": [],
        "Shared/WorkflowArchive": ["AlertCore", "CLibZip"],
        "Shared/Persistence": ["AlertCore"],
        "Shared/SQLiteDatabase": ["Persistence", "CSQLite"],
        "Shared/PostgresDatabase": ["Persistence", "CLibPQ"],
        "Shared/Messaging": ["AlertCore", "Persistence"],
        "Shared/KafkaBus": ["Messaging", "Persistence", "CLibRDKafka"],
        "Shared/Scripting": [],
        "Shared/JavaScriptEngine": ["Scripting", "CLibXML2", "CQuickJS", "CXMLDOM"],
        "Shared/OutboundHTTP": ["CAres", "CCurl"],
        "Shared/Endpoints": ["AlertCore", "OutboundHTTP", "Persistence"],
        "Shared/Answers": ["AlertCore", "Messaging", "Persistence"],
        "Shared/ServiceSettings": [],
        "Services/AlertEngine": ["AlertCore", "Messaging", "Persistence"],
        "Services/API": ["AlertCore", "Answers", "Endpoints", "Messaging", "Persistence", "WorkflowArchive"],
        "Services/Ingest": [
            "AlertCore", "Endpoints", "Messaging", "OutboundHTTP", "Persistence", "Scripting",
        ],
        "Services/MailReceiver": ["AlertCore", "Answers", "CGMime", "OutboundHTTP", "Persistence"],
        "Services/Notifier": ["AlertCore", "Answers", "Messaging", "OutboundHTTP", "Persistence", "Scripting"],
        "Services/SelfAudit": ["AlertCore", "OutboundHTTP", "Persistence"],
        "Services/WebhookDispatcher": [
            "AlertCore", "Endpoints", "Messaging", "OutboundHTTP", "Persistence", "Scripting",
        ],
    ]

    static let ours = Set(mayImport.keys.map { String($0.split(separator: "/")[1]) })
        .union([
            "Bootstrap", "CAres", "CCurl", "CGMime", "CLibPQ", "CLibRDKafka", "CLibXML2", "CLibZip", "CQuickJS",
            "CSQLite",
            "CXMLDOM",
        ])

    @Test(arguments: mayImport.keys.sorted())
    func importsPointInward(of folder: String) throws {
        for (file, lines) in try swiftFiles(in: folder) {
            let imported = Set(
                lines.compactMap { line in
                    line.firstMatch(of: #/^(?:@\w+ )*import (\w+)/#).map { String($0.1) }
                })
            let strangers = imported.intersection(Self.ours).subtracting(Self.mayImport[folder] ?? [])
            #expect(strangers.isEmpty, "\(file) must not import \(strangers.sorted())")
        }
    }

    @Test func everyFolderHasItsRule() throws {
        for area in ["Shared", "Services"] {
            let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: area).path())
            for folder in folders where !["Bootstrap", "Executables"].contains(folder) && !Self.isSystemLibrary(folder)
            {
                #expect(Self.mayImport["\(area)/\(folder)"] != nil, "\(area)/\(folder) has no rule in this test")
            }
        }
    }

    private static func isSystemLibrary(_ folder: String) -> Bool { folder.hasPrefix("C") }

    @Test(arguments: ["Shared", "Services", "Tests"])
    func filesAreShort(in folder: String) throws {
        for (file, lines) in try swiftFiles(in: folder) {
            #expect(lines.count <= 400, "\(file) has \(lines.count) lines")
            for (index, line) in lines.enumerated() where line.count > 120 {
                Issue.record("\(file):\(index + 1) has \(line.count) columns")
            }
        }
    }

    @Test(arguments: ["Shared", "Services"])
    func errorsAreSwallowedForAReason(in folder: String) throws {
        for (file, lines) in try swiftFiles(in: folder) {
            for (index, line) in lines.enumerated() where line.contains(#/\btry\? /#) {
                let around = lines[max(0, index - 2)...index]
                #expect(
                    around.contains { $0.contains("//") }, "\(file):\(index + 1) swallows an error without a reason")
            }
        }
    }

    @Test(arguments: ["Shared", "Services", "Tests"])
    func nothingIsLeftForLater(in folder: String) throws {
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for (file, lines) in try swiftFiles(in: folder) {
            for (index, line) in lines.enumerated() where marks.contains(where: { line.contains($0) }) {
                Issue.record("\(file):\(index + 1) leaves something for later")
            }
        }
    }

    @Test func everySettingIsDocumented() throws {
        let code = try text("Shared/ServiceSettings/Setting.swift")
        let operations = try text("docs/OPERATIONS.md")
        let names = code.matches(of: #/= Setting\(\s*"([a-z-]+)"/#).map { String($0.1) }
        #expect(names.count > 20)
        for name in names {
            let variable = "TOCSIN_" + name.uppercased().replacing("-", with: "_")
            #expect(operations.contains("`\(variable)`"), "docs/OPERATIONS.md does not name \(variable)")
        }
    }

    @Test func migrationsRunOnBothDatabases() throws {
        let folder = root.appending(path: "Shared/Persistence/Migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path())
        for file in files {
            let parts = file.split(separator: ".")
            guard parts.count == 2 else {
                // One that says the same to each in its own words.
                for other in ["sqlite", "postgres"] { #expect(files.contains("\(parts[0]).\(other).sql"), "\(file)") }
                continue
            }
            let statements = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                .split(separator: "\n").map { $0.prefix { $0 != "-" } }.joined(separator: "\n").lowercased()
            for word in ["serial", "now()", "json", "array", "trigger", "autoincrement", "timestamp"] {
                #expect(!statements.contains(word), "\(file) uses \(word)")
            }
        }
    }
}

private func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
}

private func swiftFiles(in folder: String) throws -> [(String, [Substring])] {
    let names =
        FileManager.default.enumerator(atPath: root.appending(path: folder).path())?
        .compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") } ?? []
    #expect(!names.isEmpty, "\(folder) has no files")
    return try names.map { name in
        ("\(folder)/\(name)", try text("\(folder)/\(name)").split(separator: "\n", omittingEmptySubsequences: false))
    }
}
