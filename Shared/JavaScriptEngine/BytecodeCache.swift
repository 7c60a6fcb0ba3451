/// Bytecode by source, up to a size: when it is reached, all is forgotten and begins anew.
struct BytecodeCache {
    private let bytesMax: Int
    private var bytes = 0
    private var known: [String: [UInt8]] = [:]

    /// - Parameter bytesMax: Of sources and bytecode together.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    subscript(source: String) -> [UInt8]? { known[source] }

    mutating func keep(_ bytecode: [UInt8], for source: String) {
        let size = source.utf8.count + bytecode.count
        guard size <= bytesMax else { return }
        if bytes + size > bytesMax {
            known = [:]
            bytes = 0
        }
        known[source] = bytecode
        bytes += size
    }
}
