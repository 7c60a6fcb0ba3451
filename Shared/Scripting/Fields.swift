/// Writes the values of a frame's payload one behind the other: numbers in eight bytes with the lowest first,
/// texts and lists with their count before them.
package struct FieldWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func add(_ number: Int) {
        var number = UInt64(bitPattern: Int64(number)).littleEndian
        withUnsafeBytes(of: &number) { bytes.append(contentsOf: $0) }
    }

    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            add(utf8.count)
            bytes.append(contentsOf: utf8)
        }
    }

    package mutating func add(_ text: String?) {
        add(text == nil ? 0 : 1)
        if let text { add(text) }
    }

    package mutating func add(_ texts: [String]) {
        add(texts.count)
        for text in texts { add(text) }
    }

    package mutating func add(_ texts: [String: String]) {
        add(texts.count)
        for (name, value) in texts {
            add(name)
            add(value)
        }
    }
}

/// Reads what a ``FieldWriter`` has written. What comes from a worker may be anything: every count is checked
/// against what is there.
package struct FieldReader {
    /// The payload does not hold what it should.
    package struct Malformed: Error {}

    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package mutating func number() throws(Malformed) -> Int {
        guard bytes.count - position >= 8 else { throw Malformed() }
        let number = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: UInt64.self) }
        position += 8
        return Int(Int64(bitPattern: UInt64(littleEndian: number)))
    }

    package mutating func text() throws(Malformed) -> String {
        let count = try self.count(ofAtLeast: 1)
        defer { position += count }
        return String(decoding: bytes[position..<(position + count)], as: UTF8.self)
    }

    package mutating func optionalText() throws(Malformed) -> String? {
        try number() == 0 ? nil : try text()
    }

    package mutating func texts() throws(Malformed) -> [String] {
        var texts: [String] = []
        for _ in 0..<(try count(ofAtLeast: 8)) { texts.append(try text()) }
        return texts
    }

    package mutating func namedTexts() throws(Malformed) -> [String: String] {
        var texts: [String: String] = [:]
        for _ in 0..<(try count(ofAtLeast: 16)) {
            let name = try text()
            texts[name] = try text()
        }
        return texts
    }

    /// How many elements follow, each of that many bytes at least.
    private mutating func count(ofAtLeast bytesEach: Int) throws(Malformed) -> Int {
        let count = try number()
        guard count >= 0, count <= (bytes.count - position) / bytesEach else { throw Malformed() }
        return count
    }
}
