/// Something that a script asked for, with the answer that it got. Bounded: ``cut`` says what is not there.
public struct ActivityCall: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Sendable {
        /// `http.request({…}).write(…)`
        case http = "HTTP"
        /// `form.post(trigger)`
        case form = "FORM"
        /// `http.authenticate('…')`
        case token = "TOKEN"
    }

    public var kind: Kind
    public var method: String
    /// The whole address without its secrets; of `form.post`, the form's name.
    public var url: String
    /// Without credentials.
    public var requestHeaders: [String: String]
    /// `nil` when none was sent.
    public var requestBody: String?
    /// `nil` when no answer came: ``problem`` says why.
    public var status: Int?
    public var answerHeaders: [String: String]
    public var answerBody: String
    public var problem: String?
    public var durationMilliseconds: Int
    /// How many bytes the script had printed before; `nil` where that is not known.
    public var logOffset: Int?
    /// What has been left out, in words.
    public var cut: String?

    public init(
        kind: Kind, method: String, url: String, requestHeaders: [String: String] = [:], requestBody: String? = nil,
        status: Int? = nil, answerHeaders: [String: String] = [:], answerBody: String = "", problem: String? = nil,
        durationMilliseconds: Int = 0, logOffset: Int? = nil, cut: String? = nil
    ) {
        self.kind = kind
        self.method = method
        self.url = url
        self.requestHeaders = requestHeaders
        self.requestBody = requestBody
        self.status = status
        self.answerHeaders = answerHeaders
        self.answerBody = answerBody
        self.problem = problem
        self.durationMilliseconds = durationMilliseconds
        self.logOffset = logOffset
        self.cut = cut
    }

    /// The request in the form of spec §2.8: `> POST https://… HTTP/1.1`, the headers, the body.
    public var requestText: String {
        let first =
            switch kind {
            case .http: "> \(method) \(url) HTTP/1.1"
            case .form: "> form.post \(url)"
            case .token: "> http.authenticate \(url)"
            }
        return Self.text([first], requestHeaders, prefix: "> ", body: requestBody ?? "")
    }

    /// The answer in the form of spec §2.8: `< HTTP/1.1 200 200`, the headers, the body; or why there is none.
    public var answerText: String {
        guard let status else { return "< \(problem ?? "no answer")" }
        return Self.text(["< HTTP/1.1 \(status) \(status)"], answerHeaders, prefix: "< ", body: answerBody)
    }

    private static func text(_ first: [String], _ headers: [String: String], prefix: String, body: String) -> String {
        let lines = first + headers.sorted { $0.key < $1.key }.map { "\(prefix)\($0.key): \($0.value)" }
        return (body.isEmpty ? lines : lines + ["", body]).joined(separator: "\n")
    }
}

extension Activity {
    /// A part of what happened: what was printed, or a call.
    public enum Step: Equatable, Sendable {
        case printed(String)
        case call(ActivityCall)
    }

    /// What was printed and the calls, in the order in which they happened.
    public var steps: [Step] {
        var steps: [Step] = []
        var printed = log.utf8[...]
        var taken = 0
        for call in calls {
            let end = max(taken, min(call.logOffset ?? log.utf8.count, log.utf8.count))
            Self.add(printed.prefix(end - taken), to: &steps)
            printed = printed.dropFirst(end - taken)
            taken = end
            steps.append(.call(call))
        }
        Self.add(printed, to: &steps)
        return steps
    }

    /// All of it as text (spec §2.8).
    public var transcript: String {
        let parts = steps.map { step in
            switch step {
            case .printed(let text): text
            case .call(let call):
                [call.requestText, "", call.answerText, call.cut.map { "(\($0))\n" } ?? ""].joined(separator: "\n")
            }
        }
        return (parts + notes).joined(separator: "\n")
    }

    private static func add(_ printed: Substring.UTF8View, to steps: inout [Step]) {
        // Offsets lie between lines, so that no character is divided.
        let text = String(decoding: printed, as: UTF8.self)
        let trimmed = text.hasPrefix("\n") ? String(text.dropFirst()) : text
        if !trimmed.isEmpty { steps.append(.printed(trimmed)) }
    }
}
