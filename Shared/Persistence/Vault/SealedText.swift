import AlertCore
import Crypto
import Foundation

/// What stands in the log for a personal text: `~p1~<person's id>~<nonce, ciphertext and tag in base64>~`, wherever the
/// text stood, in a JSON string of any depth. What is sealed are the bytes that stood there, escaped as they were, so
/// that an opened row is the row that was written, byte for byte.
///
/// `~p1~` that somebody wrote is stored as `~p1~~`: what looks like a sealed text is one.
enum SealedText {
    static let mark = Array("~p1~".utf8)
    static let tilde = UInt8(ascii: "~")
    /// Longer ids are nobody's.
    private static let idLimit = 100

    /// The place of a row in the log: a text that was copied to another one opens nowhere.
    struct Place {
        let partition: String
        let position: Position

        init(_ partition: LogPartition, _ position: Position) {
            self.partition = partition.description
            self.position = position
        }

        init(partition: String, position: Position) {
            self.partition = partition
            self.position = position
        }

        func associated(_ person: String) -> Data { Data("\(partition)\n\(position)\n\(person)".utf8) }
    }

    /// What is read where a person's key is gone.
    static func erased(_ person: String) -> String { "erased-\(person.prefix(8))" }

    /// Whether a person's id can stand in a sealed text; those that this system makes can.
    static func isFit(_ person: String) -> Bool {
        !person.isEmpty && person.utf8.count <= idLimit
            && person.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// With what begins the sealed texts of a person: an actor who has been sealed is found by it.
    static func prefix(of person: String) -> String { "~p1~\(person)~" }

    static func seal(_ bytes: Data, of person: String, with key: SymmetricKey, at place: Place) -> [UInt8] {
        guard let box = try? AES.GCM.seal(bytes, using: key, authenticating: place.associated(person)),  // see below
            let combined = box.combined
        else { preconditionFailure("AES-GCM with a 32-byte key and its own nonce cannot fail") }
        return mark + person.utf8 + [tilde] + combined.base64EncodedData() + [tilde]
    }

    /// The ids of those who are named by the sealed texts in a stored one.
    static func people(in text: String) -> Set<String> {
        guard text.utf8.count > mark.count else { return [] }
        var people: Set<String> = []
        var text = text
        text.withUTF8 { bytes in
            forEach(in: bytes) { token in if case .sealed(let person, _) = token.kind { people.insert(person) } }
        }
        return people
    }

    /// The text with everything opened that can be.
    static func open(_ stored: String, at place: Place, with keys: [String: PersonVault.Key]) -> String {
        guard stored.utf8.count > mark.count else { return stored }
        var stored = stored
        let opened: [UInt8]? = stored.withUTF8 { bytes in
            var opened: [UInt8] = []
            var end = 0
            forEach(in: bytes) { token in
                if opened.isEmpty { opened.reserveCapacity(bytes.count) }
                opened += bytes[end..<token.range.lowerBound]
                switch token.kind {
                case .literal: opened += mark
                case .sealed(let person, let sealed):
                    let sealed = UnsafeBufferPointer(rebasing: bytes[sealed])
                    opened += text(sealed, of: person, at: place, keys[person]) ?? Array(bytes[token.range])
                }
                end = token.range.upperBound
            }
            guard end > 0 else { return nil }
            opened += bytes[end...]
            return opened
        }
        return opened.map { String(decoding: $0, as: UTF8.self) } ?? stored
    }

    /// `nil` for what somebody has changed or put there: it is shown as it stands, and the chain tells of it.
    private static func text(
        _ sealed: UnsafeBufferPointer<UInt8>, of person: String, at place: Place, _ key: PersonVault.Key?
    ) -> [UInt8]? {
        switch key {
        case .destroyed, nil: return Array(erased(person).utf8)
        case .unreadable: return Array("sealed-\(person.prefix(8))".utf8)
        case .whole(let key):
            // As above.
            guard let content = Data(base64Encoded: Data(sealed)), let box = try? AES.GCM.SealedBox(combined: content),
                let text = try? AES.GCM.open(box, using: key, authenticating: place.associated(person))
            else { return nil }
            return Array(text)
        }
    }

    private struct Token {
        enum Kind {
            case literal
            /// And where its nonce, ciphertext and tag stand.
            case sealed(person: String, Range<Int>)
        }

        let range: Range<Int>
        let kind: Kind
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): true
        default: false
        }
    }

    private static func forEach(in bytes: UnsafeBufferPointer<UInt8>, _ body: (Token) -> Void) {
        var start = 0
        while let found = bytes.firstPlace(of: mark, from: start) {
            let begin = found + mark.count
            if begin < bytes.count, bytes[begin] == tilde {
                body(Token(range: found..<begin + 1, kind: .literal))
                start = begin + 1
                continue
            }
            start = begin
            guard let middle = bytes.firstPlace(of: [tilde], from: begin),
                let end = bytes.firstPlace(of: [tilde], from: middle + 1),
                bytes[(middle + 1)..<end].allSatisfy(isBase64)
            else { continue }
            let person = String(decoding: bytes[begin..<middle], as: UTF8.self)
            guard isFit(person) else { continue }
            body(Token(range: found..<end + 1, kind: .sealed(person: person, (middle + 1)..<end)))
            start = end + 1
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Where `part` stands next.
    func firstPlace(of part: [UInt8], from start: Int = 0) -> Int? {
        guard let base = baseAddress, start + part.count <= count, !part.isEmpty else { return nil }
        return part.withUnsafeBufferPointer { part in
            let last = count - part.count
            var place = start
            while place <= last {
                guard let found = memchr(base + place, Int32(part[0]), last - place + 1) else { return nil }
                place = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                if memcmp(base + place, part.baseAddress!, part.count) == 0 { return place }
                place += 1
            }
            return nil
        }
    }
}
