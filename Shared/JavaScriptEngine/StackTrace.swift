/// The part of an engine's stack trace that the author of a script knows: the calls in the script and its
/// libraries.
struct StackTrace {
    struct Source {
        /// What the author knows it as.
        var name: String
        var isLibrary: Bool
        /// How many columns of the first line are not the author's.
        var firstLineOffset: Int
        /// How many lines the author has written.
        var lines: Int
    }

    /// Of the innermost call in the script itself, from 1.
    private(set) var line: Int?
    private(set) var column: Int?
    /// Where in a library it happened; `nil` when it did not.
    private(set) var libraryPlace: String?
    /// Whether the innermost place is no call but what the engine was reading.
    private(set) var isAtCompilation = false
    /// One call a line; `nil` when there is none.
    private(set) var text: String?

    /// - Parameters:
    ///   - trace: Lines such as `    at step (file:3:14)`.
    ///   - sources: The author's, by their files in the trace. Calls elsewhere are left out.
    init(_ trace: String, sources: [String: Source]) {
        var calls: [String] = []
        for (index, call) in trace.split(separator: "\n").prefix(50).enumerated() {
            guard let start = call.lastIndex(of: "<"), let end = call[start...].firstIndex(of: ">"),
                let source = sources[String(call[start...end])]
            else { continue }
            let place = call[call.index(after: end)...]
            let position = place.prefix { $0 == ":" || $0.isASCII && $0.isNumber }
            let numbers = position.split(separator: ":").compactMap { Int($0) }
            guard numbers.count == 2, numbers[0] <= source.lines else { continue }
            let column = numbers[0] == 1 ? max(1, numbers[1] - source.firstLineOffset) : numbers[1]
            if source.isLibrary {
                if calls.isEmpty {
                    libraryPlace = "library \"\(source.name)\", line \(numbers[0]), column \(column)"
                    isAtCompilation = index == 0 && !call.contains("(")
                }
            } else if line == nil {
                (line, self.column) = (numbers[0], column)
            }
            calls.append("\(call[..<start])\(source.name):\(numbers[0]):\(column)\(place[position.endIndex...])")
        }
        if !calls.isEmpty { text = String(calls.joined(separator: "\n").unicodeScalars.prefix(8192)) }
    }

    /// Whether the innermost call of the script is where it says `throw`.
    func isAtThrow(in source: String) -> Bool {
        guard let line, let column, libraryPlace == nil else { return false }
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.contains(line - 1) && lines[line - 1].prefix(column - 1).hasSuffix("throw")
    }
}
