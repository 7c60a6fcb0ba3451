import Foundation
import Scripting
import Testing

/// Scripts as people write them, each with what has to come of it: the files in `Corpus`.
///
/// A line that begins with `//!` says what follows, or is a setting with its value:
///
///     //! kind outbound               or location, body, header Name, parameter name, constant Name,
///                                      input Label, outputs A,B, global (a JSON object), trigger
///     //! answer {"statusCode":500}    what the host answers next (200 and {"id":"4711"} otherwise)
///     //! refuse no route to host      as an exception
///     //! library Name                 the library's source follows
///     //! script                       the script follows
///     //! expects                      what comes of it: calls to the host, console, outputs, error
struct CorpusTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    static let names: [String] = {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return all.filter { $0.hasSuffix(".js") }.sorted()
    }()

    @Test func isThere() {
        #expect(Self.names.count >= 40)
    }

    @Test(arguments: names)
    func runs(_ name: String) async throws {
        let file = try CorpusFile(String(contentsOf: Self.folder.appending(path: name), encoding: .utf8))
        let host = CorpusHost(answers: file.answers)
        let outcome = await Sandbox.pool.run(file.run, limits: .init(), host: host)
        let transcript = await host.calls + outcome.transcript
        if ProcessInfo.processInfo.environment["SHOW_CORPUS"] != nil {
            print("=== \(name)\n\(transcript.joined(separator: "\n"))")
        }
        #expect(transcript == file.expected)
    }
}

private struct CorpusFile {
    var run = ScriptRun(name: "Script", kind: .createEvent, source: "")
    var answers: [Result<ScriptHTTPAnswer, Refusal>] = []
    var expected: [String] = []

    private struct Answer: Decodable {
        var statusCode: Int
        var headers: [String: String]?
        var body: String?
    }

    init(_ text: String) throws {
        var section: WritableKeyPath<Self, [String]>?
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            guard line.hasPrefix("//! ") else {
                if section != nil { expected.append(String(line)) } else { lines.append(String(line)) }
                continue
            }
            let words = line.dropFirst(4).split(separator: " ", maxSplits: 1).map(String.init)
            let rest = words.count > 1 ? words[1] : ""
            switch words[0] {
            case "script":
                keepLibrary(&lines)
            case "library":
                keepLibrary(&lines)
                run.libraries.append(ScriptLibrary(name: rest, source: ""))
            case "expects":
                run.source = lines.joined(separator: "\n")
                section = \.expected
            default: try set(words[0], rest)
            }
        }
    }

    private mutating func keepLibrary(_ lines: inout [String]) {
        if !run.libraries.isEmpty, run.libraries[run.libraries.count - 1].source.isEmpty {
            run.libraries[run.libraries.count - 1].source = lines.joined(separator: "\n")
        }
        lines = []
    }

    private mutating func set(_ name: String, _ value: String) throws {
        let pair = value.split(separator: "=", maxSplits: 1).map(String.init)
        switch name {
        case "kind": run.kind = try #require(ScriptRun.Kind(rawValue: value))
        case "location": run.location = try #require(ScriptRun.Location(rawValue: value))
        case "body": run.request.body = value.replacing("\\n", with: "\n")
        case "trigger": run.trigger = value
        case "global": run.globals = value
        case "header": run.request.headers[pair[0]] = pair[1]
        case "parameter": run.request.parameters[pair[0]] = pair[1]
        case "constant": run.constants[pair[0]] = pair[1].replacing("\\n", with: "\n")
        case "input": run.inputs[pair[0]] = pair.count > 1 ? pair[1] : ""
        case "outputs": run.outputNames = value.split(separator: ",").map(String.init)
        case "refuse": answers.append(.failure(Refusal(description: value)))
        case "answer":
            let answer = try JSONDecoder().decode(Answer.self, from: Data(value.utf8))
            answers.append(
                .success(
                    ScriptHTTPAnswer(
                        statusCode: answer.statusCode, headers: answer.headers ?? [:], body: answer.body ?? "")))
        default: Issue.record("nothing is called \(name)")
        }
    }
}

private struct Refusal: Error, CustomStringConvertible {
    let description: String
}

/// Writes down what it is asked for.
private actor CorpusHost: ScriptHost {
    private var answers: ArraySlice<Result<ScriptHTTPAnswer, Refusal>>
    private(set) var calls: [String] = []

    init(answers: [Result<ScriptHTTPAnswer, Refusal>]) {
        self.answers = answers[...]
    }

    private func next() throws -> ScriptHTTPAnswer {
        try answers.popFirst()?.get() ?? ScriptHTTPAnswer(statusCode: 200, body: #"{"id":"4711"}"#)
    }

    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer {
        var line = "> \(call.method) \(call.endpoint ?? "-") \(call.path)"
        if !call.autoEncodeURI { line += " as it is" }
        if let host = call.host { line += " host \(host)" }
        calls.append(line)
        for (name, value) in call.headers.sorted(by: { $0.key < $1.key }) { calls.append(">   \(name): \(value)") }
        if let body = call.body { calls.append(">   \(body)") }
        return try next()
    }

    func postForm(_ triggerJSON: String) async -> ScriptHTTPAnswer {
        calls.append("> form \(triggerJSON)")
        do { return try next() } catch { return ScriptHTTPAnswer(statusCode: 503, body: "\(error)") }
    }

    func authenticate(_ endpoint: String) async throws -> String {
        calls.append("> token \(endpoint)")
        return try next().body
    }
}

extension ScriptOutcome {
    fileprivate var transcript: [String] {
        var lines = log.isEmpty ? [] : log.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines += outputs.sorted { $0.key < $1.key }.map { "= \($0.key): \($0.value)" }
        if let error {
            let place = error.line.map { " at \($0):\(error.column ?? 0)" } ?? ""
            lines.append("! \(error.kind.rawValue): \(error.message)\(place)")
        }
        return lines
    }
}
