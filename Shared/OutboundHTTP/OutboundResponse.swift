/// What a target answered, whatever its status: a 500 is an answer, not an error.
public struct OutboundResponse: Sendable {
    public let status: Int
    /// In the order of arrival, names as sent. At most 128, and at most 64 KiB in all.
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]
    /// Whether the body went on after the request's `responseBodyLimit`.
    public let isBodyTruncated: Bool
    /// The address that answered, without its port.
    public let remoteAddress: String?
    /// From the start of the transfer to its end. Time spent waiting for a free place is not in it.
    public let duration: Duration

    public init(
        status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        isBodyTruncated: Bool = false, remoteAddress: String? = nil, duration: Duration = .zero
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isBodyTruncated = isBodyTruncated
        self.remoteAddress = remoteAddress
        self.duration = duration
    }

    /// The value of the first header with this name, in any case.
    public func header(_ name: String) -> String? {
        headers.first { equalsIgnoringCase($0.name, name) }?.value
    }
}

extension OutboundResponse {
    init(_ raw: RawResponse) {
        self.init(
            status: raw.status, headers: Self.parseHeaders(raw.headerBytes), body: raw.body,
            isBodyTruncated: raw.isBodyTruncated, remoteAddress: raw.remoteAddress, duration: raw.duration)
    }

    /// The header lines of a response head. The status line and lines without a colon are left out.
    static func parseHeaders(_ bytes: [UInt8]) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        for line in bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { continue }
            let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
            var value = line[(colon + 1)...].drop(while: isBlank)
            while let last = value.last, isBlank(last) { value.removeLast() }
            headers.append((String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return headers
    }
}

/// A response as the transfer thread collected it. Its headers are parsed on the caller's thread.
struct RawResponse: Sendable {
    var status = 0
    var headerBytes: [UInt8] = []
    var body: [UInt8] = []
    var isBodyTruncated = false
    var remoteAddress: String?
    var duration = Duration.zero
}

/// Compares ASCII names as HTTP does.
func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count
        && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
