import AlertCore
import Foundation
import Testing

@testable import WorkflowArchive

/// Which archives are read and which are refused, and with which words.
struct ArchiveTests {
    struct Broken: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let message: String
    }

    static let engine = RawZIP.Entry("engine.json")
    static let broken = [
        Broken(testDescription: "nothing", bytes: [], message: "the archive is empty"),
        Broken(testDescription: "a text", bytes: Array("hello, world".utf8), message: "the archive is no ZIP archive"),
        Broken(
            testDescription: "half of one", bytes: Array(RawZIP.archive([engine]).prefix(40)),
            message: "the archive is no ZIP archive"),
        Broken(
            testDescription: "something else", bytes: RawZIP.archive([.init("readme.txt", "hello")]),
            message: "the archive holds no workflow"),
        Broken(
            testDescription: "two workflows", bytes: RawZIP.archive([.init("a/engine.json"), .init("b/engine.json")]),
            message: "the archive holds several workflows: a/, b/"),
        Broken(
            testDescription: "an absolute name", bytes: RawZIP.archive([engine, .init("/etc/passwd")]),
            message: "the entry /etc/passwd leads out of the archive"),
        Broken(
            testDescription: "a name that goes up", bytes: RawZIP.archive([engine, .init("forms/../../x.json")]),
            message: "the entry forms/../../x.json leads out of the archive"),
        Broken(
            testDescription: "a name that goes up with backslashes", bytes: RawZIP.archive([engine, .init("..\\x")]),
            message: "the entry ../x leads out of the archive"),
        Broken(
            testDescription: "a drive", bytes: RawZIP.archive([engine, .init("C:\\x")]),
            message: "the entry C:/x leads out of the archive"),
        Broken(
            testDescription: "a NUL in a name",
            bytes: RawZIP.archive([engine, .init(Array("forms/a\0.json".utf8), Array("{}".utf8))]),
            message: "the entry forms/a has a NUL in its name"),
        Broken(
            testDescription: "a name twice", bytes: RawZIP.archive([engine, engine]),
            message: "the entry engine.json is there twice"),
        Broken(
            testDescription: "an encrypted entry", bytes: RawZIP.archive([.init("engine.json", "{}", flags: 1)]),
            message: "the entry engine.json is encrypted"),
        Broken(
            testDescription: "a symbolic link",
            bytes: RawZIP.archive([.init("engine.json", "/etc/passwd", attributes: 0xa1ff_0000)]),
            message: "the entry engine.json is a symbolic link"),
        Broken(
            testDescription: "a wrong checksum", bytes: RawZIP.archive([.init("engine.json", "{}", crc: 1)]),
            message: "the entry engine.json is damaged"),
        Broken(
            testDescription: "too many entries",
            bytes: RawZIP.archive((0...5000).map { RawZIP.Entry("forms/\($0).json") }),
            message: "the archive has more than 5000 entries"),
        Broken(
            testDescription: "a long name",
            bytes: RawZIP.archive([engine, .init(String(repeating: "n", count: 1001))]),
            message: "has a name of more than 1000 bytes"),
    ]

    @Test(arguments: broken)
    func refuses(_ row: Broken) throws {
        let error = try #require(throws: ArchiveError.self) { try WorkflowArchive.read(row.bytes) }
        #expect(error.description.contains(row.message), "\(error)")
    }

    @Test func refusesABomb() throws {
        let large = [UInt8](repeating: 32, count: ArchiveLimits.entry + 1)
        let one = try ZIPWriter.archive(of: ["engine.json": large])
        #expect(one.count < 200_000)
        let error = try #require(throws: ArchiveError.self) { try WorkflowArchive.read(one) }
        #expect(error == ArchiveError("engine.json", "has more than \(ArchiveLimits.entry) bytes unpacked"))

        let share = [UInt8](repeating: 32, count: ArchiveLimits.entry - 1)
        let many = try ZIPWriter.archive(
            of: Dictionary(uniqueKeysWithValues: (0..<5).map { ("forms/\($0).json", share) }))
        let total = try #require(throws: ArchiveError.self) { try WorkflowArchive.read(many) }
        #expect(total == ArchiveError(nil, "has more than \(ArchiveLimits.unpacked) bytes unpacked"))
    }

    @Test func readsWhatIsInAFolder() throws {
        let read = try WorkflowArchive.read(
            RawZIP.archive([
                .init("My plan/"), .init("My plan/engine.json", #"{"name":"X"}"#), .init("__MACOSX/._engine.json"),
                .init("beside.txt", "hello"),
            ]))
        #expect(read.documents.documents == ["engine.json": ["name": "X"]])
        #expect(read.problems == [ImportNote(.unusable, "beside.txt", "stands beside the workflow and was left out")])
    }

    @Test(arguments: ["\u{feff}", ""])
    func readsMarks(_ mark: String) throws {
        let read = try WorkflowArchive.read(RawZIP.archive([.init("engine.json", "\(mark){\"name\":\"Ä\"}")]))
        #expect(read.documents.documents["engine.json"] == ["name": "Ä"])
    }

    @Test func readsUTF16() throws {
        let bytes = [UInt8](try #require("\u{feff}{\"name\":\"Ä\"}".data(using: .utf16LittleEndian)))
        let read = try WorkflowArchive.read(files: ["engine.json": bytes])
        #expect(read.documents.documents["engine.json"] == ["name": "Ä"])
    }

    @Test func keepsADocumentThatIsNoJSON() throws {
        let read = try WorkflowArchive.read(
            RawZIP.archive([Self.engine, .init("properties/properties.json", "[1,\n 2")]))
        #expect(read.documents.files["properties/properties.json"] == Array("[1,\n 2".utf8))
        #expect(
            read.problems == [
                ImportNote(
                    .unusable, "properties/properties.json",
                    "is not valid JSON: it needs a comma or the end of an array (line 2, column 3)")
            ])
    }

    // MARK: JSON

    static let readable: [(String, JSONValue)] = [
        ("[]", JSONValue.array([])), ("{}", .object([:])),
        (" [1, -2, 2.5, 1e3] ", [1, -2, .number(2.5), .number(1000)]),
        (#""a\n\u00e4\ud83d\ude00\ud83d""#, .string("a\nä😀\u{fffd}")), ("true", true), ("null", .null),
        ("9223372036854775807", .integer(.max)), ("18446744073709551616", .number(18_446_744_073_709_551_616)),
        (#"{"a":1,"a":2}"#, ["a": 2]),
    ]

    @Test(arguments: readable.indices)
    func reads(_ row: Int) throws {
        let (text, value) = Self.readable[row]
        var values = 100
        #expect(try JSONParser.parse(Array(text.utf8), values: &values) == value)
    }

    @Test(arguments: [
        "", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "\"", "\"\\", "\"\\u12", "\"\\x\"", "tru", "nul", "+1",
        "-",
        "1e", "1e999", ".5", "2.", "01", "-", "+1", "1.e5", "NaN", "[] []", "\u{1}",
    ])
    func refuses(_ text: String) {
        var values = 100
        #expect(throws: JSONParser.Problem.self) { try JSONParser.parse(Array(text.utf8), values: &values) }
    }

    @Test func boundsDepthAndNumberOfValues() throws {
        let deep = String(repeating: "[", count: 1_000_000)
        var values = ArchiveLimits.values
        #expect(throws: JSONParser.Problem.self) { try JSONParser.parse(Array(deep.utf8), values: &values) }
        let wide = "[" + String(repeating: "1,", count: ArchiveLimits.values) + "1]"
        let error = try #require(throws: ArchiveError.self) {
            try WorkflowArchive.read(files: ["engine.json": Array(wide.utf8)])
        }
        #expect(error.problem.contains("more than 2000000 values"))
    }

    /// Whatever happens to a file on its way, it is read or refused.
    @Test func survivesAnyDamage() throws {
        let archive = try WorkflowArchive.write(SampleWorkflow.documents())
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next(below limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
        var read = 0
        for _ in 0..<300 {
            var damaged = archive
            for _ in 0...next(below: 8) { damaged[next(below: damaged.count)] = UInt8(next(below: 256)) }
            if next(below: 4) == 0 { damaged.removeLast(next(below: damaged.count)) }
            guard let (documents, problems) = try? WorkflowArchive.read(damaged) else { continue }  // refused
            _ = try SampleWorkflow.imported(documents)
            read += 1
            #expect(problems.count <= 20)
        }
        #expect(read < 300)
    }
}
