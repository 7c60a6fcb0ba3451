import Foundation

/// Who sits at the other end: whether there is somebody to ask, to colour for, to show progress to.
enum Terminal {
    static let hasOutput = isatty(1) == 1
    static let hasErrors = isatty(2) == 1
    static let canAsk = isatty(0) == 1 && isatty(2) == 1

    static let isColoured: Bool = {
        let environment = ProcessInfo.processInfo.environment
        return hasOutput && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }()

    /// Columns of the terminal; `nil` where the output is none.
    static var width: Int? {
        guard hasOutput else { return nil }
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Asks on the error stream, so that the answer of the command stays clean.
    /// - Returns: `nil` at the end of the input.
    static func ask(_ question: String) -> String? {
        FileHandle.standardError.write(Data(question.utf8))
        return readLine()?.trimmingCharacters(in: .whitespaces)
    }

    /// Asks without showing what is typed; without a terminal the next line of the input.
    static func askSecretly(_ question: String) -> String? {
        guard isatty(0) == 1, let typed = getpass(question) else { return readLine() }
        return String(cString: typed)
    }

    /// Lets Ctrl-C end the process at once and quietly, with this exit code.
    static func endsWhenInterrupted() {
        signal(SIGINT) { _ in _exit(130) }
    }

    /// For commands that only Ctrl-C ends.
    static func endsWellWhenInterrupted() {
        signal(SIGINT) { _ in _exit(0) }
    }
}

/// What takes long and how far it is, on the error stream of a terminal; nowhere else.
struct ProgressBar: ~Copyable {
    private let what: String

    init(_ what: String) { self.what = what }

    func show(_ done: Int, of total: Int? = nil) {
        guard Terminal.hasErrors else { return }
        var line = "\(what) \(done)"
        if let total, total > 0 {
            let filled = min(20, 20 * done / total)
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
            line = "\(what) [\(bar)] \(done) of \(total)"
        }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
    }

    func say(_ text: String) {
        guard Terminal.hasErrors else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(what) \(Output.plain(text))".utf8))
    }

    deinit {
        if Terminal.hasErrors { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
