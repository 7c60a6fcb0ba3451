extension AuditNotice {
    /// One line.
    public var subject: String {
        var parts: [String] = []
        if !raised.isEmpty { parts.append(raised.map(\.headline).joined(separator: ", ")) }
        if !lasting.isEmpty { parts.append("still " + lasting.map(\.headline).joined(separator: ", ")) }
        if !cleared.isEmpty { parts.append("over: " + cleared.map(\.kind.rawValue).joined(separator: ", ")) }
        return "Tocsin self-audit: " + parts.joined(separator: "; ")
    }

    /// For people; lines end with a line feed.
    /// - Parameter place: Which installation it is.
    public func text(place: String) -> String {
        var lines = ["The self-audit of \(place) reports, \(at.iso):", ""]
        lines += raised.map { "FOUND  \($0.line(at: at))" }
        lines += lasting.map { "LASTS  \($0.line(at: at))" }
        lines += cleared.map { "OVER   \($0.kind.rawValue): \($0.kind.rule). It lasted from \($0.since.iso)." }
        lines += ["", "This message does not come through the alert engine. Now: GET \(place)/api/xm/1/self-audit"]
        return lines.joined(separator: "\n") + "\n"
    }
}

extension AuditFinding {
    fileprivate var headline: String { "\(kind.rawValue) (\(count))" }

    fileprivate func line(at now: Timestamp) -> String {
        let age = max(now.since(oldest).milliseconds / 1000, 0)
        let which = detail.isEmpty ? "" : " (\(detail))"
        return "\(kind.rawValue): \(kind.rule). \(count) of them\(which), the oldest for \(age) s; found \(since.iso)."
    }
}

extension AuditFinding {
    /// As REST and the POST to a target show it.
    public var representation: JSONValue {
        [
            "kind": .string(kind.rawValue), "rule": .string(kind.rule), "since": .string(since.iso),
            "count": .integer(Int64(count)), "oldest": .string(oldest.iso), "detail": .string(detail),
            "lastFound": .string(lastFoundAt.iso),
        ]
    }
}
