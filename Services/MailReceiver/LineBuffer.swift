/// Bytes of a connection, cut into lines at CR LF. A lone CR or LF is part of its line: what others take for an end
/// must not end a mail here.
struct LineBuffer {
    /// A longer line ends the connection.
    static let limit = 64 << 10

    private var bytes: [UInt8] = []
    private var start = 0

    /// Whether what there is of the next line is more than a line may have.
    var isTooLong: Bool { bytes.count - start > Self.limit }

    mutating func append(_ more: some Collection<UInt8>) {
        bytes.removeFirst(start)
        start = 0
        bytes.append(contentsOf: more)
    }

    /// The next whole line, without its end.
    mutating func next() -> [UInt8]? {
        var index = start
        while let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) {
            if end > start, bytes[end - 1] == UInt8(ascii: "\r") {
                defer { start = end + 1 }
                return Array(bytes[start..<(end - 1)])
            }
            index = end + 1
        }
        return nil
    }
}
