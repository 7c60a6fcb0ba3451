import Crypto
import Foundation

/// The secret keys of an installation. The first seals; the others only open what they have sealed before, until
/// everything is sealed anew and they are retired.
///
/// A ring over a file follows it: a key that is put there is seen within a second, and at once when something turns
/// out to be sealed with it.
public final class Keyring: @unchecked Sendable {  // `keys` and `lookedAt` are guarded by `lock`
    /// One key with what is derived from it.
    struct Key: Sendable {
        /// Eight hexadecimal digits that follow from the key and say nothing about it.
        let id: String
        let sealing: SymmetricKey
        private let master: SymmetricKey

        init(_ master: SymmetricKey) {
            self.master = master
            sealing = Self.derive(from: master, for: "secret-box")
            id = Self.derive(from: master, for: "key-id").withUnsafeBytes { bytes in
                bytes.prefix(4).map { String(format: "%02x", $0) }.joined()
            }
        }

        /// As it stands in the file.
        var text: String { master.withUnsafeBytes { Data($0).base64EncodedString() } }

        func derived(for purpose: String) -> SymmetricKey { Self.derive(from: master, for: purpose) }

        private static func derive(from key: SymmetricKey, for purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: key, info: Data("tocsin/\(purpose)".utf8), outputByteCount: 32)
        }
    }

    /// How often the file is looked at.
    private static let interval = Duration.seconds(1)

    /// Where the keys are kept, if they are.
    public let file: URL?
    private let lock = NSLock()
    private var keys: [Key]
    private var lookedAt = ContinuousClock.now

    /// - Parameter keys: At least one, each 32 bytes, the current one first.
    public init(keys: [SymmetricKey]) {
        precondition(!keys.isEmpty, "a keyring without a key must not reach this point")
        self.keys = keys.map(Key.init)
        file = nil
    }

    /// - Parameter file: Holds one key a line in base64, the current one first; see ``parse(_:)``.
    /// - Throws: ``SecretError/badKey``, or what reading the file throws.
    public init(file: URL) throws {
        self.file = file
        keys = try Self.read(file).map(Key.init)
    }

    /// The ids of the keys, the current one first.
    public var ids: [String] { all.map(\.id) }

    /// Keys separated by line ends or commas. Lines that begin with `#` are left out.
    public static func parse(_ text: String) throws(SecretError) -> [SymmetricKey] {
        var keys: [SymmetricKey] = []
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            for part in line.split(separator: ",") {
                let trimmed = part.trimmingCharacters(in: .whitespaces)
                guard let bytes = Data(base64Encoded: trimmed), bytes.count == 32 else { throw .badKey }
                keys.append(SymmetricKey(data: bytes))
            }
        }
        guard !keys.isEmpty else { throw .badKey }
        return keys
    }

    var current: Key { all[0] }

    var all: [Key] {
        follow(atOnce: false)
        return lock.withLock { keys }
    }

    func key(_ id: String) -> Key? {
        if let key = all.first(where: { $0.id == id }) { return key }
        follow(atOnce: true)
        return lock.withLock { keys.first { $0.id == id } }
    }

    private func follow(atOnce: Bool) {
        guard let file else { return }
        let isDue = lock.withLock {
            guard atOnce || ContinuousClock.now >= lookedAt + Self.interval else { return false }
            lookedAt = .now
            return true
        }
        // A file that cannot be read at the moment, or is half written by somebody, leaves the keys as they were.
        guard isDue, let fresh = try? Self.read(file) else { return }
        lock.withLock { keys = fresh.map(Key.init) }
    }

    /// Puts a new key in front of the others, in the file as well, which is replaced at once or not at all.
    /// - Returns: Its id.
    public func addKey() throws -> String {
        let master = SymmetricKey(size: .bits256)
        let fresh = Key(master)
        try replace(with: [fresh] + all)
        return fresh.id
    }

    /// Forgets every key but the current one, in the file as well.
    /// - Returns: The ids of those that are gone.
    public func retireOldKeys() throws -> [String] {
        let keys = all
        try replace(with: [keys[0]])
        return keys.dropFirst().map(\.id)
    }

    private func replace(with fresh: [Key]) throws {
        if let file {
            let text = fresh.map(\.text).joined(separator: "\n") + "\n"
            let draft = file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent).\(getpid())")
            guard
                FileManager.default.createFile(
                    atPath: draft.path(), contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
                rename(draft.path(), file.path()) == 0
            else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file.path()]) }
        }
        lock.withLock { keys = fresh }
    }

    private static func read(_ file: URL) throws -> [SymmetricKey] {
        try parse(String(contentsOf: file, encoding: .utf8))
    }
}
