/// Finds what a script declares, as far as that can be told without reading the language.
enum Declarations {
    /// The names that stand in a declaration by `let`, `const` or `class` somewhere in the source. May be one too
    /// many, of a declaration that is in a block or a comment.
    static func names(among names: [String], in source: String) -> Set<String> {
        var found: Set<String> = []
        var words = Words(source: Array(source.utf8))
        var isDeclaring = false
        while let word = words.next() {
            switch word {
            case "let", "const", "class": isDeclaring = true
            case "=", ";": isDeclaring = false
            default:
                if isDeclaring, names.contains(word) { found.insert(word) }
            }
        }
        return found
    }

    /// Names, and the signs that end what is declared.
    private struct Words {
        let source: [UInt8]
        var position = 0

        mutating func next() -> String? {
            while position < source.count {
                let start = position
                position += 1
                switch source[start] {
                case UInt8(ascii: "="), UInt8(ascii: ";"):
                    return String(UnicodeScalar(source[start]))
                case let byte where isOfName(byte):
                    while position < source.count, isOfName(source[position]) { position += 1 }
                    return String(decoding: source[start..<position], as: UTF8.self)
                default: continue
                }
            }
            return nil
        }

        private func isOfName(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 128...: true
            default: false
            }
        }
    }
}
