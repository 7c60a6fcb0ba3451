import AlertCore
import Crypto
import Foundation

/// What an event can be found by, as the audit index has it: short, and the same text for what is to be found together.
///
/// Names of people and what people wrote into properties stand there as hashes: the index tells nobody of them.
struct AuditTerm: Hashable, Comparable {
    /// Longer values are hashed, too.
    private static let clearLimit = 64

    let text: String

    private init(_ text: String) { self.text = text }

    /// - Parameter value: As a resolved query has it: ids, not names.
    init(_ field: AuditQuery.Field, _ value: String) {
        switch field {
        case .alert: self.init("a:", value)
        case .person: self.init("h:", value)
        case .group: self.init("g:", value)
        case .integration: self.init("i:", value)
        case .workflow: self.init("w:", value)
        case .form: self.init("f:", value)
        case .request: self.init("r:", value)
        case .kind: self.init("k:", value)
        case .outcome: self.init("o:", value.lowercased())
        case .entry: self.init("e:", value)
        case .actor where value.hasPrefix("<"): self.init("u:", value)
        case .actor: self.init(hash: "u#", value.lowercased())
        case .property: self.init(hash: "p#", value.folded)
        case .from, .to: preconditionFailure("times are no terms")
        }
    }

    /// That an entry of the directory had this name.
    init(nameOf kind: String, _ name: String) { self.init(hash: "n#", "\(kind):\(name.lowercased())") }

    private init(_ prefix: String, _ value: String) {
        if value.utf8.count > Self.clearLimit {
            self.init(hash: prefix, value)
        } else {
            self.init(prefix + value)
        }
    }

    private init(hash prefix: String, _ value: String) {
        self.init(prefix + SHA256.hash(data: Data(value.utf8)).prefix(12).hexadecimal)
    }

    static func < (left: AuditTerm, right: AuditTerm) -> Bool { left.text < right.text }
}
