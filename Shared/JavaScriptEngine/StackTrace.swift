/// The part of an engine's stack trace that the author of a script knows: the calls in the script itself.
struct StackTrace {
    /// Of the innermost call, from 1.
    private(set) var line: Int?
    private(set) var column: Int?
    /// One call a line; `nil` when there is none.
    private(set) var text: String?

    /// - Parameters:
    ///   - trace: Lines such as `    at step (file:3:14)`.
    ///   - file: The script's file in the trace. Calls elsewhere are left out.
    ///   - name: What the author knows the script as.
    ///   - firstLineOffset: How many columns of the first line are not the author's.
    init(_ trace: String, of file: String, as name: String, firstLineOffset: Int) {
        var calls: [String] = []
        for call in trace.split(separator: "\n").prefix(50) {
            guard let mark = call.firstRange(of: "\(file):") else { continue }
            let position = call[mark.upperBound...].prefix { $0 == ":" || $0.isASCII && $0.isNumber }
            let numbers = position.split(separator: ":").compactMap { Int($0) }
            guard numbers.count == 2 else { continue }
            let column = numbers[0] == 1 ? max(1, numbers[1] - firstLineOffset) : numbers[1]
            if calls.isEmpty { (self.line, self.column) = (numbers[0], column) }
            let rest = call[position.endIndex...]
            calls.append("\(call[..<mark.lowerBound])\(name):\(numbers[0]):\(column)\(rest)")
        }
        if !calls.isEmpty { text = calls.joined(separator: "\n") }
    }
}
