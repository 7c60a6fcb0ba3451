import Persistence

/// A column of values as PostgreSQL's binary array (the layout of `array_recv`): the number of dimensions,
/// whether there are NULLs, the element type, the length and lower bound, then each element with its length.
struct BinaryArray {
    let type: String
    let bytes: [UInt8]

    /// `nil` when every value is NULL: the column is then left out.
    init?(_ values: [SQLValue]) {
        guard let first = values.first(where: { $0 != .null }) else { return nil }
        let isInteger = if case .integer = first { true } else { false }
        type = isInteger ? "bigint" : "text"
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + values.count * 32)
        func add(_ number: Int32) { Swift.withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) } }
        add(1)
        add(values.contains(.null) ? 1 : 0)
        add(isInteger ? 20 : 25)
        add(Int32(values.count))
        add(1)
        for value in values {
            switch value {
            case .null: add(-1)
            case .integer(let number):
                precondition(isInteger, "a column holds values of one kind")
                add(8)
                Swift.withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
            case .text(let text):
                precondition(!isInteger, "a column holds values of one kind")
                let text = text.withoutNUL
                add(Int32(text.utf8.count))
                bytes.append(contentsOf: text.utf8)
            }
        }
        self.bytes = bytes
    }
}

extension [[UInt8]] {
    func withPointers<R>(_ body: ([UnsafePointer<CChar>?], [Int32]) -> R) -> R {
        let owned = map { bytes in
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
            _ = copy.initialize(from: bytes)
            return copy
        }
        defer { owned.forEach { $0.deallocate() } }
        let pointers = owned.map {
            UnsafeRawPointer($0.baseAddress!).assumingMemoryBound(to: CChar.self) as UnsafePointer?
        }
        return body(pointers, map { Int32($0.count) })
    }
}
